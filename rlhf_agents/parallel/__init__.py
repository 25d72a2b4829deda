"""Learning from many environments side by side: no replay, lambda returns (PQN's recipe)."""
