"""A weighted manifest in the form that a trainer reads: one file for each format."""
