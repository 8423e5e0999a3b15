"""The change feed: everything that ever changed, in an order that no writer can break."""
