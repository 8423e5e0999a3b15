"""What the commands share: the database they work on, the worker beside them, and how they speak."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from app.kit.db import Database, is_outage, is_unmigrated, open_database
from app.kit.errors import HubError
from app.kit.json import dumps_text
from app.kit.postgres import PostgresUnavailable, ServerUrls
from app.kit.server import leave_servers, migrate
from app.procurement.epochs import SETTLE_EPOCH
from app.settings import Settings

out = Console()
err = Console(stderr=True)

AsJSON = Annotated[bool, typer.Option("--json", help="Answer as JSON, for scripts.")]
Result = TypeVar("Result")

WORKER_GRACE_SECONDS = 30
SOON_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 3.0
AFTER_GOOD_END_SECONDS = 5.0


def read_settings() -> Settings:
    """The settings, or a friendly word about the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = {str(item["loc"][0]): item["msg"] for item in reversed(error.errors())}
        for variable, message in first.items():
            why = message.removeprefix("Value error, ")
            err.print(Text(f"RAKOR_{variable.upper()}:", style="red"), Text(f"{why}."), soft_wrap=True)
        raise typer.Exit(2) from error


def find_urls(settings: Settings) -> ServerUrls:
    """Where the database is; the embedded one is started if need be."""
    return settings.server_urls()


@asynccontextmanager
async def opened(settings: Settings, *, migrated: bool = True) -> AsyncIterator[Database]:
    """The database, with its schema up to date where it is ours to keep."""
    urls = await asyncio.to_thread(find_urls, settings)
    if migrated and (settings.database_url is None or settings.migration_url is not None):
        await asyncio.to_thread(migrate, urls)
    database = open_database(urls.app, pool_size=4, application_name="rakor-cli", first_words=SETTLE_EPOCH)
    try:
        yield database
    finally:
        await database.close()


def run(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a command's work; a refusal or an outage becomes one clear line and an honest exit code."""
    try:
        with honest_errors():
            return asyncio.run(work())
    finally:
        leave_servers()


def hub_address(url: str, where: str) -> str:
    """The address of a hub as a person has given it; `where` names the option that is wrong if it is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.query or parts.fragment:
        raise typer.BadParameter("an address such as https://rakor.contoh.go.id", param_hint=where)
    return url


@contextmanager
def honest_errors() -> Iterator[None]:
    """Say in one line what went wrong: 1 is a refusal, 3 something that is not there, 130 being interrupted."""
    # SIGTERM ends a command as Ctrl-C does: what it has begun is put in order first.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except HubError as error:
        complain(error.title, error.english)
        raise typer.Exit(1) from error
    except PostgresUnavailable as error:
        complain("The embedded database did not start", str(error))
        raise typer.Exit(3) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error
    except Exception as error:
        reason = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        if is_outage(error):
            complain("The database does not answer", reason.splitlines()[0])
            raise typer.Exit(3) from error
        if is_unmigrated(error):
            complain("The database is there, but not its tables", "Run “rakor migrate” first.")
            raise typer.Exit(3) from error
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_arguments: object) -> None:
    # What a script starts in the background ignores Ctrl-C, and must end when it is told to all the same.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def complain(what: str, why: str) -> None:
    """One line on standard error; what others wrote is shown as it is."""
    err.print(Text(f"{what}.", style="red"), Text(why), soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(dumps_text(value) + "\n")


class WorkerBeside:
    """A worker process of ours, started again when it ends without being asked to."""

    def __init__(self, *, quiet: bool) -> None:
        self.failures = 0
        """How often in a row it ended soon after its start."""
        self._environment = {**os.environ, **({"RAKOR_LOG_LEVEL": "error"} if quiet else {})}
        self._is_leaving = threading.Event()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, name="worker-watcher", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        self._is_leaving.set()
        # Signalled at once, so that it drains while the watcher notices.
        end(self._process)
        self._watcher.join()
        end(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app.worker", "--leave-with", str(os.getpid())]
        # Out of reach of the terminal's Ctrl-C: we end it ourselves, and it leaves by itself when we are gone.
        return subprocess.Popen(command, env=self._environment, process_group=0)

    def _watch(self) -> None:
        while not self._is_leaving.is_set():
            began = time.monotonic()
            code = self._process.wait()
            self.failures = self.failures + 1 if time.monotonic() - began < SOON_SECONDS else 0
            # One that ended well was asked to by somebody, who may be about to ask the same of us.
            pause = AFTER_GOOD_END_SECONDS if code == 0 else min(0.5 * 2.0**self.failures, LONGEST_PAUSE_SECONDS)
            if self._is_leaving.wait(pause):
                return
            complain("The worker ended", f"Its exit code was {code}; another one takes over.")
            self._process = self._start()


@contextmanager
def worker_beside(*, quiet: bool = False) -> Iterator[WorkerBeside]:
    """A worker process for as long as the block lasts. It leaves by itself if this process is killed."""
    worker = WorkerBeside(quiet=quiet)
    try:
        yield worker
    finally:
        worker.stop()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to stop, and see that it does."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(WORKER_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
