"""Environments of one agent."""
