"""Simulated nodes in a process of their own, each on an address of this machine, and when each request came to them.

Reads its world as JSON from stdin, prints its port once it listens, and ends with whoever started it.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
import threading
import time
from typing import Any

import uvicorn

from app.simulator.connections import RememberedConnection
from app.simulator.faults import Faults
from app.simulator.nodes import SimulatedNode, WorldSettings
from app.simulator.server import create_simulator
from app.simulator.world import World


class Watched:
    """The simulator, with a list of who was asked when, by the clock that all processes of this machine share."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._arrivals: list[tuple[float, str]] = []
        self._stalls: list[tuple[float, float]] = []
        self._watch: asyncio.Task[None] | None = None

    async def _watch_itself(self) -> None:
        """Where this process stood still, what came meanwhile is seen late and all at once."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            if (lost := time.monotonic() - began - 0.01) > 0.02:
                self._stalls.append((time.monotonic(), lost))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_itself())
        if scope["type"] == "http":
            slug = scope["path"].split("/")[1]
            if scope["path"] == "/-/arrivals":
                body = json.dumps({"arrivals": self._arrivals, "stalls": self._stalls}).encode()
                await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
                await send({"type": "http.response.body", "body": body})
                return
            if slug != "-":
                self._arrivals.append((time.monotonic(), slug))
        await self._inner(scope, receive, send)


def listen(hosts: list[str]) -> list[socket.socket]:
    """One socket per address, all on one port."""
    sockets: list[socket.socket] = []
    for host in hosts:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, sockets[0].getsockname()[1] if sockets else 0))
        listening.listen(256)
        sockets.append(listening)
    return sockets


def leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main() -> None:
    threading.Thread(target=leave_with, args=(os.getppid(),), daemon=True).start()
    given = json.loads(sys.stdin.readline())
    nodes = [SimulatedNode(node["slug"], f"Instansi Contoh {number}") for number, node in enumerate(given["nodes"])]
    bounds = {kind: tuple(between) for kind, between in given["counts"].items()}
    faults = Faults(nodes={node["slug"]: Faults(latency_seconds=node["seconds"]) for node in given["nodes"]})
    world = World(nodes, WorldSettings(years=(given["year"],), **bounds))
    for node in nodes:  # What is to be served is invented before anybody measures.
        world.truth(node.slug, given["year"])
    app = Watched(create_simulator(world, faults=faults))
    sockets = listen(sorted({node["host"] for node in given["nodes"]}))
    config = uvicorn.Config(
        app,
        http=RememberedConnection,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )
    sys.stdout.write(f"{sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main()
