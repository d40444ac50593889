"""Tables in memory: what the functions of `curate` take, and give back in the same kind."""
