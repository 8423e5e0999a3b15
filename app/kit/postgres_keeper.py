"""The keeper: a small process of its own that runs one stock PostgreSQL server for as long as anybody uses it.

`app.kit.postgres` starts this file by its path, with nothing but the standard library, and hands it a plan as JSON on
standard input. The keeper decides nothing about places or accounts: it prepares the cluster, starts the server again
when it dies, and stops it when the last user's lock is gone. Three kinds of lock, all dropped by the kernel however a
process ends, replace every guess about pids:

* `users.lock`: each user holds it shared; whoever can take it alone knows that nobody is left;
* `keeper.lock`: taken by whoever starts the keeper and inherited by it, so there is never a second one;
* `<cluster>.lock`: inherited by every PostgreSQL process, so an old server is gone exactly when it is free.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

BEAT_SECONDS = 0.1
LOG_LIMIT_BYTES = 8_000_000
SHUTDOWN_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
LINUX = sys.platform.startswith("linux")


class ServerFailed(Exception):
    """PostgreSQL could not be prepared or started; the log says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `app.kit.postgres` has decided. `account` is the (uid, gid) to run PostgreSQL as when we are root."""

    data_dir: str
    log: str
    binaries: str
    cluster: str
    sockets: str
    account: tuple[int, int] | None
    settings: dict[str, str]
    passwords: dict[str, str]


class Keeper:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._cluster = Path(plan.cluster)
        self._users = _open_lock(Path(plan.data_dir, "users.lock"))
        self._told_to_stop = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self._stop_soon())
        signal.signal(signal.SIGINT, lambda *_: self._stop_soon())
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._prepare()
        server = self._start()
        _report("ready")
        while not (self._told_to_stop or self._is_alone()):
            if server.poll() is not None:
                _note(f"PostgreSQL ended by itself ({server.returncode}); starting it again")
                server = self._start()
            _bound(Path(self._plan.log))
            time.sleep(BEAT_SECONDS)
        _stop(server)

    def _stop_soon(self) -> None:
        self._told_to_stop = True

    def _is_alone(self) -> bool:
        """Once true, the lock stays ours: a newcomer waits until we have stopped the server and are gone."""
        return _try_lock(self._users)

    # -- preparing the cluster

    def _prepare(self) -> None:
        mark = Path(self._plan.data_dir, "roles.sha256")
        with self._sole_owner() as lock:
            if not (self._cluster / "PG_VERSION").exists():
                self._initialise(lock)
            elif not mark.exists() or mark.read_text() != self._roles_fingerprint():
                self._set_roles(self._cluster, lock)
            mark.write_text(self._roles_fingerprint())

    def _initialise(self, lock: int) -> None:
        """Build the cluster beside its place and rename it when complete: an interrupted try is simply redone."""
        fresh = self._cluster.with_name(self._cluster.name + ".new")
        if fresh.exists():
            _note("an earlier initialisation was interrupted; doing it again")
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        self._hand_over(fresh)
        syncing = ["--no-sync"] if self._plan.settings.get("fsync") == "off" else []
        ctype = "C.UTF-8" if LINUX else "UTF-8"
        command = ["initdb", "--pgdata", str(fresh), "--username=postgres", "--auth=reject", "--encoding=UTF8"]
        command += ["--locale=C", f"--lc-ctype={ctype}", "--data-checksums", "--no-instructions", *syncing]
        self._run(command, lock)
        # The superuser has no password and so cannot log in at all: only the two roles below can.
        _overwrite(fresh / "pg_hba.conf", "local all all scram-sha-256\n")
        self._set_roles(fresh, lock)
        if self._cluster.exists():
            self._cluster.rmdir()  # an empty folder may be there; anything else is not ours to remove
        fresh.rename(self._cluster)
        _sync_folder(self._cluster.parent)

    def _set_roles(self, cluster: Path, lock: int) -> None:
        """In single-user mode, because no login exists yet that could do it."""
        owner, app = self._plan.passwords["rakor_owner"], self._plan.passwords["rakor_app"]
        create = "DO $$ BEGIN IF to_regrole('{0}') IS NULL THEN CREATE ROLE {0}; END IF; END $$;"
        statements = [
            create.format("rakor_owner"),
            create.format("rakor_app"),
            f"ALTER ROLE rakor_owner LOGIN NOSUPERUSER CREATEDB PASSWORD '{owner}';",
            f"ALTER ROLE rakor_app LOGIN NOSUPERUSER NOCREATEDB PASSWORD '{app}';",
            "GRANT rakor_app, pg_monitor TO rakor_owner;",
        ]
        quiet = ["-c", "log_min_error_statement=panic", "-c", "log_checkpoints=off"]  # a password is never logged
        self._run(
            ["postgres", "--single", "-D", str(cluster), "-c", "exit_on_error=on", *quiet, "postgres"],
            lock,
            typed="\n".join(statements) + "\n",
        )

    def _roles_fingerprint(self) -> str:
        """Tells whether the roles still have the passwords on record, which may have been lost and made anew."""
        return hashlib.sha256(json.dumps(self._plan.passwords, sort_keys=True).encode()).hexdigest()

    # -- running the server

    def _start(self) -> subprocess.Popen[bytes]:
        defaults = {"listen_addresses": "", "unix_socket_permissions": "0700", "log_timezone": "UTC", "TimeZone": "UTC"}
        places = {"unix_socket_directories": '"' + self._plan.sockets.replace('"', '""') + '"', "port": "5432"}
        settings = defaults | self._plan.settings | places
        switches = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._sole_owner() as lock:
            server = self._popen(["postgres", "-D", str(self._cluster), *switches], lock, stdin=subprocess.DEVNULL)
        while not self._is_ready(server.pid):
            if server.poll() is not None:
                raise ServerFailed(f"PostgreSQL ended with code {server.returncode} while it started")
            if self._told_to_stop:
                break
            time.sleep(0.01)
        return server

    def _is_ready(self, pid: int) -> bool:
        lines = _pid_file(self._cluster)
        return len(lines) > 7 and lines[0] == str(pid) and lines[7] == "ready"

    @contextlib.contextmanager
    def _sole_owner(self) -> Iterator[int]:
        """The cluster's lock, taken when the last process of any earlier server is gone; children inherit it."""
        lock = _open_lock(self._cluster.with_name(self._cluster.name + ".lock"))
        try:
            began = time.monotonic()
            while not _try_lock(lock):
                if self._told_to_stop:
                    raise ServerFailed("told to stop while an earlier server was still ending")
                self._hurry_leftovers(waited=time.monotonic() - began)
                time.sleep(0.05)
            self._clear_stale_pid_files()
            yield lock
        finally:
            os.close(lock)

    def _hurry_leftovers(self, *, waited: float) -> None:
        """A busy backend may overlook for minutes that its postmaster died, and nobody can connect meanwhile.

        A postmaster that is still shutting down in good order gets its time first.
        """
        leftovers = _processes_in(self._cluster)
        postmaster_lives = _pid_file(self._cluster)[:1] and int(_pid_file(self._cluster)[0]) in leftovers
        if waited > (SHUTDOWN_SECONDS if postmaster_lives else 0.3):
            for pid in leftovers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)

    def _clear_stale_pid_files(self) -> None:
        """PostgreSQL refuses to start when the pid in a file left by kill -9 now belongs to a stranger.

        We hold the lock that every server of ours would hold, so only one started by other means is respected.
        """
        if not LINUX:
            return
        for pid in _pid_file(self._cluster)[:1]:
            if _is_postgres_in(int(pid), self._cluster, when_hidden=True):
                raise ServerFailed(f"another PostgreSQL server (pid {pid}) already runs in {self._cluster}")
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        Path(self._plan.sockets, ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    # -- processes

    def _popen(self, command: list[str], lock: int, *, stdin: int, stdout: int = 2) -> subprocess.Popen[bytes]:
        account: dict[str, Any] = {}
        if self._plan.account is not None:
            uid, gid = self._plan.account
            account = {"user": uid, "group": gid, "extra_groups": []}
        keeper = os.getpid()
        return subprocess.Popen(
            [str(Path(self._plan.binaries, command[0])), *command[1:]],
            stdin=stdin,
            stdout=stdout,  # by default our standard error, which is the log; as is theirs
            cwd="/",
            pass_fds=(lock,),
            preexec_fn=lambda: _end_with(keeper),  # noqa: PLW1509 - the keeper has one thread
            **account,
        )

    def _run(self, command: list[str], lock: int, *, typed: str = "") -> None:
        process = self._popen(command, lock, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        process.communicate(typed.encode())
        if process.returncode:
            raise ServerFailed(f"{command[0]} ended with code {process.returncode}")

    def _hand_over(self, path: Path) -> None:
        if self._plan.account is not None:
            os.chown(path, *self._plan.account)


def _stop(server: subprocess.Popen[bytes]) -> None:
    for asked, seconds in ((signal.SIGINT, SHUTDOWN_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.send_signal(asked)
            server.wait(seconds)
            return


def _end_with(keeper: int) -> None:
    """In the child, after it has changed its account: ask Linux for a fast shutdown when the keeper dies."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != keeper:  # it died before we asked
            os._exit(1)


def _pid_file(cluster: Path) -> list[str]:
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines] if lines and lines[0].strip().isdigit() else []


def _processes_in(cluster: Path) -> list[int]:
    if not LINUX:
        return []
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _is_postgres_in(pid, cluster, when_hidden=False)]


def _is_postgres_in(pid: int, cluster: Path, *, when_hidden: bool) -> bool:
    """Every PostgreSQL process works in its cluster's folder, which root without ptrace rights may not see."""
    process = Path("/proc", str(pid))
    try:
        if (process / "comm").read_text().strip() not in {"postgres", "postmaster"}:
            return False
        return (process / "cwd").readlink() == cluster
    except PermissionError:
        return when_hidden
    except OSError:
        return False


def _overwrite(path: Path, text: str) -> None:
    """Inside a folder of another account's, where root must not follow links."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
        file.write(text)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bound(log: Path) -> None:
    """Keep at most two files of the limit. Writers append, so an emptied file goes on from its beginning."""
    if os.fstat(sys.stderr.fileno()).st_size > LOG_LIMIT_BYTES:
        previous = log.with_name(log.name + ".1")
        shutil.copyfile(log, previous)
        previous.chmod(0o600)
        os.ftruncate(sys.stderr.fileno(), 0)


def _note(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC [keeper] {text}\n")
    sys.stderr.flush()


def _report(word: str) -> None:
    """Tell the process that started us, if it still listens, and let go of the pipe."""
    with contextlib.suppress(OSError):
        os.write(1, word.encode())
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)


def main() -> NoReturn:
    """`postgres_keeper.py DATA_DIR LOCK`: LOCK is the inherited descriptor of `keeper.lock`, already locked."""
    account_keys = json.load(sys.stdin)
    account_keys["account"] = tuple(account_keys["account"]) if account_keys["account"] else None
    os.set_inheritable(int(sys.argv[2]), False)
    if os.fork():
        os._exit(0)  # nobody's child but init's: our starter never has to reap us
    os.umask(0o077)
    code = 0
    try:
        Keeper(Plan(**account_keys)).run()
    except (ServerFailed, OSError, subprocess.SubprocessError) as error:
        _note(str(error))
        _report(str(error))
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
