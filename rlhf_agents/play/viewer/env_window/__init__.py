"""The window that shows any environment."""
