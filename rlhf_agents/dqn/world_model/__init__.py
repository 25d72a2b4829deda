"""Foresight without rules: a model of the environment that is learnt and looked into."""
