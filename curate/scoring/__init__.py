"""Fit, scores and weights of a crawl, written beside its rows."""
