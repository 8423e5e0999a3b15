"""Probing on a real database: who is due, how workers divide the work, what runs note, and what is forgotten."""

import asyncio

import pytest
from sqlalchemy import text

from app.adapters.protocol import NodeFacts
from app.registry.health import FailureCode, is_open, note_failure, note_success, open_endpoints
from app.registry.probe_book import claim_due, enrol_endpoints
from app.registry.probing import LEASE, probe_due_endpoints, tend_probe_storage
from app.registry.service import EndpointDraft, retire_node, revise_node
from tests.conftest import NOW
from tests.records import rows
from tests.registry.probing_nodes import (
    CONTOH,
    Told,
    a_prober,
    down,
    endpoint_id,
    health,
    minutes,
    only_these_nodes,
    urls,
)


@pytest.fixture
def told():
    return Told()


# -- who is due


async def test_nothing_is_probed_before_it_is_due_again(database, told):
    await only_these_nodes(database, urls(3))
    prober = a_prober(database, told)
    await probe_due_endpoints(prober, NOW)

    assert await probe_due_endpoints(prober, NOW + minutes(13)) == {}
    assert await probe_due_endpoints(prober, NOW + minutes(17)) == {"ok": 3}


async def test_an_open_circuit_costs_one_probe_in_five_minutes_and_closes_with_the_first_answer(database, told):
    ids = await only_these_nodes(database, urls(1))
    told.answers[CONTOH] = down()
    recovered = []

    async def note(session, node_ids):
        assert session.in_transaction()
        recovered.extend(node_ids)

    prober = a_prober(database, told, on_recovery=note)
    for minute in range(60):
        await probe_due_endpoints(prober, NOW + minutes(minute))
    assert 10 <= len(told.asked) <= 12
    assert (await health(database))["state"] == "open"
    assert recovered == []

    del told.answers[CONTOH]
    await probe_due_endpoints(prober, NOW + minutes(65.5))

    now = await health(database)
    assert (now["state"], now["opened_at"], now["consecutive_failures"]) == ("ok", None, 0)
    assert now["recovered_at"] == now["last_ok_at"]
    assert recovered == [ids["contoh-0"]]
    await probe_due_endpoints(prober, NOW + minutes(90))
    assert recovered == [ids["contoh-0"]]


async def test_only_active_nodes_of_the_province_with_an_interface_we_speak_are_probed(database, told):
    await only_these_nodes(database, urls(4))
    async with database.transaction() as session:
        await retire_node(session, "contoh-0", now=NOW)
        await revise_node(session, "contoh-1", {"region": "63.71"}, now=NOW)
        await revise_node(
            session, "contoh-2", {"endpoints": (EndpointDraft("push", "https://contoh2.example/contoh2"),)}, now=NOW
        )

    assert await probe_due_endpoints(a_prober(database, told, province="35"), NOW) == {"ok": 1}
    assert told.asked == ["https://contoh3.example/contoh3"]
    assert await probe_due_endpoints(a_prober(database, told), NOW) == {"ok": 1}
    assert told.asked[1:] == ["https://contoh1.example/contoh1"]


async def test_a_new_address_is_probed_at_once_and_history_outlives_the_old_one(database, told):
    await only_these_nodes(database, urls(1))
    prober = a_prober(database, told)
    await probe_due_endpoints(prober, NOW)
    async with database.transaction() as session:
        drafts = (EndpointDraft("spse", "https://baru.example/contoh"),)
        await revise_node(session, "contoh-0", {"endpoints": drafts}, now=NOW)

    assert await probe_due_endpoints(prober, NOW + minutes(1)) == {"ok": 1}

    kept = await rows(database, "SELECT base_url FROM probes ORDER BY id")
    assert [row["base_url"] for row in kept] == [CONTOH, "https://baru.example/contoh"]
    assert len(await rows(database, "SELECT 1 FROM endpoint_health")) == 1


async def test_an_endpoint_that_is_taken_away_while_it_is_probed_does_no_harm(database, told):
    await only_these_nodes(database, urls(2))

    async def gone(client, endpoint):
        async with database.transaction() as session:
            await revise_node(session, "contoh-0", {"endpoints": ()}, now=NOW)
        return NodeFacts()

    told.answers[CONTOH] = gone

    assert await probe_due_endpoints(a_prober(database, told), NOW) == {"ok": 2}
    assert len(await rows(database, "SELECT 1 FROM probes")) == 2


async def test_a_credential_travels_to_the_adapter(database, told):
    await only_these_nodes(database, {})
    async with database.transaction() as session:
        draft = EndpointDraft("spse", CONTOH, {"credential": "contoh"})
        await revise_node(session, "surabaya", {"endpoints": (draft,)}, now=NOW)

    async def find(options):
        return f"rahasia {options['credential']}"

    await probe_due_endpoints(a_prober(database, told, find_secret=find), NOW)

    assert told.secrets == ["rahasia contoh"]


# -- several workers


async def test_two_probers_at_once_divide_the_work(database):
    await only_these_nodes(database, urls(60))
    told, both_are_busy = [Told(), Told()], asyncio.Event()

    async def as_soon_as_both_are_busy(client, endpoint):
        if min(len(one.asked) for one in told) >= 7:
            both_are_busy.set()
        await both_are_busy.wait()
        return NodeFacts()

    for one in told:
        one.answers = dict.fromkeys(urls(60).values(), as_soon_as_both_are_busy)
    probers = [a_prober(database, one, at_once=7) for one in told]

    async with asyncio.timeout(60):
        tallies = await asyncio.gather(*(probe_due_endpoints(prober, NOW) for prober in probers))

    assert sum(tally["ok"] for tally in tallies) == 60
    assert all(tally["ok"] >= 7 for tally in tallies)
    asked = [url for one in told for url in one.asked]
    assert sorted(asked) == sorted(set(asked))
    assert len(await rows(database, "SELECT 1 FROM probes")) == 60


async def test_one_endpoint_is_claimed_once_however_many_ask(database):
    await only_these_nodes(database, urls(20, host="satu.example"))
    async with database.transaction() as session:
        await enrol_endpoints(session, now=NOW)

    async def claim():
        async with database.transaction() as session:
            return await claim_due(
                session, interfaces=["spse"], province=None, busy_hosts=[], per_host=99, limit=99, now=NOW, lease=LEASE
            )

    claims = [due.endpoint_id for claimed in await asyncio.gather(*(claim() for _ in range(5))) for due in claimed]

    assert len(claims) == len(set(claims)) == 20


async def test_what_a_dead_worker_had_claimed_is_due_again_after_its_lease(database, told):
    await only_these_nodes(database, urls(1))
    async with database.transaction() as session:
        await enrol_endpoints(session, now=NOW)
        await claim_due(
            session, interfaces=["spse"], province=None, busy_hosts=[], per_host=9, limit=9, now=NOW, lease=LEASE
        )
    prober = a_prober(database, told)

    assert await probe_due_endpoints(prober, NOW + LEASE - minutes(0.1)) == {}
    assert await probe_due_endpoints(prober, NOW + LEASE) == {"ok": 1}


async def test_a_stopping_worker_drops_what_is_under_way_and_keeps_what_is_done(database, told):
    stopping = asyncio.Event()

    async def stuck(client, endpoint):
        stopping.set()
        await asyncio.Event().wait()

    await only_these_nodes(database, urls(3))
    told.answers[CONTOH] = stuck

    async with asyncio.timeout(60):
        tally = await probe_due_endpoints(a_prober(database, told, is_stopping=stopping.is_set), NOW)

    assert tally == {"ok": 2}
    assert (await health(database))["last_probe_at"] is None


async def test_a_fault_of_ours_is_no_fault_of_the_node(database, told):
    await only_these_nodes(database, urls(2))
    told.answers[CONTOH] = ZeroDivisionError("ours")

    assert await probe_due_endpoints(a_prober(database, told), NOW) == {"ok": 1}
    now = await health(database)
    assert (now["state"], now["consecutive_failures"]) == ("unknown", 0)


# -- what runs note


async def test_three_runs_that_cannot_reach_a_node_open_its_circuit_and_one_that_can_closes_it(database):
    await only_these_nodes(database, urls(1))
    endpoint = await endpoint_id(database)
    opened = []
    for number in range(4):
        async with database.transaction() as session:
            now = NOW + minutes(number)
            opened.append(await note_failure(session, endpoint, FailureCode.TIMED_OUT, now=now))
    async with database.reading() as session:
        assert await is_open(session, endpoint)
        assert await open_endpoints(session, [endpoint, -1]) == {endpoint}

    closed = []
    for _ in range(2):
        async with database.transaction() as session:
            closed.append(await note_success(session, endpoint, now=NOW + minutes(9)))

    assert opened == [False, False, True, False]
    assert closed == [True, False]
    async with database.reading() as session:
        assert not await is_open(session, endpoint)
    assert (await health(database))["recovered_at"] == NOW + minutes(9)


async def test_failures_of_runs_and_probes_count_together(database, told):
    await only_these_nodes(database, urls(1))
    told.answers[CONTOH] = down()
    await probe_due_endpoints(a_prober(database, told), NOW)
    for number in (1, 2):
        async with database.transaction() as session:
            await note_failure(session, await endpoint_id(database), FailureCode.UNREACHABLE, now=NOW + minutes(number))

    assert (await health(database))["state"] == "open"


async def test_a_node_that_is_collected_all_day_is_probed_all_the_same(database, told):
    await only_these_nodes(database, urls(1))
    prober = a_prober(database, told)
    for minute in range(60):
        async with database.transaction() as session:
            await note_success(session, await endpoint_id(database), now=NOW + minutes(minute))
        await probe_due_endpoints(prober, NOW + minutes(minute))

    assert 4 <= len(told.asked) <= 5


async def test_what_is_not_on_the_register_is_neither_open_nor_noted(database):
    async with database.transaction() as session:
        assert not await note_failure(session, 999_999_999, FailureCode.REFUSED, now=NOW)
        assert not await note_success(session, 999_999_999, now=NOW)
        assert not await is_open(session, 999_999_999)


# -- retention


async def test_old_probes_are_forgotten_and_their_hours_are_kept_for_more_than_a_year(database):
    ids = await only_these_nodes(database, urls(1))
    days = (0, 6, 29, 31, 399, 401)
    async with database.transaction() as session:
        for day in days:
            await session.execute(
                text("""
                    INSERT INTO probes (node_id, endpoint_id, interface, base_url, at, ok)
                    VALUES (:node, 1, 'spse', 'x', now() - :day * interval '1 day', true)
                """),
                {"node": ids["contoh-0"], "day": day},
            )
            await session.execute(
                text("""
                    INSERT INTO probe_hours
                    VALUES (:node, 1, date_trunc('hour', now() - :day * interval '1 day'), 1, 1, 5, 5)
                """),
                {"node": ids["contoh-0"], "day": day},
            )

    await tend_probe_storage(database, keep_days=30)

    assert len(await rows(database, "SELECT 1 FROM probe_hours")) == 5
    # The oldest ids are looked at first, and only what is past its time goes.
    ages = await rows(database, "SELECT round(extract(epoch FROM now() - at) / 86400) AS days FROM probes ORDER BY 1")
    assert [int(row["days"]) for row in ages] == [0, 6, 29]


async def test_less_than_a_week_is_never_forgotten(database):
    with pytest.raises(Exception, match="at least a week"):
        await tend_probe_storage(database, keep_days=1)
