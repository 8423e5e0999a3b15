"""`rakor key …` as scripts meet it: what it prints, with which exit code, and what the trail tells of it."""

import json
import os

import psycopg
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.kit.db import driver_url


@pytest.fixture
def here(database_urls, monkeypatch):
    for name in [name for name in os.environ if name.startswith("RAKOR_")]:
        monkeypatch.delenv(name)

    def invoke(*arguments):
        result = CliRunner().invoke(app, ["key", *arguments], env={"RAKOR_DATABASE_URL": database_urls.app})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def ask(urls, query):
    with psycopg.connect(driver_url(urls.owner, ""), autocommit=True) as connection:
        return connection.execute(query).fetchall()


def test_a_key_lives_from_its_making_to_its_end_at_the_command_line(here, database_urls):
    arguments = (
        "--role",
        "node",
        "--node",
        "surabaya",
        "--node",
        "gresikkab",
        "--name",
        "LPSE contoh",
        "--expires-days",
        "30",
    )
    made = json.loads(here("create", *arguments, "--json").stdout)
    rotated = json.loads(here("rotate", str(made["id"]), "--overlap-hours", "1", "--json").stdout)
    revoked = json.loads(here("revoke", str(made["id"]), "--json").stdout)
    [listed] = json.loads(here("list", "--json").stdout)

    assert (made["role"], made["nodes"], made["state"]) == ("node", ["gresikkab", "surabaya"], "active")
    assert rotated["key"] not in {made["key"], None}
    assert rotated["former_ends_at"] is not None
    assert revoked == listed
    assert (listed["state"], "key" in listed) == ("revoked", False)
    assert ask(database_urls, "SELECT act, subject, actor, key_id FROM audit_entries ORDER BY id") == [
        (act, f"key {made['id']}", "command-line", None) for act in ("key.created", "key.rotated", "key.revoked")
    ]


def test_the_table_for_people_shows_no_secret(here):
    made = json.loads(here("create", "--role", "reader", "--name", "Auditor contoh", "--json").stdout)

    shown = here("list").stdout

    assert "Auditor" in shown
    assert made["key"] not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--role", "node", "--name", "x"),
        ("create", "--role", "reader", "--node", "surabaya", "--name", "x"),
        ("create", "--role", "node", "--node", "atlantis", "--name", "x"),
        ("rotate", "999"),
        ("revoke", "999"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(here, database_urls, arguments):
    refused = here(*arguments, "--json")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert len(refused.stderr.splitlines()) == 1
    assert ask(database_urls, "SELECT id FROM access_keys") == ask(database_urls, "SELECT id FROM audit_entries") == []


@pytest.mark.parametrize("days", ["0", "3651", "x"])
def test_every_key_ends_within_ten_years(here, days):
    assert here("create", "--name", "x", "--expires-days", days).exit_code == 2
