"""What every adapter offers, and the three ways in which a node lets us down."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageRecord
from app.core.vocabulary import Interface, PackageKind
from app.kit.http import GuardedClient


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one node answers by one interface."""

    interface: Interface
    base_url: str
    time_zone: TimeZone
    options: dict[str, Any] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)
    """The credential's secret (a Bearer token, a key in a path): never logged, never part of a problem or an answer's URL."""


def options_with(options: Mapping[str, Any], *, slug: str, kd_lpse: int | None) -> dict[str, Any]:
    """An endpoint's options, with what the register knows of its node where they do not say otherwise."""
    known = {"node": slug} if kd_lpse is None else {"node": slug, "kd_lpse": kd_lpse}
    return {**known, **options}


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One package as the node's cheap list shows it.

    `fingerprint` is the hash of what the list says of the package: while it stays the same, a `settled` package
    (finished, failed or cancelled) needs no second look at its details. `row` is the list's own row, kept as evidence.

    Where an adapter `joins` (see NodeAdapter), `row` is an object whose keys name one source row each, by its resource
    and a hash of its content ("tender/pengumuman#3f2a…"), and whose values are the rows; `fingerprint` is empty.
    """

    kind: PackageKind
    code: str
    row: list[Any] | dict[str, Any]
    fingerprint: str
    settled: bool
    lpse: int | None = None
    """kd_lpse of the node that the package belongs to, where the source states it; None: the node that was asked."""


@dataclass(frozen=True, slots=True)
class IndexPage:
    """One page of the list. `received` counts its rows; those not understood are in `problems`, not in `entries`."""

    entries: tuple[IndexEntry, ...]
    received: int
    problems: tuple[Problem, ...] = ()
    position: str = ""
    """Where the next page begins, in the adapter's own words, so that a run that was killed resumes there."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the node says of itself in passing."""

    software_version: str | None = None
    time_zone: TimeZone | None = None
    base_url: str | None = None
    """Where the node really answered, after redirects."""


class NodeFailure(Exception):
    """A node let us down. The subclass says who must act. `evidence` is what surprised us, shortened."""

    def __init__(self, reason: str, *, evidence: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence


class NodeUnreachable(NodeFailure):
    """Time heals it: wait, then try again."""


class NodeRefused(NodeFailure):
    """The operator must act: stop and tell them."""


class NodeContractBroken(NodeFailure):
    """We must look: the answer no longer has the shape we know. Stop and keep what surprised us."""


class IndexIncomplete(NodeFailure):
    """The list could not be proved complete: keep everything, remove nothing, say so."""


class NodeVisit(Protocol):
    """One sitting with one node: holds the session that the node's answers are bound to, never a database."""

    def index(self, kind: PackageKind, fiscal_year: int, *, resume: str = "") -> AsyncIterator[IndexPage]:
        """List the packages of one kind and year, page by page, in a stable order.

        `resume` is the `position` of the last page that was kept, empty for the beginning; what is listed twice for it
        does no harm. Ends only when the list is proved complete; raises IndexIncomplete when it cannot be.
        """
        ...

    async def detail(self, entry: IndexEntry) -> PackageRecord:
        """Fetch and read all that the node says of one package. Raises NodeFailure when it does not answer.

        Where lists tell all (see NodeAdapter), the entry holds all there is and nothing is fetched.
        """
        ...

    @property
    def facts(self) -> NodeFacts: ...


class NodeAdapter(Protocol):
    """Speaks one interface. Holds no state between visits."""

    interface: Interface
    kinds: frozenset[PackageKind]
    parser_version: str
    joins: bool
    """Whether packages are put together from rows of several lists: entries of one package are then merged into one."""
    lists_tell_all: bool
    """Whether an entry, or all entries of a package together, hold all there is: details cost no request."""

    def visit(self, client: GuardedClient, endpoint: Endpoint) -> AbstractAsyncContextManager[NodeVisit]:
        """Open a sitting; the client carries the cookie jar of this sitting alone."""
        ...

    async def probe(self, client: GuardedClient, endpoint: Endpoint) -> NodeFacts:
        """Ask one cheap question: are you there, are you what you say? Raises NodeFailure."""
        ...
