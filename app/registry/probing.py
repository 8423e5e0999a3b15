"""Asking endpoints how they are: due ones are claimed, probed side by side, and what they said is kept in batches."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import Endpoint, NodeAdapter, NodeFacts, NodeFailure, options_with
from app.core.text import clean_text
from app.core.vocabulary import Interface
from app.kit.clock import utc_now
from app.kit.db import Database, WriteSession
from app.kit.http import Answer, Gate, GuardedClient, OutboundPolicy, Resolver, StreamedAnswer, resolve_by_system
from app.registry.health import CircuitPolicy, failure_of, says_nothing
from app.registry.probe_book import Due, Finding, claim_due, enrol_endpoints, forget_probes, record_findings

log = structlog.get_logger()

LEASE = timedelta(minutes=5)
"""A claimed endpoint that nobody reports on (its prober died) is due again after this."""
LONGEST_PROBE_SECONDS = 240.0
"""A probe ends within its lease, however long its host's gate keeps it waiting."""
_BATCH = 50
_KEEP_SECONDS = 1.0
_LOOK_SECONDS = 0.1
"""While there is work, new work is looked for this often; a host's places fill up again as quickly."""
_IDLE_LOOK_SECONDS = 1.0
_DETAIL_LENGTH = 300
_MIB = 1024 * 1024

FindSecret = Callable[[Mapping[str, Any]], Awaitable[str | None]]
"""Gives the secret that an endpoint's options name, or None."""
OnRecovery = Callable[[WriteSession, Sequence[int]], Awaitable[None]]
"""Told in the same transaction which nodes (by id) have an endpoint whose circuit has just closed: they are due at once."""


def probe_policy(outbound: OutboundPolicy) -> OutboundPolicy:
    """The same limits on where to go, with little patience: one attempt, twenty seconds, a page at most."""
    return replace(
        outbound,
        attempts=1,
        total_seconds=min(20, outbound.total_seconds),
        overall_seconds=min(20, outbound.overall_seconds),
        read_seconds=min(15, outbound.read_seconds),
        stream_seconds=min(20, outbound.stream_seconds),
        max_wire_bytes=4 * _MIB,
        max_body_bytes=16 * _MIB,
        max_stream_wire_bytes=4 * _MIB,
        max_stream_bytes=16 * _MIB,
    )


@dataclass(frozen=True, slots=True)
class Prober:
    """All that probing needs. `province` limits it to the nodes of one province; None means every active node."""

    database: Database
    outbound: OutboundPolicy
    gate: Gate | None = None
    circuit: CircuitPolicy = field(default_factory=CircuitPolicy)
    province: str | None = None
    at_once: int = 64
    per_host: int = 8
    """How many probes of one host's nodes are begun together, so that a slow host leaves places for the others."""
    adapters: Mapping[Interface, NodeAdapter] = field(default_factory=lambda: ADAPTERS)
    find_secret: FindSecret | None = None
    on_recovery: OnRecovery | None = None
    is_stopping: Callable[[], bool] = lambda: False
    resolver: Resolver = resolve_by_system
    ca_file: Path | None = None


async def tend_probes(prober: Prober) -> None:
    """Probe what is due; to be called every few seconds by each worker. Returns when nothing is due any more."""
    tally = await probe_due_endpoints(prober, utc_now())
    if tally:
        say = log.debug if set(tally) == {"ok"} else log.info
        say("nodes.probed", **{name.replace("-", "_"): count for name, count in sorted(tally.items())})


async def tend_probe_storage(database: Database, *, keep_days: int) -> None:
    """Forget probes past their retention, and hours that no uptime counts any more; to be called now and then."""
    async with database.transaction() as session:
        forgotten = await forget_probes(session, keep_days=keep_days, now=utc_now())
    if forgotten:
        log.info("probes.forgotten", probes=forgotten)


async def probe_due_endpoints(prober: Prober, now: datetime) -> Counter[str]:
    """Probe every endpoint that is due at `now` or becomes due meanwhile; says how many ended how ("ok", or a code).

    Many workers may do this at once: each endpoint is claimed by one of them. When the worker is stopping, probes under
    way are dropped and fall due again by themselves.
    """
    async with prober.database.transaction() as session:
        await enrol_endpoints(session, now=now)
    return await _Round(prober, now).run()


class _Round:
    """One round: as many probes under way as there are places, refilled while anything is due."""

    def __init__(self, prober: Prober, now: datetime) -> None:
        self._prober = prober
        self._policy = probe_policy(prober.outbound)
        self._now = now
        self._began = asyncio.get_running_loop().time()
        self._look_at = self._began
        self._kept_at = self._began
        self._under_way: dict[asyncio.Task[Finding | None], Due] = {}
        self._findings: list[Finding] = []
        self._tally: Counter[str] = Counter()

    def _moment(self) -> datetime:
        return self._now + timedelta(seconds=asyncio.get_running_loop().time() - self._began)

    async def run(self) -> Counter[str]:
        try:
            while await self._refill() or self._under_way:
                await self._wait()
                await self._keep_findings()
            await self._keep_findings(all_of_them=True)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
        return self._tally

    async def _refill(self) -> bool:
        """Claim as many due endpoints as there are places; whether there were any."""
        free = self._prober.at_once - len(self._under_way)
        is_time = asyncio.get_running_loop().time() >= self._look_at or not self._under_way
        if self._prober.is_stopping() or not free or not is_time:
            return False
        hosts = Counter(due.host for due in self._under_way.values())
        async with self._prober.database.transaction() as session:
            claimed = await claim_due(
                session,
                interfaces=[str(interface) for interface in self._prober.adapters],
                province=self._prober.province,
                busy_hosts=[host for host, count in hosts.items() if count >= self._prober.per_host],
                per_host=self._prober.per_host,
                limit=free,
                now=self._moment(),
                lease=LEASE,
            )
        pause = _LOOK_SECONDS if claimed else _IDLE_LOOK_SECONDS
        self._look_at = asyncio.get_running_loop().time() + pause
        for due in claimed:
            self._under_way[asyncio.create_task(self._probe(due))] = due
        return bool(claimed)

    async def _wait(self) -> None:
        """Wait until a probe has ended, or it is time to look for new ones."""
        done, _ = await asyncio.wait(self._under_way, timeout=_KEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del self._under_way[task]
            finding = task.result()
            if finding is not None:
                self._findings.append(finding)
        if self._prober.is_stopping():
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            self._under_way.clear()

    async def _keep_findings(self, *, all_of_them: bool = False) -> None:
        age = asyncio.get_running_loop().time() - self._kept_at
        if not self._findings or not (
            all_of_them or len(self._findings) >= _BATCH or age >= _KEEP_SECONDS or not self._under_way
        ):
            return
        self._kept_at = asyncio.get_running_loop().time()
        batch, self._findings = self._findings, []
        async with self._prober.database.transaction() as session:
            recovered = await record_findings(session, batch, policy=self._prober.circuit)
            if recovered and self._prober.on_recovery is not None:
                await self._prober.on_recovery(session, recovered)
        self._tally.update("ok" if finding.failure is None else finding.failure for finding in batch if finding.counts)
        self._tally["deferred"] += sum(not finding.counts for finding in batch)
        self._tally += Counter()

    async def _probe(self, due: Due) -> Finding | None:
        """Ask one endpoint its one question. None when the fault is ours; its lease brings it back."""
        stopwatch = _Stopwatch(self._prober.gate)
        client = _Listener(
            self._policy, gate=stopwatch, resolver=self._prober.resolver, ca_file=self._prober.ca_file, connections=1
        )
        try:
            async with asyncio.timeout(LONGEST_PROBE_SECONDS), client:
                facts = await self._ask(client, due)
        except NodeFailure as error:
            return self._disappointed(due, client, stopwatch, error)
        except TimeoutError:
            # The node itself is bounded by the policy's deadlines: it was the gate that took so long.
            return Finding(due, self._moment(), counts=False)
        except Exception:
            log.exception("probe.crashed", node=due.slug, endpoint=due.endpoint_id)
            return None
        return Finding(
            due,
            self._moment(),
            latency_ms=stopwatch.milliseconds,
            software_version=_shortened(facts.software_version),
            certificate_expires_at=client.certificate_expires_at,
            moved_to=None if _same_place(facts.base_url or due.base_url, due.base_url) else _shortened(facts.base_url),
        )

    async def _ask(self, client: GuardedClient, due: Due) -> NodeFacts:
        secret = None if self._prober.find_secret is None else await self._prober.find_secret(due.options)
        options = options_with(due.options, slug=due.slug, kd_lpse=None)
        endpoint = Endpoint(due.interface, due.base_url, due.time_zone, options, secret)
        return await self._prober.adapters[due.interface].probe(client, endpoint)

    def _disappointed(self, due: Due, client: "_Listener", stopwatch: "_Stopwatch", error: NodeFailure) -> Finding:
        # “Too many requests” and a host that asked for a pause are about us; the node may be in perfect health.
        if says_nothing(error) or client.last_status == 429:
            return Finding(due, self._moment(), counts=False)
        return Finding(
            due,
            self._moment(),
            failure=failure_of(error),
            latency_ms=stopwatch.milliseconds if client.last_status is not None else None,
            certificate_expires_at=client.certificate_expires_at,
            detail=_shortened(error.reason),
        )


def _same_place(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def _shortened(said: str | None) -> str | None:
    """What a stranger said, so that it can be stored; nothing at all is None."""
    text = clean_text(said or "")
    return None if not text else text if len(text) <= _DETAIL_LENGTH else f"{text[: _DETAIL_LENGTH - 1]}…"


class _Listener(GuardedClient):
    """A client that remembers how it was answered last, and by which certificate."""

    last_status: int | None = None
    certificate_expires_at: datetime | None = None

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        return self._heard(await super().get(url, headers=headers))

    async def post_form(
        self, url: str, fields: Sequence[tuple[str, str]], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self._heard(await super().post_form(url, fields, headers=headers))

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str] | None = None) -> AsyncIterator[StreamedAnswer]:
        async with super().stream(url, headers=headers) as answer:
            self.last_status = answer.status
            yield answer

    def _heard(self, answer: Answer) -> Answer:
        self.last_status = answer.status
        self.certificate_expires_at = answer.certificate_expires_at or self.certificate_expires_at
        return answer


class _Stopwatch:
    """A gate around the shared one that counts the time of requests, but not the waiting for them to be let through."""

    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate
        self._seconds = 0.0

    @property
    def milliseconds(self) -> int:
        return round(self._seconds * 1000)

    def slot(self, host: str) -> AbstractAsyncContextManager[None]:
        return self._slot(host)

    @asynccontextmanager
    async def _slot(self, host: str) -> AsyncIterator[None]:
        if self._gate is None:
            async with self._timed():
                yield
        else:
            async with self._gate.slot(host), self._timed():
                yield

    @asynccontextmanager
    async def _timed(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            self._seconds += loop.time() - began

    async def report(self, host: str, status: int | None, retry_after: float | None) -> None:
        if self._gate is not None:
            await self._gate.report(host, status, retry_after)
