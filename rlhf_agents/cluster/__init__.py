"""Work on several machines, through Ray (extra `ray`)."""
