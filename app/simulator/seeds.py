"""The one source of chance: the same key gives the same dice in every process."""

from random import Random


def dice(key: str) -> Random:
    """Random numbers that follow from a text, which Python hashes by SHA-512 and not by the process's own seed."""
    return Random(key)  # noqa: S311 -- being predictable is the purpose, nothing secret comes of it
