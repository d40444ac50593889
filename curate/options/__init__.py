"""What the user chose, checked at the door."""
