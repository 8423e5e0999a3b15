"""Serving a world over real HTTP: in the foreground for the command, in a thread for tests."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from app.simulator.connections import RememberedConnection
from app.simulator.faults import Faults
from app.simulator.server import Simulator, create_simulator
from app.simulator.world import World

_STARTING_SECONDS = 10.0


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that answers at `base_url` (http://127.0.0.1:PORT, no slash behind it)."""

    base_url: str
    app: Simulator

    @property
    def world(self) -> World:
        return self.app.world

    @property
    def faults(self) -> Faults:
        return self.app.faults

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How many requests came, by (slug, kind of page)."""
        return self.app.requests

    def url(self, slug: str) -> str:
        """The base address of one node."""
        return f"{self.base_url}/{slug}"


class SimulatorDidNotStart(RuntimeError):
    """The server was not ready in time."""


def serve(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    faults: Faults | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM ends it. Port 0 takes a free one; `on_ready` hears the base address before the first answer.

    Raises OSError when the port is taken.
    """
    listening = _listen(host, port)
    base_url = _base_url(listening)
    if on_ready is not None:
        on_ready(base_url)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end; the server has closed before it comes here.
        _server(create_simulator(world, faults=faults)).run(sockets=[listening])


@contextmanager
def running_simulator(
    world: World, *, faults: Faults | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[RunningSimulator]:
    """Serve from a thread of this process until the block ends."""
    app = create_simulator(world, faults=faults)
    listening = _listen(host, port)
    base_url = _base_url(listening)
    server = _server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="simulator", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield RunningSimulator(base_url, app)
    finally:
        server.should_exit = True
        thread.join(_STARTING_SECONDS)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _STARTING_SECONDS
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise SimulatorDidNotStart
        time.sleep(0.005)


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Connections that come before the server is up wait here instead of being refused.
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


def _base_url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(app: Simulator) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=RememberedConnection,
            lifespan="off",
            ws="none",
            log_config=None,  # Faults are raised on purpose; their traces would read like ours.
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=1,
        )
    )
