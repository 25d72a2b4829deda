"""Environments with many agents that move at once."""
