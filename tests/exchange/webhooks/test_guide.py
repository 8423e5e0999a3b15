"""The guide for subscribers does what it says: its receiver takes our messages, its commands are answered."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.exchange.webhooks.events import EVENT_TYPES
from app.exchange.webhooks.schemas import FiltersRead
from tests.access.callers import secret_of
from tests.contract.serving import serving
from tests.exchange.webhooks.hearers import a_courier, carry, happen
from tests.workers import wait_until

GUIDE = (Path(__file__).parents[3] / "app" / "exchange" / "webhooks" / "README.md").read_text()
COMMANDS = re.findall(
    r"^curl (?:.*\\\n)*.*$", "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)), re.MULTILINE
)
[RECEIVER] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def test_the_guide_leads_from_a_subscription_to_a_message(settings, database, port, tmp_path):
    key = await secret_of(database, "province")
    said = tmp_path / "said"

    def run(command):
        command = command.replace("http://127.0.0.1:8000", base_url).replace(
            "https://penerima.example/rakor", f"http://127.0.0.1:{port}/"
        )
        answer = subprocess.run(
            ["sh", "-c", command.replace("curl ", "curl -sS --fail-with-body ", 1)],
            env={**os.environ, "KEY": key}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
        return json.loads(answer.stdout)

    def is_up():
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", port)) == 0

    with serving(settings) as base_url:
        subscribe, *others = COMMANDS
        made = await asyncio.to_thread(run, subscribe)
        environment = {**os.environ, "WEBHOOK_SECRET": made["secret"], "PORT": str(port)}
        with said.open("w") as output, subprocess.Popen([sys.executable, "-c", RECEIVER], env=environment, stdout=output, stderr=subprocess.DEVNULL) as receiver:  # fmt: skip
            try:
                await asyncio.to_thread(wait_until, is_up, what="the receiver")
                answers = [await asyncio.to_thread(run, command) for command in others]
                await happen(database, "1", "2")
                courier = a_courier(database)
                await carry(courier)
                await carry(courier)
            finally:
                receiver.kill()

    heard = [line.split(" ", 1) for line in said.read_text().splitlines()]
    assert made["id"] == 1
    assert len(answers) == len(others) == 5
    assert answers[1]["items"][0]["type"] == "webhook.ping"
    assert sorted(event for event, _data in heard) == ["package.upsert", "package.upsert", "webhook.ping"]
    assert {json.loads(data)["package"]["code"] for event, data in heard if event == "package.upsert"} == {"1", "2"}


def test_the_guide_names_every_type_and_filter():

    assert all(f"`{name}`" in GUIDE for name in (*EVENT_TYPES, *FiltersRead.model_fields))
