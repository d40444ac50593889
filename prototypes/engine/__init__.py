"""What all stages use: blocks of rows, sums over them, and the heavy products over rows."""
