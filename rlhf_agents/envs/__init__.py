"""Environments by name, and the wrappers that the programs need."""
