"""Questions to the register."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, or_, select, text
from sqlalchemy.orm import aliased, selectinload

from app.kit.db import ReadSession
from app.registry.probe_queries import availability_condition
from app.registry.tables import Institution, Node, NodeEndpoint, NodeFreshness, NodeInstitution, Region

FRESH_FOR = timedelta(hours=48)
FAILING_STATES = ("failed", "drift", "incomplete")


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Which nodes are asked for; None means "any"."""

    province: str | None = None
    region: str | None = None
    interface: str | None = None
    state: str | None = None
    health: str | None = None
    availability: str | None = None


def _latest_attempt() -> Subquery:
    newest_first = func.row_number().over(
        partition_by=NodeFreshness.node_id, order_by=NodeFreshness.last_attempt_at.desc()
    )
    return select(NodeFreshness, newest_first.label("rank")).subquery()


def health_condition(health: str, now: datetime) -> ColumnElement[bool]:
    """The SQL twin of `health_of`."""
    latest = _latest_attempt()
    mine = and_(latest.c.node_id == Node.id, latest.c.rank == 1)
    match health:
        case "never":
            return ~exists().where(mine)
        case "failing":
            return exists().where(mine, latest.c.last_state.in_(FAILING_STATES))
        case "fresh":
            return exists().where(
                mine, latest.c.last_state.not_in(FAILING_STATES), latest.c.last_attempt_at >= now - FRESH_FOR
            )
        case _:
            return exists().where(
                mine, latest.c.last_state.not_in(FAILING_STATES), latest.c.last_attempt_at < now - FRESH_FOR
            )


def health_of(freshness: Sequence[NodeFreshness], now: datetime) -> str:
    """`never` collected, `failing` at the last attempt, else `fresh` for 48 hours and then `stale`."""
    if not freshness:
        return "never"
    latest = max(freshness, key=lambda row: row.last_attempt_at)
    if latest.last_state in FAILING_STATES:
        return "failing"
    return "fresh" if latest.last_attempt_at >= now - FRESH_FOR else "stale"


async def list_nodes(
    session: ReadSession, wanted: NodeFilter, *, after: str | None, limit: int, now: datetime
) -> Sequence[Node]:
    query = _with_parts(select(Node)).order_by(Node.slug).limit(limit)
    if after is not None:
        query = query.where(Node.slug > after)
    if wanted.province is not None:
        query = query.where(Node.province == wanted.province)
    if wanted.region is not None:
        query = query.where(Node.region == wanted.region)
    if wanted.state is not None:
        query = query.where(Node.state == wanted.state)
    if wanted.interface is not None:
        query = query.where(exists().where(NodeEndpoint.node_id == Node.id, NodeEndpoint.interface == wanted.interface))
    if wanted.health is not None:
        query = query.where(health_condition(wanted.health, now))
    if wanted.availability is not None:
        query = query.where(availability_condition(wanted.availability))
    return (await session.scalars(query)).all()


async def find_node(session: ReadSession, slug: str) -> Node | None:
    return await session.scalar(_with_parts(select(Node)).where(Node.slug == slug))


async def find_node_by_kd_lpse(session: ReadSession, kd_lpse: int) -> Node | None:
    return await session.scalar(_with_parts(select(Node)).where(Node.kd_lpse == kd_lpse))


async def list_province_nodes(session: ReadSession, province: str) -> Sequence[Node]:
    """The active nodes of a province that can be asked by some interface."""
    query = _with_parts(select(Node)).where(Node.province == province, Node.state == "active", Node.endpoints.any())
    return (await session.scalars(query.order_by(Node.slug))).all()


def _with_parts(query: Select[Node]) -> Select[Node]:
    return query.options(selectinload(Node.endpoints), selectinload(Node.freshness))


async def institutions_of(session: ReadSession, node_ids: Sequence[int]) -> dict[int, list[str]]:
    """kd_klpd of the institutions that buy through each node."""
    rows = await session.execute(
        select(NodeInstitution.node_id, func.array_agg(NodeInstitution.kd_klpd))
        .where(NodeInstitution.node_id.in_(node_ids))
        .group_by(NodeInstitution.node_id)
    )
    return {row[0]: sorted(row[1]) for row in rows}


async def list_regions(
    session: ReadSession, *, parent: str | None, kind: str | None, after: str | None, limit: int
) -> Sequence[Region]:
    query = select(Region).order_by(Region.code).limit(limit)
    if parent is not None:
        query = query.where(Region.parent == parent)
    if kind is not None:
        query = query.where(Region.type == kind)
    if after is not None:
        query = query.where(Region.code > after)
    return (await session.scalars(query)).all()


async def nodes_serving(session: ReadSession, regions: Sequence[str]) -> dict[str, list[str]]:
    """Slugs of the nodes that serve each region: its own, and those its institution buys through."""
    own = select(Node.region.label("region"), Node.slug.label("slug")).where(
        Node.region.in_(regions), Node.state != "retired"
    )
    institution = aliased(Institution)
    hosted = (
        select(institution.region, Node.slug)
        .join(NodeInstitution, NodeInstitution.kd_klpd == institution.kd_klpd)
        .join(Node, Node.id == NodeInstitution.node_id)
        .where(institution.region.in_(regions), Node.state != "retired")
    )
    found: dict[str, list[str]] = {}
    for row in await session.execute(own.union(hosted).order_by(text("2"))):
        found.setdefault(str(row.region), []).append(row.slug)
    return found


async def list_institutions(
    session: ReadSession, *, region: str | None, province: str | None, kind: str | None, after: str | None, limit: int
) -> Sequence[Institution]:
    query = select(Institution).order_by(Institution.kd_klpd).limit(limit)
    if region is not None:
        query = query.where(Institution.region == region)
    if province is not None:
        query = query.where(
            or_(Institution.region == province, Institution.region.startswith(f"{province}.", autoescape=True))
        )
    if kind is not None:
        query = query.where(Institution.type == kind)
    if after is not None:
        query = query.where(Institution.kd_klpd > after)
    return (await session.scalars(query)).all()
