"""Players choose moves: trained agents, searches, random moves, models."""
