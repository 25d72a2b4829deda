"""Bots that leave home: trained agents as files and programs that do not need this package."""
