"""Exported bots: trained agents as files and programs that do not need this package."""
