"""Where the features of a crawl come from."""
