"""Invented records for tests, and a hand on the one door: one sensible default each, so that a test says only what matters."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import psycopg
from sqlalchemy import text

from app.core.dates import TimeZone
from app.core.records import PackageFields, PackageRecord, RawAnswer
from app.core.vocabulary import Category, Interface, Method, PackageKind, PackageStatus
from app.kit.db import Database, WriteSession, driver_url, open_database, write_for_node
from app.kit.postgres import ServerUrls
from app.procurement.entries import Receipt, Sender
from app.procurement.service import record_packages
from tests.conftest import NOW, OWNER_URLS, TestServer

SURABAYA, BANJARMASIN, JAYAPURA = "surabaya", "banjarmasinkota", "jayapurakota"
"""One node of the shipped register on each of the three clocks."""


def an_award(name: str = "CV Contoh Makmur", **fields: Any) -> dict[str, Any]:
    """One winner; it has only the amounts that are given."""
    return {"supplier_name": name, "npwp": None, "address": None, **fields}


def a_sketch(code: str = "10001000", *, kind: PackageKind = PackageKind.TENDER, **fields: Any) -> PackageRecord:
    """A record that speaks of nothing but its fiscal year and what is given."""
    about = {name: fields.pop(name) for name in ("source_at", "raw", "problems") if name in fields}
    spoken = cast("PackageFields", {"fiscal_years": [2025], **fields})
    return PackageRecord(kind, code, spoken, **about)


def a_record(code: str = "10001000", **fields: Any) -> PackageRecord:
    """A completed tender with pagu 1 000 000, HPS 900 000 and one contract of 800 000."""
    usual = {
        "name": f"Pekerjaan Contoh {code}",
        "institution_name": "Kota Surabaya",
        "status": PackageStatus.COMPLETED,
        "category": Category.WORKS,
        "method": Method.TENDER,
        "pagu": Decimal("1000000.00"),
        "hps": Decimal("900000.00"),
        "awards": [an_award(contract_value=Decimal("800000.00"))],
        "awarded_at": datetime(2025, 7, 10, 4, tzinfo=UTC),
    }
    return a_sketch(code, **{**usual, **fields})


def an_answer(body: bytes = b"<html>invented page</html>", page: str = "pengumuman", **fields: Any) -> RawAnswer:
    usual = {"url": f"http://127.0.0.1/contoh/{page}", "media_type": "text/html", "fetched_at": NOW}
    return RawAnswer(page=page, body=body, **{**usual, **fields})


@dataclass(frozen=True)
class Door:
    """One source of one node standing at the one door; every batch is a transaction of its own."""

    database: Database
    sender: Sender

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """A transaction that was opened for this node."""
        async with self.database.transaction() as session:
            await write_for_node(session, self.sender.node_id)
            yield session

    async def record(self, *records: PackageRecord, now: datetime = NOW) -> Receipt:
        async with self.writing() as session:
            return await record_packages(session, self.sender, records, now=now)

    async def outcomes(self, *records: PackageRecord, now: datetime = NOW) -> list[str]:
        return [str(outcome) for outcome in (await self.record(*records, now=now)).outcomes]

    def speaking(self, source: Interface) -> "Door":
        """The same node, by the mouth of another source."""
        return replace(self, sender=replace(self.sender, source=source))


async def door_of(database: Database, slug: str = SURABAYA, source: Interface = Interface.SPSE) -> Door:
    node = (await rows(database, "SELECT id, time_zone FROM nodes WHERE slug = :slug", slug=slug))[0]
    return Door(database, Sender(node["id"], TimeZone(node["time_zone"]), source, parser_version="test 1"))


async def rows(database: Database, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """What a plain SELECT sees."""
    async with database.reading() as session:
        return [dict(row) for row in (await session.execute(text(statement), parameters)).mappings()]


async def one(database: Database, statement: str, **parameters: Any) -> dict[str, Any]:
    (found,) = await rows(database, statement, **parameters)
    return found


async def package(database: Database, code: str = "10001000") -> dict[str, Any]:
    return await one(database, "SELECT * FROM packages WHERE code = :code", code=code)


async def execute(database: Database, *statements: str) -> None:
    """Change rows behind the door's back, in one transaction, as nobody but their owner may."""
    name = database.engine.url.database
    assert name is not None
    await asyncio.to_thread(_as_owner, OWNER_URLS[name], statements)


def _as_owner(url: str, statements: Sequence[str]) -> None:
    with psycopg.connect(driver_url(url, "")) as connection:
        connection.execute(FOR_EVERY_NODE)
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]  # constants of the tests


FOR_EVERY_NODE = "SELECT set_config('rakor.node', 'every', true)"
"""What only the owner may say."""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def codes(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["code"] for item in items]


@contextmanager
def cloned(server: TestServer, template: str) -> Iterator[ServerUrls]:
    """A database that the tests of one file share, one after another."""
    name = f"rakor_test_{uuid.uuid4().hex[:12]}"
    server.command(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.urls(name)
    server.drop(name)


@asynccontextmanager
async def borrowed(urls: ServerUrls) -> AsyncIterator[Database]:
    """A shared database for one test, which leaves it as it found it: the register and nothing else."""
    database = open_database(urls.app, pool_size=5)
    yield database
    await database.close()
    empty(urls)


def empty(urls: ServerUrls) -> None:
    """Delete every package and all that hangs on it, as the owner."""
    _as_owner(urls.owner, [f"DELETE FROM {table}" for table in _FILLED_BY_TESTS])


_FILLED_BY_TESTS = (
    "raw_answers",
    "package_versions",
    "feed_checkpoints",
    "changes",
    "awards",
    "observations",
    "packages",
    "suppliers",
    "package_summaries",
    "duration_summaries",
    "supplier_summaries",
    "node_freshness",
    "complete_readings",
    "access_keys",
    "institution_aliases WHERE key LIKE '%khayalan%'",
)
