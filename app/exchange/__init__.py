"""Leaving the hub: the change feed, exports, OCDS, webhooks."""
