"""The whole road of a pushed body: from the first byte over HTTP to the last row taken in, API and worker as processes of their own."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from measuring import ServerClock

from app.access.callers import COMMAND_LINE, Role
from app.access.keys import KeyDraft, issue_key
from app.kit.clock import utc_now
from app.kit.db import open_database
from app.kit.postgres import ServerUrls

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Pushed:
    """One body on its way: seconds of the clock, of API and worker, of the database server, and what became of its rows."""

    wall: float
    client: float
    database: float
    outcomes: dict[str, int]


class Hub:
    """An API and one worker on a database, and somebody who pushes to them."""

    def __init__(
        self, client: httpx.AsyncClient, processes: Sequence[subprocess.Popen[bytes]], clock: ServerClock
    ) -> None:
        self._client = client
        self._processes = processes
        self._clock = clock

    async def push(self, node: str, lines: Sequence[bytes]) -> Pushed:
        """Push one body and wait for its end."""
        server, spent, began = self._clock.seconds_now(), self._cpu(), time.perf_counter()
        answer = await self._client.post(
            f"/api/v1/nodes/{node}/submissions",
            content=_pieces(lines),
            headers={"Content-Type": "application/x-ndjson"},
            timeout=600,
        )
        answer.raise_for_status()
        while (receipt := answer.json())["state"] in {"received", "processing"}:
            await asyncio.sleep(0.2)
            answer = await self._client.get(f"/api/v1/submissions/{receipt['id']}")
        wall = time.perf_counter() - began
        if receipt["state"] != "completed" or receipt["problems"]:
            raise RuntimeError(f"the body was not taken in whole: {receipt}")
        counts = {name: number for name, number in receipt["counts"].items() if number and name != "seen"}
        return Pushed(wall, self._cpu() - spent, self._clock.seconds_now() - server, counts)

    @property
    def address(self) -> str:
        return str(self._client.base_url)

    def memory(self) -> int:
        """The most memory that API and worker have held so far, in MB, the larger of the two."""
        peaks = [_status(process.pid, "VmHWM") for process in self._processes]
        return max(peaks) // 1024

    def _cpu(self) -> float:
        ticks = os.sysconf("SC_CLK_TCK")
        spent = 0
        for process in self._processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / ticks


@asynccontextmanager
async def running_hub(urls: ServerUrls, clock: ServerClock) -> AsyncIterator[Hub]:
    """Start both processes on a migrated database; both end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAKOR_")} | {
        "RAKOR_DATABASE_URL": urls.app,
        "RAKOR_MIGRATION_URL": urls.owner,
        "RAKOR_LOG_LEVEL": "warning",
    }
    api = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port), "--log-level", "warning"]
    processes = [subprocess.Popen(command, env=environment) for command in (api, [sys.executable, "-m", "app.worker"])]
    database = open_database(urls.app)
    try:
        async with database.transaction() as session:
            draft = KeyDraft(Role.PROVINCE, "benchmark")
            issued = await issue_key(session, draft, caller=COMMAND_LINE, now=utc_now())
        headers = {"Authorization": f"Bearer {issued.secret}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            await _ready(client)
            yield Hub(client, processes, clock)
    finally:
        await database.close()
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


async def _ready(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        try:
            if (await client.get("/readyz")).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the API did not become ready")


async def _pieces(lines: Sequence[bytes]) -> AsyncIterator[bytes]:
    held: list[bytes] = []
    size = 0
    for line in _ended(lines):
        held.append(line)
        size += len(line)
        if size > PIECE:
            yield b"".join(held)
            held.clear()
            size = 0
    yield b"".join(held)


def _ended(lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line if line.endswith(b"\n") else line + b"\n"


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
