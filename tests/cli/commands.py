"""The `rakor` command as a process of its own, told only what a test tells it."""

import subprocess
import sys
import threading
from contextlib import contextmanager

from tests.workers import environment

RAKOR = (sys.executable, "-m", "app.cli")


def _told(url, settings):
    told = environment(url or "", **settings)
    return told if url else {name: value for name, value in told.items() if name != "RAKOR_DATABASE_URL"}


class Running:
    """A command that goes on; what it says is collected line by line."""

    def __init__(self, url, *arguments, **settings):
        self.process = subprocess.Popen(
            [*RAKOR, *arguments],
            env=_told(url, settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, lines):
        with stream:
            lines.extend(iter(stream.readline, ""))

    def wait(self, seconds=300):
        """Wait for its end, and for all it said."""
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(60)
        return code


@contextmanager
def running(url, *arguments, **settings):
    command = Running(url, *arguments, **settings)
    try:
        yield command
    finally:
        command.process.kill()
        command.wait()


def children(command):
    """Processes that a command started, as far as they live."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, parent, state in rows if int(parent) == command.process.pid and not state.startswith("Z")]
