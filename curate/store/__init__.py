"""What a run keeps on disk: folders that are finished or do not exist."""
