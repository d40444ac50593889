"""A crawl that the project draws itself, to see the whole of `curate weight` at work."""
