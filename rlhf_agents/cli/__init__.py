"""The programs: parsing and printing only."""
