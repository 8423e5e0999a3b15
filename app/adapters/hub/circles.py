"""Hubs that in the end feed themselves, found before anything is taken from them."""

import asyncio

from app.adapters.hub.asking import NodeThere, OtherHub
from app.adapters.protocol import NodeFailure, NodeRefused
from app.kit.http import GuardedClient

MOST_HUBS = 8
"""Hubs above each other that are looked at: a district, a province, a nation are three."""
MOST_SECONDS = 30.0
"""How long they may keep us: what a hub says of others can lead anywhere."""


async def refuse_circle(client: GuardedClient, start: OtherHub, node: NodeThere) -> None:
    """Raise NodeRefused where the hub has the node, in the end, from itself.

    In a circle every hub would confirm for ever what the others say, long after the node itself has withdrawn it. Each
    hub says in public where it reads a node, so that a circle that we belong to leads back to the hub we ask. One that
    does not answer ends the search: what is behind it cannot be known.
    """
    try:
        async with asyncio.timeout(MOST_SECONDS):
            is_circle = await _leads_back(client, start, node)
    except TimeoutError:
        return
    if is_circle:
        raise NodeRefused(
            f"that hub has “{start.slug}” from a hub that has it from there: collect it from its source instead",
            evidence=" → ".join(f"{root} ({slug})" for root, slug in (start.place, *node.sources)),
        )


async def _leads_back(client: GuardedClient, start: OtherHub, node: NodeThere) -> bool:
    waiting, seen = list(node.sources), {start.place}
    while waiting and len(seen) <= MOST_HUBS:
        place = waiting.pop(0)
        if place == start.place:
            return True
        if place in seen:
            continue
        seen.add(place)
        try:
            waiting += (await OtherHub(client, *place).node()).sources
        except NodeFailure:
            continue
    return False
