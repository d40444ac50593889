"""How a crawl's classes are related: S_t, and what it is made from."""
