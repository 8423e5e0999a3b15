"""Make, rotate and revoke keys: each by somebody who may, each in the audit trail, each secret shown once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text

from app.access import queries
from app.access.audit import record_act
from app.access.callers import Caller, Role
from app.access.errors import KeyEnded, KeyExpiryInvalid, KeyNodeUnknown, KeyNotFound, KeyScopeInvalid
from app.access.permissions import Act, require
from app.access.queries import KeyView
from app.access.secret import hash_of, make_secret
from app.access.service import confirm_caller
from app.access.tables import AccessKey, AccessKeyNode, FormerSecret
from app.kit.db import WriteSession, take_turns

DEFAULT_DAYS = 365
LONGEST_YEARS = 10
LONGEST_OVERLAP = timedelta(hours=720)


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key as somebody wants it: without `expires_at` it lasts a year."""

    role: Role
    name: str
    nodes: frozenset[str] = frozenset()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its secret, for the one time that it is shown."""

    key: KeyView
    secret: str


async def issue_key(session: WriteSession, draft: KeyDraft, *, caller: Caller, now: datetime) -> IssuedKey:
    """Make a key."""
    require(await confirm_caller(session, caller, now=now), Act.KEEP_KEYS)
    if (draft.role is Role.NODE) != bool(draft.nodes):
        raise KeyScopeInvalid
    expires_at = _judged(draft.expires_at or now + timedelta(days=DEFAULT_DAYS), now)
    node_ids = await _node_ids(session, draft.nodes)
    secret = make_secret()
    key = AccessKey(
        secret_hash=hash_of(secret), role=draft.role, name=draft.name, created_at=now, expires_at=expires_at
    )
    session.add(key)
    await session.flush()
    session.add_all(AccessKeyNode(key_id=key.id, node_id=node_id) for node_id in node_ids)
    await session.flush()
    details = {"role": draft.role, "name": draft.name, "nodes": sorted(draft.nodes), "expires_at": expires_at}
    await record_act(session, caller=caller, act="key.created", subject=f"key {key.id}", details=details, now=now)
    return IssuedKey(await _seen(session, key.id, now), secret)


async def rotate_key(
    session: WriteSession,
    key_id: int,
    *,
    overlap: timedelta,
    caller: Caller,
    now: datetime,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Give a key a new secret. The one it had goes on opening until `overlap` has passed; older ones keep their end.

    The caller behind it stays the same, and so do its role, its nodes and, unless another is given, its expiry.
    """
    require(await confirm_caller(session, caller, now=now), Act.KEEP_KEYS)
    key = await _locked(session, key_id)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise KeyEnded(key_id)
    if expires_at is not None:
        key.expires_at = _judged(expires_at, now)
    overlap = max(timedelta(0), min(overlap, LONGEST_OVERLAP))
    await session.execute(delete(FormerSecret).where(FormerSecret.key_id == key_id, FormerSecret.ends_at <= now))
    if overlap:
        session.add(FormerSecret(secret_hash=key.secret_hash, key_id=key_id, ends_at=now + overlap))
    secret = make_secret()
    key.secret_hash = hash_of(secret)
    await session.flush()
    details = {"former_ends_at": now + overlap, "expires_at": key.expires_at}
    await record_act(session, caller=caller, act="key.rotated", subject=f"key {key_id}", details=details, now=now)
    return IssuedKey(await _seen(session, key_id, now), secret)


async def revoke_key(session: WriteSession, key_id: int, *, caller: Caller, now: datetime) -> KeyView:
    """End a key at once, with all its secrets. Revoking it again changes nothing."""
    require(await confirm_caller(session, caller, now=now), Act.KEEP_KEYS)
    key = await _locked(session, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        await session.execute(delete(FormerSecret).where(FormerSecret.key_id == key_id))
        await session.flush()
        details = {"role": key.role, "name": key.name}
        await record_act(session, caller=caller, act="key.revoked", subject=f"key {key_id}", details=details, now=now)
    return await _seen(session, key_id, now)


async def _locked(session: WriteSession, key_id: int) -> AccessKey:
    """The key, for one who changes it; two who do take turns."""
    await take_turns(session, f"key:{key_id}")
    key = await session.scalar(select(AccessKey).where(AccessKey.id == key_id))
    if key is None:
        raise KeyNotFound(key_id)
    return key


async def _seen(session: WriteSession, key_id: int, now: datetime) -> KeyView:
    view = await queries.find_key(session, key_id, now=now)
    if view is None:
        raise KeyNotFound(key_id)
    return view


async def _node_ids(session: WriteSession, slugs: Iterable[str]) -> list[int]:
    # The register stands above: its table is known by name only.
    wanted = sorted(slugs)
    rows = await session.execute(text("SELECT slug, id FROM nodes WHERE slug = ANY(:slugs)"), {"slugs": wanted})
    ids: dict[str, int] = {row.slug: row.id for row in rows}
    for slug in wanted:
        if slug not in ids:
            raise KeyNodeUnknown(slug)
    return [ids[slug] for slug in wanted]


def _judged(expires_at: datetime, now: datetime) -> datetime:
    if not now < expires_at <= now + timedelta(days=366 * LONGEST_YEARS):
        raise KeyExpiryInvalid(LONGEST_YEARS)
    return expires_at
