"""Secrets by which the hub asks sources: stored under a name, never shown again."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.access.tables import Credential
from app.kit.db import ReadSession, WriteSession

NAME = re.compile("[a-z0-9][a-z0-9-]{0,62}")


async def store_secret(session: WriteSession, name: str, secret: str, *, now: datetime) -> None:
    """Keep a secret under a name, in the place of the one that stood there."""
    statement = insert(Credential).values(name=name, secret=secret, changed_at=now)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"secret": statement.excluded.secret, "changed_at": statement.excluded.changed_at},
        )
    )


async def find_secret(session: ReadSession, name: str) -> str | None:
    """The secret stored under a name; None when there is none."""
    return await session.scalar(select(Credential.secret).where(Credential.name == name))


async def forget_secret(session: WriteSession, name: str) -> bool:
    """Remove a secret; whether there was one."""
    credential = await session.get(Credential, name)
    if credential is not None:
        await session.delete(credential)
    return credential is not None


async def list_credentials(session: ReadSession) -> list[tuple[str, datetime]]:
    """The names of what is stored, and when each was last set."""
    rows = await session.execute(select(Credential.name, Credential.changed_at).order_by(Credential.name))
    return [(row.name, row.changed_at) for row in rows]
