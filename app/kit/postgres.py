"""An embedded PostgreSQL server that several processes share: whoever comes first starts it, the last one out stops it."""

from __future__ import annotations

import atexit
import contextlib
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from app.kit.postgres_places import (
    SOCKET_NAME,
    PostgresUnavailable,
    choose_binaries,
    default_data_dir,
    open_data_dir,
    open_private,
    read_record,
    server_account,
    settle,
)

if sys.platform != "win32":
    import fcntl

__all__ = ["EmbeddedPostgres", "PostgresUnavailable", "ServerUrls", "default_data_dir", "erase_server"]

KEEPER = Path(__file__).with_name("postgres_keeper.py")
POLL_SECONDS = 0.01
WATCH_SECONDS = 0.5
LEAVING_SECONDS = 75.0
KEEPER_TRIES = 5
RECONNECT_SECONDS = 60.0
SSL_REQUEST = bytes.fromhex("00000008 04d2162f")  # answered with one byte by any live server, before any login
LOG_TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """libpq addresses of one database, percent-encoded: `owner` migrates, `app` is the role the application runs as."""

    owner: str
    app: str


class EmbeddedPostgres:
    """One process's membership in the server of a data directory.

    The server is run by a keeper (`app.kit.postgres_keeper`), a process of its own, so no user's end takes it along.
    `settings` are PostgreSQL parameters; they count when this membership is the one that starts the server.
    """

    def __init__(
        self, data_dir: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._data_dir = Path(data_dir).expanduser().absolute()
        self._binaries = binaries
        self._settings = _sensible_settings() | dict(settings or {})
        self._turn = threading.RLock()
        self._membership: int | None = None
        self._member_pid = 0
        self._left = threading.Event()
        self._existing: set[str] = set()

    @property
    def data_dir(self) -> Path:
        return self._data_dir

    @property
    def log_path(self) -> Path:
        return self._data_dir / "postgres.log"

    def start(self, timeout: float = 600) -> Self:
        """Join the server, starting it when nobody has. Recovery after a crash may take a while: hence ten minutes.

        Raises `PostgresUnavailable` with the end of the server's log.
        """
        if sys.platform == "win32":
            raise PostgresUnavailable(
                "there is no embedded server on Windows; set RAKOR_DATABASE_URL to one of your own"
            )
        with self._turn:
            if self._membership is not None:
                return self
            deadline = time.monotonic() + timeout
            open_data_dir(self._data_dir)
            self._data_dir = self._data_dir.resolve()
            membership = open_private(self._data_dir / "users.lock", os.O_RDWR)
            try:
                # Shared first: from here on no keeper may stop the server. While one is stopping, it holds this alone.
                while not _try_lock(membership, shared=True):
                    self._rest_until(deadline, "the previous server is still stopping")
                self._await_server(deadline)
            except BaseException:
                os.close(membership)
                raise
            self._membership, self._member_pid = membership, os.getpid()
            # In a container everything is killed when the main process ends: leave before that, not by ending.
            atexit.register(self.release)
            self._left = threading.Event()
            threading.Thread(target=self._watch, args=(self._left,), name="postgres-watcher", daemon=True).start()
            return self

    def urls(self, database: str = "rakor") -> ServerUrls:
        """The addresses of a database, which is created when missing and belongs to the owner's role."""
        record = read_record(self._data_dir)
        if self._membership is None or record is None:
            raise PostgresUnavailable("the embedded server has not been started by this process")
        place = f"host={quote(str(record.sockets_in(self._data_dir)), safe='')}&port=5432"

        def url(role: str, name: str) -> str:
            return f"postgresql://{role}:{quote(record.passwords[role], safe='')}@/{quote(name, safe='')}?{place}"

        with self._turn:
            if database not in self._existing:
                _ensure_database(url("rakor_owner", "postgres"), database)
                self._existing.add(database)
        return ServerUrls(owner=url("rakor_owner", database), app=url("rakor_app", database))

    def release(self) -> None:
        """Leave. The last one out waits until the server has stopped, so that nothing is left running behind it."""
        with self._turn:
            membership, self._membership = self._membership, None
            if membership is None:
                return
            atexit.unregister(self.release)
            self._left.set()
            self._existing.clear()
            # A forked child shares its parent's lock: changing it would throw the parent out; closing a copy does not.
            inherited = self._member_pid != os.getpid()
            alone = not inherited and (_try_lock(membership) or not _try_lock(membership, shared=True))
            os.close(membership)
            if alone:
                self._await_keepers_end()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    # -- the keeper

    def _await_server(self, deadline: float) -> None:
        keeper: subprocess.Popen[bytes] | None = None
        tries = 0
        try:
            while not self._is_ready():
                if (lock := self._lock_of_absent_keeper()) is not None:
                    # A keeper that vanished without a word was killed: another one may do better.
                    tries += 1
                    if tries > KEEPER_TRIES:
                        os.close(lock)
                        raise _unavailable("its keeper ended again and again", self.log_path)
                    _close_pipe(keeper)
                    keeper = self._start_keeper(lock)
                _fail_if_reported(keeper, self.log_path)
                self._rest_until(deadline, "it did not become ready in time")
        finally:
            _close_pipe(keeper)

    def _lock_of_absent_keeper(self) -> int | None:
        """`keeper.lock` when nobody keeps the server: now it is on us to start a keeper and hand the lock over."""
        lock = open_private(self._data_dir / "keeper.lock", os.O_RDWR)
        if _try_lock(lock):
            return lock
        os.close(lock)
        return None

    def _start_keeper(self, lock: int) -> subprocess.Popen[bytes]:
        try:
            account = server_account()
            record = settle(self._data_dir, account)
            cluster = record.cluster_in(self._data_dir)
            plan = {
                "data_dir": str(self._data_dir),
                "log": str(self.log_path),
                "binaries": str(choose_binaries(self._binaries, cluster, account)),
                "cluster": str(cluster),
                "sockets": str(record.sockets_in(self._data_dir)),
                "account": account,
                "settings": self._settings,
                "passwords": record.passwords,
            }
            log = open_private(self.log_path, os.O_WRONLY | os.O_APPEND)
            try:
                return _launch(plan, lock, log)
            finally:
                os.close(log)
        finally:
            os.close(lock)  # the keeper has its own copy of the descriptor, and with it the lock

    def _is_ready(self) -> bool:
        """The server says so in its pid file, and something answers on the socket: the file alone may be a leftover."""
        record = read_record(self._data_dir)
        if record is None:
            return False
        try:
            status = (record.cluster_in(self._data_dir) / "postmaster.pid").read_text().splitlines()[7]
        except (OSError, IndexError):
            return False
        if status.strip() != "ready":
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(record.sockets_in(self._data_dir) / SOCKET_NAME))
                probe.sendall(SSL_REQUEST)
                return probe.recv(1) in {b"N", b"S"}
            except OSError:
                return False

    def _watch(self, left: threading.Event) -> None:
        """Start another keeper when ours was killed; the one that gets the lock does it for all."""
        pause = WATCH_SECONDS
        while not left.wait(pause):
            try:
                lock = self._lock_of_absent_keeper()
                if lock is None:
                    pause = WATCH_SECONDS
                    continue
                _close_pipe(self._start_keeper(lock))
            except (OSError, PostgresUnavailable):
                pass  # the next try, or the next one who joins, meets the same trouble and can say so
            pause = min(pause * 2, 30)

    def _await_keepers_end(self) -> None:
        deadline = time.monotonic() + LEAVING_SECONDS
        while time.monotonic() < deadline:
            if (lock := self._lock_of_absent_keeper()) is not None:
                os.close(lock)
                return
            time.sleep(POLL_SECONDS)

    def _rest_until(self, deadline: float, complaint: str) -> None:
        if time.monotonic() > deadline:
            raise _unavailable(complaint, self.log_path)
        time.sleep(POLL_SECONDS)


def erase_server(data_dir: Path) -> None:
    """Delete the server of a data directory with all its data; refused with `PostgresUnavailable` while it is in use."""
    data_dir = data_dir.expanduser().resolve()
    users, keeper = (open_private(data_dir / name, os.O_RDWR) for name in ("users.lock", "keeper.lock"))
    try:
        if not (_try_lock(users) and _try_lock(keeper)):
            raise PostgresUnavailable(f"the server in {data_dir} is in use")
        if record := read_record(data_dir):
            cluster = record.cluster_in(data_dir)
            for folder in (record.sockets_in(data_dir), cluster, cluster.with_name(cluster.name + ".new")):
                shutil.rmtree(folder, ignore_errors=True)
            cluster.with_name(cluster.name + ".lock").unlink(missing_ok=True)
        for name in ("server.json", "roles.sha256", "postgres.log", "postgres.log.1"):
            (data_dir / name).unlink(missing_ok=True)
    finally:
        os.close(users)
        os.close(keeper)


def _sensible_settings() -> dict[str, str]:
    """For one small machine that has other things to do as well. Durability stays as PostgreSQL has it: full."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 if sys.platform != "win32" else 0
    return {
        "shared_buffers": f"{max(32, min(256, memory_mb // 8))}MB",
        "effective_cache_size": f"{max(64, memory_mb // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "64MB",
        "max_connections": "100",
        "random_page_cost": "1.1",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "max_wal_senders": "0",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
        "jit": "off",
    }


def _launch(plan: Mapping[str, object], lock: int, log: int) -> subprocess.Popen[bytes]:
    """Start the keeper in a session of its own, out of reach of the terminal's Ctrl-C; it detaches at once."""
    strange = ("PG", "RAKOR_", "PYTHON")  # its environment outlives ours: neither secrets nor habits belong there
    environment = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(KEEPER), str(plan["data_dir"]), str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd="/",
        env=environment,
        pass_fds=(lock,),
        start_new_session=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    with contextlib.suppress(BrokenPipeError), keeper.stdin as pipe:
        pipe.write(json.dumps(plan).encode())
    keeper.wait()
    os.set_blocking(keeper.stdout.fileno(), False)
    return keeper


def _fail_if_reported(keeper: subprocess.Popen[bytes] | None, log: Path) -> None:
    if keeper is None or keeper.stdout is None or keeper.stdout.closed:
        return
    said = keeper.stdout.read() or b""
    if said not in {b"", b"ready"}:
        raise _unavailable(said.decode(errors="replace"), log)
    if keeper.returncode:
        raise _unavailable(f"its keeper could not be started (code {keeper.returncode})", log)


def _close_pipe(keeper: subprocess.Popen[bytes] | None) -> None:
    if keeper is not None and keeper.stdout is not None:
        keeper.stdout.close()


def _unavailable(complaint: str, log: Path) -> PostgresUnavailable:
    try:
        tail = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError:
        tail = []
    return PostgresUnavailable("\n".join([f"the embedded PostgreSQL is not available: {complaint}", f"{log}:", *tail]))


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EAGAIN}:
            raise
        return False
    return True


def _ensure_database(url: str, database: str) -> None:
    """Create it when missing, together with others who do the same; a server that is just restarting is waited for."""
    import psycopg  # noqa: PLC0415 - only those who ask for a database pay for loading the driver
    from psycopg import sql  # noqa: PLC0415

    deadline = time.monotonic() + RECONNECT_SECONDS
    while True:
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
                if not known:
                    with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
                return
        except psycopg.OperationalError as error:
            if isinstance(error, psycopg.errors.InvalidPassword) or time.monotonic() > deadline:
                raise PostgresUnavailable(f"no connection to the embedded PostgreSQL: {error}") from error
            time.sleep(0.1)
