"""Environments by name, and the wrappers that programs need."""
