"""What every stage stands on: blocks of rows, sums, and the heavy products over rows."""
