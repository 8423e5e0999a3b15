"""The verb by which a hub takes the nodes of another one under it: from then on it collects them by that hub's feed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer
from rich.text import Text

from app.access.callers import COMMAND_LINE
from app.cli.common import AsJSON, complain, err, hub_address, opened, out, print_json, read_settings, run
from app.core.vocabulary import Interface, NodeState
from app.kit.clock import utc_now
from app.kit.db import Database, WriteSession
from app.kit.http.named import Hindrance, HubRefused, HubUnreachable, NamedHub, json_of
from app.registry.keeping import revise_node
from app.registry.queries import find_node, find_node_by_kd_lpse
from app.registry.service import EndpointDraft
from app.registry.tables import Node

PATIENCE_SECONDS = 120.0
_AT_ONCE = 100
_BOUNDS: dict[str, Any] = {"accept": "application/json", "most_bytes": 16 * 2**20, "seconds": PATIENCE_SECONDS}


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of the other hub's nodes, by their slugs there."""

    added: list[str]
    known: list[str]
    unknown: list[str]


def adopt_nodes(
    url: Annotated[str, typer.Argument(help="Address of the other hub, for example https://rakor.jatimprov.go.id.")],
    province: Annotated[
        str | None,
        typer.Option(
            help="All nodes of this province, by its Kemendagri code (35). Default: all that hub has collected."
        ),
    ] = None,
    only: Annotated[
        bool, typer.Option("--only", help="Collect them by the other hub alone: their other endpoints are removed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Collect the nodes of another hub by its change feed from now on. Nodes that are not on this register are left out.

    A hub's register may hold more nodes than it collects: those that it has never asked are left to others.

    Each node gets an endpoint of interface hub; repeating the command is harmless. Exit codes: 0 done, 1 some nodes are
    not on this register, 3 the other hub is not there.
    """
    root = hub_address(url, "URL").rstrip("/").removesuffix("/api/v1")
    settings = read_settings()

    async def work() -> Adopted:
        async with opened(settings) as database:
            return await _adopt(database, root, theirs, only=only, dry_run=dry_run)

    try:
        theirs = _nodes_of(root, province)
    except HubUnreachable as failure:
        complain("The hub gave no usable answer", failure.hindrance.detail or failure.hindrance.word)
        raise typer.Exit(3) from failure
    except HubRefused as refusal:
        complain("The hub refused", refusal.sentence("en"))
        raise typer.Exit(3) from refusal
    adopted = run(work)
    if as_json:
        print_json({"hub": root, "added": adopted.added, "known": adopted.known, "unknown": adopted.unknown})
    else:
        would = " would be" if dry_run else ""
        out.print(Text(f"{len(adopted.added)} nodes{would} collected from {root}; {len(adopted.known)} were already."))
        if adopted.unknown:
            err.print(Text(f"Not on this register: {', '.join(adopted.unknown)}.", style="yellow"), soft_wrap=True)
    raise typer.Exit(1 if adopted.unknown else 0)


def _nodes_of(root: str, province: str | None) -> list[dict[str, Any]]:
    def say(hindrance: Hindrance, attempt: int, pause: float) -> None:
        err.print(Text(f"{hindrance.word} {hindrance.detail}: try {attempt} in {pause:.0f} s", style="yellow"))

    with NamedHub(root, until=time.monotonic() + PATIENCE_SECONDS, say=say) as hub:
        return [
            node
            for node in _pages(hub, province)
            if node.get("state") != NodeState.RETIRED and (province or node.get("health") != "never")
        ]


def _pages(hub: NamedHub, province: str | None) -> Iterator[dict[str, Any]]:
    asked = {"limit": str(_AT_ONCE), **({"province": province} if province else {})}
    seen: set[str] = set()
    while True:
        page = json_of(hub.ask(partial(hub.bounded, "nodes", asked, **_BOUNDS)))
        items, following = page.get("items"), page.get("next")
        if not isinstance(items, list) or not all(isinstance(item, dict) and "slug" in item for item in items):
            raise HubUnreachable(Hindrance("no-hub", "what answers there is no Rakor hub"))
        yield from items
        if not isinstance(following, str) or following in seen:
            return
        seen.add(following)
        asked = {**asked, "after": following}


async def _adopt(database: Database, root: str, theirs: list[dict[str, Any]], *, only: bool, dry_run: bool) -> Adopted:
    adopted = Adopted([], [], [])
    for their in theirs:
        slug = str(their["slug"])
        async with database.transaction() as session:
            node = await _ours(session, their)
            if node is None or node.state == NodeState.RETIRED:
                adopted.unknown.append(slug)
                continue
            endpoints = _endpoints(node, root, slug, only=only)
            if endpoints is None:
                adopted.known.append(slug)
                continue
            adopted.added.append(slug)
            if not dry_run:
                await revise_node(session, node.slug, {"endpoints": endpoints}, caller=COMMAND_LINE, now=utc_now())
    return adopted


async def _ours(session: WriteSession, their: dict[str, Any]) -> Node | None:
    """The same node here: by its number, which is unique for ever, else by its slug if numbers do not say otherwise."""
    number = their.get("kd_lpse")
    if isinstance(number, int) and (node := await find_node_by_kd_lpse(session, number)) is not None:
        return node
    node = await find_node(session, str(their["slug"]))
    return node if node is not None and (number is None or node.kd_lpse is None) else None


def _endpoints(node: Node, root: str, slug: str, *, only: bool) -> tuple[EndpointDraft, ...] | None:
    """How the node is to be asked; None where it is asked so already."""
    wanted = EndpointDraft(Interface.HUB.value, root, {} if slug == node.slug else {"node": slug})
    before = tuple(EndpointDraft(one.interface, one.base_url, dict(one.options)) for one in node.endpoints)
    others = tuple(one for one in before if (one.interface, one.base_url) != (wanted.interface, wanted.base_url))
    after = (wanted,) if only else (*others, wanted)
    return None if _sorted(after) == _sorted(before) else after


def _sorted(endpoints: tuple[EndpointDraft, ...]) -> list[EndpointDraft]:
    return sorted(endpoints, key=lambda one: (one.interface, one.base_url))
