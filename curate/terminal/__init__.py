"""What appears on the screen: printable texts, notices, progress, small charts."""
