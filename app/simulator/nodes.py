"""Which nodes are simulated, and how full their world is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Literal, cast
from zlib import crc32

Zone = Literal["WIB", "WITA", "WIT"]
Kind = Literal["tender", "non_tender", "recorded", "self_managed", "emergency"]

KINDS: tuple[Kind, ...] = ("tender", "non_tender", "recorded", "self_managed", "emergency")
SAVING_KINDS: tuple[Kind, ...] = ("tender", "non_tender")
"""Kinds that are competed for or negotiated; the others are recorded after the fact and save nothing."""

ZONE_HOURS: Mapping[Zone, int] = {"WIB": 7, "WITA": 8, "WIT": 9}


@dataclass(frozen=True)
class SimulatedNode:
    """One LPSE. `institution_name` and `other_institutions` are written on its pages exactly as given."""

    slug: str
    institution_name: str
    zone: Zone = "WIB"
    kd_lpse: int | None = None
    """With it a few packages of the first year carry the older codes, which end in this number."""
    other_institutions: tuple[str, ...] = ()
    """Institutions that are guests on this node: a few packages are theirs."""
    kd_klpd: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The codes of its institutions, by the names given above; one that is not named here gets an invented code."""

    def __post_init__(self) -> None:
        if not self.slug or "/" in self.slug or self.slug == "-":
            raise ValueError(f"“{self.slug}” cannot stand as the first part of a path.")
        if self.zone not in ZONE_HOURS:
            raise ValueError(f"“{self.zone}” is none of {', '.join(ZONE_HOURS)}.")

    def institution_code(self, name: str) -> str:
        """The kd_klpd under which the national services know an institution of this node."""
        return self.kd_klpd.get(name) or f"S{crc32(name.encode()) % 10_000}"


@dataclass(frozen=True)
class WorldSettings:
    """The same settings make the same world, in every process and on every machine."""

    years: tuple[int, ...]
    seed: int = 2026
    tenders: tuple[int, int] = (12, 25)
    """Least and most per node and fiscal year."""
    non_tenders: tuple[int, int] = (28, 55)
    recorded: tuple[int, int] = (3, 6)
    self_managed: tuple[int, int] = (2, 4)
    emergency: tuple[int, int] = (0, 2)
    today: date | None = None
    """The day on which the world begins; packages that run are in the middle of their schedule on it."""
    max_length: int = 300
    """The most rows that one index answer holds, whatever is asked for."""

    def __post_init__(self) -> None:
        if not self.years:
            raise ValueError("A world needs at least one fiscal year.")

    @property
    def reference_day(self) -> date:
        return self.today or date(max(self.years), 11, 20)

    def bounds(self, kind: Kind) -> tuple[int, int]:
        match kind:
            case "tender":
                return self.tenders
            case "non_tender":
                return self.non_tenders
            case "recorded":
                return self.recorded
            case "self_managed":
                return self.self_managed
            case "emergency":
                return self.emergency


def nodes_from_json(text: str | bytes) -> list[SimulatedNode]:
    """Read a JSON list of objects whose keys are the fields of SimulatedNode. Raises ValueError on an unknown key."""
    known = {field.name for field in fields(SimulatedNode)}
    nodes = []
    for item in cast("list[dict[str, Any]]", json.loads(text)):
        if unknown := item.keys() - known:
            raise ValueError(f"A simulated node knows no {', '.join(sorted(unknown))}.")
        others = tuple(item.get("other_institutions", ()))
        nodes.append(SimulatedNode(**{**item, "other_institutions": others}))
    return nodes
