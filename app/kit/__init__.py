"""Tools without a word of procurement."""
