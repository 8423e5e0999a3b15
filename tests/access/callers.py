"""Callers of every kind for tests, made by the verbs that people use."""

from datetime import timedelta

from app.access.callers import COMMAND_LINE, Caller, Role
from app.access.keys import KeyDraft, issue_key
from app.kit.clock import utc_now


async def issue(database, role, *nodes, name="contoh", **fields):
    """A new key of this role, with its secret."""
    draft = KeyDraft(Role(role), name, frozenset(nodes), **fields)
    async with database.transaction() as session:
        return await issue_key(session, draft, caller=COMMAND_LINE, now=utc_now())


async def secret_of(database, role, *nodes, **fields):
    return (await issue(database, role, *nodes, **fields)).secret


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def a_caller(role, *nodes):
    return Caller(id="key:1", key_id=1, role=Role(role), name="contoh", nodes=frozenset(nodes))


IN_A_YEAR = timedelta(days=365)
