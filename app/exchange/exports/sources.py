"""Where the rows of an export come from: all of one moment, in little memory, and counted beforehand where that can be."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.access.callers import Caller, Role
from app.exchange.exports.columns import AWARDS, PACKAGES
from app.exchange.exports.copying import copy_lines
from app.exchange.exports.figures import read_figures
from app.exchange.exports.layout import Layout, Line, Spelling, line_of
from app.exchange.exports.nodes import NODES, read_nodes
from app.exchange.exports.questions import FiguresAsked, NodesAsked, PackagesAsked, Wanted
from app.exchange.exports.sight import Audience, sight_of
from app.kit.db import ReadSession
from app.procurement.filtering import Conditions, Places, conditions_of
from app.procurement.finding import names_places, places_of, used
from app.procurement.masking import masked
from app.procurement.queries import without_negations
from app.procurement.searching import search_packages

_AT_ONCE = 500
"""Packages that are looked up together: others are served by this process meanwhile."""


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of an export, not read yet. `rows` is exact; where only reading tells it, it is None, and `most` a bound."""

    layout: Layout
    rows: int | None
    most: int
    lines: AsyncGenerator[list[Line]] = field(repr=False)


async def open_source(session: ReadSession, wanted: Wanted, spelling: Spelling, *, now: datetime) -> Source:
    """Find out how many rows there are. All that follows has to be read in the same session."""
    match wanted.asked:
        case PackagesAsked() as asked:
            return await _open_packages(session, wanted, asked, spelling)
        case FiguresAsked() as asked:
            layout, rows = await read_figures(session, asked.figure, asked.question, now=now)
            return _in_hand(layout, rows, spelling)
        case NodesAsked() as asked:
            return _in_hand(NODES, await read_nodes(session, asked.wanted, now=now), spelling)


def _in_hand(layout: Layout, rows: list[dict[str, Any]], spelling: Spelling) -> Source:
    async def lines() -> AsyncGenerator[list[Line]]:
        for start in range(0, len(rows), _AT_ONCE):
            yield [line_of(layout, row, spelling) for row in rows[start : start + _AT_ONCE]]

    return Source(layout, len(rows), len(rows), lines())


async def _open_packages(session: ReadSession, wanted: Wanted, asked: PackagesAsked, spelling: Spelling) -> Source:
    has_awards = wanted.dataset == "awards"
    layout = AWARDS if has_awards else PACKAGES
    audience = wanted.audience
    q = asked.wanted.q
    if asked.as_of is None and (not q or audience.sees_all):
        conditions = await _conditions(session, asked)
        rows = await _count(session, conditions, has_awards=has_awards)
        return Source(layout, rows, rows, _copied(session, layout, conditions, audience, spelling))
    # What is found by words that are hidden, and what was once, is told package by package: as their list does.
    loosely = None if audience.sees_all or not q else await without_negations(session, q)
    conditions = await _conditions(session, asked, loosely=loosely)
    return Source(layout, None, await _bound(session, asked, conditions), _searched(session, layout, wanted, spelling))


async def _conditions(session: ReadSession, asked: PackagesAsked, *, loosely: str | None = None) -> Conditions:
    """What must hold of packages; of those that were, only what never changes."""
    wanted = asked.wanted if asked.as_of is None else asked.wanted.lasting()
    places = await places_of(session, wanted) if names_places(wanted) else Places()
    return conditions_of(wanted, places, loosely=loosely)


def _from(conditions: Conditions, *, has_awards: bool) -> str:
    awards = "JOIN awards a ON a.package_id = p.id" if has_awards else ""
    where = f"WHERE {' AND '.join(conditions.by_columns)}" if conditions.by_columns else ""
    return f"FROM packages p JOIN nodes n ON n.id = p.node_id {awards} {where}"


async def _count(session: ReadSession, conditions: Conditions, *, has_awards: bool) -> int:
    counted = f"SELECT count(*) {_from(conditions, has_awards=has_awards)}".replace(
        "JOIN nodes n ON n.id = p.node_id", ""
    )
    return int(await session.scalar(text(counted), used(counted, conditions.parameters)) or 0)


async def _bound(session: ReadSession, asked: PackagesAsked, conditions: Conditions) -> int:
    if asked.as_of is None:
        return await _count(session, conditions, has_awards=False)
    then = Conditions(
        [*conditions.by_columns, "p.first_seen_at <= :as_of"],
        [],
        [],
        {**conditions.parameters, "as_of": asked.as_of},
        None,
        of_nodes_and_years=False,
    )
    return await _count(session, then, has_awards=False)


async def _copied(
    session: ReadSession, layout: Layout, conditions: Conditions, audience: Audience, spelling: Spelling
) -> AsyncGenerator[list[Line]]:
    has_awards = layout is AWARDS
    order = "p.id, a.position" if has_awards else "p.id"
    select = f"SELECT {layout.selected(spelling)} {_from(conditions, has_awards=has_awards)} ORDER BY {order}"
    see = sight_of(audience, layout, spelling)
    async with aclosing(copy_lines(session, select, conditions.parameters, spelling)) as copied:
        async for lines in copied:
            yield [see(line) for line in lines]


async def _searched(
    session: ReadSession, layout: Layout, wanted: Wanted, spelling: Spelling
) -> AsyncGenerator[list[Line]]:
    asked = wanted.asked
    assert isinstance(asked, PackagesAsked)
    caller = _somebody(wanted.audience)
    after: int | None = None
    while True:
        found = await search_packages(
            session, asked.wanted, caller=caller, as_of=asked.as_of, after=after, limit=_AT_ONCE
        )
        rows = [row for package in found.packages for row in _rows(package, layout, wanted.audience)]
        yield [line_of(layout, row, spelling) for row in rows]
        if found.next is None:
            return
        after = found.next


def _somebody(audience: Audience) -> Caller | None:
    """Anybody of this audience: the list asks a caller, not an audience."""
    if audience.sees_all:
        return Caller("export", None, Role.READER, "export")
    return Caller("export", None, Role.NODE, "export", audience.nodes) if audience.nodes else None


def _rows(package: dict[str, Any], layout: Layout, audience: Audience) -> list[Mapping[str, Any]]:
    is_whole = audience.sees(package["node"])
    awards = package["awards"]
    shown = package if is_whole else masked({name: value for name, value in package.items() if name != "awards"})
    if layout is not AWARDS:
        return [shown]
    return [
        {**shown, **(award if is_whole else masked(award)), "position": position}
        for position, award in enumerate(awards, start=1)
    ]
