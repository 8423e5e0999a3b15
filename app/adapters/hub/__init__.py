"""Another Rakor: a hub stands above others by reading their change feed."""
