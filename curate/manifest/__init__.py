"""The crawl as the user has it, read as rows in a fixed order, and written back."""
