"""Rows as they come: named by what they say and gathered by package. Pure."""

from collections.abc import Iterable
from typing import Any

from app.adapters.protocol import IndexEntry
from app.core.problems import Problem
from app.core.text import CodeUnreadable, canonical_code, clean_text
from app.core.vocabulary import PackageKind
from app.kit.json_plain import name_row, plain_bytes
from app.kit.json_stream import UnreadableRow

Row = dict[str, Any]

YEAR = "tahun"
"""Not a list: the year that was asked for, of rows that state none themselves."""
# Bank accounts are nobody's business here.
BANK_ACCOUNTS = frozenset({"no_rek_bank", "nama_rek_bank", "nama_pemilik_rek_bank"})
_MAX_DIGITS = 40
_MAX_LPSE = 2_147_483_647
_SHOWN = 300


class Gathering:
    """The rows of one page or batch by package; what names no package or no LPSE is a problem instead."""

    def __init__(self, kind: PackageKind, resource: str, *, left_out: frozenset[str]) -> None:
        self.problems: list[Problem] = []
        self._kind = kind
        self._resource = resource
        self._left_out = BANK_ACCOUNTS | left_out
        self._packages: dict[tuple[str, int], Row] = {}

    def add(
        self,
        rows: Iterable[object],
        *,
        code: str,
        lpse: str = "kd_lpse",
        asked: int | None = None,
        year: int | None = None,
    ) -> None:
        """`code` and `lpse` are the fields that say whose a row is; one that states no LPSE is of the one that was asked.

        `year` is put beside rows that do not say themselves in which year's list they stand.
        """
        for raw in rows:
            stated = raw if isinstance(raw, dict) else {}
            row_name, row = name_row(self._resource, {key: stated[key] for key in stated if key not in self._left_out})
            found, number = code_of(row.get(code)), lpse_of(row.get(lpse)) or asked
            if not row:
                self._report("row-unreadable", raw)
            elif found is None:
                self._report("code-unreadable", row)
            elif number is None:
                self._report("row-unreadable", row, package=found)
            else:
                kept = self._packages.setdefault((found, number), {})
                kept[row_name] = row
                if year is not None:
                    kept.update([name_row(YEAR, {YEAR: year})])

    @property
    def entries(self) -> list[IndexEntry]:
        """One for each package, holding its rows."""
        return [
            IndexEntry(self._kind, code, row, fingerprint="", settled=True, lpse=lpse)
            for (code, lpse), row in self._packages.items()
        ]

    def _report(self, problem: str, row: object, *, package: str | None = None) -> None:
        text = row.text if isinstance(row, UnreadableRow) else plain_bytes(row).decode()
        shown = clean_text(text[: 2 * _SHOWN])[:_SHOWN]
        self.problems.append(
            Problem(problem, package=package, kind=self._kind.value, field=self._resource, value=shown)
        )


def by_list(rows: dict[str, Any]) -> dict[str, list[Row]]:
    """The rows of one package by their list, always in one order."""
    found: dict[str, list[Row]] = {}
    for key in sorted(rows):
        if isinstance(rows[key], dict):
            found.setdefault(key.partition("#")[0], []).append(rows[key])
    for several in found.values():
        several.sort(key=plain_bytes)
    return found


def code_of(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        code = canonical_code(str(value))
    except (CodeUnreadable, ValueError):
        return None
    return code if code.isdecimal() and code != "0" else None


def lpse_of(value: object) -> int | None:
    number = whole_number(value)
    return number if number is not None and 0 < number <= _MAX_LPSE else None


def whole_number(value: object) -> int | None:
    """A number that counts or names something, spelled as a number or as text."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) <= _MAX_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def without_place(row: Row) -> Row:
    """The row without where the work is done: a package with several places has a row for each of them."""
    return {name: value for name, value in row.items() if name not in {"kabkota", "provinsi", "lokasi_pekerjaan"}}
