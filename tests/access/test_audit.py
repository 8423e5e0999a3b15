"""The audit trail: what was done stays as it was written, and whoever changes it is found out."""

import asyncio
import hashlib
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.access.audit import record_act, verify_trail
from app.access.credentials import find_secret, forget_secret, list_credentials, store_secret
from app.kit.db import WriteSession, driver_url
from app.kit.json import dumps_canonical
from tests.conftest import NOW
from tests.records import rows

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.decimals(-1_000_000, 1_000_000, places=2)  # fmt: skip
DETAILS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
    max_size=4,
)


async def act(database, subject="run 1", *, seconds=0, **details):
    async with database.transaction() as session:
        moment = NOW + timedelta(seconds=seconds, microseconds=7)
        await record_act(session, caller=None, act="withdrawal.confirmed", subject=subject, details=details, now=moment)


async def judge(database):
    async with database.reading() as session:
        return await verify_trail(session)


def as_owner(urls, statement):
    with psycopg.connect(driver_url(urls.owner, "")) as connection:
        connection.execute(statement)


@pytest.fixture
async def trail(database):
    for number in range(1, 6):
        await act(database, f"run {number}", seconds=number, packages=number, reason="contoh", value=Decimal("12.50"))
    return database


async def test_an_empty_trail_fits(database):
    judgement = await judge(database)

    assert (judgement.entries, judgement.first_broken, judgement.seal) == (0, None, "00" * 32)


async def test_a_trail_that_nobody_touched_fits(trail):
    judgement = await judge(trail)

    assert (judgement.entries, judgement.first_broken) == (5, None)
    found = await rows(trail, "SELECT id, previous_hash, hash FROM audit_entries ORDER BY id")
    assert [entry["id"] for entry in found] == [1, 2, 3, 4, 5]
    assert [entry["previous_hash"] for entry in found[1:]] == [entry["hash"] for entry in found[:-1]]
    assert judgement.seal == found[-1]["hash"].hex()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(DETAILS)
async def test_whatever_an_act_says_fits_when_it_is_read_again(database, details):
    async with database.transaction() as session:
        await record_act(session, caller=None, act="contoh", subject="apa saja", details=details, now=NOW)

    assert (await judge(database)).first_broken is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_entries SET details = jsonb_set(details, '{packages}', '0') WHERE id = 3", 3),
        ("UPDATE audit_entries SET details = details - 'reason' WHERE id = 1", 1),
        ("UPDATE audit_entries SET subject = 'run 9' WHERE id = 5", 5),
        ("UPDATE audit_entries SET act = 'withdrawal.undone' WHERE id = 2", 2),
        ("UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE id = 4", 4),
        ("UPDATE audit_entries SET hash = previous_hash WHERE id = 2", 2),
        ("DELETE FROM audit_entries WHERE id = 3", 3),
        ("DELETE FROM audit_entries WHERE id = 1", 1),
        ("UPDATE audit_entries SET id = 6 WHERE id = 5", 5),
        ("INSERT INTO audit_entries SELECT 6, at, key_id, act, subject, details, hash, hash FROM audit_entries WHERE id = 5", 6),
        ("UPDATE audit_entries SET actor = 'key:9' WHERE id = 2", 2),
        ("UPDATE audit_entries SET actor = NULL WHERE id = 3", 3),
        ("DELETE FROM audit_entries WHERE id = 5", 5),
        ("DELETE FROM audit_entries WHERE id > 3", 4),
        ("TRUNCATE audit_entries", 1),
        ("UPDATE audit_seal SET entries = 4", 5),
        ("UPDATE audit_seal SET hash = decode(repeat('11', 32), 'hex')", 5),
        ("DELETE FROM audit_seal", 5),
    ],
)  # fmt: skip
async def test_what_was_changed_removed_or_inserted_is_found(trail, database_urls, statement, broken):
    as_owner(database_urls, statement)

    assert (await judge(trail)).first_broken == broken


async def test_the_application_cannot_change_the_trail(trail, database_urls):
    for statement in ("UPDATE audit_entries SET subject = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"):
        with (
            psycopg.connect(driver_url(database_urls.app, "")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


async def test_the_application_cannot_move_the_seal_but_by_an_act(trail, database_urls):
    for statement in (
        "UPDATE audit_seal SET entries = 3",
        "DELETE FROM audit_seal",
        "INSERT INTO audit_seal VALUES (2, 0, '')",
    ):
        with (
            psycopg.connect(driver_url(database_urls.app, "")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)

    await act(trail, "run 6")
    assert await rows(trail, "SELECT entries FROM audit_seal") == [{"entries": 6}]


async def test_a_cut_tail_stays_visible_after_acts_that_follow(trail, database_urls):
    as_owner(database_urls, "DELETE FROM audit_entries WHERE id > 3")

    await act(trail, "run 6")
    await act(trail, "run 7")

    assert [entry["id"] for entry in await rows(trail, "SELECT id FROM audit_entries ORDER BY id")] == [1, 2, 3, 6, 7]
    assert (await judge(trail)).first_broken == 4


async def test_a_tail_cut_together_with_its_seal_is_seen_by_who_kept_the_seal(trail, database_urls):
    """Who holds the database can rewrite all of it: the seal that was kept elsewhere is the anchor outside."""
    before = await judge(trail)

    as_owner(
        database_urls,
        "DELETE FROM audit_entries WHERE id > 3;"
        "UPDATE audit_seal SET (entries, hash) = (SELECT 3, hash FROM audit_entries WHERE id = 3)",
    )

    after = await judge(trail)
    assert after.first_broken is None
    assert (before.entries, after.entries) == (5, 3)
    assert after.seal != before.seal


async def test_entries_from_before_actors_were_named_still_fit(database):
    """Sealed as the hub used to: without an actor, by whoever runs the older program beside the newer one."""
    previous = bytes(32)
    for number in (1, 2):
        content = {"id": number, "at": NOW, "key": None, "act": "contoh", "subject": "x", "details": {"n": number}}
        seal = hashlib.sha256(previous + dumps_canonical(content)).digest()
        async with database.transaction() as session:
            await session.execute(
                text("""
                    INSERT INTO audit_entries (id, at, act, subject, details, previous_hash, hash)
                    VALUES (:id, :at, 'contoh', 'x', jsonb_build_object('n', CAST(:id AS bigint)), :previous, :seal)
                """),
                {"id": number, "at": NOW, "previous": previous, "seal": seal},
            )
        previous = seal

    await act(database, "run 3")

    judgement = await judge(database)
    assert (judgement.entries, judgement.first_broken) == (3, None)
    assert [entry["actor"] for entry in await rows(database, "SELECT actor FROM audit_entries ORDER BY id")] == [
        None, None, "command-line",
    ]  # fmt: skip


async def test_acts_at_the_same_time_get_consecutive_numbers(database):
    await asyncio.gather(*(act(database, f"run {number}") for number in range(12)))

    found = await rows(database, "SELECT id FROM audit_entries ORDER BY id")
    assert [entry["id"] for entry in found] == list(range(1, 13))
    assert (await judge(database)).first_broken is None


async def test_an_act_that_is_rolled_back_never_was(trail):
    async with trail.engine.connect() as connection, WriteSession(connection) as session:
        await record_act(session, caller=None, act="contoh", subject="x", details={}, now=NOW)
        await session.rollback()

    await act(trail, "run 6")
    assert (await judge(trail)).entries == 6
    assert (await judge(trail)).first_broken is None


async def test_a_secret_is_replaced_found_and_forgotten_by_its_name(database):
    for secret, moment in (("lama", NOW), ("baru", NOW + timedelta(days=1))):
        async with database.transaction() as session:
            await store_secret(session, "gerbang", secret, now=moment)

    async with database.transaction() as session:
        assert await find_secret(session, "gerbang") == "baru"
        assert await find_secret(session, "lain") is None
        assert await list_credentials(session) == [("gerbang", NOW + timedelta(days=1))]
        assert await forget_secret(session, "gerbang") is True
        assert await forget_secret(session, "lain") is False
    async with database.reading() as session:
        assert await find_secret(session, "gerbang") is None
