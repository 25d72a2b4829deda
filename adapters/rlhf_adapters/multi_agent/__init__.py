"""Environments of many agents that move at once."""
