"""Counting CPU seconds: of a process that has ended, and of a whole PostgreSQL server."""

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")
_CLIENTS_LEAVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """One process as /proc/<pid>/stat tells of it (proc(5)); `ended_children_seconds` are those it has waited for."""

    pid: int
    parent: int
    seconds: float
    ended_children_seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A script that ran to its end: what it printed, and what it cost from its first instruction to its last."""

    said: dict[str, Any]
    cpu_seconds: float
    wall_seconds: float


def read_process(pid: int) -> Process | None:
    """None when there is no such process (any more)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in parentheses and may hold anything, so counting begins behind it: state, parent, …
    fields = text.rpartition(")")[2].split()
    user, system, children_user, children_system = (int(field) for field in fields[11:15])
    return Process(pid, int(fields[1]), (user + system) / _TICK, (children_user + children_system) / _TICK)


def processes() -> list[Process]:
    """Every process of this machine that can be seen."""
    found = (read_process(int(folder.name)) for folder in Path("/proc").iterdir() if folder.name.isdecimal())
    return [process for process in found if process is not None]


class ServerClock:
    """The CPU seconds of a PostgreSQL server: the postmaster, its living children, and those that have ended."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster
        self._resident = {process.pid for process in self._children()}

    def seconds_now(self) -> float:
        """Seconds so far, of clients that stay."""
        return self._sum(self._children())

    def seconds(self) -> float:
        """Seconds so far. Waits until the backends of ended clients have ended too, so that none is between the sums."""
        deadline = time.monotonic() + _CLIENTS_LEAVE_SECONDS
        while (children := self._children()) and time.monotonic() < deadline:
            if all(child.pid in self._resident for child in children):
                break
            time.sleep(0.05)
        return self._sum(children)

    def _sum(self, children: list[Process]) -> float:
        postmaster = read_process(self._postmaster)
        if postmaster is None:
            raise RuntimeError("the database server has gone")
        own = postmaster.seconds + postmaster.ended_children_seconds
        return own + sum(child.seconds for child in children)

    def _children(self) -> list[Process]:
        return [process for process in processes() if process.parent == self._postmaster]


class Scripts:
    """Runs our scripts in fresh interpreters whose bytecode is cached in `cache`, whatever the environment says of it."""

    def __init__(self, cache: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAKOR_", "PYTHON"))}
        self._environment = {**kept, "PYTHONPYCACHEPREFIX": str(cache)}

    def run(self, script: Path, options: dict[str, Any], *, timeout: float) -> Ended:
        """Run one to its end. It reads its options from stdin and prints one JSON line; without options it only starts."""
        began = time.monotonic()
        before = _children_seconds()
        finished = subprocess.run(
            [sys.executable, str(script)],
            input=json.dumps(options),
            stdout=subprocess.PIPE,
            text=True,
            timeout=timeout,
            check=False,
            cwd=script.parent.parent,
            env=self._environment,
        )
        cpu = _children_seconds() - before
        if finished.returncode:
            raise RuntimeError(f"{script.name} ended with code {finished.returncode}")
        said = json.loads(finished.stdout.splitlines()[-1]) if finished.stdout else {}
        return Ended(said, cpu, time.monotonic() - began)


def _children_seconds() -> float:
    """Of the children that this process has waited for; it waits for one at a time."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
