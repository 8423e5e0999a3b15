"""Webhooks: what happens on the hub is told to those who asked for it, signed, until they have heard it."""
