"""Reported figures over HTTP: everybody reads them, a node (or the province for it) states them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act, may
from app.access.web import OptionalCaller, Permitted
from app.core.problems import message_of
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import KEY_OPTIONAL, answer_for
from app.kit.web.deps import Now, Reading, Writing
from app.kit.web.exact_body import ExactRoute
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Page
from app.procurement.masking import masked
from app.registry.errors import NodeNotFound
from app.statistics import reported
from app.statistics.reported import Stated, statement_of
from app.statistics.reported_errors import ReportedFiguresNotFound, RevisionOutdated
from app.statistics.reported_schemas import ReportedFiguresRead, ReportedFiguresWrite, amounts

router = APIRouter(tags=["statistics"], route_class=ExactRoute)
NodeSlug = Annotated[
    str, Path(description="Slug of a node.", max_length=63, pattern="^[a-z0-9-]+$", examples=["surabaya"])
]
FiscalYear = Annotated[int, Path(description="Fiscal year.", ge=2000, le=2100, examples=[2025])]


@router.put(
    "/nodes/{node}/reported-figures/{fiscal_year}",
    response_model=ReportedFiguresRead,
    responses={
        200: {"description": "It replaces an earlier statement, or says the same again."},
        201: {"description": "The first statement of this year.", "model": ReportedFiguresRead},
        **problems.responses(KeyMissing, KeyInvalid, NotAllowed, NodeNotFound, RevisionOutdated),
    },
)
async def put_reported_figures(
    request: Request,
    session: Writing,
    now: Now,
    caller: Annotated[Caller, Permitted(Act.REPORT_FIGURES)],
    node: NodeSlug,
    fiscal_year: FiscalYear,
    figures: ReportedFiguresWrite,
) -> Response:
    """State a node's own totals of a fiscal year, with the node's key or the province's.

    The statement before stays in the history; saying the same again changes nothing. What contradicts itself is kept
    and remarked upon in `remarks`. Send the `ETag` of what you read as `If-Match` to be refused (412) when somebody
    has stated something else in the meantime.
    """
    stated = await reported.state_figures(
        session,
        node,
        fiscal_year,
        figures.statement(),
        caller=caller,
        expected=_expected(request.headers.get("if-match")),
        now=now,
    )
    return _answer(caller, node, stated, status_code=201 if stated.is_first else 200)


@router.get(
    "/nodes/{node}/reported-figures/{fiscal_year}",
    response_model=ReportedFiguresRead,
    responses=problems.responses(NodeNotFound, ReportedFiguresNotFound, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def get_reported_figures(
    caller: OptionalCaller, session: Reading, node: NodeSlug, fiscal_year: FiscalYear
) -> Response:
    """What a node states of itself for a fiscal year. It is the node's word; nothing of it was computed here."""
    return _answer(caller, node, await reported.get_stated(session, node, fiscal_year))


@router.get(
    "/nodes/{node}/reported-figures",
    response_model=Page[ReportedFiguresRead],
    responses=problems.responses(NodeNotFound, CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def list_reported_figures(
    caller: OptionalCaller, session: Reading, node: NodeSlug, limit: Limit = DEFAULT_PAGE, after: After = None
) -> Response:
    """What a node states of itself now, of every fiscal year that it speaks of, latest first."""
    key = decode_cursor(after, int)
    found = await reported.list_stated_years(session, node, before=_small(key), limit=limit + 1)
    last = found[:limit][-1].row.fiscal_year if len(found) > limit else None
    return _page(caller, node, found[:limit], last)


@router.get(
    "/nodes/{node}/reported-figures/{fiscal_year}/history",
    response_model=Page[ReportedFiguresRead],
    responses=problems.responses(NodeNotFound, ReportedFiguresNotFound, CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def get_reported_figures_history(
    caller: OptionalCaller,
    session: Reading,
    node: NodeSlug,
    fiscal_year: FiscalYear,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """Every statement of a fiscal year, first to last; the last one is what the node states now."""
    key = decode_cursor(after, int)
    found = await reported.list_revisions(session, node, fiscal_year, after=_small(key) or 0, limit=limit + 1)
    last = found[:limit][-1].row.revision if len(found) > limit else None
    return _page(caller, node, found[:limit], last)


def _page(caller: Caller | None, node: str, shown: list[Stated], last: int | None) -> Response:
    items = [_shown(caller, node, stated) for stated in shown]
    return answer_for(caller, {"items": items, "next": None if last is None else encode_cursor(last)})


_MASKED = "-masked"
"""Of a tag: a key's holder who kept the public's answer must not be told that it is theirs."""


def _answer(caller: Caller | None, node: str, stated: Stated, *, status_code: int = 200) -> Response:
    """One statement, tagged by its revision."""
    whole = _read(node, stated)
    shown = _shown(caller, node, stated)
    answer = answer_for(caller, shown, status_code=status_code, changed_at=stated.row.received_at)
    answer.headers["ETag"] = f'"{stated.row.revision}{"" if shown == whole else _MASKED}"'
    return answer


def _shown(caller: Caller | None, node: str, stated: Stated) -> dict[str, Any]:
    """What a caller may see: personal data in the node's own words only for whom they concern."""
    whole = _read(node, stated)
    if may(caller, Act.READ_PERSONAL, node):
        return whole
    return {**whole, **masked({name: whole[name] for name in ("note", "source_document")})}


def _read(node: str, stated: Stated) -> dict[str, Any]:
    row = stated.row
    statement = statement_of(row)
    return {
        "node": node,
        "fiscal_year": row.fiscal_year,
        "revision": row.revision,
        **amounts(statement.totals),
        "savings_base": row.savings_base,
        "kinds": {kind: amounts(totals) for kind, totals in statement.kinds.items()},
        "source_document": row.source_document,
        "stated_on": row.stated_on,
        "note": row.note,
        "stated_by": row.role,
        "received_at": row.received_at,
        "remarks": [
            {
                "code": remark.code,
                "severity": remark.severity,
                "kind": remark.kind,
                "field": remark.field,
                "value": remark.value,
                "message": message_of(remark.code, field=remark.field, value=remark.value),
            }
            for remark in stated.remarks
        ],
    }


def _expected(if_match: str | None) -> str | None:
    """The revision that the caller has read; a tag that is none of ours matches nothing."""
    return None if if_match is None else if_match.strip().strip('"').removesuffix(_MASKED)


def _small(key: list[Any] | None) -> int | None:
    """Years and revisions are plain integers in the database; a larger cursor lies behind all of them."""
    return None if key is None else min(int(key[0]), 2**31 - 1)
