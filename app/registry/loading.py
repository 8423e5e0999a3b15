"""Load the shipped register: repeatable, and it never overwrites what a person edited here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from app.kit.db import WriteSession, take_turns
from app.kit.json import dumps_text
from app.registry.proposals import keep_accepted_names
from app.registry.seed import EndpointSeed, NodeSeed, RegisterSeed
from app.registry.service import REGISTER_TURN
from app.registry.tables import Institution, InstitutionAlias, Node, NodeEndpoint, NodeInstitution, Region


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading did: how many rows there are now, and which nodes it touched or left alone."""

    regions: int
    institutions: int
    aliases: int
    nodes: int
    endpoints: int
    new_nodes: int
    changed_nodes: int
    locally_edited: int
    skipped: tuple[str, ...]
    """Nodes of the file whose kd_lpse belongs to a node that was registered here under another slug."""


_UPSERT_NODES = text("""
    INSERT INTO nodes AS n (slug, name, kd_lpse, region, province, institution, time_zone, state, created_at, changed_at)
    SELECT r.slug, r.name, r.kd_lpse, r.region, r.province, r.institution, r.time_zone, r.state, :now, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
      AS r (slug text, name text, kd_lpse integer, region text, province text, institution text, time_zone text, state text)
    ON CONFLICT (slug) DO UPDATE SET
        name = CASE WHEN 'name' = ANY(n.edited) THEN n.name ELSE excluded.name END,
        kd_lpse = CASE WHEN 'kd_lpse' = ANY(n.edited) THEN n.kd_lpse ELSE excluded.kd_lpse END,
        region = CASE WHEN 'region' = ANY(n.edited) THEN n.region ELSE excluded.region END,
        province = CASE WHEN 'region' = ANY(n.edited) THEN n.province ELSE excluded.province END,
        institution = CASE WHEN 'institution' = ANY(n.edited) THEN n.institution ELSE excluded.institution END,
        time_zone = CASE WHEN 'time_zone' = ANY(n.edited) THEN n.time_zone ELSE excluded.time_zone END,
        state = CASE WHEN 'state' = ANY(n.edited) THEN n.state ELSE excluded.state END,
        changed_at = excluded.changed_at
    WHERE ('name' <> ALL(n.edited) AND n.name IS DISTINCT FROM excluded.name)
       OR ('kd_lpse' <> ALL(n.edited) AND n.kd_lpse IS DISTINCT FROM excluded.kd_lpse)
       OR ('region' <> ALL(n.edited) AND n.region IS DISTINCT FROM excluded.region)
       OR ('institution' <> ALL(n.edited) AND n.institution IS DISTINCT FROM excluded.institution)
       OR ('time_zone' <> ALL(n.edited) AND n.time_zone IS DISTINCT FROM excluded.time_zone)
       OR ('state' <> ALL(n.edited) AND n.state IS DISTINCT FROM excluded.state)
    RETURNING (xmax = 0) AS is_new
""")


async def load_register(session: WriteSession, seed: RegisterSeed, *, now: datetime) -> LoadReport:
    """Bring the register up to the shipped data. Edited fields, local nodes and their links stay as they are."""
    await take_turns(session, REGISTER_TURN)
    await _load_regions_and_institutions(session, seed)
    await keep_accepted_names(session)
    nodes, skipped = await _without_rivals(session, seed.nodes)
    rows = await session.execute(_UPSERT_NODES, {"rows": dumps_text([asdict(node) for node in nodes]), "now": now})
    fresh = [row.is_new for row in rows]

    found = {row.slug: row for row in await session.execute(select(Node.id, Node.slug, Node.edited))}
    await _load_endpoints(
        session, seed.endpoints, {slug: row.id for slug, row in found.items() if "endpoints" not in row.edited}
    )
    links = [
        {"node_id": found[link.slug].id, "kd_klpd": link.kd_klpd}
        for link in seed.node_institutions
        if link.slug in found
    ]
    if links:
        await session.execute(insert(NodeInstitution).on_conflict_do_nothing(), links)
    return LoadReport(
        regions=len(seed.regions),
        institutions=len(seed.institutions),
        aliases=len(seed.aliases),
        nodes=len(found),
        endpoints=len(seed.endpoints),
        new_nodes=sum(fresh),
        changed_nodes=len(fresh) - sum(fresh),
        locally_edited=sum(bool(row.edited) for row in found.values()),
        skipped=skipped,
    )


async def _load_regions_and_institutions(session: WriteSession, seed: RegisterSeed) -> None:
    for table, rows, key in (
        (Region, [asdict(region) for region in seed.regions], "code"),
        (Institution, [asdict(institution) for institution in seed.institutions], "kd_klpd"),
        (InstitutionAlias, [{"key": alias.key, "kd_klpd": alias.kd_klpd} for alias in seed.aliases], "key"),
    ):
        statement = insert(table)
        updates = {name: statement.excluded[name] for name in rows[0] if name != key}
        await session.execute(statement.on_conflict_do_update(index_elements=[key], set_=updates), rows)


async def _without_rivals(session: WriteSession, nodes: Sequence[NodeSeed]) -> tuple[list[NodeSeed], tuple[str, ...]]:
    """Leave out nodes whose kd_lpse a node of another slug already has: it is unique for ever, a person must decide."""
    rows = await session.execute(select(Node.kd_lpse, Node.slug).where(Node.kd_lpse.is_not(None)))
    owners: dict[int | None, str] = {row.kd_lpse: row.slug for row in rows}
    rivals = tuple(node.slug for node in nodes if owners.get(node.kd_lpse, node.slug) != node.slug)
    return [node for node in nodes if node.slug not in rivals], rivals


async def _load_endpoints(session: WriteSession, endpoints: Sequence[EndpointSeed], node_ids: dict[str, int]) -> None:
    wanted = [
        {
            "node_id": node_ids[endpoint.node],
            "interface": endpoint.interface,
            "base_url": endpoint.base_url,
            "position": endpoint.position,
        }
        for endpoint in endpoints
        if endpoint.node in node_ids
    ]
    if not wanted:
        return
    keys = {(row["node_id"], row["interface"], row["base_url"]) for row in wanted}
    present = await session.execute(
        select(NodeEndpoint.id, NodeEndpoint.node_id, NodeEndpoint.interface, NodeEndpoint.base_url).where(
            NodeEndpoint.node_id.in_(set(node_ids.values()))
        )
    )
    gone = [row.id for row in present if (row.node_id, row.interface, row.base_url) not in keys]
    if gone:
        await session.execute(delete(NodeEndpoint).where(NodeEndpoint.id.in_(gone)))
    statement = insert(NodeEndpoint)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["node_id", "interface", "base_url"], set_={"position": statement.excluded.position}
        ),
        wanted,
    )
