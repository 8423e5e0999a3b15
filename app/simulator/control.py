"""What the simulator says of itself and lets be done to it, at `/-/…`, which is no part of any node."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Protocol

from app.simulator import frames
from app.simulator.faults import Faults, UnknownFault, faults_from_json
from app.simulator.nodes import KINDS, Kind, SimulatedNode
from app.simulator.truth import as_json
from app.simulator.web import Question, Reply, as_json_reply, html
from app.simulator.world import World

_MOST_DAYS = 3_660


class BadOrder(ValueError):
    """What was asked for cannot be done."""


class Served(Protocol):
    """What is being served, as far as it can be asked about and changed."""

    world: World
    faults: Faults
    requests: Counter[tuple[str, str]]


class Control:
    """Questions about the world for everybody, orders to it for visitors on this machine."""

    def __init__(self, simulator: Served, services: Mapping[str, Callable[[Question], Reply]]) -> None:
        self._simulator = simulator
        self._services = services

    def service(self, question: Question) -> str | None:
        """The name of the national service that a request means, if it means one."""
        match question.parts:
            case ("-", name, *_) if name in self._services:
                return name
            case _:
                return None

    def serve(self, service: str, question: Question) -> Reply:
        """Answer for one of the national services."""
        return self._services[service](question)

    def answer(self, question: Question) -> Reply:
        if question.method == "POST" and question.parts[:1] == ("-",):
            return self._obey(question)
        world = self._simulator.world
        match question.parts:
            case ():
                slugs = "".join(f'<li><a href="/{slug}">{slug}</a></li>' for slug in world.nodes)
                return html(f"<!DOCTYPE html><title>Simulasi SPSE</title><ul>{slugs}</ul>")
            case ("-", "truth"):
                return as_json_reply({slug: self._truths(slug, world.settings.years) for slug in world.nodes})
            case ("-", "truth", slug) if slug in world.nodes:
                return as_json_reply(self._truths(slug, world.settings.years))
            case ("-", "truth", slug, year) if slug in world.nodes and year.isdecimal():
                return as_json_reply(as_json(world.truth(slug, int(year))))
            case ("-", "details", slug, year) if slug in world.nodes and year.isdecimal():
                return as_json_reply(as_json(world.details(slug, int(year))))
            case ("-", "nodes"):
                return as_json_reply([_described(node) for node in world.nodes.values()])
            case ("-", "today"):
                return as_json_reply({"today": world.today.isoformat()})
            case ("-", "counters"):
                counters: dict[str, dict[str, int]] = {}
                for (slug, kind), count in self._simulator.requests.items():
                    counters.setdefault(slug, {})[kind] = count
                return as_json_reply(counters)
            case _:
                return html(f"<h1>404</h1><p>{frames.NOT_FOUND}</p>", 404)

    def _truths(self, slug: str, years: Iterable[int]) -> dict[str, Any]:
        return {str(year): as_json(self._simulator.world.truth(slug, year)) for year in years}

    def _obey(self, question: Question) -> Reply:
        if not _is_loopback(question.client[0]):
            return as_json_reply({"error": "Orders are taken from this machine only."}, 403)
        try:
            return as_json_reply(self._order(question))
        except (BadOrder, UnknownFault) as error:
            return as_json_reply({"error": str(error)}, 400)

    def _order(self, question: Question) -> Any:
        world, query = self._simulator.world, question.query
        match question.parts:
            case ("-", "advance"):
                world.advance(_number(query, "days", 1, most=_MOST_DAYS))
                return {"today": world.today.isoformat()}
            case ("-", "edit", slug) if slug in world.nodes:
                edited = world.edit_silently(slug, _number(query, "count", 1), kind=_kind(query))
                return [{"kind": package.kind, "code": package.code} for package in edited]
            case ("-", "vanish", slug) if slug in world.nodes:
                vanished = world.vanish(slug, _number(query, "count", 1), kind=_kind(query))
                return [{"kind": package.kind, "code": package.code} for package in vanished]
            case ("-", "faults"):
                faults = faults_from_json(_json_body(question))
                faults.nodes = self._simulator.faults.nodes
                self._simulator.faults = faults
                return {"faults": "all"}
            case ("-", "faults", slug) if slug in world.nodes or slug in self._services:
                body = _json_body(question)
                if body:
                    self._simulator.faults.nodes[slug] = faults_from_json(body)
                else:
                    self._simulator.faults.nodes.pop(slug, None)
                return {"faults": slug}
            case _:
                raise BadOrder(
                    "Known orders: /-/advance?days=7, /-/edit/SLUG?count=3, /-/vanish/SLUG?count=3, /-/faults, /-/faults/SLUG."
                )


def _json_body(question: Question) -> Any:
    try:
        return json.loads(question.body or b"{}")
    except ValueError as error:
        raise BadOrder("The body is no JSON.") from error


def _number(query: dict[str, str], name: str, default: int, *, most: int = 100_000) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise BadOrder(f"“{name}” is a number from 1 to {most}.")
    return int(text)


def _kind(query: dict[str, str]) -> Kind | None:
    wanted = query.get("kind")
    if wanted is None:
        return None
    for kind in KINDS:
        if kind == wanted:
            return kind
    raise BadOrder(f"“kind” is one of {', '.join(KINDS)}.")


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _described(node: SimulatedNode) -> dict[str, Any]:
    return {
        "slug": node.slug,
        "institution_name": node.institution_name,
        "zone": node.zone,
        "kd_lpse": node.kd_lpse,
        "other_institutions": list(node.other_institutions),
        "kd_klpd": {name: node.institution_code(name) for name in (node.institution_name, *node.other_institutions)},
        "path": f"/{node.slug}",
    }
