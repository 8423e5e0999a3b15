"""What all changes up to one hash to: D₀ is 32 zero bytes, Dₙ = SHA-256(Dₙ₋₁ + SHA-256(item n))."""

import hashlib
from collections.abc import Iterable

START = bytes(32)


def chained(digest: bytes, hashes: Iterable[bytes]) -> bytes:
    """The digest, carried on over the hashes of the changes that follow."""
    for one in hashes:
        digest = hashlib.sha256(digest + one).digest()
    return digest
