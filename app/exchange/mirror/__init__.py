"""A copy of a hub in another database, kept by its change feed alone, which can prove that it is equal."""
