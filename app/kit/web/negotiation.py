"""Which of several forms of an answer a reader wants (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def preferred(accept: str, offers: Sequence[str]) -> str:
    """The media type that `Accept` likes best: named outright rather than by a wildcard, then the one offered first.

    Programs that were generated from a contract list all that it names. Whoever takes none of them gets the first.
    """
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        stated = next((text.partition("=")[2].strip() for text in parameters if text.startswith("q=")), "1")
        ranges[name] = float(stated) if _QUALITY.fullmatch(stated) else 0.0
    best = max(offers, key=lambda offer: (*_liking(offer, ranges), -offers.index(offer)))
    return best if _liking(best, ranges)[0] > 0 else offers[0]


def _liking(offer: str, ranges: dict[str, float]) -> tuple[float, int]:
    """How well an offer is liked, and how exactly it is named."""
    for exactness, name in ((2, offer), (1, f"{offer.partition('/')[0]}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, 0
