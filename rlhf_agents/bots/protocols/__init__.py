"""Line protocols by which programs that do not know us play against our agents: GTP and UCI."""
