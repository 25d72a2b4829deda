"""Measuring the strength of players, and whether they achieve their goals."""
