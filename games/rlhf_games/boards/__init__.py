"""Concrete board games: each one module, and one line in `rlhf_games.__init__`."""
