"""The register over HTTP: public reads; writing needs the province's key."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act
from app.access.web import Permitted
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading, Writing
from app.kit.web.schema import DEFAULT_PAGE, After, AfterCode, Limit, Page
from app.registry import keeping, passport, probe_queries, queries, service
from app.registry.asking import NodesWanted
from app.registry.errors import NodeAlreadyRegistered, NodeNotFound, ReferenceUnknown, RegionNotFound
from app.registry.schemas import (
    InstitutionRead,
    InstitutionType,
    NodeCreate,
    NodeRead,
    NodeUpdate,
    PassportRead,
    ProbePage,
    ProvinceCode,
    RegionCode,
    RegionRead,
    RegionType,
    RetirementRead,
)
from app.registry.tables import Region

router = APIRouter()
NodeSlug = Annotated[
    str, Path(description="Slug of a node.", max_length=63, pattern="^[a-z0-9-]+$", examples=["surabaya"])
]

Keeper = Annotated[Caller, Permitted(Act.KEEP_REGISTER)]


@router.get("/regions", response_model=Page[RegionRead], tags=["registry"], responses=problems.responses(CursorInvalid))
async def list_regions(
    session: Reading,
    parent: Annotated[ProvinceCode | None, Query(description="Only regencies and cities of this province.")] = None,
    type: Annotated[RegionType | None, Query(description="Only regions of this type.")] = None,  # noqa: A002 (the API's word)
    limit: Limit = DEFAULT_PAGE,
    after: AfterCode = None,
) -> Response:
    """List Indonesia's provinces, regencies and cities by Kemendagri code, with the nodes that serve them."""
    key = decode_cursor(after, str)
    found = await queries.list_regions(
        session, parent=parent, kind=type, after=key[0] if key else None, limit=limit + 1
    )
    serving = await queries.nodes_serving(session, [region.code for region in found])
    items = [_region(region, serving) for region in found[:limit]]
    return ExactJSON(Page(items=items, next=encode_cursor(items[-1].code) if len(found) > limit else None))


@router.get(
    "/regions/{code}", response_model=RegionRead, tags=["registry"], responses=problems.responses(RegionNotFound)
)
async def get_region(session: Reading, code: Annotated[RegionCode, Path(description="Kemendagri code.")]) -> Response:
    """One region with the nodes that serve it."""
    region = await service.get_region(session, code)
    return ExactJSON(_region(region, await queries.nodes_serving(session, [code])))


@router.get(
    "/institutions",
    response_model=Page[InstitutionRead],
    tags=["registry"],
    responses=problems.responses(CursorInvalid),
)
async def list_institutions(
    session: Reading,
    region: Annotated[RegionCode | None, Query(description="Only the institutions of this government.")] = None,
    province: Annotated[
        ProvinceCode | None, Query(description="Only institutions of this province and its regions.")
    ] = None,
    type: Annotated[InstitutionType | None, Query(description="Only institutions of this type.")] = None,  # noqa: A002 (the API's word)
    limit: Limit = DEFAULT_PAGE,
    after: AfterCode = None,
) -> Response:
    """List institutions (K/L/PD) by kd_klpd."""
    key = decode_cursor(after, str)
    found = await queries.list_institutions(
        session, region=region, province=province, kind=type, after=key[0] if key else None, limit=limit + 1
    )
    items = [InstitutionRead.model_validate(institution) for institution in found[:limit]]
    return ExactJSON(Page(items=items, next=encode_cursor(items[-1].kd_klpd) if len(found) > limit else None))


@router.get("/nodes", response_model=Page[NodeRead], tags=["registry"], responses=problems.responses(CursorInvalid))
async def list_nodes(
    session: Reading,
    now: Now,
    wanted: NodesWanted,
    limit: Limit = DEFAULT_PAGE,
    after: AfterCode = None,
) -> Response:
    """List the nodes of the register by slug, each with how fresh its figures are."""
    key = decode_cursor(after, str)
    found = await queries.list_nodes(session, wanted, after=key[0] if key else None, limit=limit + 1, now=now)
    items = await passport.node_reads(session, found[:limit], now)
    return ExactJSON(Page(items=items, next=encode_cursor(items[-1].slug) if len(found) > limit else None))


@router.get("/nodes/{node}", response_model=NodeRead, tags=["registry"], responses=problems.responses(NodeNotFound))
async def get_node(session: Reading, now: Now, node: NodeSlug) -> Response:
    """One node with its endpoints and how fresh its figures are."""
    found = await service.get_node(session, node)
    return ExactJSON((await passport.node_reads(session, [found], now))[0])


@router.get(
    "/nodes/{node}/probes",
    response_model=ProbePage,
    tags=["registry"],
    responses=problems.responses(NodeNotFound, CursorInvalid),
)
async def get_node_probes(
    session: Reading, now: Now, node: NodeSlug, limit: Limit = DEFAULT_PAGE, after: After = None
) -> Response:
    """A node's probes, newest first, and how much of the last 24 hours, 30 days and 365 days it was up."""
    key = decode_cursor(after, int)
    found = await service.get_node(session, node)
    probes = await probe_queries.list_probes(session, found.id, before=key[0] if key else None, limit=limit + 1)
    uptimes = await probe_queries.uptimes_of(session, [found.id], now)
    return ExactJSON(
        {
            "items": [passport.probe_read(probe) for probe in probes[:limit]],
            "next": encode_cursor(probes[limit - 1].id) if len(probes) > limit else None,
            "uptime": uptimes.get(found.id, probe_queries.NO_UPTIME),
        }
    )


@router.get(
    "/nodes/{node}/passport",
    response_model=PassportRead,
    tags=["registry"],
    responses=problems.responses(NodeNotFound),
)
async def get_node_passport(session: Reading, now: Now, node: NodeSlug) -> Response:
    """A node on one page: the register's entry with the freshness of its years, each endpoint's health, and uptime."""
    return ExactJSON(await passport.passport_of(session, node, now))


@router.post(
    "/nodes",
    response_model=NodeRead,
    status_code=201,
    tags=["registry"],
    responses=problems.responses(NodeAlreadyRegistered, ReferenceUnknown, KeyMissing, KeyInvalid, NotAllowed),
)
async def register_node(caller: Keeper, session: Writing, now: Now, new: NodeCreate) -> Response:
    """Put a node on the register. Registering a retired node again (same slug or kd_lpse) revives it with its history."""
    if new.province is not None and (new.region or "")[:2] != new.province:
        raise ReferenceUnknown("province", new.province)
    draft = service.NodeDraft(
        slug=new.slug,
        name=new.name,
        kd_lpse=new.kd_lpse,
        region=new.region,
        institution=new.institution,
        time_zone=new.time_zone,
        state=new.state,
        endpoints=tuple(service.EndpointDraft(**endpoint.model_dump()) for endpoint in new.endpoints),
    )
    node = await keeping.register_node(session, draft, caller=caller, now=now)
    location = {"Location": f"/api/v1/nodes/{node.slug}"}
    return ExactJSON((await passport.node_reads(session, [node], now))[0], status_code=201, headers=location)


@router.patch(
    "/nodes/{node}",
    response_model=NodeRead,
    tags=["registry"],
    responses=problems.responses(
        NodeNotFound, NodeAlreadyRegistered, ReferenceUnknown, KeyMissing, KeyInvalid, NotAllowed
    ),
)
async def revise_node(caller: Keeper, session: Writing, now: Now, node: NodeSlug, changes: NodeUpdate) -> Response:
    """Replace the given fields of a node. Loading the shipped register again leaves them as they are set here.

    `{"state": "active"}` takes a retired node into use again, as it was.
    """
    given = changes.model_dump(exclude_unset=True)
    for name in ("name", "time_zone", "state", "endpoints"):
        if name in given and given[name] is None:
            del given[name]
    if "endpoints" in given:
        given["endpoints"] = tuple(service.EndpointDraft(**endpoint) for endpoint in given["endpoints"])
    revised = await keeping.revise_node(session, node, given, caller=caller, now=now)
    return ExactJSON((await passport.node_reads(session, [revised], now))[0])


@router.delete(
    "/nodes/{node}",
    response_model=RetirementRead,
    tags=["registry"],
    responses=problems.responses(NodeNotFound, KeyMissing, KeyInvalid, NotAllowed),
)
async def retire_node(
    caller: Keeper,
    session: Writing,
    now: Now,
    node: NodeSlug,
    dry_run: Annotated[bool, Query(description="Only say what would follow; nothing is changed.")] = False,
) -> Response:
    """Retire a node: it is no longer collected; its packages, its history and its keys stay.

    It is undone by `PATCH` with `{"state": "active"}`, or by registering the node again.
    """
    done = await keeping.retire_node(session, node, caller=caller, now=now, dry_run=dry_run)
    shown = (await passport.node_reads(session, [done.node], now))[0]
    return ExactJSON({**shown.model_dump(), "dry_run": dry_run, "follows": keeping.follows(done)})


def _region(region: Region, serving: dict[str, list[str]]) -> RegionRead:
    return RegionRead.model_validate(
        {
            "code": region.code,
            "name": region.name,
            "type": region.type,
            "parent": region.parent,
            "nodes": serving.get(region.code, []),
        }
    )
