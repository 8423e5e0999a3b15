"""Figures that explain themselves: what was saved, on how many packages it rests, and what was left out."""
