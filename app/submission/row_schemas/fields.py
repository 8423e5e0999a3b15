"""How a schema's fields are described, once for reading, for the published JSON Schema, for tables and for help."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Shape(StrEnum):
    """What stands in a field."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    AMOUNT = "amount"
    SCORE = "score"
    MOMENT = "moment"
    DAY = "day"
    COUNT = "count"
    YES = "yes"
    TEXTS = "texts"
    CODE = "code"
    YEAR = "year"
    YEARS = "years"
    WORD = "word"
    OBJECTS = "objects"
    NAMED_TEXTS = "named_texts"
    """An object of texts by names that are not fixed."""
    READ_ONLY = "read_only"
    """What the hub adds when it publishes: accepted, so that an answer can be sent back, and not taken."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a row or of an object within it."""

    name: str
    shape: Shape
    help_id: str = ""
    help_en: str = ""
    example: Any = None
    """As JSON writes it; the same in a cell, unless `cell` says otherwise."""
    heading: str = ""
    """The Indonesian heading of its column; none where tables have no column for it."""
    cell: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False
    parts: tuple["FieldSpec", ...] = ()
    """Of `objects`: the fields of each."""


MAX_TEXT = 2_000
MAX_LONG_TEXT = 20_000
MAX_LIST = 1_000
MAX_COUNT = 1_000_000
"""Counts stay below it."""
MAX_CODE = 64
FISCAL_YEARS = range(2000, 2101)
MOMENT_YEARS = range(1990, 2101)
