"""Looking ahead with exact rules: no torch, numpy and numba only."""
