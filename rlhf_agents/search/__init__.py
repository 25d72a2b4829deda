"""Search with exact rules: a tree over the network's values, alpha-beta, a solver; no torch."""
