"""LKPP's master lists of LPSEs and of institutions, read as proposals for the register; a person accepts them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.adapters.lkpp.rows import whole_number
from app.core.text import clean_text


@dataclass(frozen=True, slots=True)
class MasterLists:
    """LPSEs as (kd_lpse, name), institutions as (kd_klpd, name, *jenis_klpd*). The lists state no addresses."""

    lpse: list[tuple[int, str]]
    klpd: list[tuple[str, str, str | None]]


def read_master_lpse(rows: Iterable[Any]) -> list[tuple[int, str]]:
    """Each LPSE once, by its number; of several names the one that LKPP took last."""
    found: dict[int, tuple[str, str]] = {}
    for row in rows:
        if not isinstance(row, dict):
            continue
        number, name = whole_number(row.get("kd_lpse")), _text(row.get("nama_lpse"))
        taken = (str(row.get("_event_date") or ""), name)
        if number is not None and number > 0 and name and taken >= found.get(number, ("", "")):
            found[number] = taken
    return [(number, found[number][1]) for number in sorted(found)]


def read_master_klpd(rows: Iterable[Any]) -> list[tuple[str, str, str | None]]:
    """Each institution once, by its code."""
    found: dict[str, tuple[str, str | None]] = {}
    for row in rows:
        if not isinstance(row, dict):
            continue
        code, name = _text(row.get("kd_klpd")).upper(), _text(row.get("nama_klpd"))
        kind = _text(row.get("jenis_klpd")) or None
        if code and name and (name, kind or "") >= (found.get(code, ("", None))[0], found.get(code, ("", ""))[1] or ""):
            found[code] = (name, kind)
    return [(code, *found[code]) for code in sorted(found)]


def _text(value: object) -> str:
    return clean_text(value) if isinstance(value, str) else ""
