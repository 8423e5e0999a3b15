"""A place in the feed: which change a follower has seen last, by number and by content."""

import hashlib
import re
from dataclasses import dataclass

from app.kit.paging import CursorInvalid

CURSOR = "^[0-7][0-9a-f]{7}([0-7][0-9a-f]{15}){2}[0-9a-f]{8}$"
"""As followers see it: epoch, transaction, number and a check, in hexadecimal digits and
never larger than the database can compare with. They only ever give it back."""
_CURSOR = re.compile(CURSOR)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A change by its place in the order of the feed; `check` is a hash of what it says.

    The check tells a change from another one at the same place: a cluster that was put back to an earlier state goes on
    counting from there, and gives numbers away for the second time.
    """

    epoch: int
    xid: int
    seq: int
    check: str = ""

    @property
    def is_start(self) -> bool:
        """Before the first change of all."""
        return self.seq == 0

    def encode(self) -> str:
        return f"{self.epoch:08x}{self.xid:016x}{self.seq:016x}{self.check or '00000000'}"


START = Position(0, 0, 0)


def check_of(at: int, entity: str, entity_id: int, version: int | None, op: str) -> str:
    """The check of a change, `at` in microseconds since 1970. Ids are counters, so it tells nobody anything."""
    said = f"{at}|{entity}|{entity_id}|{version}|{op}"
    return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()


def decode(cursor: str | None) -> Position:
    """The place that a cursor names; without one, the start."""
    if cursor is None:
        return START
    if _CURSOR.fullmatch(cursor) is None:
        raise CursorInvalid
    return Position(int(cursor[:8], 16), int(cursor[8:24], 16), int(cursor[24:40], 16), cursor[40:])
