"""Line protocols by which other programs play against our agents: GTP and UCI."""
