"""Looking at what was found, in the terminal."""
