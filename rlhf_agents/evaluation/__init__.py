"""How strong a player is, and whether it achieves what it is asked."""
