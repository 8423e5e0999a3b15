"""They push: bodies kept as received, read row by row, taken in through the one door, answered by a receipt."""
