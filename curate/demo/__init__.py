"""A small crawl that curate draws itself, to show all that `curate weight` does."""
