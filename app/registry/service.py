"""The register's verbs: register, revise, retire and load nodes; match institutions by name; note freshness."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.access.credentials import NAME, store_secret
from app.core.dates import TimeZone
from app.core.text import name_key
from app.core.vocabulary import NodeState
from app.jobs.queue import enqueue
from app.kit.db import ReadSession, WriteSession, take_turns
from app.registry import queries
from app.registry.errors import NodeAlreadyRegistered, NodeNotFound, ReferenceUnknown, RegionNotFound
from app.registry.tables import (
    Institution,
    InstitutionAlias,
    Node,
    NodeEndpoint,
    NodeFreshness,
    NodeInstitution,
    Region,
)

DERIVE_NODE = "derive_node"
"""The job that derives a node's packages anew, by name: it belongs to procurement, which stands above the register."""

REGISTER_TURN = "registry"
"""Who changes the register takes turns: of two that revive one retired node at once, the second finds it active."""


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """Where a node answers by one interface."""

    interface: str
    base_url: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeDraft:
    """A node as somebody registers it."""

    slug: str
    name: str
    kd_lpse: int | None
    region: str | None
    institution: str | None
    time_zone: str
    state: str
    endpoints: tuple[EndpointDraft, ...]


async def get_node(session: ReadSession, slug: str) -> Node:
    node = await queries.find_node(session, slug)
    if node is None:
        raise NodeNotFound(slug)
    return node


async def get_region(session: ReadSession, code: str) -> Region:
    region = await session.get(Region, code)
    if region is None:
        raise RegionNotFound(code)
    return region


async def register_node(session: WriteSession, draft: NodeDraft, *, now: datetime) -> Node:
    """Put a node on the register. A retired node with the same slug or kd_lpse is revived, its history with it."""
    await take_turns(session, REGISTER_TURN)
    retired = await _retired_twin(session, draft)
    await _check_references(session, draft.region, draft.institution)
    node = retired or Node(created_at=now, endpoints=[], freshness=[])
    _fill(node, draft, now=now)
    _place_endpoints(node, await _with_secrets_away(session, draft.slug, draft.endpoints, now))
    try:
        async with session.begin_nested():
            session.add(node)
            await session.flush()
    except IntegrityError as error:
        what = f"kd_lpse {draft.kd_lpse}" if "kd_lpse" in str(error.orig) else f"slug “{draft.slug}”"
        raise NodeAlreadyRegistered(what) from error
    if draft.institution is not None:
        await _link_institution(session, node.id, draft.institution)
    return await get_node(session, draft.slug)


async def _retired_twin(session: WriteSession, draft: NodeDraft) -> Node | None:
    by_slug = await queries.find_node(session, draft.slug)
    by_code = None if draft.kd_lpse is None else await queries.find_node_by_kd_lpse(session, draft.kd_lpse)
    if by_slug is not None and by_slug.state != NodeState.RETIRED:
        raise NodeAlreadyRegistered(f"slug “{draft.slug}”")
    if by_code is not None and by_code.state != NodeState.RETIRED:
        raise NodeAlreadyRegistered(f"kd_lpse {draft.kd_lpse}")
    return by_code or by_slug


def _fill(node: Node, draft: NodeDraft, *, now: datetime) -> None:
    node.slug = draft.slug
    node.name = draft.name
    node.kd_lpse = draft.kd_lpse if draft.kd_lpse is not None else node.kd_lpse
    node.region = draft.region
    node.province = draft.region[:2] if draft.region else None
    node.institution = draft.institution
    node.time_zone = draft.time_zone
    node.state = draft.state
    node.retired_at = None
    node.changed_at = now
    node.edited = sorted(EDITABLE)


async def _with_secrets_away(
    session: WriteSession, slug: str, drafts: Iterable[EndpointDraft], now: datetime
) -> list[EndpointDraft]:
    """Store tokens that came with endpoints as credentials; the endpoint keeps only the credential's name."""
    placed: list[EndpointDraft] = []
    for draft in drafts:
        name = credential_of(slug, draft)
        if name is not None:
            others = {option: value for option, value in draft.options.items() if option != "token"}
            await store_secret(session, name, draft.options["token"], now=now)
            draft = replace(draft, options={**others, "credential": name})  # noqa: PLW2901 (the same endpoint, safer)
        placed.append(draft)
    return placed


def credential_of(slug: str, draft: EndpointDraft) -> str | None:
    """The name under which the token that came with an endpoint is kept; None when none came."""
    token, named = draft.options.get("token"), draft.options.get("credential")
    if not isinstance(token, str) or not token:
        return None
    return named if isinstance(named, str) and NAME.fullmatch(named) else f"{slug}-{draft.interface}"[:63]


def _place_endpoints(node: Node, drafts: Iterable[EndpointDraft]) -> None:
    """Replace the endpoints, keeping the rows of those that stay."""
    kept = {(endpoint.interface, endpoint.base_url): endpoint for endpoint in node.endpoints}
    placed: list[NodeEndpoint] = []
    for position, draft in enumerate(drafts, start=1):
        endpoint = kept.get((draft.interface, draft.base_url)) or NodeEndpoint(
            interface=draft.interface, base_url=draft.base_url
        )
        endpoint.options = draft.options
        endpoint.position = position
        placed.append(endpoint)
    node.endpoints = placed


EDITABLE = frozenset({"name", "kd_lpse", "region", "institution", "time_zone", "state", "endpoints"})
"""Fields that a local edit keeps from being overwritten when the shipped register is loaded again."""


async def revise_node(session: WriteSession, slug: str, changes: dict[str, Any], *, now: datetime) -> Node:
    """Replace the given fields of a node; loading the shipped register leaves them alone from then on."""
    await take_turns(session, REGISTER_TURN)
    node = await get_node(session, slug)
    if not changes:
        return node
    await _check_references(session, changes.get("region"), changes.get("institution"))
    for name, value in changes.items():
        if name == "endpoints":
            _place_endpoints(node, await _with_secrets_away(session, slug, value, now))
        else:
            setattr(node, name, value)
    if "region" in changes:
        node.province = changes["region"][:2] if changes["region"] else None
    if "state" in changes:
        node.retired_at = (node.retired_at or now) if changes["state"] == NodeState.RETIRED else None
    node.edited = sorted({*node.edited, *changes})
    node.changed_at = now
    try:
        async with session.begin_nested():
            await session.flush()
    except IntegrityError as error:
        raise NodeAlreadyRegistered(f"kd_lpse {changes.get('kd_lpse')}") from error
    if changes.get("institution"):
        await _link_institution(session, node.id, changes["institution"])
    if "time_zone" in changes:
        await enqueue(session, DERIVE_NODE, {"node_id": node.id}, lock=f"node:{node.id}", priority=100)
    return await get_node(session, slug)


async def retire_node(session: WriteSession, slug: str, *, now: datetime) -> Node:
    """Take a node out of use. Its packages and history stay; registering it again revives it."""
    return await revise_node(session, slug, {"state": NodeState.RETIRED}, now=now)


async def _check_references(session: ReadSession, region: str | None, institution: str | None) -> None:
    if region is not None and await session.get(Region, region) is None:
        raise ReferenceUnknown("region", region)
    if institution is not None and await session.get(Institution, institution) is None:
        raise ReferenceUnknown("institution", institution)


async def _link_institution(session: WriteSession, node_id: int, kd_klpd: str) -> None:
    await session.execute(insert(NodeInstitution).values(node_id=node_id, kd_klpd=kd_klpd).on_conflict_do_nothing())


async def match_institutions(session: ReadSession, names: Iterable[str]) -> dict[str, str]:
    """kd_klpd of each institution name that the alias table knows; the others are absent, never guessed."""
    keys = {name: name_key(name) for name in names}
    if not keys:
        return {}
    rows = await session.execute(
        select(InstitutionAlias.key, InstitutionAlias.kd_klpd).where(InstitutionAlias.key.in_(set(keys.values())))
    )
    known = {row.key: row.kd_klpd for row in rows}
    return {name: known[key] for name, key in keys.items() if key in known}


async def known_institutions(session: ReadSession, codes: Iterable[str]) -> set[str]:
    """Those of the kd_klpd that are on the register."""
    wanted = set(codes)
    if not wanted:
        return set()
    return set(await session.scalars(select(Institution.kd_klpd).where(Institution.kd_klpd.in_(wanted))))


async def node_of_lpse(session: WriteSession, kd_lpse: int, *, now: datetime) -> Node:
    """The node that carries this kd_lpse, retired or not; an unregistered one is put on the register as discovered."""
    node = await session.scalar(select(Node).where(Node.kd_lpse == kd_lpse))
    if node is None:
        await session.execute(
            insert(Node)
            .values(
                slug=f"lpse-{kd_lpse}",
                name=f"LPSE {kd_lpse}",
                kd_lpse=kd_lpse,
                time_zone=TimeZone.WIB,
                state=NodeState.DISCOVERED,
                created_at=now,
                changed_at=now,
            )
            .on_conflict_do_nothing()
        )
        node = await session.scalar(select(Node).where(Node.kd_lpse == kd_lpse))
    if node is None:
        raise NodeAlreadyRegistered(f"lpse-{kd_lpse}")
    return node


async def note_facts(
    session: WriteSession, node_id: int, *, software_version: str | None, stated_time_zone: str | None
) -> None:
    """Keep what a node's pages say of it in passing."""
    stated = {"software_version": software_version, "stated_time_zone": stated_time_zone}
    if known := {name: value for name, value in stated.items() if value is not None}:
        await session.execute(update(Node).where(Node.id == node_id).values(known))


async def note_attempt(
    session: WriteSession,
    *,
    node_id: int,
    fiscal_year: int,
    state: str,
    software_version: str | None,
    now: datetime,
) -> None:
    """Note how the last attempt to collect a node's year ended; `completed` makes it fresh."""
    row = {
        "node_id": node_id,
        "fiscal_year": fiscal_year,
        "last_attempt_at": now,
        "last_completed_at": now if state == "completed" else None,
        "last_state": state,
        "software_version": software_version,
    }
    statement = insert(NodeFreshness).values(row)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["node_id", "fiscal_year"],
            set_={
                "last_attempt_at": statement.excluded.last_attempt_at,
                "last_completed_at": func.coalesce(
                    statement.excluded.last_completed_at, NodeFreshness.last_completed_at
                ),
                "last_state": statement.excluded.last_state,
                "software_version": func.coalesce(statement.excluded.software_version, NodeFreshness.software_version),
            },
        )
    )
