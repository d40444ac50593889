"""What is computed for each row: quality of its label, weight, better and missing labels."""
