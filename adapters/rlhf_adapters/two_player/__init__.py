"""Environments of two players that move in turn."""
