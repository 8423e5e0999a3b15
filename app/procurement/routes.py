"""Packages over HTTP: public reads; raw answers need a key."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act, may
from app.access.web import OptionalCaller, Permitted
from app.core.vocabulary import PackageKind
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import KEY_OPTIONAL, answer_for
from app.kit.web.deps import Reading
from app.kit.web.schema import DEFAULT_PAGE, After, AsOf, Limit, Page
from app.kit.web.sparse import wants
from app.procurement import queries, raw
from app.procurement.asking import NodeSlugs as NodeSlugs  # noqa: PLC0414 (the feed asks for it here)
from app.procurement.asking import PackagesWanted
from app.procurement.derive import attribution, disagreements
from app.procurement.errors import AnswerNotFound, PackageNotFound
from app.procurement.masking import masked
from app.procurement.past import find_past
from app.procurement.schemas import PackageDetail, PackageRead, VersionRead
from app.procurement.searching import search_packages
from app.procurement.showing import shown

router = APIRouter(tags=["procurement"])

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
    request: Request,
    caller: OptionalCaller,
    session: Reading,
    wanted: PackagesWanted,
    as_of: AsOf = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List packages, oldest on the hub first. Filters of different names must all hold; a repeated one means any of.

    With `as_of` the packages are those of then, and the filters are asked of what was known of them then. Such a page, and
    one of a search, may hold fewer than `limit` packages while `next` says that more may follow.
    """
    key = decode_cursor(after, int)
    found = await search_packages(
        session,
        wanted,
        caller=caller,
        as_of=as_of,
        after=key[0] if key else None,
        limit=limit,
        awards=wants(request, "awards"),
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
    said, heard_of_at = package.pop("said"), package.pop("heard_of_at", None)
    differing = {"disagreements": [{"field": field, "stated": by} for field, by in disagreements(said).items()]}
    return answer_for(
        caller,
        {
            **_shown(package, caller, node),
            "field_sources": attribution(said),
            **(differing if may(caller, Act.READ_PERSONAL, node) else masked(differing)),
        },
        changed_at=None if heard_of_at is None else max(package["changed_at"], heard_of_at),
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
    return shown(fields, personal=may(caller, Act.READ_PERSONAL, node))
