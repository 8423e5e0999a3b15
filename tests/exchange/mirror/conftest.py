"""A hub on loopback whose packages change, and databases that copies are kept in."""

import asyncio
import json
import uuid
from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import urlsplit

import psycopg
import pytest
from typer.testing import CliRunner

from app.access.callers import COMMAND_LINE
from app.cli import app
from app.collection.service import start_run
from app.exchange.feed.checkpoints import reckon_checkpoints
from app.kit.db import driver_url, open_database
from app.procurement.service import withdraw_packages
from app.registry.service import retire_node
from app.settings import Settings
from app.statistics.reported import Statement, Totals, state_figures
from tests.conftest import NOW
from tests.contract.serving import serving
from tests.records import a_record, cloned, door_of, minutes


class CopiedHub:
    """A real Rakor and what happens in it."""

    def __init__(self, urls):
        self.urls = urls
        self.root = ""

    def do(self, work):
        async def done():
            database = open_database(self.urls.app, pool_size=3)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(done())

    def record(self, *codes, now=NOW, **fields):
        async def work(database):
            door = await door_of(database)
            await door.record(*(a_record(str(code), **fields) for code in codes), now=now)

        self.do(work)

    def happen(self):
        """A node is told to be collected, and states a total; another one is retired."""

        async def work(database):
            async with database.transaction() as session:
                await start_run(session, "surabaya", fiscal_year=2025, now=NOW)
                statement = Statement(Totals(packages=30, savings=Decimal("1.50")), {})
                await state_figures(session, "surabaya", 2025, statement, caller=COMMAND_LINE, expected=None, now=NOW)
                await retire_node(session, "gresikkab", now=NOW)

        self.do(work)

    def withdraw(self, code):
        async def work(database):
            door = await door_of(database)
            async with door.writing() as session:
                await withdraw_packages(session, door.sender, [("tender", str(code))], now=NOW + minutes(9))

        self.do(work)

    def reckon(self):
        return self.do(reckon_checkpoints)


@contextmanager
def a_hub(urls):
    hub = CopiedHub(urls)
    with serving(Settings(_env_file=None, database_url=urls.app, log_level="error")) as root:
        hub.root = root
        yield hub


@pytest.fixture(scope="module")
def hub(server, template):
    """One hub for all tests of a file: what happens in it stays."""
    with cloned(server, template) as urls, a_hub(urls) as running:
        running.record(*range(1001, 1031))
        running.record(1001, 1002, name="Nama kedua", now=NOW + minutes(1))
        running.happen()
        running.reckon()
        yield running


class Target:
    """A database for a copy, and a look into it."""

    def __init__(self, url):
        self.url = url

    @property
    def name(self):
        return urlsplit(self.url).path.removeprefix("/")

    def rows(self, query, *parameters):
        with psycopg.connect(driver_url(self.url, ""), autocommit=True) as connection:
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, query, *parameters):
        [[found]] = self.rows(query, *parameters)
        return found

    def everything(self):
        """All that a copy says, to see whether something of it has changed."""
        return [
            self.rows(f"SELECT * FROM mirror.{table} ORDER BY place")
            for table in ("changes", "packages", "nodes", "runs", "reported_figures")
        ]


def an_empty_database(server):
    target = Target(server.urls(f"rakor_copy_{uuid.uuid4().hex[:12]}").owner)
    server.command(f"CREATE DATABASE {target.name}")
    yield target
    server.drop(target.name)


@pytest.fixture
def target(server):
    yield from an_empty_database(server)


def mirrored(hub, target, *options):
    """Run the command in this process: its exit code, and what it says as JSON."""
    root = hub if isinstance(hub, str) else hub.root
    result = CliRunner().invoke(app, ["mirror", root, "--into", target.url, "--json", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout) if result.stdout.startswith("{") else result.stderr


@pytest.fixture
def mirror(target):
    return lambda hub, *options: mirrored(hub, target, *options)
