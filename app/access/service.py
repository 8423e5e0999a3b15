"""Find out who is asking with a key."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text, update

from app.access.callers import Caller, Role
from app.access.errors import KeyInvalid
from app.access.secret import PREFIX, has_form, hash_of, make_secret
from app.access.tables import AccessKey
from app.kit.db import ReadSession, WriteSession

__all__ = ["PREFIX", "Caller", "Role", "confirm_caller", "create_key", "identify_caller"]


@dataclass(frozen=True, slots=True)
class KnownKey:
    """The caller behind a secret, and when the key was last noted as used."""

    caller: Caller
    last_used_on: date | None


async def create_key(
    session: WriteSession, *, role: Role, name: str, now: datetime, expires_at: datetime | None = None
) -> str:
    """Make a key bound to no node and return its secret, with nobody asked and nothing in the trail.

    `keys.issue_key` is the verb for people.
    """
    secret = make_secret()
    session.add(AccessKey(secret_hash=hash_of(secret), role=role, name=name, created_at=now, expires_at=expires_at))
    await session.flush()
    return secret


async def identify_caller(session: ReadSession, secret: str, *, now: datetime) -> Caller:
    """Find the caller behind a key; raises KeyInvalid for an unknown, expired or revoked one."""
    return (await find_key_of(session, secret, now=now)).caller


async def find_key_of(session: ReadSession, secret: str, *, now: datetime) -> KnownKey:
    """The same, with when the key was last used. It is looked up each time: what is revoked opens nothing from then on."""
    if not has_form(secret):
        raise KeyInvalid
    row = (await session.execute(_VALID_KEY, {"key_id": None, "hash": hash_of(secret), "now": now})).one_or_none()
    if row is None:
        raise KeyInvalid
    return KnownKey(_caller(row), row.last_used_on)


async def confirm_caller(session: ReadSession, caller: Caller, *, now: datetime) -> Caller:
    """The caller as they are at this moment, for the transaction that writes: a body may take longer than its key lasts.

    Raises KeyInvalid if the key has ended meanwhile. Who came without one stays who they are.
    """
    if caller.key_id is None:
        return caller
    row = (await session.execute(_VALID_KEY, {"key_id": caller.key_id, "hash": None, "now": now})).one_or_none()
    if row is None:
        raise KeyInvalid
    return _caller(row)


async def note_use(session: WriteSession, key_id: int, day: date) -> None:
    """Keep the last day on which a key opened something, so that those which nobody uses can be found."""
    changed = AccessKey.last_used_on.is_distinct_from(day)
    await session.execute(update(AccessKey).where(AccessKey.id == key_id, changed).values(last_used_on=day))


def _caller(row: Any) -> Caller:
    return Caller(id=f"key:{row.id}", key_id=row.id, role=Role(row.role), name=row.name, nodes=frozenset(row.nodes))


_VALID_KEY = text("""
    SELECT k.id, k.role, k.name, k.last_used_on,
           ARRAY(SELECT n.slug FROM access_key_nodes b JOIN nodes n ON n.id = b.node_id WHERE b.key_id = k.id) AS nodes
    FROM access_keys k
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)
      AND k.id = coalesce(CAST(:key_id AS bigint), (
          SELECT id FROM access_keys WHERE secret_hash = CAST(:hash AS bytea)
          UNION ALL SELECT key_id FROM access_former_secrets WHERE secret_hash = CAST(:hash AS bytea) AND ends_at > :now
      ))
""")
