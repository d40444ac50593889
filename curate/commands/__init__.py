"""What each command does: its layers called in order, and what is said at the end."""
