"""Rakor: the coordination hub of a province's electronic procurement."""
