"""Real worker processes on a test's database, to be stopped, frozen and killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psycopg

from app.kit.db import driver_url

COMMAND = (sys.executable, "-m", "app.worker")


def environment(url, **settings):
    """What a process of ours gets to know: the database, and that loopback may be asked."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAKOR_")}
    ours = {
        "RAKOR_DATABASE_URL": url,
        "RAKOR_ALLOWED_NETWORKS": "127.0.0.0/8",
        "RAKOR_LOG_LEVEL": "warning",
        "COVERAGE_PROCESS_START": "",
    }
    return {**clean, **ours, **settings}


class Workers:
    """The workers of one test; none outlives it. `ask` looks at the database from outside of everything that is tested."""

    def __init__(self, url, **settings):
        self.url = url
        self._environment = environment(url, **settings)
        self._started = []
        self._connection = None

    def ask(self, query):
        """Rows of one look at the database; None while it does not answer."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(driver_url(self.url, ""), autocommit=True)
            return self._connection.execute(query).fetchall()
        except psycopg.OperationalError:
            self._connection = None
            return None

    def start(self, *options, command=COMMAND):
        process = subprocess.Popen([*command, *options], env=self._environment)
        self._started.append(process)
        return process

    def end_all(self):
        if self._connection is not None:
            self._connection.close()
        for process in self._started:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@contextmanager
def workers(url, **settings):
    some = Workers(url, **settings)
    try:
        yield some
    finally:
        some.end_all()


def wait_until(holds, seconds=180.0, *, what="it"):
    """Wait until something holds, and give what it answered."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)
    return answer
