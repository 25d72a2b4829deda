"""Foresight without rules: looking ahead in a learned model of the environment."""
