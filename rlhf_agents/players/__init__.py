"""Those who choose moves: trained agents, searches, chance, models."""
