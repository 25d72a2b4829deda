"""Environments for two players who move in turn."""
