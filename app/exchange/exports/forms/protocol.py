"""What every form of an export does: it takes rows as lines, and gives bytes that can be sent at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

import msgspec

from app.exchange.exports.layout import Layout, Line, Spelling, said


class Form(StrEnum):
    """In which form rows are taken away."""

    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"
    PARQUET = "parquet"


STREAMED = frozenset({Form.CSV, Form.NDJSON})
"""Forms that are sent while they are made; the others are whole files first."""

MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.NDJSON: "application/x-ndjson",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """What an export says of itself, where its form has room for that."""

    dataset: str
    moment: datetime
    rows: int | None
    """None where it is known only at the end."""
    cursor: str | None
    """Where in the change feed to go on from here."""
    question: Mapping[str, object]
    masked: bool


class Streaming(Protocol):
    """A form that is sent while it is made."""

    @property
    def spelling(self) -> Spelling: ...
    def begin(self) -> bytes: ...
    def write(self, lines: Iterable[Line]) -> bytes: ...


class Filing(Protocol):
    """A form that is a whole file first. It reads lines that are spelled as JSON."""

    def write(self, lines: Iterable[Line]) -> None: ...
    def close(self) -> None: ...


Value = str | int | bool | list[Any] | None
_decode = msgspec.json.Decoder(float_hook=str).decode


def values_of(line: Line) -> list[Value]:
    """The values of a line that is spelled as JSON; what has decimals stays text, as PostgreSQL wrote it."""
    before, middle, after = line
    values: list[Value] = _decode(f"[{before}\t{said(middle)}\t{after}]".replace("\t", ","))
    return values


class Opening(Protocol):
    """How a form that is a file is begun."""

    def __call__(self, file: BinaryIO, layout: Layout, heading: Heading) -> Filing: ...
