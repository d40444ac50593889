"""Stored features and labels of a crawl, block by block."""
