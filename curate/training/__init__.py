"""A network trained on the crawl itself, as SINet's is; torch is imported only inside of it."""
