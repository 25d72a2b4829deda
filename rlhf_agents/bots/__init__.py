"""Trained agents in other programs: exported files and protocols."""
