"""The circuit of an endpoint: whether it is worth asking, and when the next cheap probe may go. The rules are pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, text, update
from sqlalchemy.engine import RowMapping

from app.adapters.protocol import NodeContractBroken, NodeFailure, NodeRefused
from app.kit.db import ReadSession, WriteSession
from app.kit.http import AddressForbidden, DeadlineExceeded, HostUnresolved, OutboundFailure, TlsFailed, UrlForbidden
from app.registry.probe_tables import EndpointHealth


class FailureCode(StrEnum):
    """Why an endpoint did not answer as it should. The codes are stable: they are stored and published."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    NAME_UNRESOLVED = "name-unresolved"
    REFUSED = "refused"
    TLS_FAILED = "tls-failed"
    FORBIDDEN_ADDRESS = "forbidden-address"
    CONTRACT_BROKEN = "contract-broken"


NEEDS_OPERATOR = frozenset({FailureCode.REFUSED, FailureCode.TLS_FAILED, FailureCode.FORBIDDEN_ADDRESS})
"""Time does not heal these: the circuit opens at once, and is tried again rarely."""

SENTENCES: dict[FailureCode, tuple[str, str]] = {
    FailureCode.UNREACHABLE: (
        "Node tidak dapat dihubungi atau sedang mengalami gangguan. Periksa apakah server dan jaringannya hidup.",
        "The node could not be reached or is out of order. Check that its server and network are up.",
    ),
    FailureCode.TIMED_OUT: (
        "Node tidak menjawab sampai selesai dalam batas waktu. Periksa beban server dan jaringannya.",
        "The node gave no whole answer in time. Check the load of its server and network.",
    ),
    FailureCode.NAME_UNRESOLVED: (
        "Nama host node tidak ditemukan di DNS. Periksa apakah alamat node masih berlaku.",
        "The node's host name is not in the DNS. Check whether its address is still valid.",
    ),
    FailureCode.REFUSED: (
        "Node menolak permintaan hub. Operator node perlu mengizinkan akses, atau kredensialnya perlu diperbarui.",
        "The node refuses the hub. Its operator must allow access, or the credential must be renewed.",
    ),
    FailureCode.TLS_FAILED: (
        "Sertifikat TLS node tidak dapat dipercaya atau sudah kedaluwarsa. Operator node perlu memperbaruinya.",
        "The node's TLS certificate cannot be trusted or has expired. Its operator must renew it.",
    ),
    FailureCode.FORBIDDEN_ADDRESS: (
        "Alamat node menuju tempat yang bukan internet publik, sehingga tidak dihubungi. Periksa alamatnya di daftar.",
        "The node's address leads to a place that is not the public internet and is not asked. Check the register.",
    ),
    FailureCode.CONTRACT_BROKEN: (
        "Node menjawab, tetapi bukan dengan halaman yang dikenal. Aplikasinya mungkin berubah atau alamatnya salah.",
        "The node answers, but with no page that is known. Its application may have changed, or the address is wrong.",
    ),
}
"""What a person should know and do, in Indonesian and English."""


def message_of(failure: FailureCode) -> dict[str, str]:
    """The sentence for the node's operator, as `{"id": …, "en": …}`."""
    indonesian, english = SENTENCES[failure]
    return {"id": indonesian, "en": english}


def failure_of(error: NodeFailure) -> FailureCode:
    """The code of what an adapter raised; what the connection said beneath it is more exact than its class."""
    cause = error.__cause__
    match error, cause:
        case _, TlsFailed():
            return FailureCode.TLS_FAILED
        case _, AddressForbidden() | UrlForbidden():
            return FailureCode.FORBIDDEN_ADDRESS
        case _, HostUnresolved():
            return FailureCode.NAME_UNRESOLVED
        case _, DeadlineExceeded():
            return FailureCode.TIMED_OUT
        case NodeRefused(), _:
            return FailureCode.REFUSED
        case NodeContractBroken(), _:
            return FailureCode.CONTRACT_BROKEN
        case _:
            return FailureCode.UNREACHABLE


def says_nothing(error: NodeFailure) -> bool:
    """Whether the node was never asked, because its host wants to be left alone for a while."""
    cause = error.__cause__
    return isinstance(cause, OutboundFailure) and cause.code == "host-paused"


# -- the rules


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a circuit opens, and how often an endpoint is probed."""

    failures_to_open: int = 3
    probe_every: timedelta = timedelta(minutes=15)
    failing_probe_every: timedelta = timedelta(minutes=5)
    refused_probe_every: timedelta = timedelta(hours=1)
    jitter: float = 0.10
    """The share by which the time between two probes of a healthy endpoint is longer or shorter than that of others."""


@dataclass(frozen=True, slots=True)
class Health:
    """One endpoint's circuit. `ok` answers, `failing` did not the last time, `open` is left alone but for probes."""

    endpoint_id: int
    state: str
    consecutive_failures: int
    opened_at: datetime | None
    recovered_at: datetime | None
    next_probe_at: datetime
    last_ok_at: datetime | None
    last_failure: str | None
    last_failure_at: datetime | None

    @classmethod
    def of(cls, row: RowMapping) -> "Health":
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    def put_off(self, now: datetime, policy: CircuitPolicy) -> "Health":
        """The same, asked again after a while: nothing was learnt, because the endpoint was not asked."""
        return replace(self, next_probe_at=now + policy.failing_probe_every)


def after_success(health: Health, now: datetime, policy: CircuitPolicy) -> Health:
    """An answer as it should be closes the circuit, whatever was before; the next probe is one ordinary interval away."""
    return replace(
        health,
        state="ok",
        consecutive_failures=0,
        opened_at=None,
        recovered_at=now if health.state == "open" else health.recovered_at,
        next_probe_at=now + ordinary_interval(health.endpoint_id, policy),
        last_ok_at=now,
    )


def after_failure(health: Health, failure: FailureCode, now: datetime, policy: CircuitPolicy) -> Health:
    """A failure counts; the third in a row opens the circuit, and one that needs the operator does so at once."""
    count = health.consecutive_failures + 1
    needs_operator = failure in NEEDS_OPERATOR
    is_open = health.state == "open" or needs_operator or count >= policy.failures_to_open
    return replace(
        health,
        state="open" if is_open else "failing",
        consecutive_failures=count,
        opened_at=(health.opened_at or now) if is_open else None,
        next_probe_at=now + (policy.refused_probe_every if needs_operator else policy.failing_probe_every),
        last_failure=failure,
        last_failure_at=now,
    )


def ordinary_interval(endpoint_id: int, policy: CircuitPolicy) -> timedelta:
    """The time between two probes of a healthy endpoint, a little different for each, so that they spread by themselves."""
    # Multiplying by a large odd number scatters neighbouring ids over the whole range (Fibonacci hashing).
    share = (endpoint_id * 2654435761 % 2**32) / 2**32
    return policy.probe_every * (1 + policy.jitter * (2 * share - 1))


# -- noting what happened

_ENROL_ONE = text("""
    INSERT INTO endpoint_health (endpoint_id, next_probe_at)
    SELECT id, :now FROM endpoints WHERE id = :endpoint_id
    ON CONFLICT (endpoint_id) DO NOTHING
""")


async def note_success(
    session: WriteSession, endpoint_id: int, *, now: datetime, policy: CircuitPolicy | None = None
) -> bool:
    """Note that an endpoint answered (a run read it); the answer is whether this closed an open circuit.

    The probes of a healthy endpoint keep their own time, so that a node that is collected all day is probed all the same.
    """
    before = await _lock_health(session, endpoint_id, now)
    if before is None:
        return False
    after = after_success(before, now, policy or CircuitPolicy())
    if before.state in {"ok", "unknown"}:
        after = replace(after, next_probe_at=before.next_probe_at)
    await _store(session, after)
    return before.state == "open"


async def note_failure(
    session: WriteSession, endpoint_id: int, failure: FailureCode, *, now: datetime, policy: CircuitPolicy | None = None
) -> bool:
    """Note that a run could not reach an endpoint (see `failure_of`); the answer is whether this opened its circuit."""
    before = await _lock_health(session, endpoint_id, now)
    if before is None:
        return False
    after = after_failure(before, failure, now, policy or CircuitPolicy())
    await _store(session, after)
    return before.state != "open" and after.state == "open"


async def is_open(session: ReadSession, endpoint_id: int) -> bool:
    """Whether an endpoint is to be left alone: probes will tell when it is back. One never probed is worth asking."""
    state = await session.scalar(select(EndpointHealth.state).where(EndpointHealth.endpoint_id == endpoint_id))
    return state == "open"


async def open_endpoints(session: ReadSession, endpoint_ids: Sequence[int]) -> set[int]:
    """Those of many endpoints that are to be left alone."""
    found = await session.scalars(
        select(EndpointHealth.endpoint_id).where(
            EndpointHealth.endpoint_id.in_(endpoint_ids), EndpointHealth.state == "open"
        )
    )
    return set(found)


async def _lock_health(session: WriteSession, endpoint_id: int, now: datetime) -> Health | None:
    """The endpoint's health, ours to change until the transaction ends; None when the endpoint is gone."""
    await session.execute(_ENROL_ONE, {"endpoint_id": endpoint_id, "now": now})
    query = select(EndpointHealth.__table__).where(EndpointHealth.endpoint_id == endpoint_id).with_for_update()
    row = (await session.execute(query)).mappings().one_or_none()
    return None if row is None else Health.of(row)


async def _store(session: WriteSession, health: Health) -> None:
    values = {field.name: getattr(health, field.name) for field in fields(health)}
    del values["endpoint_id"]
    await session.execute(
        update(EndpointHealth).where(EndpointHealth.endpoint_id == health.endpoint_id).values(**values)
    )
