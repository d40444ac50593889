"""What the programs that train networks from pixels share."""
