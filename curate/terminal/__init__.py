"""What is said on the screen: printable texts, notices, progress, small charts."""
