"""How the hub says no: the domain says what kind of no, the web edge knows statuses."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What kind of no. The web edge has the one table from kind to HTTP status."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"
    MEDIA_UNSUPPORTED = "media_unsupported"
    PRECONDITION = "precondition"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TOO_MANY = "too_many"
    RANGE = "range"


class HubError(Exception):
    """Base of every expected refusal. Subclasses state `kind`, a stable `code` and a `title`."""

    kind: Kind
    code: str
    title: str
    retry_after: int | None = None
    """After how many seconds the same request may do better; None: not by waiting."""
    headers: Mapping[str, str] = MappingProxyType({})
    """What HTTP wants to be said along with it."""

    def __init__(self, english: str, indonesian: str) -> None:
        super().__init__(english)
        self.english = english
        self.indonesian = indonesian
