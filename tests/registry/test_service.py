"""The register's verbs, and what happens when two people use them at once."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app.registry.errors import NodeAlreadyRegistered, NodeNotFound, ReferenceUnknown, RegionNotFound
from app.registry.service import (
    EndpointDraft,
    NodeDraft,
    get_node,
    get_region,
    match_institutions,
    note_attempt,
    register_node,
    retire_node,
    revise_node,
)
from app.registry.tables import Node
from tests.conftest import NOW

LATER = NOW + timedelta(days=1)


def a_draft(slug="lpse-contoh", **fields):
    plain = {
        "name": "LPSE Contoh",
        "kd_lpse": None,
        "region": None,
        "institution": None,
        "time_zone": "WIB",
        "state": "active",
    }
    return NodeDraft(**{"slug": slug, **plain, "endpoints": (), **fields})


async def do(database, verb, *arguments, now=NOW, **more):
    async with database.transaction() as session:
        return await verb(session, *arguments, now=now, **more)


async def look(database, slug):
    async with database.reading() as session:
        return await get_node(session, slug)


async def outcome(database, verb, *arguments):
    try:
        await do(database, verb, *arguments)
    except NodeAlreadyRegistered:
        return "refused"
    return "done"


async def test_a_node_is_registered_with_what_was_said(database):
    node = await do(
        database,
        register_node,
        a_draft(
            kd_lpse=1_999_999_999,
            region="35.78",
            institution="D181",
            endpoints=(EndpointDraft("spse", "https://contoh.example/a"),),
        ),
    )

    assert (node.slug, node.kd_lpse, node.region, node.province) == ("lpse-contoh", 1_999_999_999, "35.78", "35")
    assert (node.created_at, node.changed_at, node.retired_at) == (NOW, NOW, None)
    assert [(endpoint.interface, endpoint.position) for endpoint in node.endpoints] == [("spse", 1)]


@pytest.mark.parametrize(
    "draft",
    [
        a_draft("surabaya"),
        a_draft(kd_lpse=10),
        a_draft("surabaya", kd_lpse=10),
        a_draft("surabaya", kd_lpse=1_999_999_999),
    ],
)
async def test_what_is_taken_is_taken(database, draft):
    with pytest.raises(NodeAlreadyRegistered):
        await do(database, register_node, draft)


@pytest.mark.parametrize("fields", [{"region": "99"}, {"region": "35.99"}, {"institution": "D99999"}])
async def test_what_is_referred_to_must_exist(database, fields):
    with pytest.raises(ReferenceUnknown):
        await do(database, register_node, a_draft(**fields))
    with pytest.raises(ReferenceUnknown):
        await do(database, revise_node, "surabaya", fields)


async def test_of_many_who_register_one_slug_at_once_one_succeeds(database):
    tries = await asyncio.gather(*(outcome(database, register_node, a_draft(name=f"LPSE {n}")) for n in range(8)))

    assert Counter(tries) == {"done": 1, "refused": 7}


async def test_of_many_who_register_one_kd_lpse_at_once_one_succeeds(database):
    drafts = [a_draft(f"lpse-contoh-{n}", kd_lpse=1_999_999_999) for n in range(8)]

    tries = await asyncio.gather(*(outcome(database, register_node, draft) for draft in drafts))

    assert Counter(tries) == {"done": 1, "refused": 7}


async def test_of_many_who_revive_one_node_at_once_one_succeeds(database):
    await do(database, retire_node, "surabaya")

    tries = await asyncio.gather(*(outcome(database, register_node, a_draft("surabaya", kd_lpse=10)) for _ in range(8)))

    assert Counter(tries) == {"done": 1, "refused": 7}


async def test_of_many_who_give_nodes_one_kd_lpse_at_once_one_succeeds(database):
    slugs = ("surabaya", "malangkota", "madiunkota", "kediriikota", "blitarkota")[:3]

    tries = await asyncio.gather(*(outcome(database, revise_node, slug, {"kd_lpse": 1_999_999_999}) for slug in slugs))

    assert Counter(tries) == {"done": 1, "refused": 2}


@pytest.mark.parametrize(
    "draft", [a_draft("surabaya", kd_lpse=10), a_draft("surabaya"), a_draft("surabaya-baru", kd_lpse=10)]
)
async def test_registering_a_retired_node_revives_it_with_its_history(database, draft):
    before = await look(database, "surabaya")
    await do(database, note_attempt, node_id=before.id, fiscal_year=2025, state="completed", software_version="4.5")
    retired = await do(database, retire_node, "surabaya")

    revived = await do(database, register_node, draft, now=LATER)

    assert (retired.state, retired.retired_at) == ("retired", NOW)
    assert (revived.id, revived.slug, revived.kd_lpse) == (before.id, draft.slug, 10)
    assert (revived.state, revived.retired_at, revived.changed_at) == ("active", None, LATER)
    assert revived.created_at == before.created_at
    assert [row.fiscal_year for row in revived.freshness] == [2025]


async def test_a_retired_node_keeps_its_slug_and_kd_lpse_from_others(database):
    await do(database, retire_node, "surabaya")

    with pytest.raises(NodeAlreadyRegistered):
        await do(database, revise_node, "malangkota", {"kd_lpse": 10})
    with pytest.raises(NodeAlreadyRegistered):
        await do(database, register_node, a_draft("malangkota", kd_lpse=10))


async def test_retiring_twice_keeps_the_first_moment(database):
    await do(database, retire_node, "surabaya")

    node = await do(database, retire_node, "surabaya", now=LATER)

    assert (node.state, node.retired_at) == ("retired", NOW)


async def test_revising_keeps_what_is_not_given(database):
    before = await look(database, "surabaya")

    node = await do(database, revise_node, "surabaya", {"name": "LPSE Kota Pahlawan"}, now=LATER)

    assert (node.name, node.changed_at, node.edited) == ("LPSE Kota Pahlawan", LATER, ["name"])
    assert (node.kd_lpse, node.region, node.institution) == (before.kd_lpse, before.region, before.institution)
    assert [endpoint.id for endpoint in node.endpoints] == [endpoint.id for endpoint in before.endpoints]


async def test_endpoints_are_replaced_in_the_order_given_and_those_that_stay_keep_their_rows(database):
    first, second = (await look(database, "surabaya")).endpoints
    drafts = (EndpointDraft("spse", second.base_url, {"versi": 4}), EndpointDraft("spse", "https://contoh.example/a"))

    placed = (await do(database, revise_node, "surabaya", {"endpoints": drafts})).endpoints

    assert [(endpoint.base_url, endpoint.position) for endpoint in placed] == [
        (second.base_url, 1),
        ("https://contoh.example/a", 2),
    ]
    assert placed[0].id == second.id
    assert placed[0].options == {"versi": 4}
    assert first.base_url not in [endpoint.base_url for endpoint in placed]


async def test_the_province_follows_the_region(database):
    assert (await do(database, revise_node, "surabaya", {"region": "63.71"})).province == "63"
    assert (await do(database, revise_node, "surabaya", {"region": None})).province is None


async def test_what_is_not_registered_is_not_found(database):
    async with database.reading() as session:
        with pytest.raises(NodeNotFound):
            await get_node(session, "atlantis")
        with pytest.raises(RegionNotFound):
            await get_region(session, "99")
    for verb, arguments in ((revise_node, ("atlantis", {"name": "a"})), (retire_node, ("atlantis",))):
        with pytest.raises(NodeNotFound):
            await do(database, verb, *arguments)


async def test_institutions_are_found_by_the_names_that_pages_use_and_never_guessed(database):
    async with database.reading() as session:
        found = await match_institutions(session, ["PEMERINTAH  KOTA surabaya", "Kota Antah Berantah", "", "Bandung"])
        nothing = await match_institutions(session, [])

    assert found == {"PEMERINTAH  KOTA surabaya": "D181"}
    assert nothing == {}


async def test_a_failed_attempt_does_not_make_a_node_look_fresher_or_forget_its_last_success(database):
    node = await look(database, "surabaya")
    about = {"node_id": node.id, "fiscal_year": 2025}
    await do(database, note_attempt, **about, state="completed", software_version="4.5u1")

    await do(database, note_attempt, **about, state="failed", software_version=None, now=LATER)

    (row,) = (await look(database, "surabaya")).freshness
    assert (row.last_attempt_at, row.last_completed_at, row.last_state, row.software_version) == (
        LATER,
        NOW,
        "failed",
        "4.5u1",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"slug": "A"},
        {"slug": "-a"},
        {"slug": "a" * 64},
        {"slug": "a\n"},
        {"time_zone": "UTC"},
        {"state": "asleep"},
        {"kd_lpse": 0},
    ],
)
async def test_the_database_itself_refuses_what_the_register_cannot_hold(database, fields):
    with pytest.raises(IntegrityError):
        await do(database, _insert, **fields)


async def _insert(session, *, now, **fields):
    plain = {
        "slug": "contoh",
        "name": "LPSE Contoh",
        "time_zone": "WIB",
        "state": "active",
        "created_at": now,
        "changed_at": now,
    }
    await session.execute(insert(Node).values({**plain, **fields}))
