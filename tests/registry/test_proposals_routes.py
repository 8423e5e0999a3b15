"""Proposals over HTTP: everybody reads them, the province decides."""

import asyncio
from collections import Counter

import pytest

from app.registry.proposal_sides import lpse_list
from app.registry.proposals import note_list
from tests.conftest import NOW
from tests.records import one, rows

PATH = "/api/v1/register-proposals"
FIRST = 1_999_000


@pytest.fixture
async def proposed(database):
    """Numbers of five proposals for nodes, oldest first."""
    listed = [(FIRST + more, f"LPSE Khayalan {more}") for more in range(5)]
    async with database.transaction() as session:
        noted = await note_list(session, lpse_list(listed, "http://contoh.example/MasterLPSE"), now=NOW)
    return [row.id for row in noted.made]


async def codes_of(client, query):
    answer = await client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_proposals_are_public_and_come_in_pages_newest_first(client, proposed):
    found, after = [], None
    while True:
        page = (await client.get(PATH, params={"limit": 2, **({"after": after} if after else {})})).json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert found == sorted(proposed, reverse=True)


async def test_a_proposal_says_what_where_and_since_when(client, proposed):
    answer = await client.get(f"{PATH}/{proposed[0]}")

    assert answer.json() == {
        "id": proposed[0],
        "subject": "node",
        "key": str(FIRST),
        "what": "new",
        "current": None,
        "proposed": {
            "slug": f"lpse-{FIRST}",
            "name": "LPSE Khayalan 0",
            "kd_lpse": FIRST,
            "state": "discovered",
        },
        "source": "http://contoh.example/MasterLPSE",
        "first_seen_at": "2026-03-02T03:04:05Z",
        "last_seen_at": "2026-03-02T03:04:05Z",
        "state": "open",
        "decided_at": None,
        "reason": None,
    }


async def test_proposals_can_be_asked_for_by_state_and_subject(keeper, proposed):
    await keeper.post(f"{PATH}/{proposed[0]}/decision", json={"decision": "accept"})
    await keeper.post(f"{PATH}/{proposed[1]}/decision", json={"decision": "dismiss", "reason": "Contoh"})

    assert await codes_of(keeper, "state=accepted") == [proposed[0]]
    assert await codes_of(keeper, "state=dismissed&subject=node") == [proposed[1]]
    assert await codes_of(keeper, "state=open") == proposed[:1:-1]
    assert await codes_of(keeper, "state=obsolete") == await codes_of(keeper, "subject=institution") == []


async def test_an_accepted_node_is_on_the_register(keeper, proposed, database):
    answer = await keeper.post(f"{PATH}/{proposed[0]}/decision", json={"decision": "accept"})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["dry_run"], body["decision"], body["proposal"]["state"]) == (False, "accept", "accepted")
    assert "discovered" in body["follows"]["en"]
    node = (await keeper.get(f"/api/v1/nodes/lpse-{FIRST}")).json()
    assert (node["name"], node["state"], node["kd_lpse"]) == ("LPSE Khayalan 0", "discovered", FIRST)
    key = await one(database, "SELECT id FROM access_keys")
    assert (await one(database, "SELECT key_id FROM audit_entries"))["key_id"] == key["id"]
    assert (await one(database, "SELECT decided_by FROM register_proposals WHERE decided_by IS NOT NULL"))[
        "decided_by"
    ] == key["id"]


async def test_a_dry_run_changes_nothing(keeper, proposed):
    for decision in ("accept", "dismiss"):
        answer = await keeper.post(
            f"{PATH}/{proposed[0]}/decision", json={"decision": decision, "reason": "Contoh", "dry_run": True}
        )
        assert (answer.status_code, answer.json()["dry_run"], answer.json()["proposal"]["state"]) == (200, True, "open")

    assert (await keeper.get(f"/api/v1/nodes/lpse-{FIRST}")).status_code == 404


@pytest.mark.parametrize("authorization", [None, "Bearer rakor_salah", "Basic eDp5"])
async def test_deciding_needs_the_provinces_key(client, proposed, authorization):
    headers = {"Authorization": authorization} if authorization else {}

    answer = await client.post(f"{PATH}/{proposed[0]}/decision", json={"decision": "accept"}, headers=headers)

    assert answer.status_code == 401
    assert (await client.get(f"/api/v1/nodes/lpse-{FIRST}")).status_code == 404


async def test_refusals_have_their_codes_in_both_languages(keeper, proposed):
    async def refusal(proposal_id, **body):
        answer = await keeper.post(f"{PATH}/{proposal_id}/decision", json=body)
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["message"]["id"] != problem["message"]["en"] == problem["detail"]
        return answer.status_code, problem["code"]

    assert await refusal(proposed[0], decision="dismiss") == (422, "dismissal-unexplained")
    assert await refusal(999_999, decision="accept") == (404, "register-proposal-not-found")
    await keeper.post(f"{PATH}/{proposed[0]}/decision", json={"decision": "accept"})
    assert await refusal(proposed[0], decision="accept") == (409, "register-proposal-closed")
    node = {"slug": "khayalan", "name": "LPSE Lain", "kd_lpse": FIRST + 1}
    assert (await keeper.post("/api/v1/nodes", json=node)).status_code == 201
    assert await refusal(proposed[1], decision="accept") == (409, "register-proposal-outdated")
    dismissed = await keeper.post(f"{PATH}/{proposed[1]}/decision", json={"decision": "dismiss", "reason": "Sudah ada"})
    assert (dismissed.status_code, dismissed.json()["proposal"]["state"]) == (200, "dismissed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": "maybe"},
        {"decision": "accept", "dry_run": 1},
        {"decision": "accept", "alasan": "x"},
        {"decision": "dismiss", "reason": "x" * 1001},
        {"decision": "dismiss", "reason": 7},
        [],
    ],
)
async def test_a_body_of_another_form_is_refused(keeper, proposed, body):
    answer = await keeper.post(f"{PATH}/{proposed[0]}/decision", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (f"{PATH}?state=terbuka", 422, "request-invalid"),
        (f"{PATH}?subject=region", 422, "request-invalid"),
        (f"{PATH}?state=open&state=accepted", 422, "request-invalid"),
        (f"{PATH}?what=new", 422, "request-invalid"),
        (f"{PATH}?after=x", 422, "cursor-invalid"),
        (f"{PATH}?after=ffffffffffffffff", 422, "cursor-invalid"),
        (f"{PATH}/0", 422, "request-invalid"),
        (f"{PATH}/abc", 422, "request-invalid"),
        (f"{PATH}/9223372036854775808", 422, "request-invalid"),
        (f"{PATH}/9223372036854775807", 404, "register-proposal-not-found"),
        (f"{PATH}/1/decision", 405, "method-not-allowed"),
    ],
)
async def test_odd_questions_are_answered_as_problems(client, address, status, code):
    answer = await client.get(address)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_reason_that_cannot_be_stored_is_cleaned_and_never_a_fault(keeper, proposed):
    answer = await keeper.post(
        f"{PATH}/{proposed[0]}/decision", json={"decision": "dismiss", "reason": " Sudah\u0000 tutup\n"}
    )

    assert (answer.status_code, answer.json()["proposal"]["reason"]) == (200, "Sudah tutup")


async def test_ten_decisions_at_once_are_one(keeper, proposed, database):
    answers = await asyncio.gather(
        *(keeper.post(f"{PATH}/{proposed[0]}/decision", json={"decision": "accept"}) for _ in range(10))
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    assert len(await rows(database, "SELECT id FROM nodes WHERE kd_lpse = :number", number=FIRST)) == 1
