"""Records on their way through the one door: whose they are, what is known of their packages, what became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageRecord
from app.kit.db import WriteSession
from app.kit.json import loads
from app.procurement import statements
from app.procurement.preparing import Prepared, State
from app.procurement.sources import is_push


class Outcome(StrEnum):
    """What became of one record. Every record has exactly one outcome: nothing is lost on the way."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose records these are: the node they belong to, the source that speaks, and the run or submission they came by."""

    node_id: int
    time_zone: TimeZone
    source: str
    """An interface; what nodes push has a source for each shape of rows: "push", "push:ocds", …"""
    parser_version: str
    run_id: int | None = None
    without_parts: frozenset[str] = frozenset()
    """Kinds of which the source left out a whole part this time: what it used to say there is not unsaid by that."""
    submission_id: int | None = None
    arrived_at: datetime | None = None
    """When everything that a submission brings arrived; None: now."""

    @property
    def is_push(self) -> bool:
        return is_push(self.source)

    def arrival(self, now: datetime) -> datetime:
        return self.arrived_at or now


@dataclass(slots=True)
class Receipt:
    """The outcome of every record, in the order given, and what was wrong with them.

    `positions` says for each problem which record it is about.
    """

    outcomes: list[Outcome]
    problems: list[Problem] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    institutions: dict[str, str] = field(default_factory=dict)
    """kd_klpd of the names and codes in the records, as far as the register knows them."""

    def note(self, position: int, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.problems.append(problem)
            self.positions.append(position)


@dataclass(slots=True)
class Known:
    """A package the hub has already, with the current observation of each source."""

    id: int
    version: int
    state_hash: str
    institution: str | None
    observations: dict[str, "Observed"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a source last said; of a push `said_at` is when it said so last, by its own time, else by arrival."""

    id: int
    content_hash: str
    fields: dict[str, Any]
    source_at: datetime | None
    said_at: datetime
    last_seen_at: datetime
    submission_id: int | None
    withdrawn_at: datetime | None

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_at is not None


@dataclass(slots=True)
class Entry:
    """One record on its way through the door."""

    position: int
    prepared: Prepared
    known: Known | None
    is_partial: bool = False
    said_at: datetime | None = None
    is_current: bool = True
    package_id: int = 0
    observation_id: int = 0
    state: State | None = None
    """None where nothing can have changed."""

    @property
    def record(self) -> PackageRecord:
        return self.prepared.record

    @property
    def fields(self) -> dict[str, Any]:
        return self.prepared.fields

    @property
    def content_hash(self) -> str:
        return self.prepared.content_hash

    @property
    def version(self) -> int:
        """Of the state that follows, where it differs."""
        return self.known.version + 1 if self.known else 1

    def observed(self, source: str) -> Observed | None:
        return self.known.observations.get(source) if self.known else None


async def find_known(
    session: WriteSession, node_id: int, source: str, wanted: Mapping[tuple[str, str], Prepared | None]
) -> dict[tuple[str, str], Known]:
    """The packages of a batch that the hub has. What the source says again to the letter is not read again."""
    hashes = [prepared.content_hash if prepared else None for prepared in wanted.values()]
    rows = await session.execute(
        statements.FIND_KNOWN,
        {
            "node_id": node_id,
            "source": source,
            "kinds": [kind for kind, _ in wanted],
            "codes": [code for _, code in wanted],
            "hashes": hashes,
        },
    )
    found: dict[tuple[str, str], Known] = {}
    for row in rows:
        key = (row.kind, row.code)
        package = found.get(key)
        if package is None:
            package = found[key] = Known(row.id, row.version, row.state_hash, row.institution)
        if row.observation_id is not None:
            said = wanted[key]
            fields = loads(row.fields) if row.fields is not None else said.fields if said else {}
            package.observations[row.source] = Observed(
                row.observation_id,
                row.content_hash,
                fields,
                row.source_at,
                row.said_at,
                row.last_seen_at,
                row.submission_id,
                row.withdrawn_at,
            )
    return found


def same_observation(entry: Entry, source: str) -> Observed | None:
    current = entry.observed(source)
    return current if current is not None and current.content_hash == entry.content_hash else None


def differs(entry: Entry) -> bool:
    return entry.known is None or (entry.state is not None and entry.known.state_hash != entry.state.hash)
