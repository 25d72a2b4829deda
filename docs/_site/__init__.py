"""Makes the parts of the site that come from code and measurements."""
