"""Environments with one agent."""
