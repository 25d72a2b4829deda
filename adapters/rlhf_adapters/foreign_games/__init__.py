"""Other libraries' games as exact `Game`s."""
