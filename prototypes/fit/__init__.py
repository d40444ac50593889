"""What is fitted to a crawl: the adapted space, Eq. 4 and 5, and the temperatures."""
