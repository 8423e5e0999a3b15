"""Collect one node: look at the book, ask the node with no transaction open, store each page in a short one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import structlog

from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import (
    Endpoint,
    IndexEntry,
    IndexIncomplete,
    NodeAdapter,
    NodeContractBroken,
    NodeFacts,
    NodeFailure,
    NodeRefused,
    NodeUnreachable,
    NodeVisit,
    options_with,
)
from app.collection import claims, findings, joining, ledger, owners
from app.collection.absence import (
    Key,
    count_absence,
    forget_absence,
    mark_shrunk,
    measure_absence,
    take_absence_turn,
)
from app.collection.details import Broken, DetailReader, Found
from app.collection.errors import RunSuperseded
from app.collection.hosts import HostGate
from app.collection.planning import note_plan
from app.collection.policy import CollectionPolicy
from app.collection.scope import Claim, Place
from app.collection.seats import Seats
from app.collection.turns import Turn, TurnOver, come_again, taking_turn
from app.core.absence import Absence
from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.vocabulary import PackageKind
from app.kit.clock import utc_now
from app.kit.db import Database, is_outage
from app.kit.http import GuardedClient
from app.procurement.entries import Sender
from app.registry.health import failure_of, note_failure, note_success, says_nothing

log = structlog.get_logger()


class _PutDown(Exception):
    """The run makes room: the book says where somebody else, or the same run later, goes on."""


@dataclass(frozen=True, slots=True)
class Collector:
    """What collecting needs: the database, politeness, the knobs, and whether the worker is asked to stop."""

    database: Database
    gate: HostGate
    policy: CollectionPolicy
    is_stopping: Callable[[], bool] = field(default=lambda: False)
    seats: Seats = field(default_factory=Seats)


@dataclass(slots=True)
class _Attempt:
    """One attempt at one run, in memory: everything that must survive it stands in the book."""

    collector: Collector
    claim: Claim
    sender: Sender
    adapter: NodeAdapter
    turn: Turn
    place: Place
    client: GuardedClient
    spare_requests: int = 0
    reported_requests: int = 0
    has_stored: bool = False
    facts: NodeFacts | None = None
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with the run or a list as a whole; every attempt finds it again."""
    absences: list[Absence] = field(default_factory=list)
    whole_lists: set[PackageKind] = field(default_factory=set)

    def new_requests(self) -> int:
        """Requests made since the last time this was asked."""
        count = self.client.requests - self.reported_requests + self.spare_requests
        self.reported_requests, self.spare_requests = self.client.requests, 0
        return count

    def is_leaving(self) -> bool:
        """Whether the work should be put down: the worker stops, or the run's turn is over."""
        return self.collector.is_stopping() or self.turn.is_over

    def pause_point(self) -> None:
        """Everything so far stands in the book: here the work may be put down."""
        if self.is_leaving():
            raise _PutDown

    def shrunk(self) -> list[PackageKind]:
        """The kinds whose list lacks suspiciously much of what it used to show."""
        tolerance = self.collector.policy.shrink_tolerance
        return [absence.kind for absence in self.absences if absence.is_shrink(tolerance)]


async def collect_run(collector: Collector, run_id: int) -> str | None:
    """Carry a run on to its end from wherever it was left; the answer is its final state.

    None when there was nothing to do, the run was taken over, its turn is over, or the worker is stopping: then the
    book says where to go on. A fault of ours closes the run too, so that nothing is left hanging. Raises when the
    database is lost: the run stays open in the book.
    """
    async with collector.database.transaction() as session:
        claim = await claims.claim_run(session, run_id, now=utc_now())
    if claim is None:
        return None
    with structlog.contextvars.bound_contextvars(run=run_id, node=claim.slug, attempt=claim.attempt):
        host = collector.policy.for_host(urlsplit(claim.places[0].base_url).netloc)
        async with taking_turn(collector.database, claim, host, collector.policy.turn_seconds) as turn:
            try:
                turn.begin()
                state = await _carry_on(collector, claim, turn)
            except RunSuperseded:
                log.info("run.superseded")
                return None
            except (_PutDown, TurnOver):
                log.info("run.put_down")
                if turn.is_over and not collector.is_stopping():
                    await come_again(collector.database, claim, turn)
                return None
            except Exception as error:
                if is_outage(error):
                    raise
                log.exception("run.crashed")
                return await _fail(collector, claim)
        log.info("node.collected", state=state)
        return state


async def _carry_on(collector: Collector, claim: Claim, turn: Turn) -> str:
    """Ask at the first place that lets us in; what ends the run there is written down."""
    adapter = ADAPTERS[claim.interface]
    sender = Sender(
        node_id=claim.node_id,
        time_zone=TimeZone(claim.time_zone),
        source=adapter.interface,
        parser_version=adapter.parser_version,
        run_id=claim.run_id,
    )
    spare_requests = 0
    for number, place in enumerate(claim.places, start=1):
        async with GuardedClient(collector.policy.outbound, gate=collector.gate) as client:
            attempt = _Attempt(collector, claim, sender, adapter, turn, place, client, spare_requests)
            failure = await _ask_at(attempt)
            if failure is not None:
                # What fails while we leave may well be our own network going: it is asked again by whoever goes on.
                attempt.pause_point()
                if number < len(claim.places) and not attempt.has_stored:
                    spare_requests = attempt.new_requests()
                    await _note_health(attempt, failure)
                    continue
            state = await (_judge(attempt) if failure is None else _explain(attempt, failure))
            await _note_health(attempt, failure)
            await _close(attempt, state)
            return state
    raise AssertionError  # A claim names at least one place.


async def _ask_at(attempt: _Attempt) -> NodeFailure | None:
    """Read lists and details at one place; the answer is what ended it early."""
    place, claim = attempt.place, attempt.claim
    if place.missing_credential is not None:
        attempt.problems.append(Problem("credential-missing", value=place.missing_credential))
        return NodeRefused("the credential of this endpoint is not stored")
    endpoint = Endpoint(
        interface=claim.interface,
        base_url=place.base_url,
        time_zone=attempt.sender.time_zone,
        options=options_with(place.options, slug=claim.slug, kd_lpse=claim.kd_lpse),
        secret=place.secret,
    )
    try:
        async with attempt.adapter.visit(attempt.client, endpoint) as visit:
            try:
                await _read_lists(attempt, visit)
                await _read_details(attempt, visit)
            finally:
                attempt.facts = visit.facts
    except NodeFailure as failure:
        return failure
    return None


async def _read_lists(attempt: _Attempt, visit: NodeVisit) -> None:
    database, claim, policy = attempt.collector.database, attempt.claim, attempt.collector.policy
    for kind in claim.kinds:
        try:
            await _read_list(attempt, visit, kind)
            attempt.whole_lists.add(kind)
        except IndexIncomplete as failure:
            attempt.problems.append(Problem("list-incomplete", kind=kind, field=kind, value=failure.reason))
        await _compare_with_before(attempt, kind)
    async with database.transaction() as session:
        if attempt.adapter.joins:
            await joining.sign_joined(session, claim)
            without_parts = await ledger.kinds_without_parts(session, claim)
            attempt.sender = replace(attempt.sender, without_parts=without_parts)
        # What lists tell as a whole has a fingerprint that covers all of it.
        recheck_after = None if attempt.adapter.lists_tell_all else policy.recheck_after
        await ledger.skip_settled(session, claim, attempt.sender, recheck_after=recheck_after, now=utc_now())


async def _read_list(attempt: _Attempt, visit: NodeVisit, kind: PackageKind) -> None:
    database, claim = attempt.collector.database, attempt.claim
    async with database.transaction() as session:
        position, is_complete = await ledger.list_position(session, claim, kind)
    if is_complete:
        return
    async for page in visit.index(kind, claim.fiscal_year, resume=position):
        async with database.transaction() as session:
            await ledger.store_list_page(session, claim, kind, page, requests=attempt.new_requests(), now=utc_now())
        attempt.has_stored = True
        attempt.pause_point()
    async with database.transaction() as session:
        await ledger.finish_list(session, claim, kind, requests=attempt.new_requests(), now=utc_now())


async def _compare_with_before(attempt: _Attempt, kind: PackageKind) -> None:
    """Notice a list that shrank. Nothing is removed for it: a person must first see why."""
    async with attempt.collector.database.transaction() as session:
        absence = await measure_absence(session, attempt.claim, kind)
    attempt.absences.append(absence)
    if absence.is_shrink(attempt.collector.policy.shrink_tolerance):
        value = f"{absence.missing} / {absence.known}"
        attempt.problems.append(Problem("list-shrunk", kind=kind, field=kind, value=value))


async def _read_details(attempt: _Attempt, visit: NodeVisit) -> None:
    """Read and store the details of what waits, a few packages at a time."""
    database, claim, policy = attempt.collector.database, attempt.claim, attempt.collector.policy

    # Of a package told in parts, half a list is half the truth: its details wait for a run that reads all of it.
    kinds = tuple(attempt.whole_lists) if attempt.adapter.joins else claim.kinds

    async def load(limit: int) -> list[IndexEntry]:
        async with database.transaction() as session:
            return await joining.next_entries(session, claim, limit, kinds=kinds)

    async def store(found: Found, broken: Broken) -> None:
        rejected = [(entry, _problem_of(entry, failure)) for entry, failure in broken]
        async with database.transaction() as session:
            await ledger.store_details(
                session, claim, attempt.sender, found, rejected, requests=attempt.new_requests(), now=utc_now()
            )

    # More packages than requests under way would only lose more when the worker is killed.
    host = policy.for_host(urlsplit(attempt.place.base_url).netloc)
    reader = DetailReader(
        visit,
        load,
        store,
        packages_at_once=min(policy.packages_at_once, host.concurrency),
        packages_per_commit=policy.listed_per_commit if attempt.adapter.lists_tell_all else policy.packages_per_commit,
        is_stopping=attempt.is_leaving,
        seats=attempt.collector.seats,
    )
    if not await reader.read_all():
        raise _PutDown


def _problem_of(entry: IndexEntry, failure: NodeFailure) -> Problem:
    code = "node-drift" if isinstance(failure, NodeContractBroken) else "detail-missing"
    return Problem(code, kind=entry.kind, package=entry.code, field="detail", value=failure.evidence or failure.reason)


async def _judge(attempt: _Attempt) -> str:
    """The state of a run that came to its end, from its book: too much of an unknown shape is drift, a gap incomplete."""
    policy = attempt.collector.policy
    async with attempt.collector.database.transaction() as session:
        found = await findings.sum_up(session, attempt.claim)
    if (
        found.broken
        or found.misshapen > max(2, found.listed * policy.drift_tolerance)
        or found.unreadable > max(2, found.listed * policy.unreadable_tolerance)
    ):
        return "drift"
    has_errors = any(problem.severity == "error" for problem in attempt.problems)
    return "incomplete" if found.gaps or has_errors else "completed"


async def _explain(attempt: _Attempt, failure: NodeFailure) -> str:
    """Turn what ended the run early into a problem for a person, and into the run's state."""
    value = f"{failure.reason}: {failure.evidence}" if failure.evidence else failure.reason
    match failure:
        case NodeRefused() if attempt.place.missing_credential is not None:
            return "failed"
        case NodeRefused():
            attempt.problems.append(Problem("node-refused", value=value))
            return "failed"
        case NodeContractBroken():
            attempt.problems.append(Problem("node-drift", value=value))
            return "drift"
        case NodeUnreachable():
            attempt.problems.append(Problem("node-unreachable", value=value))
            async with attempt.collector.database.transaction() as session:
                found = await findings.sum_up(session, attempt.claim)
            return "incomplete" if found.kept else "failed"
        case _:
            attempt.problems.append(Problem("list-incomplete", value=value))
            return "incomplete"


async def _note_health(attempt: _Attempt, failure: NodeFailure | None) -> None:
    """Whether this place let us in: the circuit of the endpoint opens and closes by it."""
    if failure is not None and says_nothing(failure):
        return
    async with attempt.collector.database.transaction() as session:
        if failure is None or attempt.has_stored:
            await note_success(session, attempt.place.endpoint_id, now=utc_now())
        else:
            await note_failure(session, attempt.place.endpoint_id, failure_of(failure), now=utc_now())


async def _close(attempt: _Attempt, state: str) -> None:
    """End the run; only one that is complete in every respect counts against what its lists no longer show."""
    claim, policy, now = attempt.claim, attempt.collector.policy, utc_now()
    is_empty = claim.attempt == 1 and not attempt.has_stored and not any(absence.known for absence in attempt.absences)
    if state == "completed" and is_empty:
        attempt.problems.append(Problem("list-empty"))
    async with attempt.collector.database.transaction() as session:
        gone: list[Key] = []
        await take_absence_turn(session, claim.node_id)
        await forget_absence(session, claim)
        if state == "completed":
            gone, pending = await count_absence(
                session, claim, sorted(attempt.whole_lists), withdraw_after=policy.withdraw_after_runs
            )
            attempt.problems += pending
        elif shrunk := [kind for kind in attempt.shrunk() if kind in attempt.whole_lists]:
            await mark_shrunk(session, claim, shrunk)
        withdrawn = await owners.withdraw(session, claim, attempt.sender, gone, now=now)
        await ledger.close_run(
            session,
            claim,
            state,
            attempt.problems,
            requests=attempt.new_requests(),
            facts=attempt.facts,
            withdrawn=withdrawn,
            now=now,
        )
        await note_plan(session, claim, state, policy.rhythm, now=now)


async def _fail(collector: Collector, claim: Claim) -> str | None:
    """Close a run that died of a fault of the hub itself, and say so. None when somebody else carries it on."""
    now = utc_now()
    try:
        async with collector.database.transaction() as session:
            await ledger.close_run(session, claim, "failed", [Problem("hub-error")], requests=0, now=now)
            await note_plan(session, claim, "failed", collector.policy.rhythm, now=now)
    except RunSuperseded:
        return None
    return "failed"
