"""Keeping a copy: each page and the place behind it in one transaction, so that whoever is killed has lost and doubled nothing."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from app.exchange.mirror.chain import chained
from app.exchange.mirror.pages import Item, PageBroken
from app.exchange.mirror.schema import FORMAT, SCHEMA, carrying_on, creation
from app.kit.db import driver_url


class MirrorUnusable(Exception):
    """The database holds, or is, something else than a copy that can be carried on."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a copy is: so many changes, the cursor of the last one, and what all of them hash to."""

    hub: str
    cursor: str
    epoch: int
    count: int
    digest: bytes
    proved_count: int
    proved_digest: bytes


def connect(url: str) -> psycopg.Connection:
    """One connection, which nobody else keeps a copy with at the same time. Raises MirrorUnusable."""
    connection = psycopg.connect(
        driver_url(url, ""),
        autocommit=True,
        connect_timeout=10,
        application_name="rakor-mirror",
        client_encoding="UTF8",
    )
    try:
        connection.execute("SET timezone = 'UTC'")
        [encoding] = _one(connection.execute("SELECT current_setting('server_encoding')"))
        [is_ours] = _one(connection.execute("SELECT pg_try_advisory_lock(hashtextextended('rakor.mirror', 0))"))
    except BaseException:
        connection.close()
        raise
    if encoding == "UTF8" and is_ours:
        return connection
    connection.close()
    raise MirrorUnusable(
        "Another “rakor mirror” is keeping the copy in this database right now."
        if encoding == "UTF8"
        else f"The database keeps text as {encoding}; a copy needs UTF8."
    )


class Copy:
    """One copy, in a schema of its own."""

    def __init__(self, connection: psycopg.Connection, schema: str = SCHEMA) -> None:
        self.connection = connection
        self.schema = schema
        self._carrying_on = {entity: statement.encode() for entity, statement in carrying_on(schema).items()}

    def exists(self) -> bool:
        found = self.connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [self.schema])
        return found.fetchone() is not None

    def begin(self, hub: str) -> None:
        """Make the copy where there is none yet."""
        if self.exists():
            return
        with self.connection.transaction():
            self.connection.execute(creation(self.schema).encode())
            self.execute("INSERT INTO {}.about (format, hub) VALUES (%s, %s)", [FORMAT, hub])

    def forget(self) -> None:
        with self.connection.transaction():
            self.execute("DROP SCHEMA IF EXISTS {} CASCADE")

    def place(self) -> Place:
        """How far the copy is. Raises MirrorUnusable where the schema is no copy, or one of another program."""
        try:
            row = self.execute(
                "SELECT format, hub, cursor, epoch, count, digest, proved_count, proved_digest FROM {}.about"
            ).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            row = None
        if row is None:
            raise MirrorUnusable(
                f"The schema “{self.schema}” of this database is no copy of a hub: name another with --into."
            )
        if row[0] != FORMAT:
            raise MirrorUnusable(
                f"The copy was made by another version of this program (format {row[0]}, not {FORMAT}): "
                "name another database with --into."
            )
        return Place(*row[1:])

    def moved_to(self, hub: str) -> None:
        self.execute("UPDATE {}.about SET hub = %s", [hub])

    def keep(self, before: Place, items: Sequence[Item]) -> Place:
        """Keep one page behind a place, and move the place, or nothing of it. Raises PageBroken for what no table takes."""
        digest = chained(before.digest, [item.sha256 for item in items])
        last = items[-1]
        count, epoch = before.count + len(items), last.numbers[0]
        try:
            with self.connection.transaction():
                moved = self.execute(
                    "UPDATE {}.about SET cursor = %s, epoch = %s, count = %s, digest = %s, kept_at = now() "
                    "WHERE cursor = %s AND count = %s",
                    [last.cursor, epoch, count, digest, before.cursor, before.count],
                )
                if moved.rowcount != 1:
                    raise MirrorUnusable("Somebody else has carried this copy on in the meantime.")
                self._copy(before.count, items)
                for entity, places in _last_places(items, before.count).items():
                    if (statement := self._carrying_on.get(entity)) is not None:
                        self.connection.execute(statement, {"places": places})
        except psycopg.DataError as error:
            raise PageBroken(
                f"a page behind change {before.count} cannot be kept: {str(error).splitlines()[0]}"
            ) from error
        return Place(before.hub, last.cursor, epoch, count, digest, before.proved_count, before.proved_digest)

    def _copy(self, before: int, items: Sequence[Item]) -> None:
        into = sql.SQL(
            "COPY {}.changes (place, epoch, xid, seq, cursor, at, entity, key, version, op, sha256, item) FROM STDIN"
        ).format(sql.Identifier(self.schema))
        with self.connection.cursor() as cursor, cursor.copy(into) as copying:
            for place, item in enumerate(items, start=before + 1):
                copying.write_row(
                    (
                        place,
                        *item.numbers,
                        item.cursor,
                        item.at,
                        item.entity,
                        item.key,
                        item.version,
                        item.op,
                        item.sha256,
                        item.text,
                    )
                )

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> psycopg.Cursor:
        """Run a statement on this copy's schema, which stands in it as {}."""
        named = sql.SQL(statement).format(sql.Identifier(self.schema))
        return self.connection.execute(named, parameters)

    def value(self, statement: str, parameters: Sequence[Any] | None = None) -> Any:
        [found] = _one(self.execute(statement, parameters))
        return found


def _last_places(items: Sequence[Item], before: int) -> dict[str, list[int]]:
    """For each kind of thing where the last changes of its things are: the one by which each is as it is now."""
    last: dict[str, dict[str, int]] = {}
    for place, item in enumerate(items, start=before + 1):
        last.setdefault(item.entity, {})[item.key] = place
    return {entity: sorted(places.values()) for entity, places in last.items()}


def _one(cursor: psycopg.Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    assert row is not None
    return row


def let_go(connection: psycopg.Connection) -> None:
    """Close; a connection that is lost already does not matter."""
    with suppress(psycopg.Error):
        connection.close()
