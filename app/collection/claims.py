"""Taking a run in hand: from then on only this attempt may write to its book."""

from datetime import datetime

from sqlalchemy import select

from app.access.credentials import find_secret
from app.collection.ledger import clear_book
from app.collection.scope import Claim, Place
from app.collection.tables import Run
from app.core.vocabulary import Interface, NodeState, PackageKind
from app.kit.db import WriteSession
from app.registry.tables import Node, NodeEndpoint


async def claim_run(session: WriteSession, run_id: int, *, now: datetime) -> Claim | None:
    """Take a run in hand: from here on the writes of every earlier attempt are refused. None if there is nothing to do."""
    run = await session.scalar(select(Run).where(Run.id == run_id).with_for_update())
    if run is None or run.state not in {"queued", "running"}:
        return None
    node = await session.get_one(Node, run.node_id)
    places = await _places(session, run)
    run.attempt += 1
    if not places or node.state == NodeState.RETIRED:
        run.state, run.finished_at = "cancelled", now
        await clear_book(session, run.id)
        return None
    run.state = "running"
    run.started_at = run.started_at or now
    wanted = set(run.kinds)
    return Claim(
        run_id=run.id,
        attempt=run.attempt,
        node_id=node.id,
        slug=node.slug,
        time_zone=node.time_zone,
        fiscal_year=run.fiscal_year,
        interface=Interface(run.interface),
        kinds=tuple(kind for kind in PackageKind if kind in wanted),
        full=run.full,
        kd_lpse=node.kd_lpse,
        places=places,
    )


async def _places(session: WriteSession, run: Run) -> tuple[Place, ...]:
    endpoints = await session.scalars(
        select(NodeEndpoint)
        .where(NodeEndpoint.node_id == run.node_id, NodeEndpoint.interface == run.interface)
        .order_by(NodeEndpoint.position)
    )
    places: list[Place] = []
    for endpoint in endpoints:
        named = endpoint.options.get("credential")
        secret = await find_secret(session, str(named)) if named else None
        places.append(
            Place(
                endpoint_id=endpoint.id,
                base_url=endpoint.base_url,
                options=endpoint.options,
                secret=secret,
                missing_credential=str(named) if named and secret is None else None,
            )
        )
    return tuple(places)
