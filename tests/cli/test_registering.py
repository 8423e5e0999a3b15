"""`rakor registry compare`, `proposals` and `decide`, from the lists of a simulated national service to the register."""

import asyncio
import json
import os

import psycopg
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.kit.db import driver_url, open_database
from app.registry.proposal_sides import lpse_list
from app.registry.proposals import note_list
from app.simulator.running import running_simulator
from tests.conftest import NOW
from tests.simulator.worlds import a_node, a_world

UNKNOWN = 1_999_000
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def here(database_urls, monkeypatch):
    """Run a verb inside this process, with a terminal wide enough for its tables."""
    for name in [name for name in os.environ if name.startswith("RAKOR_")]:
        monkeypatch.delenv(name)
    for console in ("out", "err"):
        monkeypatch.setattr(f"app.cli.registering.{console}.width", 240)

    def invoke(verb, *arguments, **settings):
        environment = {"RAKOR_DATABASE_URL": database_urls.app, "RAKOR_ALLOWED_NETWORKS": "127.0.0.0/8", **settings}
        result = CliRunner().invoke(app, ["registry", verb, *map(str, arguments)], env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def ask(database_urls):
    def question(query):
        with psycopg.connect(driver_url(database_urls.owner, ""), autocommit=True) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else None

    return question


@pytest.fixture(scope="module")
def services():
    """The national services over two nodes: one that nobody knows here, one that they call otherwise than we do."""
    codes = {"Kota Khayalan": "D9001", "Kota Surabaya Raya": "D181"}
    world = a_world(
        a_node("khayalan", institution_name="Kota Khayalan", kd_lpse=UNKNOWN, kd_klpd=codes),
        a_node("surabaya", institution_name="Kota Surabaya Raya", kd_lpse=10, kd_klpd=codes),
    )
    with running_simulator(world) as simulator:
        yield f"{simulator.base_url}/-/isb/api"


def compared(here, services):
    done = here("compare", "--base-url", services, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def by_what(answer, subject):
    return {(row["key"], row["what"]): row for row in answer[subject]["proposed"]}


def test_lists_are_read_compared_and_decided_from_end_to_end(here, services, ask):
    answer = compared(here, services)

    assert answer["node"]["source"] == f"{services}/satudata/MasterLPSE"
    assert (answer["node"]["listed"], answer["node"]["short"], answer["node"]["unusable"]) == (2, True, [])
    nodes, institutions = by_what(answer, "node"), by_what(answer, "institution")
    assert set(nodes) == {(str(UNKNOWN), "new"), ("10", "rename")}
    assert set(institutions) == {("D9001", "new"), ("D181", "rename")}
    assert ask(f"SELECT count(*) FROM nodes WHERE kd_lpse = {UNKNOWN}") == [(0,)]

    for row in (*nodes.values(), *institutions.values()):
        done = here("decide", row["id"], "--accept", "--json")
        assert (done.exit_code, json.loads(done.stdout)["proposal"]["state"]) == (0, "accepted")

    assert ask(f"SELECT slug, name, state FROM nodes WHERE kd_lpse IN (10, {UNKNOWN}) ORDER BY kd_lpse") == [
        ("surabaya", "LPSE Kota Surabaya Raya", "active"),
        (f"lpse-{UNKNOWN}", "LPSE Kota Khayalan", "discovered"),
    ]
    assert ask("SELECT kd_klpd, name, type FROM institutions WHERE kd_klpd IN ('D181', 'D9001') ORDER BY 1") == [
        ("D181", "Kota Surabaya Raya", "kota"),
        ("D9001", "Kota Khayalan", "kota"),
    ]
    assert ask("SELECT count(*), count(key_id) FROM audit_entries WHERE act = 'register-proposal.accepted'") == [(4, 0)]
    again = compared(here, services)
    assert again["node"]["proposed"] == again["institution"]["proposed"] == []


def test_comparing_again_proposes_nothing_twice(here, services):
    compared(here, services)

    again = compared(here, services)

    for subject in ("node", "institution"):
        assert (again[subject]["proposed"], again[subject]["proposed_before"], again[subject]["obsolete"]) == ([], 2, 0)


def test_people_see_a_table_and_what_to_do_next(here, services):
    shown = here("compare", "--base-url", f"{services}/")

    assert shown.exit_code == 0
    for words in ("LPSE Kota Khayalan", "LPSE Kota Surabaya (surabaya)", "LPSE Kota Surabaya Raya", "D9001", "open"):
        assert words in shown.stdout
    assert "2 LPSEs listed: 2 proposals new" in shown.stderr
    assert "does not look whole" in shown.stderr
    assert "rakor registry decide" in shown.stderr
    assert "propose nothing new" in here("compare", "--base-url", services).stdout


def test_what_waits_is_listed_and_what_was_decided_when_asked_for(here, services):
    first, second, *_ = sorted(row["id"] for row in by_what(compared(here, services), "node").values())
    refused = here("decide", first, "--dismiss", "--reason", "Sudah bergabung")

    assert refused.exit_code == 0
    assert refused.stdout.startswith("Dismissed: node ")
    waiting = json.loads(here("proposals", "--json").stdout)
    assert first not in {row["id"] for row in waiting}
    assert second in {row["id"] for row in waiting}
    dismissed = json.loads(here("proposals", "--state", "dismissed", "--json").stdout)
    assert [(row["id"], row["reason"], row["decided_by"]) for row in dismissed] == [(first, "Sudah bergabung", None)]
    assert len(json.loads(here("proposals", "--every-state", "--json").stdout)) == len(waiting) + 1
    assert "Sudah bergabung" in here("proposals", "--every-state").stdout
    assert "the newest 1" in here("proposals", "--limit", 1).stderr
    assert compared(here, services)["node"]["dismissed_before"] == 1


def test_without_proposals_it_says_so(here):
    shown = here("proposals")

    assert (shown.exit_code, shown.stdout) == (0, "No proposals.\n")


def test_a_dry_run_says_whether_it_could_be_done(here, services, ask):
    row = by_what(compared(here, services), "node")[str(UNKNOWN), "new"]

    tried = here("decide", row["id"], "--accept", "--dry-run")

    assert tried.exit_code == 0
    assert tried.stdout.startswith("It could be accepted: node ")
    assert "complete its region" in tried.stderr
    assert ask(f"SELECT count(*) FROM nodes WHERE kd_lpse = {UNKNOWN}") == [(0,)]


def test_what_cannot_be_decided_is_one_line_and_exit_code_1(here, services, ask):
    row = by_what(compared(here, services), "node")["10", "rename"]
    ask("UPDATE nodes SET name = 'LPSE Nama Lain' WHERE kd_lpse = 10")

    for arguments, words in (
        ((999_999, "--accept"), "no register proposal 999999"),
        ((row["id"], "--accept"), "register has changed"),
        ((row["id"], "--dismiss"), "needs a reason"),
    ):
        refused = here("decide", *arguments)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert words in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_decision_must_be_said(here):
    assert (here("decide", 1).exit_code, here("decide").exit_code) == (2, 2)


def test_names_of_strangers_are_no_markup_of_ours(here, database_urls):
    async def propose():
        database = open_database(database_urls.app, pool_size=1)
        async with database.transaction() as session:
            await note_list(session, lpse_list([(UNKNOWN, "LPSE [red]Contoh[/]")], "http://contoh.example"), now=NOW)
        await database.close()

    asyncio.run(propose())

    assert "LPSE [red]Contoh[/]" in here("proposals").stdout


@pytest.mark.parametrize(
    ("base_url", "settings", "code"),
    [
        (NOWHERE, {}, 3),
        (NOWHERE, {"RAKOR_ALLOWED_NETWORKS": ""}, 1),
        ("file:///contoh", {}, 1),
    ],
    ids=["nobody answers", "the address is forbidden", "it is no address of the web"],
)
def test_lists_that_cannot_be_had_are_one_line_and_change_nothing(here, base_url, settings, code, ask):
    refused = here("compare", "--base-url", base_url, **settings)

    assert (refused.exit_code, refused.stdout) == (code, "")
    assert refused.stderr.startswith("The master lists could not be read.")
    assert len(refused.stderr.splitlines()) == 1
    assert ask("SELECT count(*) FROM register_proposals") == [(0,)]


def test_a_service_that_knows_no_such_list_is_a_broken_contract(here, services):
    refused = here("compare", "--base-url", f"{services}/salah")

    assert (refused.exit_code, refused.stdout) == (1, "")


def test_the_database_is_asked_before_the_lists(here, services):
    refused = here("compare", "--base-url", services, RAKOR_DATABASE_URL="postgresql://a:geheim@127.0.0.1:1/nowhere")

    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "database" in refused.stderr
    assert "geheim" not in refused.stderr
