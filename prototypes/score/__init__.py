"""What is said of each row once all is fitted: its label's quality, its weight, better labels."""
