"""The engine of arcade games: one player, chance from outside, compiled and batched."""
