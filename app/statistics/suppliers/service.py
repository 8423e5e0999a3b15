"""Suppliers as a caller may see them: found by what is shown, with the packages behind every number."""

from typing import Any
from urllib.parse import urlencode

from app.access.callers import Caller
from app.access.permissions import Act, may
from app.core.vocabulary import SAVING_KINDS, PackageStatus
from app.kit.db import ReadSession
from app.procurement.masking import masked
from app.statistics.explain import PACKAGES
from app.statistics.suppliers import queries
from app.statistics.suppliers.errors import SupplierNotFound
from app.statistics.suppliers.queries import SupplierFilter

_MORE_AT_ONCE = 500
_MOST_READS = 20
"""Of one page. Past it a page ends early, with a cursor: only where ten thousand names hide the same words."""


async def search_suppliers(
    session: ReadSession, wanted: SupplierFilter, *, caller: Caller | None, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of suppliers by id, and the id after which the next begins.

    A supplier belongs to no node: their whole name is for those who may see everything.
    """
    shown: list[dict[str, Any]] = []
    size = limit + 1
    for _ in range(_MOST_READS):
        rows = await queries.list_suppliers(session, wanted, after=after, limit=size)
        seen = [_shown(row, caller) for row in rows]
        if wanted.q:
            doubtful = {
                now["id"]: now["name"] for now, row in zip(seen, rows, strict=True) if now["name"] != row["name"]
            }
            found = await queries.find_by_words(session, doubtful, wanted.q) if doubtful else set()
            seen = [supplier for supplier in seen if supplier["id"] not in doubtful or supplier["id"] in found]
        shown += seen
        if len(shown) > limit:
            return _explained(shown[:limit], wanted), shown[limit - 1]["id"]
        if len(rows) < size:
            return _explained(shown, wanted), None
        after = rows[-1]["id"]
        size = max(size, _MORE_AT_ONCE)
    return _explained(shown, wanted), after


async def show_supplier(session: ReadSession, supplier: int, *, caller: Caller | None) -> dict[str, Any]:
    """One supplier, with what was won by node and fiscal year."""
    found = await queries.find_supplier(session, supplier)
    if found is None:
        raise SupplierNotFound(supplier)
    places = [
        {**place, "explain": _link(supplier, node=[place["node"]], fiscal_year=[place["fiscal_year"]])}
        for place in await queries.list_places(session, supplier)
    ]
    return {**_shown(found, caller), "explain": _link(supplier), "places": places}


def _shown(row: dict[str, Any], caller: Caller | None) -> dict[str, Any]:
    said = {"name": row["name"], "npwp": row["npwp"]}
    return row if may(caller, Act.READ_PERSONAL) else {**row, **masked(said)}


_FILTERS = ("node", "region", "province", "institution", "fiscal_year")


def _explained(suppliers: list[dict[str, Any]], wanted: SupplierFilter) -> list[dict[str, Any]]:
    asked = {name: list(getattr(wanted, name)) for name in _FILTERS}
    kinds = [kind for kind in SAVING_KINDS if not wanted.kind or kind in wanted.kind]
    return [{**supplier, "explain": _link(supplier["id"], kind=kinds, **asked)} for supplier in suppliers]


def _link(supplier: int, **asked: list[Any]) -> str:
    """Where exactly the packages that count are listed."""
    words: dict[str, list[Any]] = {"supplier": [supplier], "kind": list(SAVING_KINDS), **asked}
    words |= {"status": [PackageStatus.COMPLETED], "withdrawn": ["false"]}
    return f"{PACKAGES}?{urlencode([(name, str(value)) for name, values in words.items() for value in values])}"
