"""JSON that is too long to hold: one row after the other, out of bytes that come in pieces of any size."""

import re
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec

from app.kit.json import loads

ROW_LISTS = ("data", "result", "releases", "records")
"""Under which names an answer that is an object may hold its rows."""

MAX_ROW_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 100
_MAX_MEMBERS = 200
_MAX_NAME_BYTES = 1024
_MAX_SCALAR_BYTES = 4096
_DROP_AFTER = 256 * 1024
_SHOWN = 300

_SPACE = re.compile(rb"[ \t\r\n]*+")
# What lies between two brackets: anything but quotes and brackets, and whole strings. Nothing in it can backtrack.
_BETWEEN = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_IN_STRING = re.compile(rb"(?:[^\"\\]++|\\.)*+", re.DOTALL)
_SCALAR = re.compile(rb"[^,\]}\s]*+")
_NAME = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:', re.DOTALL)
# A whole object that is nested as little as most rows are, and the comma behind it: cut in one go where all of it has come.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_INNERMOST = rb'[{\[](?:[^"{}\[\]]++|%s)*+[}\]]' % _STRING
_INNER = rb'[{\[](?:[^"{}\[\]]++|%s|%s)*+[}\]]' % (_STRING, _INNERMOST)
_WHOLE_ROW = re.compile(rb'[ \t\r\n]*+(\{(?:[^"{}\[\]]++|%s|%s)*+\})[ \t\r\n]*+,' % (_STRING, _INNER), re.DOTALL)
_WHOLE_ROW_DEPTH = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENING = b"{["

_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError, ValueError)


class RowsBroken(Exception):
    """The bytes are no list of rows, or not a whole one. `evidence` is what stood there, shortened."""

    def __init__(self, reason: str, evidence: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence[:_SHOWN].decode(errors="replace")


class RowsCut(RowsBroken):
    """The bytes ended before the list did."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row whose end could be told, but which is no JSON (a NaN, a broken character)."""

    text: str


class RowReader:
    """Cuts the rows out of one list: a bare array, or the arrays that an object holds under one of `names`.

    Feed it the bytes as they come and it gives the rows that are complete; `finish` raises if the end is missing.
    All other members of the object are in `members` then. With `cut_only` the rows come as the bytes that they are
    written in: bracket for bracket, but not yet known to be JSON.
    """

    def __init__(
        self,
        names: Collection[str] = ROW_LISTS,
        *,
        max_row_bytes: int = MAX_ROW_BYTES,
        max_depth: int = MAX_DEPTH,
        cut_only: bool = False,
    ) -> None:
        self.members: dict[str, Any] = {}
        self._rows: list[Any] = []
        self._names = names
        self._cutter = _Cutter(max_row_bytes, max_depth)
        self._understand: Callable[[bytes], Any] = bytes if cut_only else _decoded
        self._step = self._begin
        self._is_bare = False
        self._found = False
        self._name = ""
        self._needs_item = False
        self._beginning = b""

    @property
    def has_list(self) -> bool:
        """Whether a list was found; what is wrong after that is wrong inside it."""
        return self._found

    @property
    def rows_held(self) -> int:
        """How many rows were complete when the bytes last fed turned out to be broken."""
        return len(self._rows)

    def feed(self, data: bytes) -> list[Any]:
        """Take some bytes; gives the rows that they complete."""
        if len(self._beginning) < _SHOWN:
            self._beginning += data[: _SHOWN - len(self._beginning)]
        self._cutter.add(data)
        while self._step():
            pass
        self._cutter.drop()
        rows, self._rows = self._rows, []
        return rows

    def finish(self) -> list[Any]:
        """The bytes have ended. Raises RowsBroken if they ended too early or held no list."""
        if self._step != self._after_end:
            raise RowsCut("the list ends in the middle", self._beginning)
        if not self._found:
            raise RowsBroken(f"no list under any of {', '.join(self._names)}", self._beginning)
        return []

    # Each step takes what it can of the bytes and says whether it got anywhere; the next step is left in `_step`.

    def _begin(self) -> bool:
        cutter = self._cutter
        if cutter.starts_with_part_of(_BYTE_ORDER_MARK):
            return False
        cutter.skip(_BYTE_ORDER_MARK)
        match cutter.next_byte():
            case None:
                return False
            case b"[":
                self._is_bare = self._found = True
                self._enter_list()
            case b"{":
                cutter.take()
                self._step = self._member
            case _:
                raise RowsBroken("neither a list nor an object", self._beginning)
        return True

    def _enter_list(self) -> None:
        self._cutter.take()
        self._needs_item = False
        self._step = self._item

    def _item(self) -> bool:
        cutter = self._cutter
        while (row := cutter.whole_row()) is not None:
            self._rows.append(self._understand(row))
            self._needs_item = True
        if not cutter.is_cutting and not self._needs_item:
            first = cutter.next_byte()
            if first is None:
                return False
            if first == b"]":
                cutter.take()
                self._step = self._after_end if self._is_bare else self._after_member
                return True
        value = cutter.value()
        if value is None:
            return False
        self._rows.append(self._understand(value))
        self._step = self._after_item
        return True

    def _after_item(self) -> bool:
        match self._cutter.next_byte():
            case None:
                return False
            case b",":
                self._needs_item = True
                self._cutter.take()
                self._step = self._item
            case b"]":
                self._cutter.take()
                self._step = self._after_end if self._is_bare else self._after_member
            case other:
                raise RowsBroken(f"“{other.decode(errors='replace')}” between two rows", self._cutter.rest())
        return True

    def _member(self) -> bool:
        cutter = self._cutter
        first = cutter.next_byte()
        if first == b"}" and not self._name:
            cutter.take()
            self._step = self._after_end
            return True
        name = cutter.name() if first is not None else None
        if name is None:
            return False
        self._name = _text(name)
        if len(self.members) >= _MAX_MEMBERS:
            raise RowsBroken(f"more than {_MAX_MEMBERS} members around the list", self._beginning)
        self._step = self._member_value
        return True

    def _member_value(self) -> bool:
        cutter = self._cutter
        if not cutter.is_cutting:
            first = cutter.next_byte()
            if first is None:
                return False
            if first == b"[" and self._name in self._names:
                self._found = True
                self._enter_list()
                return True
        value = cutter.value()
        if value is None:
            return False
        decoded = _decoded(value)
        if isinstance(decoded, UnreadableRow):
            raise RowsBroken(f"the member “{self._name}” is no JSON", value)
        self.members[self._name] = decoded
        # LKPP's services write null for an empty list.
        self._found = self._found or (self._name in self._names and decoded is None)
        self._step = self._after_member
        return True

    def _after_member(self) -> bool:
        match self._cutter.next_byte():
            case None:
                return False
            case b",":
                self._cutter.take()
                self._step = self._member
            case b"}":
                self._cutter.take()
                self._step = self._after_end
            case _:
                raise RowsBroken("a member without its end", self._cutter.rest())
        return True

    def _after_end(self) -> bool:
        if self._cutter.next_byte() is not None:
            raise RowsBroken("more follows behind the end of the list", self._cutter.rest())
        return False


class LineReader:
    """Cuts JSON lines: one value on each line, empty lines aside."""

    def __init__(self, *, max_row_bytes: int = MAX_ROW_BYTES) -> None:
        self.members: dict[str, Any] = {}
        self._max_row_bytes = max_row_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._is_first = True

    def feed(self, data: bytes) -> list[Any]:
        """Take some bytes; gives the values of the lines that they complete."""
        *lines, rest = data.split(b"\n")
        rows: list[Any] = []
        for line in lines:
            self._hold(line)
            rows.extend(self._line())
        self._hold(rest)
        return rows

    def finish(self) -> list[Any]:
        """The last line may lack its end."""
        return self._line()

    def _hold(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._size += len(part)
        if self._size > self._max_row_bytes:
            raise RowsBroken(f"a row is longer than {self._max_row_bytes} bytes", self._parts[0])

    def _line(self) -> list[Any]:
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        if self._is_first:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        line = line.strip()
        return [_decoded(line)] if line else []


async def read_rows(chunks: AsyncGenerator[bytes, None], reader: RowReader | LineReader) -> AsyncGenerator[Any, None]:
    """The rows of a body that comes in chunks, each as soon as it is complete. Raises RowsBroken."""
    async with aclosing(chunks) as open_chunks:
        async for chunk in open_chunks:
            for row in reader.feed(chunk):
                yield row
    for row in reader.finish():
        yield row


class _Cutter:
    """A window on the bytes, and the value that is being cut out of it. Every byte is looked at once."""

    def __init__(self, max_bytes: int, max_depth: int) -> None:
        self.is_cutting = False
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        self._buffer = bytearray()
        self._at = 0
        self._looked = 0
        self._depth = 0
        self._in_string = False

    def add(self, data: bytes) -> None:
        self._buffer += data

    def drop(self) -> None:
        """Let go of what was taken, now and then: moving the rest costs more than holding a little."""
        if self._at > _DROP_AFTER or self._at == len(self._buffer):
            del self._buffer[: self._at]
            self._looked -= self._at
            self._at = 0

    def rest(self) -> bytes:
        return bytes(self._buffer[self._at : self._at + _SHOWN])

    def starts_with_part_of(self, mark: bytes) -> bool:
        """Whether so little has come that it may yet turn out to be `mark`."""
        return len(self._buffer) < len(mark) and mark.startswith(self._buffer)

    def skip(self, mark: bytes) -> None:
        if self._buffer.startswith(mark, self._at):
            self._at += len(mark)

    def next_byte(self) -> bytes | None:
        """The next byte that is no white space, left where it is."""
        space = _SPACE.match(self._buffer, self._at)
        self._at = self._at if space is None else space.end()
        return bytes(self._buffer[self._at : self._at + 1]) or None

    def take(self) -> None:
        self._at += 1

    def name(self) -> bytes | None:
        """A member's name and its colon; None while they are not complete."""
        found = _NAME.match(self._buffer, self._at)
        if found is not None:
            self._at = found.end()
            return found[1]
        if len(self._buffer) - self._at > _MAX_NAME_BYTES or not self._buffer.startswith(b'"', self._at):
            raise RowsBroken("a member without a name", self.rest())
        return None

    def whole_row(self) -> bytes | None:
        """The next object with the comma behind it, where both have come and it is nested little; tried once a row."""
        if self.is_cutting or self._max_depth < _WHOLE_ROW_DEPTH:
            return None
        found = _WHOLE_ROW.match(self._buffer, self._at)
        if found is None or found.end(1) - found.start(1) > self._max_bytes:
            return None
        self._at = found.end()
        return bytes(found[1])

    def value(self) -> bytes | None:
        """The next value, whole; None while its end has not come."""
        if not self.is_cutting:
            if self.next_byte() is None:
                return None
            self.is_cutting = True
            self._looked = self._at
            self._depth = 0
            self._in_string = False
        end = self._end()
        if (end or len(self._buffer)) - self._at > self._max_bytes:
            raise RowsBroken(f"a row is longer than {self._max_bytes} bytes", self.rest())
        if end is None:
            return None
        self.is_cutting = False
        value = bytes(self._buffer[self._at : end])
        self._at = end
        return value

    def _end(self) -> int | None:
        """Where the value ends; None when that has not come yet. Goes on where it stopped last time."""
        buffer, size = self._buffer, len(self._buffer)
        if buffer[self._at] not in b'{["':
            return self._end_of_scalar()
        while self._looked < size:
            if self._in_string:
                inside = _IN_STRING.match(buffer, self._looked)
                self._looked = inside.end() if inside else self._looked
                # What stops a string is its quote, the end of what has come, or a backslash whose letter is to come.
                if self._looked >= size or buffer[self._looked] != 0x22:
                    return None
                self._in_string = False
                self._looked += 1
                if self._depth == 0:
                    return self._looked
                continue
            between = _BETWEEN.match(buffer, self._looked) if self._depth else None
            self._looked = between.end() if between else self._looked
            if self._looked >= size:
                return None
            byte = buffer[self._looked]
            self._looked += 1
            if byte == 0x22:
                self._in_string = True
            elif byte in _OPENING:
                self._depth += 1
                if self._depth > self._max_depth:
                    raise RowsBroken(f"a row nested deeper than {self._max_depth}", self.rest())
            else:
                self._depth -= 1
                if self._depth == 0:
                    return self._looked
        return None

    def _end_of_scalar(self) -> int | None:
        scalar = _SCALAR.match(self._buffer, self._at)
        end = scalar.end() if scalar else self._at
        if end == self._at or end - self._at > _MAX_SCALAR_BYTES:
            raise RowsBroken("a value is missing or unreadable", self.rest())
        return end if end < len(self._buffer) else None


def _decoded(value: bytes) -> Any:
    try:
        return loads(value)
    except _UNDECODABLE:
        return UnreadableRow(value[:_SHOWN].decode(errors="replace"))


def _text(name: bytes) -> str:
    decoded = _decoded(name)
    if not isinstance(decoded, str):
        raise RowsBroken("a member without a name", name)
    return decoded
