"""Putting the rows of one package together, keyed datasets above the public list of Satu Data. Pure."""

from typing import Any

from app.adapters.isb.datasets import KINDS, SATU_DATA
from app.adapters.isb.satudata import read_public_tender
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.record import combine as combine_lists
from app.adapters.lkpp.rows import YEAR, by_list
from app.core.records import PackageFields


def combine(rows: dict[str, Any], reader: Reader) -> PackageFields:
    """The package as ISB and Satu Data state it, with problems reported for what does not fit together."""
    found = by_list(rows)
    public, years = found.pop(SATU_DATA, []), found.pop(YEAR, [])
    known = read_public_tender(public, years, reader) if public else None
    return combine_lists(KINDS[reader.kind], found, reader, known=known)
