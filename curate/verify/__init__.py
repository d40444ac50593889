"""The screen on which a person checks labels, and the file of answers."""
