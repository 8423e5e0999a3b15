"""The command's verbs as scripts meet them: what they print, with which exit code, and one clear line when it is no."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import uuid
from decimal import Decimal

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from app.access.service import identify_caller
from app.cli import app
from app.kit.clock import utc_now
from app.kit.db import driver_url, open_database
from app.main import create_app
from app.simulator.faults import Faults
from app.simulator.running import running_simulator
from tests.cli.commands import children, running
from tests.collection.road import SLUG, Road, a_collector, a_world, listed, point_at
from tests.records import cloned
from tests.workers import wait_until, workers

NOWHERE = "postgresql://someone:geheim@127.0.0.1:1/nowhere"
EVERY_VERB = (
    ("migrate",),
    ("registry", "load"),
    ("key", "create", "--name", "x"),
    ("collect", SLUG),
    ("verify",),
    ("doctor",),
    ("serve", "--port", "0"),
    ("demo", "--exit"),
)


@pytest.fixture(scope="module")
def database_urls(server, template):
    with cloned(server, template) as urls:
        yield urls


@pytest.fixture
def empty_database(server):
    """A database without a single table."""
    name = f"rakor_test_{uuid.uuid4().hex[:12]}"
    server.command(f"CREATE DATABASE {name}")
    yield server.urls(name)
    server.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def here(database_urls, monkeypatch):
    """Run a verb inside this process, which spares the start of another one."""
    for name in [name for name in os.environ if name.startswith("RAKOR_")]:
        monkeypatch.delenv(name)

    def invoke(*arguments, url=database_urls.app, **settings):
        result = CliRunner().invoke(app, arguments, env={"RAKOR_DATABASE_URL": url, **settings})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def ask(urls, query):
    with psycopg.connect(driver_url(urls.owner, ""), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else None


def is_one_line(text):
    return text.endswith("\n") and len(text.splitlines()) == 1 and "Traceback" not in text


# -- making it ready


def test_migrate_makes_the_tables_and_does_nothing_the_second_time(here, empty_database):
    roles = {"url": empty_database.app, "RAKOR_MIGRATION_URL": empty_database.owner}

    for _ in range(2):
        done = here("migrate", **roles)
        assert (done.exit_code, done.stdout) == (0, "The schema is up to date.\n")

    assert ask(empty_database, "SELECT count(*) FROM packages") == [(0,)]


def test_registry_load_is_repeatable_and_keeps_local_edits(here, database_urls):
    ask(database_urls, f"UPDATE nodes SET name = 'Nama kami', edited = '{{name}}' WHERE slug = '{SLUG}'")

    loaded = json.loads(here("registry", "load", "--json").stdout)

    assert (loaded["regions"], loaded["new_nodes"], loaded["locally_edited"]) == (552, 0, 1)
    assert loaded["nodes"] > 500
    assert ask(database_urls, f"SELECT name FROM nodes WHERE slug = '{SLUG}'") == [("Nama kami",)]
    assert f"{loaded['nodes']} nodes" in here("registry", "load").stdout.replace("\n", " ")


def test_a_key_is_shown_once_and_kept_only_as_a_hash(here, database_urls):
    made = json.loads(
        here("key", "create", "--role", "province", "--name", "Biro contoh", "--days", "30", "--json").stdout
    )

    assert (made["role"], made["name"]) == ("province", "Biro contoh")
    assert made["expires_at"] is not None
    [(row,)] = ask(database_urls, "SELECT to_jsonb(k)::text FROM access_keys k WHERE name = 'Biro contoh'")
    assert made["key"] not in row
    assert len(made["key"]) >= 32


def test_a_made_key_is_known_to_the_hub(here, database_urls):
    made = json.loads(here("key", "create", "--name", "Pembuka contoh", "--json").stdout)

    assert asyncio.run(_caller(database_urls.app, made["key"])).role == "province"


async def _caller(url, secret):
    database = open_database(url, pool_size=1)
    async with database.reading() as session:
        caller = await identify_caller(session, secret, now=utc_now())
    await database.close()
    return caller


def test_a_key_needs_a_name(here):
    refused = here("key", "create")

    assert (refused.exit_code, refused.stdout) == (2, "")


# -- collecting


@pytest.fixture(scope="module")
def simulated(database_urls):
    """A node that answers; the database knows where."""
    with running_simulator(a_world()) as simulator:
        asyncio.run(_introduce(database_urls.app, simulator))
        yield simulator


@pytest.fixture
def simulator(simulated):
    simulated.requests.clear()
    yield simulated
    simulated.app.faults = Faults()


async def _introduce(url, simulator):
    database = open_database(url, pool_size=1)
    await point_at(database, simulator)
    await database.close()


def collect(here, *options):
    return here("collect", SLUG, *options, RAKOR_ALLOWED_NETWORKS="127.0.0.0/8", RAKOR_LOG_LEVEL="error")


def test_collect_answers_one_json_document_and_zero_when_all_was_read(here, simulator):
    done = collect(here, "--fiscal-year", "2025", "--json")

    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["state"], answer["node"], answer["fiscal_year"]) == (0, "completed", SLUG, 2025)
    assert answer["counts"]["seen"] == answer["counts"]["new"] == listed(simulator.world)
    assert answer["requests"] == simulator.requests.total()
    assert answer["problems"] == [] or {problem["severity"] for problem in answer["problems"]} == {"warning"}


def test_collect_tells_people_what_was_wrong_and_exits_with_one(here, simulator):
    simulator.faults.refuse = True

    done = collect(here, "--fiscal-year", "2024", "--kind", "tender")

    assert done.exit_code == 1
    assert done.stdout.startswith(f"failed: {SLUG} 2024, nothing seen; 1 requests\n")
    assert "node-refused" in done.stdout
    assert "The node refused" in done.stdout


def test_collecting_an_unknown_node_is_refused_in_one_line(here):
    refused = here("collect", "tidak-ada")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert is_one_line(refused.stderr)
    assert "tidak-ada" in refused.stderr


def test_collect_does_not_count_on_a_worker_that_has_just_died(here, simulator, database_urls):
    with workers(database_urls.app) as team:
        worker = team.start()
        wait_until(lambda: team.ask("SELECT 1 FROM procrastinate_workers"), what="the worker's start")
        worker.kill()
        worker.wait()

        done = collect(here, "--fiscal-year", "2025", "--full", "--json")

    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["state"]) == (0, "completed")
    assert answer["counts"]["seen"] == listed(simulator.world)


# -- looking after it


def test_verify_agrees_with_the_figures_and_sees_when_one_is_altered(simulator, here, database_urls):
    asyncio.run(_fill(database_urls.app))
    agreed = here("verify", "--json")
    assert (agreed.exit_code, json.loads(agreed.stdout)["agree"]) == (0, True)
    ask(database_urls, "UPDATE package_summaries SET pagu_base = pagu_base + 0.01 WHERE pagu_packages > 0")

    differs = here("verify", "--json")

    found = json.loads(differs.stdout, parse_float=Decimal)
    assert (differs.exit_code, found["agree"]) == (1, False)
    assert found["differences"]
    assert here("verify").exit_code == 1


async def _fill(url):
    database = open_database(url, pool_size=2)
    assert (await Road(database, a_collector(database)).collect(year=2024)).state == "completed"
    await database.close()


def test_doctor_says_where_everything_is(here):
    facts = json.loads(here("doctor", "--json").stdout)

    assert facts["database_kind"] == "external"
    assert facts["nodes"] > 500
    assert facts["database"].startswith("rakor_test_")


def test_the_printed_contract_is_the_one_that_is_served(here, settings, tmp_path):
    printed = here("openapi")
    written = tmp_path / "openapi.json"

    assert here("openapi", "--write", str(written)).exit_code == 0

    assert printed.stdout == written.read_text(encoding="utf-8")
    assert json.loads(printed.stdout) == json.loads(json.dumps(create_app(settings).openapi()))


# -- the simulator


def test_the_simulators_truth_is_that_of_its_world(here):
    told = here("simulate", "--province", "31", "--year", "2025", "--truth")

    [figure] = json.loads(told.stdout, parse_float=Decimal)
    assert (told.exit_code, figure["fiscal_year"]) == (0, 2025)
    savings = figure["by_pagu"]
    assert savings["savings"] == savings["pagu"] - savings["value"] != 0


def test_simulated_nodes_are_served_until_ctrl_c():
    with running(None, "simulate", "--province", "31", "--port", "0") as simulating:
        address = wait_until(lambda: simulating.out, what="the simulator's address")[0].strip()
        [node] = httpx.get(f"{address}/-/nodes", timeout=60).json()
        assert httpx.get(f"{address}/{node['slug']}/lelang", timeout=60).status_code == 200

        os.killpg(simulating.process.pid, signal.SIGINT)

        assert simulating.wait() == 0
        assert "Traceback" not in "".join(simulating.err)


def test_a_port_in_use_is_one_clear_line_of_the_simulator(here, taken_port):
    refused = here("simulate", "--province", "31", "--port", str(taken_port))

    assert refused.exit_code == 1
    assert str(taken_port) in refused.stderr
    assert is_one_line(refused.stderr)


# -- when it cannot be


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("verb", EVERY_VERB, ids=" ".join)
def test_a_database_that_does_not_answer_is_one_line_without_secrets(here, verb):
    refused = here(*verb, url=NOWHERE)

    assert (refused.exit_code, refused.stdout) == (3, "")
    assert is_one_line(refused.stderr)
    assert "geheim" not in refused.stderr


@pytest.mark.parametrize("verb", [verb for verb in EVERY_VERB if verb[0] not in {"migrate", "demo"}], ids=" ".join)
def test_a_database_without_tables_says_how_to_get_them(here, empty_database, verb):
    refused = here(*verb, url=empty_database.app)

    assert (refused.exit_code, refused.stdout) == (3, "")
    assert is_one_line(refused.stderr)
    assert "rakor migrate" in refused.stderr


@pytest.mark.parametrize("verb", [*EVERY_VERB, ("worker",), ("openapi",)], ids=" ".join)
def test_a_variable_that_cannot_be_used_is_named(here, verb):
    refused = here(*verb, RAKOR_WORKER_CONCURRENCY="banyak")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert is_one_line(refused.stderr)
    assert "RAKOR_WORKER_CONCURRENCY" in refused.stderr


def test_a_database_url_of_no_known_form_is_named_but_not_shown(here):
    refused = here("doctor", url="mysql://root:geheim@localhost/x")

    assert refused.exit_code == 2
    assert is_one_line(refused.stderr)
    assert "RAKOR_DATABASE_URL" in refused.stderr
    assert "geheim" not in refused.stderr


def test_a_port_in_use_is_one_clear_line_before_anything_is_begun(here, taken_port):
    refused = here("serve", "--port", str(taken_port))

    assert (refused.exit_code, refused.stdout) == (3, "")
    assert is_one_line(refused.stderr)
    assert str(taken_port) in refused.stderr


# -- serving


def test_serve_answers_replaces_a_killed_worker_and_ends_well(database_urls):
    with running(database_urls.app, "serve", "--port", "0") as serving:
        address = _address(serving)
        assert httpx.get(f"{address}/readyz", timeout=60).status_code == 200
        [worker] = wait_until(lambda: children(serving), what="a worker")

        os.kill(worker, signal.SIGKILL)

        [successor] = wait_until(lambda: [pid for pid in children(serving) if pid != worker], what="another worker")
        assert httpx.get(f"{address}/livez", timeout=60).status_code == 200
        serving.process.terminate()
        assert serving.wait() == 0
        assert not _lives(successor)
    assert "Traceback" not in "".join(serving.err)


def test_serve_killed_the_hard_way_leaves_no_worker_behind(database_urls):
    with running(database_urls.app, "serve", "--port", "0") as serving:
        _address(serving)
        [worker] = wait_until(lambda: children(serving), what="a worker")

        serving.process.kill()

        wait_until(lambda: not _lives(worker), 15, what="the worker's leaving")


def _address(serving):
    def said():
        assert serving.process.poll() is None, "".join(serving.err)
        return [word for line in serving.err if line.startswith("Rakor listens") for word in line.split()][3:4]

    [address] = wait_until(said, what="the address")
    return address


def _lives(pid):
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")
