import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.simulator.running import running_simulator, serve
from tests.simulator.worlds import a_world

PROJECT = Path(__file__).parents[2]
SERVE_A_WORLD = """
from app.simulator.running import serve
from tests.simulator.worlds import a_world
serve(a_world(), on_ready=lambda base_url: print(base_url, flush=True))
print("ended", flush=True)
"""


def test_a_served_world_answers_until_it_is_interrupted():
    command = [sys.executable, "-c", SERVE_A_WORLD]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            base_url = process.stdout.readline().strip()
            answer = httpx.get(f"{base_url}/contoh/nontender", timeout=60)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()

    assert base_url.startswith("http://127.0.0.1:")
    assert answer.status_code == 200
    assert (process.returncode, output, errors) == (0, "ended\n", "")


def test_the_port_is_free_again_when_the_block_ends():
    with running_simulator(a_world()) as simulator:
        port = int(simulator.base_url.rpartition(":")[2])
        assert httpx.get(simulator.url("contoh"), timeout=60).status_code == 200

    with socket.socket() as knocking:
        assert knocking.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_that_is_taken_is_said_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(OSError, match="in use"):
            serve(a_world(), port=taken.getsockname()[1])
