"""The report: what was found in a crawl, as one HTML page that stands alone."""
