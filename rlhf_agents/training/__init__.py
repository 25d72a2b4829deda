"""Training runs: budgets, checkpoints, resuming."""
