"""Suppliers over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.access.errors import KeyInvalid
from app.access.web import OptionalCaller
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import KEY_OPTIONAL, answer_for
from app.kit.web.deps import Reading
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Page
from app.statistics.asking import FiscalYears, Institutions, Kinds, Nodes, Provinces, Regions
from app.statistics.suppliers import service
from app.statistics.suppliers.errors import SupplierNotFound
from app.statistics.suppliers.queries import SupplierFilter
from app.statistics.suppliers.schemas import SupplierDetail, SupplierRead

router = APIRouter(tags=["statistics"])


@router.get(
    "/suppliers",
    response_model=Page[SupplierRead],
    responses=problems.responses(CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def list_suppliers(
    caller: OptionalCaller,
    session: Reading,
    fiscal_year: FiscalYears = [],  # noqa: B006 (FastAPI copies defaults)
    province: Provinces = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
    institution: Institutions = [],  # noqa: B006
    node: Nodes = [],  # noqa: B006
    kind: Kinds = [],  # noqa: B006
    q: Annotated[
        str | None, Query(max_length=200, pattern="^[^\\x00]*$", description="Words of the name; all must be there.")
    ] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List who won completed tenders and non-tenders of what is asked for, and how much of it."""
    wanted = SupplierFilter(
        fiscal_year=tuple(fiscal_year),
        province=tuple(province),
        region=tuple(region),
        institution=tuple(institution),
        node=tuple(node),
        kind=tuple(kind),
        q=q,
    )
    key = decode_cursor(after, int)
    items, following = await service.search_suppliers(
        session, wanted, caller=caller, after=key[0] if key else 0, limit=limit
    )
    return answer_for(caller, {"items": items, "next": None if following is None else encode_cursor(following)})


@router.get(
    "/suppliers/{supplier}",
    response_model=SupplierDetail,
    responses=problems.responses(SupplierNotFound, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def get_supplier(
    caller: OptionalCaller,
    session: Reading,
    supplier: Annotated[int, Path(ge=1, lt=2**63, description="Id of the supplier, as awards name it.", examples=[1])],
) -> Response:
    """One supplier: what they won in all, and by node and fiscal year."""
    return answer_for(caller, await service.show_supplier(session, supplier, caller=caller))
