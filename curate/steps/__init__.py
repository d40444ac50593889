"""The steps of a run, each a function of shards and a small state."""
