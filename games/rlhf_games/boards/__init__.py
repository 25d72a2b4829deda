"""Concrete board games: one module each, and one line in `rlhf_games.__init__`."""
