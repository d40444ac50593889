"""From a crawl to a crawl with a weight for every sample."""
