"""Invented answers of ISB and Satu Data, by dataset, and the packages that they come to."""

from pathlib import Path

from app.adapters.isb.datasets import KINDS
from app.adapters.isb.rows import entries_of
from app.kit.json import loads

FOLDER = Path(__file__).with_name("replies") / "isb"
KEY = "00000000-0000-4000-8000-rekaan"
"""No key of anybody."""
PATHS = {
    name: f"{KEY}/{1000 + number}" for number, name in enumerate(name for kind in KINDS.values() for name in kind.all)
}


def reply(name):
    """The whole answer of a dataset; those that nothing is invented for are empty."""
    path = FOLDER / f"{name}.json"
    return path.read_text(encoding="utf-8") if path.exists() else "[]"


def rows(name):
    body = loads(reply(name))
    return body if isinstance(body, list) else next(iter(body.values()))


def merged(kind, datasets, year=2025, changes=None):
    """The rows of each package of a kind, by code, as collection joins them; `changes` replaces datasets' rows."""
    found = {}
    for name in datasets:
        entries, problems = entries_of(kind, name, (changes or {}).get(name, rows(name)), year, 7)
        assert not problems
        for entry in entries:
            found.setdefault(entry.code, {}).update(entry.row)
    return found
