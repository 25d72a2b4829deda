"""Files: read within limits, written atomically, never unpickled."""
