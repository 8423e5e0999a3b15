"""Rows of the gateway's lists as entries of packages. Pure."""

from collections.abc import Iterable

from app.adapters.inaproc.resources import KINDS
from app.adapters.lkpp.rows import Gathering
from app.adapters.protocol import IndexEntry
from app.core.problems import Problem
from app.core.vocabulary import PackageKind

# `last_update_ref` is opaque and sealed anew with every answer (a nonce and a ciphertext), so that with it no row would
# ever equal itself.
_LEFT_OUT = frozenset({"last_update_ref"})


def read_rows(kind: PackageKind, resource: str, rows: Iterable[object]) -> tuple[list[IndexEntry], list[Problem]]:
    """One entry per package of this page. A row without an LPSE belongs to nobody: the list is one of an institution."""
    gathering = Gathering(kind, resource, left_out=_LEFT_OUT)
    gathering.add(rows, code=KINDS[kind].code)
    return gathering.entries, gathering.problems
