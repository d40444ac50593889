"""The summary and the samples that `curate inspect` shows in the terminal."""
