"""How a simulated node lets its visitors down, on request of a test; every knob may be turned while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


class UnknownFault(ValueError):
    """There is no such knob, or it cannot be turned so far."""


@dataclass
class Faults:
    """Misbehaviour of all nodes, or of those in `nodes`, whose own faults then count alone.

    `…_every` strikes the nth, 2nth, … request of a node; 0 is never. Requests are counted per node. The national
    services count as nodes named `inaproc`, `isb` and `ocds`.
    """

    latency_seconds: float = 0.0
    """Waits before every answer, head and all."""
    body_seconds: float = 0.0
    """Sends the head at once and dribbles the body over this time."""
    fail_every: int = 0
    """An error status with the error page of SPSE and a code."""
    fail_status: int = 500
    """Which status that is: 500, 502, 503, …"""
    too_many_every: int = 0
    """429; with Retry-After if `retry_after_seconds` is set."""
    retry_after_seconds: int | None = 1
    retry_after_date: bool = False
    """Retry-After as a date of HTTP instead of a number of seconds."""
    refuse: bool = False
    """403 "Akses Ditolak!" on everything."""
    refuse_details: bool = False
    """403 "Akses Ditolak!" on the pages of packages; lists are answered."""
    expire_tokens_every: int = 0
    """Ends all sessions of the node before the request is answered."""
    truncate_every: int = 0
    """Announces the whole length, sends half of it, and hangs up."""
    endless_every: int = 0
    """Begins an answer that never ends."""
    down: bool = False
    """Takes the connection and closes it without a word."""
    login_page: bool = False
    """Answers the index with a page for people, as if no session ever held."""
    login_everywhere: bool = False
    """The same, with status 200, on every page."""
    error_page_every: int = 0
    """The error page of SPSE with status 200."""
    ignore_order: bool = False
    """The index keeps its own, unstable order whatever is asked for."""
    ties: bool = False
    """Neighbouring codes count as equal when the index is sorted, and change places with every request."""
    empty_index: bool = False
    """The index has no rows at all, although the packages are there."""
    keep_percent: int = 100
    """Which part of the packages the index lists, always the same ones; the pages of the others can still be opened."""
    totals: int | None = None
    """What the index claims as its total, in the place of the usual number."""
    shift_rows: int = 0
    """With every page rows move by so many: down, so that some come twice, or, below zero, up, so that some are skipped."""
    duplicate_every: int = 0
    """Every nth row of an index page stands there twice."""
    announce_every: int = 0
    """With every nth question to the index a new package has been announced."""
    drop_cell_at: int | None = None
    """The index rows lack this cell."""
    insert_cell_at: int | None = None
    """The index rows have an unknown cell here."""
    swap_cells: tuple[int, int] | None = None
    """Two cells of the index rows have changed places."""
    empty_cells_every: int = 0
    """Every nth cell is empty: of the index rows, their codes apart, and of the tables on pages."""
    rewrite: dict[str, str] = field(default_factory=dict)
    """Text that is replaced in every page and row, to make labels drift and amounts unreadable."""
    nodes: dict[str, "Faults"] = field(default_factory=dict)

    def of(self, slug: str) -> "Faults":
        return self.nodes.get(slug, self)

    @property
    def disturbs_index(self) -> bool:
        """Whether an index page is anything else than the rows in the order that was asked for."""
        return any(
            (
                self.ignore_order, self.ties, self.empty_index, self.keep_percent != 100, self.shift_rows,
                self.duplicate_every, self.drop_cell_at is not None, self.insert_cell_at is not None,
                self.swap_cells is not None, self.empty_cells_every,
            )
        )  # fmt: skip


def strikes(every: int, turn: int) -> bool:
    return every > 0 and turn % every == 0


_TYPES: dict[str, tuple[type, ...]] = {
    "latency_seconds": (int, float),
    "body_seconds": (int, float),
    "retry_after_seconds": (int, type(None)),
    "totals": (int, type(None)),
    "drop_cell_at": (int, type(None)),
    "insert_cell_at": (int, type(None)),
    "swap_cells": (list, type(None)),
    "rewrite": (dict,),
}
_LONGEST_SECONDS = 600


def faults_from_json(value: Any) -> Faults:
    """Read faults as a JSON object whose keys are the fields of Faults, without `nodes`. Raises UnknownFault."""
    if not isinstance(value, Mapping):
        raise UnknownFault('Faults are a JSON object, for example {"latency_seconds": 2}.')
    known = {one.name: one for one in fields(Faults) if one.name != "nodes"}
    chosen: dict[str, Any] = {}
    given: Mapping[str, Any] = value
    for name, setting in given.items():
        if name not in known:
            raise UnknownFault(f"No fault is named “{name}”. There are {', '.join(known)}.")
        if not _fits(setting, _TYPES.get(name, (type(known[name].default),))):
            raise UnknownFault(f"“{name}” cannot be {setting!r}.")
        if name.endswith("_seconds") and setting is not None and not 0 <= setting <= _LONGEST_SECONDS:
            raise UnknownFault(f"“{name}” lies between 0 and {_LONGEST_SECONDS}.")
        chosen[name] = _pair(setting) if name == "swap_cells" and setting is not None else setting
    return Faults(**chosen)


def _fits(setting: Any, wanted: tuple[type, ...]) -> bool:
    if isinstance(setting, bool):
        return bool in wanted
    if isinstance(setting, dict):
        return dict in wanted and all(isinstance(text, str) for text in setting.values())
    return type(setting) in wanted


def _pair(value: list[Any]) -> tuple[int, int]:
    match value:
        case [int(first), int(second)]:
            return first, second
        case _:
            raise UnknownFault("“swap_cells” are two numbers.")
