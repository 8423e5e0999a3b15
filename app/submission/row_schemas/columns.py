"""What a row schema says of its columns: how tables are read, how templates are drawn, what their help explains."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_NO_CHOICES: Mapping[str, str] = MappingProxyType({})


class ColumnKind(StrEnum):
    """How the cells of a column are written."""

    AMOUNT = "amount"
    DAY = "day"
    MOMENT = "moment"
    WHOLE = "whole"
    YES = "yes"
    TEXT = "text"
    LIST = "list"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a table: which field it fills, under which headings, and how a person is told about it."""

    path: str
    """The field that the column fills: "pagu", "awards.1.supplier_name"."""
    heading: str
    """The Indonesian heading that templates carry."""
    kind: ColumnKind
    help_id: str
    help_en: str
    example: str = ""
    """An invented value, written as a person would."""
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=lambda: _NO_CHOICES)
    """For kind `choice`: the vocabulary's codes with the Indonesian word of each."""
    aliases: tuple[str, ...] = ()
    """Other headings that mean the same; the path and the heading itself are always known."""
