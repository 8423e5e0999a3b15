"""The shared schema of packages, and the one door by which they enter it."""
