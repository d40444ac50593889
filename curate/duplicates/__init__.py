"""Copies of the same picture in a crawl: found, and grouped around a representative."""
