"""Proposals in the database: made, kept, decided, applied; and the register untouched until then."""

import asyncio
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from app.access.audit import verify_trail
from app.access.callers import COMMAND_LINE
from app.kit.db import driver_url
from app.registry.loading import load_register
from app.registry.proposal_errors import DismissalUnexplained, ProposalClosed, ProposalNotFound, ProposalOutdated
from app.registry.proposal_queries import read_register
from app.registry.proposal_sides import klpd_list, lpse_list
from app.registry.proposals import Decision, decide, keep_accepted_names, note_list
from app.registry.seed import read_seed
from app.registry.service import NodeDraft, match_institutions, node_of_lpse, register_node, retire_node, revise_node
from tests.conftest import NOW
from tests.records import execute, one, rows

UNKNOWN = 1_999_000
SURABAYA = 10
LATER = NOW + timedelta(days=1)
A_LIST, B_LIST = "http://contoh.example/MasterLPSE", "http://contoh.example/MasterKLPD"


class Lists:
    """The master lists as they say the same as the register, but for what a test changes in them."""

    def __init__(self, database, register):
        self.database = database
        self.lpse = {node.kd_lpse: node.name for node in register.nodes if node.kd_lpse is not None}
        self.klpd = {known.kd_klpd: (known.name, "LEMBAGA") for known in register.institutions}

    async def note(self, now=NOW):
        async with self.database.transaction() as session:
            nodes = await note_list(session, lpse_list(self.lpse.items(), A_LIST), now=now)
            named = [(code, name, kind) for code, (name, kind) in self.klpd.items()]
            institutions = await note_list(session, klpd_list(named, B_LIST), now=now)
        return [*nodes.made, *institutions.made]

    async def propose(self, now=NOW):
        """The number of the one proposal that the lists make."""
        (made,) = await self.note(now)
        return made.id


@pytest.fixture
async def lists(database):
    async with database.reading() as session:
        return Lists(database, await read_register(session))


@pytest.fixture
def decided(database):
    async def decide_it(proposal_id, decision="accept", reason=None, now=LATER, **more):
        async with database.transaction() as session:
            return await decide(
                session, proposal_id, Decision(decision), caller=COMMAND_LINE, reason=reason, now=now, **more
            )

    return decide_it


async def proposal(database, proposal_id):
    return await one(database, "SELECT * FROM register_proposals WHERE id = :id", id=proposal_id)


async def node(database, kd_lpse):
    found = await rows(database, "SELECT * FROM nodes WHERE kd_lpse = :kd_lpse", kd_lpse=kd_lpse)
    return found[0] if found else None


async def register_of(database):
    return [
        await rows(database, f"SELECT to_jsonb(t)::text AS row FROM {table} t ORDER BY 1")
        for table in ("nodes", "endpoints", "institutions", "institution_aliases", "node_institutions")
    ]


# -- made and kept


async def test_lists_that_agree_with_the_register_propose_nothing(lists):
    assert await lists.note() == []


async def test_a_difference_is_kept_and_the_register_stays_as_it_is(lists, database):
    before = await register_of(database)
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    lists.klpd["D181"] = ("Kota Khayalan Raya", "KOTA")

    node_id, institution_id = [made.id for made in await lists.note()]

    assert await register_of(database) == before
    assert await proposal(database, node_id) == {
        "id": node_id,
        "subject": "node",
        "key": str(UNKNOWN),
        "what": "new",
        "current": None,
        "proposed": {
            "slug": f"lpse-{UNKNOWN}",
            "name": "LPSE Kota Khayalan",
            "kd_lpse": UNKNOWN,
            "state": "discovered",
        },
        "source": A_LIST,
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "state": "open",
        "decided_at": None,
        "decided_by": None,
        "reason": None,
    }
    kept = await proposal(database, institution_id)
    assert (kept["key"], kept["what"], kept["current"], kept["source"]) == (
        "D181",
        "rename",
        {"name": "Kota Surabaya"},
        B_LIST,
    )


async def test_the_same_seen_again_only_moves_when_it_was_last_seen(lists, database):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()
    before = await proposal(database, made)

    assert await lists.note(LATER) == []

    assert await proposal(database, made) == {**before, "last_seen_at": LATER}


async def test_another_name_closes_the_open_proposal_as_obsolete_and_makes_a_new_one(lists, database):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    first = await lists.propose()
    lists.lpse[UNKNOWN] = "LPSE Kota Impian"

    second = await lists.propose(LATER)

    closed = await proposal(database, first)
    assert (closed["state"], closed["decided_at"], closed["decided_by"]) == ("obsolete", LATER, None)
    assert (await proposal(database, second))["proposed"]["name"] == "LPSE Kota Impian"


async def test_ten_comparisons_at_once_make_one_proposal(lists, database):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"

    made = await asyncio.gather(*(lists.note() for _ in range(10)))

    assert Counter(len(found) for found in made) == {1: 1, 0: 9}
    assert len(await rows(database, "SELECT id FROM register_proposals")) == 1


async def test_a_list_that_lost_nearly_everything_changes_nothing(lists, database):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()
    before = await register_of(database), await proposal(database, made)
    lists.lpse = {SURABAYA: lists.lpse[SURABAYA]}

    assert await lists.note(LATER) == []

    assert (await register_of(database), await proposal(database, made)) == before


async def test_a_node_that_collection_met_by_its_number_gets_its_name_proposed(lists, database, decided):
    async with database.transaction() as session:
        await node_of_lpse(session, UNKNOWN, now=NOW)
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"

    await decided(await lists.propose())

    assert (await node(database, UNKNOWN))["name"] == "LPSE Kota Khayalan"


async def test_a_name_that_a_person_gave_is_left_alone_and_one_that_a_list_gave_follows_the_list(
    lists, database, decided
):
    lists.lpse[SURABAYA] = "LPSE Kota Khayalan"
    await decided(await lists.propose())
    lists.lpse[SURABAYA] = "LPSE Kota Impian"
    await decided(await lists.propose(LATER), now=LATER)
    assert (await node(database, SURABAYA))["name"] == "LPSE Kota Impian"

    async with database.transaction() as session:
        await revise_node(session, "surabaya", {"name": "LPSE Nama Kami"}, now=LATER)

    assert await lists.note(LATER) == []


# -- accepted


async def test_accepting_a_new_node_puts_it_on_the_register_as_discovered(lists, database, decided):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()

    answer = await decided(made, reason="Sesuai surat contoh")

    found = await node(database, UNKNOWN)
    assert {name: found[name] for name in ("slug", "name", "state", "time_zone", "region", "institution")} == {
        "slug": f"lpse-{UNKNOWN}", "name": "LPSE Kota Khayalan", "state": "discovered", "time_zone": "WIB",
        "region": None, "institution": None,
    }  # fmt: skip
    assert await rows(database, "SELECT * FROM endpoints WHERE node_id = :id", id=found["id"]) == []
    kept = await proposal(database, made)
    assert (kept["state"], kept["decided_at"], kept["reason"]) == ("accepted", LATER, "Sesuai surat contoh")
    assert set(answer.follows) == {"id", "en"}
    assert await lists.note(LATER) == []


async def test_an_accepted_node_is_no_local_edit_and_the_shipped_register_may_know_it_better(lists, database, decided):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    await decided(await lists.propose())

    assert (await node(database, UNKNOWN))["edited"] == []


async def test_an_accepted_name_of_a_node_outlives_loading_the_shipped_register(lists, database, decided):
    lists.lpse[SURABAYA] = "LPSE Kota Khayalan"
    await decided(await lists.propose())

    async with database.transaction() as session:
        await load_register(session, read_seed(), now=LATER)

    assert (await node(database, SURABAYA))["name"] == "LPSE Kota Khayalan"
    assert await lists.note(LATER) == []


async def test_accepting_a_number_gives_it_to_the_node_that_is_there(lists, database, decided):
    known = await one(database, "SELECT id, name FROM nodes WHERE slug = 'bappenas' AND kd_lpse IS NULL")
    lists.lpse[UNKNOWN] = known["name"].upper()

    await decided(await lists.propose())

    assert (await node(database, UNKNOWN))["id"] == known["id"]
    assert await lists.note(LATER) == []


async def test_a_number_that_a_person_refuses_is_proposed_as_a_node_of_its_own(lists, database, decided):
    known = await one(database, "SELECT name FROM nodes WHERE slug = 'bappenas'")
    lists.lpse[UNKNOWN] = known["name"]
    await decided(await lists.propose(), "dismiss", "Ini LPSE lain yang senama")

    made = await lists.propose(LATER)

    kept = await proposal(database, made)
    assert (kept["what"], kept["current"]) == ("new", {"same_name": ["bappenas"]})
    await decided(made)
    assert (await node(database, UNKNOWN))["slug"] == f"lpse-{UNKNOWN}"


async def test_accepting_a_new_institution_makes_its_name_lead_to_it(lists, database, decided):
    lists.klpd["K900"] = ("Kementerian Khayalan", "KEMENTERIAN")

    answer = await decided(await lists.propose())

    assert await one(database, "SELECT name, type, region FROM institutions WHERE kd_klpd = 'K900'") == {
        "name": "Kementerian Khayalan",
        "type": "kementerian",
        "region": None,
    }
    async with database.reading() as session:
        assert await match_institutions(session, ["KEMENTERIAN  KHAYALAN"]) == {"KEMENTERIAN  KHAYALAN": "K900"}
    assert "read again" in answer.follows["en"]
    assert "dibaca ulang" in answer.follows["id"]
    assert await lists.note(LATER) == []


async def test_a_name_that_leads_elsewhere_is_not_taken_away(lists, database, decided):
    lists.klpd["D9001"] = ("Kota Surabaya", "KOTA")
    made = await lists.propose()
    assert (await proposal(database, made))["current"] == {"same_name": ["D181"]}

    await decided(made)

    async with database.reading() as session:
        assert await match_institutions(session, ["Kota Surabaya"]) == {"Kota Surabaya": "D181"}
    assert await rows(database, "SELECT type FROM institutions WHERE kd_klpd = 'D9001'") == [{"type": "kota"}]


async def test_a_renamed_institution_is_led_to_by_both_names(lists, database, decided):
    lists.klpd["K1"] = ("Kementerian Khayalan", "KEMENTERIAN")
    former = await one(database, "SELECT name FROM institutions WHERE kd_klpd = 'K1'")
    await execute(database, "DELETE FROM institution_aliases WHERE kd_klpd = 'K1'")

    await decided(await lists.propose())

    async with database.reading() as session:
        names = [former["name"], "Kementerian Khayalan"]
        assert await match_institutions(session, names) == dict.fromkeys(names, "K1")
    assert await lists.note(LATER) == []


async def test_an_accepted_name_of_an_institution_is_given_back_after_the_shipped_register_was_loaded(
    lists, database, decided
):
    for name in ("Kementerian Impian", "Kementerian Khayalan"):
        lists.klpd["K1"] = (name, "KEMENTERIAN")
        await decided(await lists.propose())

    async with database.transaction() as session:
        await load_register(session, read_seed(), now=LATER)
        await keep_accepted_names(session)

    assert await one(database, "SELECT name FROM institutions WHERE kd_klpd = 'K1'") == {"name": "Kementerian Khayalan"}
    assert await lists.note(LATER) == []


async def test_each_decision_is_in_the_audit_trail_with_what_changed(lists, database, decided):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    first = await lists.propose()
    lists.lpse[UNKNOWN + 1] = "LPSE Kota Impian"
    second = await lists.propose()

    await decided(first)
    await decided(second, "dismiss", "Tidak pernah ada")

    trail = await rows(database, "SELECT key_id, act, subject, details FROM audit_entries ORDER BY id")
    assert [(entry["act"], entry["subject"]) for entry in trail] == [
        ("register-proposal.accepted", f"register proposal {first}"),
        ("register-proposal.dismissed", f"register proposal {second}"),
    ]
    assert trail[0]["details"]["proposed"]["kd_lpse"] == UNKNOWN
    assert trail[1]["details"]["reason"] == "Tidak pernah ada"
    async with database.reading() as session:
        assert (await verify_trail(session)).first_broken is None


# -- refused


async def _register(session, number):
    draft = NodeDraft("khayalan", "LPSE Khayalan", number, None, None, "WIB", "active", ())
    await register_node(session, draft, now=LATER)


async def _register_and_retire(session, number):
    await _register(session, number)
    await retire_node(session, "khayalan", now=LATER)


async def _take_slug(session, number):
    draft = NodeDraft(f"lpse-{number}", "LPSE Khayalan", None, None, None, "WIB", "active", ())
    await register_node(session, draft, now=LATER)


async def _take_name(session, _number):
    draft = NodeDraft("khayalan", "LPSE Kota Khayalan", None, None, None, "WIB", "active", ())
    await register_node(session, draft, now=LATER)


@pytest.mark.parametrize("meanwhile", [_register, _register_and_retire, _take_slug, _take_name])
async def test_a_new_node_is_refused_once_the_register_has_changed_there(lists, database, decided, meanwhile):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()
    async with database.transaction() as session:
        await meanwhile(session, UNKNOWN)
    before = await register_of(database)

    for dry_run in (True, False):
        with pytest.raises(ProposalOutdated):
            await decided(made, dry_run=dry_run)

    assert await register_of(database) == before
    assert (await proposal(database, made))["state"] == "open"
    assert await rows(database, "SELECT id FROM audit_entries") == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE nodes SET name = 'LPSE Nama Lain' WHERE slug = 'surabaya'",
        "UPDATE nodes SET edited = '{name}' WHERE slug = 'surabaya'",
        "UPDATE nodes SET state = 'retired' WHERE slug = 'surabaya'",
        "UPDATE nodes SET kd_lpse = 1999999 WHERE slug = 'surabaya'",
    ],
)
async def test_a_rename_is_refused_once_the_node_has_changed(lists, database, decided, meanwhile):
    lists.lpse[SURABAYA] = "LPSE Kota Khayalan"
    made = await lists.propose()
    await execute(database, meanwhile)

    with pytest.raises(ProposalOutdated):
        await decided(made)


async def test_comparing_again_makes_an_outdated_proposal_say_what_the_register_says(lists, database, decided):
    lists.lpse[SURABAYA] = "LPSE Kota Khayalan"
    made = await lists.propose()
    await execute(database, "UPDATE nodes SET name = 'LPSE Nama Lain' WHERE slug = 'surabaya'")

    assert await lists.note(LATER) == []

    assert (await proposal(database, made))["current"]["name"] == "LPSE Nama Lain"
    await decided(made)
    assert (await node(database, SURABAYA))["name"] == "LPSE Kota Khayalan"


async def test_an_institution_that_came_meanwhile_refuses_its_proposal(lists, database, decided):
    lists.klpd["K900"] = ("Kementerian Khayalan", "KEMENTERIAN")
    made = await lists.propose()
    await execute(database, "INSERT INTO institutions (kd_klpd, name, type) VALUES ('K900', 'Badan Contoh', 'lembaga')")

    with pytest.raises(ProposalOutdated):
        await decided(made)


async def test_what_is_decided_is_not_decided_again(lists, decided):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()
    await decided(made)

    for decision in ("accept", "dismiss"):
        with pytest.raises(ProposalClosed, match="accepted"):
            await decided(made, decision, "Contoh")


async def test_ten_who_accept_at_once_change_the_register_once(lists, database, decided):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()

    answers = await asyncio.gather(*(decided(made) for _ in range(10)), return_exceptions=True)

    assert Counter(type(answer).__name__ for answer in answers) == {"Decided": 1, "ProposalClosed": 9}
    assert len(await rows(database, "SELECT id FROM audit_entries")) == 1


@pytest.mark.parametrize("reason", [None, "", "  \n", "\x00\u202e"])
async def test_dismissing_without_a_reason_is_refused(lists, database, decided, reason):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()

    with pytest.raises(DismissalUnexplained):
        await decided(made, "dismiss", reason)

    assert (await proposal(database, made))["state"] == "open"


async def test_what_was_dismissed_stays_away_until_something_else_is_proposed(lists, database, decided):
    lists.lpse[SURABAYA] = "LPSE Kota Khayalan"
    await decided(await lists.propose(), "dismiss", "Salah ketik pada daftar induk")

    assert await lists.note(LATER) == []
    lists.lpse[SURABAYA] = "LPSE Kota Impian"
    assert len(await lists.note(LATER)) == 1
    lists.lpse[SURABAYA] = "LPSE KOTA KHAYALAN"
    assert await lists.note(LATER) == []

    states = await rows(database, "SELECT state FROM register_proposals ORDER BY id")
    assert [row["state"] for row in states] == ["dismissed", "obsolete"]
    assert (await node(database, SURABAYA))["name"] == "LPSE Kota Surabaya"


@pytest.mark.parametrize("decision", ["accept", "dismiss"])
async def test_a_dry_run_says_what_would_follow_and_does_nothing(lists, database, decided, decision):
    lists.lpse[UNKNOWN] = "LPSE Kota Khayalan"
    made = await lists.propose()
    before = await register_of(database), await proposal(database, made)

    answer = await decided(made, decision, "Contoh", dry_run=True)

    assert answer.dry_run
    assert answer.follows
    assert (await register_of(database), await proposal(database, made)) == before
    assert await rows(database, "SELECT id FROM audit_entries") == []


async def test_a_proposal_that_is_not_there_is_said_so(decided):
    with pytest.raises(ProposalNotFound, match="77"):
        await decided(77)


async def test_an_acceptance_that_cannot_be_audited_leaves_no_trace(lists, database, database_urls, decided):
    lists.klpd["K900"] = ("Kementerian Khayalan", "KEMENTERIAN")
    made = await lists.propose()
    before = await register_of(database)
    with psycopg.connect(driver_url(database_urls.owner, ""), autocommit=True) as owner:
        owner.execute("ALTER TABLE audit_entries ADD CONSTRAINT never CHECK (false)")

    with pytest.raises(IntegrityError, match="never"):
        await decided(made)

    assert await register_of(database) == before
    assert (await proposal(database, made))["state"] == "open"
