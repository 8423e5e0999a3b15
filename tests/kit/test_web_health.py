"""Alive and ready, also when the database is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from app.main import create_app
from tests.kit.strangers import listening


class Relay:
    """Stands between the API and its database on loopback, so that a test can cut the line and mend it."""

    def __init__(self, url):
        parts = urlsplit(url)
        self._parts = parts
        self._socket_folder = parse_qs(parts.query).get("host", [""])[0]
        self._server = None
        self._writers = set()
        self.port = 0

    @property
    def url(self):
        """The database's address by way of the relay."""
        user = self._parts.netloc.rpartition("@")[0]
        return f"postgresql://{user}@127.0.0.1:{self.port}{self._parts.path}"

    async def start(self):
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self):
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _carry(self, reader, writer):
        if self._socket_folder.startswith("/"):
            there, back = await asyncio.open_unix_connection(f"{unquote(self._socket_folder)}/.s.PGSQL.5432")
        else:
            there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port or 5432)
        self._writers |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        self._writers -= {writer, back}

    async def _pump(self, source, target):
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()


@asynccontextmanager
async def calling(settings, url) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings.model_copy(update={"database_url": type(settings.database_url)(url)}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as caller,
    ):
        yield caller


async def test_alive_and_ready_when_all_is_well(client):
    assert (await client.get("/livez")).json() == {"status": "ok", "checks": {}}
    assert (await client.get("/readyz")).json() == {"status": "ok", "checks": {"database": "ok"}}


async def test_a_lost_database_is_said_so_and_everything_works_again_when_it_is_back(settings):
    relay = Relay(settings.database_url.get_secret_value())
    await relay.start()
    async with calling(settings, relay.url) as caller:
        assert (await caller.get("/api/v1/nodes/surabaya")).status_code == 200

        await relay.cut()
        lost = await caller.get("/api/v1/nodes/surabaya", headers={"Origin": "https://dasbor.example"})
        unready = await caller.get("/readyz")
        alive = await caller.get("/livez")

        assert (lost.status_code, lost.json()["code"], lost.headers["retry-after"]) == (
            503,
            "database-unavailable",
            "5",
        )
        assert lost.headers["content-type"] == "application/problem+json"
        assert lost.headers["access-control-allow-origin"] == "*"
        assert (unready.status_code, unready.json()) == (
            503,
            {"status": "unavailable", "checks": {"database": "unavailable"}},
        )
        assert alive.status_code == 200

        await relay.start()
        async with asyncio.timeout(60):
            while (await caller.get("/readyz")).status_code != 200:
                pass
        assert (await caller.get("/api/v1/nodes/surabaya")).status_code == 200
    await relay.cut()


async def test_a_write_that_loses_the_database_is_not_a_cheerful_answer(settings, province_key):
    relay = Relay(settings.database_url.get_secret_value())
    await relay.start()
    async with calling(settings, relay.url) as caller:
        caller.headers["Authorization"] = f"Bearer {province_key}"
        await caller.get("/readyz")
        await relay.cut()

        answer = await caller.post("/api/v1/nodes", json={"slug": "contoh", "name": "LPSE Contoh"})

        assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")


async def test_a_database_that_does_not_answer_makes_the_service_unready_soon(settings):
    async def silence(reader, writer):
        await reader.read()
        writer.close()

    async with (
        listening(silence) as port,
        calling(settings, f"postgresql://rakor_app:rahasia@127.0.0.1:{port}/rakor") as caller,
        asyncio.timeout(60),
    ):
        answer = await caller.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]) == (503, {"database": "unavailable"})
    assert "rahasia" not in answer.text
