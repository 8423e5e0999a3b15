"""The audit trail: every administrative act in the transaction that does it, each entry sealed with the one before."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.access.callers import COMMAND_LINE, Caller
from app.access.tables import AuditEntry, AuditSeal
from app.kit.db import ReadSession, WriteSession, take_turns
from app.kit.json import dumps_canonical

_BEGINNING = bytes(32)


async def record_act(
    session: WriteSession, *, caller: Caller | None, act: str, subject: str, details: dict[str, Any], now: datetime
) -> None:
    """Append one act to the trail. `caller` is None for whoever acts at the hub's own command line.

    Call it last: whoever records an act holds the trail until the transaction ends.
    """
    actor = caller or COMMAND_LINE
    await take_turns(session, "audit")
    number, previous = await _next(session)
    entry = AuditEntry(
        id=number,
        at=now,
        key_id=actor.key_id,
        actor=actor.id,
        act=act,
        subject=subject,
        details=details,
        previous_hash=previous,
    )
    entry.hash = _seal(entry)
    session.add(entry)
    await session.flush()


async def _next(session: ReadSession) -> tuple[int, bytes]:
    """The number of the next entry and the hash before it, by the seal: were a tail cut off, a gap would stay for ever."""
    sealed = (await session.execute(select(AuditSeal.entries, AuditSeal.hash))).one_or_none()
    last = (
        await session.execute(select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1))
    ).one_or_none()
    if sealed is not None and (last is None or sealed.entries > last.id):
        return sealed.entries + 1, sealed.hash
    return (last.id + 1, last.hash) if last is not None else (1, _BEGINNING)


@dataclass(frozen=True, slots=True)
class TrailJudgement:
    """How many entries the trail has, and the number of the first one that does not fit or is not there; None when all fit.

    `seal` is the last entry's hash, in hexadecimal: kept elsewhere, it is what nobody who holds the database can forge.
    """

    entries: int
    first_broken: int | None
    seal: str


async def verify_trail(session: ReadSession) -> TrailJudgement:
    """Follow the trail from its beginning: a changed, removed or inserted entry breaks it, and so does a tail cut off.

    The tail is missed by the seal, a row apart from the trail. Who rewrites both, hashes and all, is found out only by
    a seal that was kept elsewhere.
    """
    entries, expected, previous, broken = 0, 1, _BEGINNING, None
    found = await session.stream_scalars(select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=1000))
    async for entry in found:
        fits = entry.id == expected and entry.previous_hash == previous and entry.hash == _seal(entry)
        if not fits and broken is None:
            broken = expected
        entries, expected, previous = entries + 1, entry.id + 1, entry.hash
    sealed = (await session.execute(select(AuditSeal.entries, AuditSeal.hash))).one_or_none()
    if broken is None:
        broken = _not_as_sealed(entries, previous, sealed.entries if sealed else None, sealed.hash if sealed else None)
    return TrailJudgement(entries, broken, previous.hex())


def _not_as_sealed(entries: int, last: bytes, sealed_entries: int | None, sealed_hash: bytes | None) -> int | None:
    """The first entry that the seal misses or does not know, of a trail that fits in itself."""
    if sealed_entries is None:
        return max(entries, 1)
    if sealed_entries != entries:
        return min(sealed_entries, entries) + 1
    return None if sealed_hash == last else max(entries, 1)


def _seal(entry: AuditEntry) -> bytes:
    content = {
        "id": entry.id,
        "at": entry.at,
        "key": entry.key_id,
        "act": entry.act,
        "subject": entry.subject,
        "details": entry.details,
    }
    if entry.actor is not None:
        content["actor"] = entry.actor
    return hashlib.sha256(entry.previous_hash + dumps_canonical(content)).digest()
