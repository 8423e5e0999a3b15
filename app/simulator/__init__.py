"""Simulated SPSE 4.5 nodes and national services on loopback for demo and tests: real wire formats, invented packages, a truth of their own."""
