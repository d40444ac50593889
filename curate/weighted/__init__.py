"""What curate wrote, and how it is read again."""
