"""The game behind the window: turns, players, their searches, and the review."""
