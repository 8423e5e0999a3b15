"""Rows of datasets as entries of packages. Pure."""

from typing import Any

from app.adapters.isb.datasets import KINDS, SATU_DATA
from app.adapters.lkpp.rows import Gathering
from app.adapters.protocol import IndexEntry
from app.core.problems import Problem
from app.core.vocabulary import PackageKind

# When LKPP's warehouse took the row says nothing of the package.
_LEFT_OUT = frozenset({"_event_date", "_inserted_date", "tgl_penarikan"})


def entries_of(
    kind: PackageKind, dataset: str, rows: list[Any], fiscal_year: int, asked_lpse: int
) -> tuple[list[IndexEntry], list[Problem]]:
    """One entry per package of this batch. A row belongs to the LPSE that it states, or else to the one that was asked."""
    gathering = Gathering(kind, dataset, left_out=_LEFT_OUT)
    if dataset == SATU_DATA:
        gathering.add(rows, code="Kode Tender", lpse="Repo id LPSE", asked=asked_lpse, year=fiscal_year)
    else:
        gathering.add(rows, code=KINDS[kind].code, asked=asked_lpse)
    return gathering.entries, gathering.problems
