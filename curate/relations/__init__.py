"""How the classes of a crawl are related: S_t, and what it is made from."""
