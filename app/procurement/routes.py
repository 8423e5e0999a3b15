"""Packages over HTTP: public reads; raw answers need a key."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act, may
from app.access.web import OptionalCaller, Permitted
from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus, ValueBasis
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import KEY_OPTIONAL, answer_for
from app.kit.web.deps import Reading
from app.kit.web.schema import DEFAULT_PAGE, After, AsOf, Limit, MomentBound, Page, Schema
from app.procurement import queries, raw
from app.procurement.counting import COUNTED_IN
from app.procurement.derive import attribution, disagreements
from app.procurement.errors import AnswerNotFound, PackageNotFound
from app.procurement.filtering import Fact, PackageFilter
from app.procurement.masking import masked
from app.procurement.past import find_past
from app.procurement.schemas import (
    AwardRead,
    OfferRead,
    PackageDetail,
    PackageRead,
    RealizationRead,
    StageRead,
    StageRevisionRead,
    VersionRead,
)
from app.procurement.searching import search_packages
from app.registry.schemas import InstitutionCode, ProvinceCode, RegionCode

router = APIRouter(tags=["procurement"])


def _comparable(amount: Decimal) -> Decimal:
    """PostgreSQL compares with some 16,000 decimal places; whoever sends more means no amount."""
    if amount.as_tuple().exponent < -1000:  # type: ignore[operator]  # finite: the bounds have refused NaN and Infinity
        msg = "has too many decimal places"
        raise ValueError(msg)
    return amount


NodeSlugs = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,63}$")]],
    Query(description="Slugs of nodes.", max_length=800),
]
AmountBound = Annotated[
    Annotated[
        Decimal,
        Field(ge=0, lt=10**18),
        AfterValidator(_comparable),
        WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 10**18}),
    ]
    | None,
    Query(description="Rupiah, inclusive."),
]
Facts = Annotated[
    list[Fact],
    Query(
        description="Unlike other filters, all of those named must hold.",
        max_length=len(Fact),
    ),
]


def _is_a_sum(name: str) -> str:
    if name not in COUNTED_IN:
        msg = f"must be one of {', '.join(COUNTED_IN)}"
        raise ValueError(msg)
    return name


CountedIn = Annotated[
    list[Annotated[str, AfterValidator(_is_a_sum), WithJsonSchema({"type": "string", "enum": list(COUNTED_IN)})]],
    Query(
        description="Only packages that figures count there; an answer's `explain.parts` names these sums. "
        "Unlike other filters, all of those named must hold.",
        max_length=len(COUNTED_IN),
        examples=[["pagu_packages"]],
    ),
]
Months = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")]],
    Query(description="Months on the node's clock.", max_length=200, examples=[["2025-07"]]),
]
DaysBound = Annotated[
    int | None,
    Query(ge=-100_000, le=100_000, description="Calendar days, inclusive. Figures leave out what is below 0."),
]
BiddersBound = Annotated[int | None, Query(ge=0, le=1_000_000, description="Offers, inclusive.")]
Node = Annotated[str, Path(pattern="^[a-z0-9-]{1,63}$", description="Slug of the node.", examples=["surabaya"])]
Code = Annotated[
    str, Path(pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$", description="The package's code.", examples=["10102584000"])
]


@router.get(
    "/packages",
    response_model=Page[PackageRead],
    responses=problems.responses(CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def list_packages(
    caller: OptionalCaller,
    session: Reading,
    node: NodeSlugs = [],  # noqa: B006 (FastAPI copies defaults)
    region: Annotated[
        list[RegionCode], Query(description="Governments: their own institutions, wherever they buy.", max_length=600)
    ] = [],  # noqa: B006
    province: Annotated[list[ProvinceCode], Query(description="All institutions below that code.", max_length=50)] = [],  # noqa: B006
    institution: Annotated[list[InstitutionCode], Query(description="kd_klpd.", max_length=600)] = [],  # noqa: B006
    fiscal_year: Annotated[
        list[Annotated[int, Query(ge=2000, le=2100)]], Query(description="Fiscal years.", max_length=50)
    ] = [],  # noqa: B006
    kind: Annotated[list[PackageKind], Query(max_length=5)] = [],  # noqa: B006
    status: Annotated[list[PackageStatus], Query(max_length=6)] = [],  # noqa: B006
    category: Annotated[list[Category], Query(max_length=20)] = [],  # noqa: B006
    method: Annotated[list[Method], Query(max_length=20)] = [],  # noqa: B006
    value_basis: Annotated[list[ValueBasis], Query(description="What value rests on.", max_length=5)] = [],  # noqa: B006
    date_basis: Annotated[
        list[DateBasis], Query(description="Whether dates happened or were only scheduled.", max_length=2)
    ] = [],  # noqa: B006
    announced_month: Months = [],  # noqa: B006
    awarded_month: Months = [],  # noqa: B006
    fund_sources: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=500, pattern="^[^\\x00]*$")]],
        Query(
            description="Whole sets of fund sources, each with commas between: APBD is APBD alone, APBD,BLUD exactly both.",
            max_length=50,
            examples=[["APBD,BLUD"]],
        ),
    ] = [],  # noqa: B006
    supplier: Annotated[
        list[Annotated[int, Query(ge=1, lt=2**63)]], Query(description="Ids of winners, of /suppliers.", max_length=50)
    ] = [],  # noqa: B006
    known: Facts = [],  # noqa: B006
    unknown: Facts = [],  # noqa: B006
    counted_in: CountedIn = [],  # noqa: B006
    value_min: AmountBound = None,
    value_max: AmountBound = None,
    pagu_min: AmountBound = None,
    pagu_max: AmountBound = None,
    bidders_min: BiddersBound = None,
    bidders_max: BiddersBound = None,
    days_to_award_min: DaysBound = None,
    days_to_award_max: DaysBound = None,
    days_to_contract_min: DaysBound = None,
    days_to_contract_max: DaysBound = None,
    announced_from: MomentBound = None,
    announced_before: MomentBound = None,
    awarded_from: MomentBound = None,
    awarded_before: MomentBound = None,
    changed_from: MomentBound = None,
    repeated: Annotated[bool | None, Query(description="Whether it was announced anew after a failure.")] = None,
    schedule_moved: Annotated[
        bool | None, Query(description="Whether its schedule was moved; where none is known, neither.")
    ] = None,
    small_business: Annotated[
        bool | None,
        Query(description="Whether its business size names small enterprises; where none is stated, neither."),
    ] = None,
    withdrawn: Annotated[bool | None, Query(description="Whether it vanished from its node.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern="^[^\\x00]*$", description="Words of the name, code or work unit.")
    ] = None,
    as_of: AsOf = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List packages, oldest on the hub first. Filters of different names must all hold; a repeated one means any of.

    With `as_of` the packages are those of then, and the filters are asked of what was known of them then. Such a page, and
    one of a search, may hold fewer than `limit` packages while `next` says that more may follow.
    """
    wanted = PackageFilter(
        node=tuple(node),
        region=tuple(region),
        province=tuple(province),
        institution=tuple(institution),
        fiscal_year=tuple(fiscal_year),
        kind=tuple(kind),
        status=tuple(status),
        category=tuple(category),
        method=tuple(method),
        value_basis=tuple(value_basis),
        date_basis=tuple(date_basis),
        announced_month=tuple(announced_month),
        awarded_month=tuple(awarded_month),
        fund_sources=tuple(fund_sources),
        supplier=tuple(supplier),
        known=tuple(dict.fromkeys(known)),
        unknown=tuple(dict.fromkeys(unknown)),
        counted_in=tuple(dict.fromkeys(counted_in)),
        bidders_min=bidders_min,
        bidders_max=bidders_max,
        days_to_award_min=days_to_award_min,
        days_to_award_max=days_to_award_max,
        days_to_contract_min=days_to_contract_min,
        days_to_contract_max=days_to_contract_max,
        repeated=repeated,
        schedule_moved=schedule_moved,
        small_business=small_business,
        value_min=value_min,
        value_max=value_max,
        pagu_min=pagu_min,
        pagu_max=pagu_max,
        announced_from=announced_from,
        announced_before=announced_before,
        awarded_from=awarded_from,
        awarded_before=awarded_before,
        changed_from=changed_from,
        withdrawn=withdrawn,
        q=q,
    )
    key = decode_cursor(after, int)
    found = await search_packages(
        session, wanted, caller=caller, as_of=as_of, after=key[0] if key else None, limit=limit
    )
    return answer_for(
        caller,
        {
            "items": [_shown(package, caller, package["node"]) for package in found.packages],
            "next": None if found.next is None else encode_cursor(found.next),
        },
    )


@router.get(
    "/packages/{node}/{kind}/{code}",
    response_model=PackageDetail,
    responses=problems.responses(PackageNotFound, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def get_package(
    caller: OptionalCaller, session: Reading, node: Node, kind: PackageKind, code: Code, as_of: AsOf = None
) -> Response:
    """One package by its node, kind and code: with offers, realisations, schedule, and which source says what.

    With `as_of` as it was known then; before the hub first saw it, it is not found.
    """
    if as_of is None:
        package = await _found(session, node, kind, code)
    elif (past := await find_past(session, node, kind, code, as_of=as_of)) is not None:
        package = past
    else:
        raise PackageNotFound(node, kind, code)
    said = package.pop("said")
    differing = {"disagreements": [{"field": field, "stated": by} for field, by in disagreements(said).items()]}
    return answer_for(
        caller,
        {
            **_shown(package, caller, node),
            "field_sources": attribution(said),
            **(differing if may(caller, Act.READ_PERSONAL, node) else masked(differing)),
        },
    )


@router.get(
    "/packages/{node}/{kind}/{code}/history",
    response_model=Page[VersionRead],
    responses=problems.responses(PackageNotFound, CursorInvalid, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def get_package_history(
    caller: OptionalCaller,
    session: Reading,
    node: Node,
    kind: PackageKind,
    code: Code,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """Every state of a package, first to last: when, what changed, which source said it, and the evidence kept."""
    package = await _found(session, node, kind, code)
    key = decode_cursor(after, int)
    start = key[0] if key else 0
    # The version before the page is read too, so that the first of the page can say what it changed.
    versions = await queries.list_versions(session, package["id"], after=start - 1, limit=limit + 2)
    before = {version["version"]: version["state"] for version in versions}
    mine = [version for version in versions if version["version"] > start]
    observations = await queries.list_observations(session, [i for version in mine for i in version["observation_ids"]])
    if not may(caller, Act.READ_PERSONAL, node):
        observations = {number: masked(observation) for number, observation in observations.items()}
    items = [
        {
            "version": version["version"],
            "at": version["at"],
            "changed": _changed(before.get(version["version"] - 1, {}), version["state"]),
            "package": _shown(version["state"], caller, node),
            "observations": [observations[i] for i in version["observation_ids"] if i in observations],
        }
        for version in mine[:limit]
    ]
    following = encode_cursor(items[-1]["version"]) if len(mine) > limit else None
    return answer_for(caller, {"items": items, "next": following})


@router.get(
    "/observations/{observation}/answers/{page}",
    response_class=Response,
    responses={
        200: {"description": "The answer as it came.", "content": {"application/octet-stream": {}}},
        **problems.responses(AnswerNotFound, KeyMissing, KeyInvalid, NotAllowed),
    },
)
async def get_raw_answer(
    caller: Annotated[Caller, Permitted(Act.READ_RAW)],
    session: Reading,
    observation: Annotated[int, Path(ge=1, lt=2**63)],
    page: Annotated[str, Path(pattern="^[a-z0-9_-]{1,40}$", examples=["pengumuman"])],
) -> Response:
    """The bytes of one raw answer, for an auditor. Sent as a download: it is a stranger's page."""
    for answer in await raw.read_answers(session, observation):
        if answer.page == page:
            headers = {
                "Cache-Control": "no-store",
                "Content-Disposition": "attachment",
                "X-Source-Media-Type": answer.media_type,
            }
            return Response(answer.body, media_type="application/octet-stream", headers=headers)
    raise AnswerNotFound


async def _found(session: Reading, node: str, kind: str, code: str) -> dict[str, Any]:
    package = await queries.find_package(session, node, kind, code)
    if package is None:
        raise PackageNotFound(node, kind, code)
    return package


def _changed(before: dict[str, Any], state: dict[str, Any]) -> list[str]:
    empty: tuple[object, ...] = (None, [], "")
    return sorted(
        name
        for name, value in state.items()
        if value != before.get(name) and (value not in empty or before.get(name) not in empty)
    )


def _shown(fields: dict[str, Any], caller: Caller | None, node: str) -> dict[str, Any]:
    """What a caller may see: no internal ids, every part with all of its names, personal data only for whom it concerns."""
    shown = {name: value for name, value in fields.items() if name not in _INTERNAL}
    for part, schema in _PARTS.items():
        if part in shown:
            shown[part] = [_whole(item, schema) for item in shown[part]]
    return shown if may(caller, Act.READ_PERSONAL, node) else masked(shown)


def _whole(item: dict[str, Any], schema: type[Schema]) -> dict[str, Any]:
    shown: dict[str, Any] = {name: item.get(name) for name in schema.model_fields}
    if "revisions" in shown:
        shown["revisions"] = [_whole(revision, StageRevisionRead) for revision in shown["revisions"] or []]
    return shown


_PARTS: dict[str, type[Schema]] = {
    "awards": AwardRead,
    "offers": OfferRead,
    "realizations": RealizationRead,
    "schedule": StageRead,
}
_INTERNAL = frozenset({"id", "package_id", "said"})
