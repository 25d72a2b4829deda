"""Playing and watching: sessions, the terminal, the window."""
