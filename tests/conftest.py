"""What tests share: a real PostgreSQL with a migrated template, a database of its own for each test, the API, nodes."""

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import hypothesis
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI

from app.access.service import Role, create_key
from app.kit.db import Database, driver_url, open_database
from app.kit.postgres import EmbeddedPostgres, PostgresUnavailable, ServerUrls, erase_server
from app.kit.server import migrate
from app.main import create_app
from app.registry.loading import load_register
from app.registry.seed import read_seed
from app.settings import Settings

# How long an example takes says more of the machine than of what is tried.
hypothesis.settings.register_profile(
    "rakor", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], parent=hypothesis.settings.default
)
hypothesis.settings.load_profile("rakor")

# Crash safety of the test server itself is not what most tests are about; the kill tests start servers of their own.
# Whoever cleans up by itself would write, and hold up feeds, whenever it likes.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
NOW = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)


OWNER_URLS: dict[str, str] = {}
"""Where the owner of a test's database is, by its name: for tests that change rows behind the application's back."""


class TestServer:
    """The PostgreSQL that tests run on: RAKOR_DATABASE_URL if it is set, else the embedded one."""

    __test__ = False

    def __init__(self, embedded: EmbeddedPostgres | None, external: ServerUrls | None) -> None:
        self._embedded = embedded
        self._external = external

    def urls(self, database: str) -> ServerUrls:
        known = self._external
        if known is None:
            assert self._embedded is not None
            known = self._embedded.urls("rakor_test_maintenance")
        urls = ServerUrls(owner=_renamed(known.owner, database), app=_renamed(known.app, database))
        OWNER_URLS[database] = urls.owner
        return urls

    def command(self, statement: str) -> None:
        """Run one statement outside any test database, as the owner."""
        maintenance = self._external.owner if self._external else self.urls("rakor_test_maintenance").owner
        with psycopg.connect(driver_url(maintenance, ""), autocommit=True) as connection:
            connection.execute(statement)

    def drop(self, database: str) -> None:
        """Drop a database. Sessions that have just ended are waited for: only a superuser may end those of another role."""
        try:
            self.command(f"DROP DATABASE {database}")
        except psycopg.errors.ObjectInUse:
            self.command(f"DROP DATABASE {database} WITH (FORCE)")


def _renamed(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test process alone.

    Each has a server of its own: who writes in one cluster holds up the change feeds of all its databases for as long.
    """
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="session")
def server(own_folder: Path) -> Iterator[TestServer]:
    external = os.environ.get("RAKOR_DATABASE_URL")
    if external:
        yield TestServer(None, ServerUrls(owner=os.environ.get("RAKOR_MIGRATION_URL") or external, app=external))
        return
    with EmbeddedPostgres(own_folder / "postgres", settings=FAST) as embedded:
        yield TestServer(embedded, None)
    with contextlib.suppress(PostgresUnavailable):
        erase_server(own_folder / "postgres")


@pytest.fixture(scope="session")
def template(server: TestServer) -> str:
    """Name of a migrated database with the shipped register, made once for all tests of this process."""
    name = f"rakor_template_{uuid.uuid4().hex[:8]}"
    server.command(f"CREATE DATABASE {name}")
    urls = server.urls(name)
    migrate(urls)
    asyncio.run(_load(urls.app))
    return name


async def _load(url: str) -> None:
    database = open_database(url)
    async with database.transaction() as session:
        await load_register(session, read_seed(), now=NOW)
    await database.close()


@contextmanager
def _clone(server: TestServer, template: str) -> Iterator[ServerUrls]:
    name = f"rakor_test_{uuid.uuid4().hex[:12]}"
    server.command(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.urls(name)
    server.drop(name)


@pytest.fixture
def database_urls(server: TestServer, template: str) -> Iterator[ServerUrls]:
    """A database of this test's own: the migrated schema and the shipped register."""
    with _clone(server, template) as urls:
        yield urls


@pytest.fixture
async def database(database_urls: ServerUrls) -> AsyncIterator[Database]:
    opened = open_database(database_urls.app, pool_size=5)
    yield opened
    await opened.close()


@pytest.fixture
def settings(database_urls: ServerUrls, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_urls.app,
        migration_url=database_urls.owner,
        data_dir=tmp_path / "unused",
        allowed_networks="127.0.0.0/8",
        log_level="error",
    )


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A public caller of the API."""
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as caller:
        yield caller


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(server: TestServer, template: str) -> AsyncIterator[httpx.AsyncClient]:
    """A public caller of an API nobody writes to, one for all tests of a module marked `asyncio(loop_scope="module")`."""
    with _clone(server, template) as urls:
        app = create_app(Settings(_env_file=None, database_url=urls.app, log_level="error"))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as caller,
        ):
            yield caller


@pytest.fixture
async def province_key(database: Database) -> str:
    async with database.transaction() as session:
        return await create_key(session, role=Role.PROVINCE, name="test", now=NOW)


@pytest.fixture
async def keeper(client: httpx.AsyncClient, province_key: str) -> httpx.AsyncClient:
    """The same caller with the province's key."""
    client.headers["Authorization"] = f"Bearer {province_key}"
    return client
