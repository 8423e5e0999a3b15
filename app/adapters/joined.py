"""Packages that are put together from rows of several lists: the record of one, with its rows as evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.adapters.protocol import IndexEntry
from app.core.problems import Problem
from app.core.records import PackageFields, PackageRecord, RawAnswer
from app.core.vocabulary import Interface
from app.kit.json_plain import plain_bytes


def rows_of(entry: IndexEntry) -> dict[str, Any]:
    """The rows that were found of a package, by their names."""
    return entry.row if isinstance(entry.row, dict) else {}


def joined_record(
    interface: Interface,
    entry: IndexEntry,
    fields: PackageFields,
    problems: Sequence[Problem],
    url: str,
    read_at: datetime,
) -> PackageRecord:
    """`url` is where the lists are, without any secret in it."""
    evidence = RawAnswer(interface.value, url, plain_bytes(rows_of(entry)), "application/json", read_at)
    return PackageRecord(entry.kind, entry.code, fields, raw=(evidence,), problems=tuple(problems), lpse=entry.lpse)
