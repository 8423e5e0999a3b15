"""Personal data: the public sees none of it anywhere, and whoever it concerns sees all of it."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.access.callers import COMMAND_LINE, Role
from app.access.keys import KeyDraft, issue_key
from app.core.vocabulary import Interface
from app.kit.clock import utc_now
from app.procurement.masking import masked
from tests.conftest import NOW
from tests.records import JAYAPURA, a_record, an_award, door_of

PACKAGE = "/api/v1/packages/surabaya/tender/10001000"
NPWP = "01.234.567.8-901.000"
NIK = "3578014101900001"
NIP = "198001012005011001"
PHONE = "0812-3456-7890"
FOREIGN_PHONE = "+62 811 222 3333"
MAIL = "budi@surat.contoh.go.id"
SECRETS = (NPWP, NIK, NIP, PHONE, FOREIGN_PHONE, MAIL)

FULL = {
    "name": f"Pengadaan Contoh, hubungi {PHONE}",
    "labels": [f"Narahubung {MAIL}"],
    "description": f"PPK Contoh NIP {NIP}, {FOREIGN_PHONE}",
    "locations": [f"Jl. Contoh 1 ({PHONE})"],
    "stage": f"Selesai a.n. {NIK}",
    "reason": f"Surat dari {MAIL}",
    "satker_name": f"Dinas Contoh {PHONE}",
    "contract_type": f"Lumsum {NIK}",
    "source_ids": {"kd_contoh": "62812345678", "penyedia": NIK},
    "rup_codes": ["62812345", NIK],
    "awards": [an_award(f"Contoh {PHONE}", npwp=NPWP, address=f"Jl. Contoh, {MAIL}", contract_value=Decimal(800000))],
    "offers": [{"supplier_name": f"CV {NIK}", "npwp": NIK, "bid_value": Decimal(900000), "reason": f"NPWP {NPWP}"}],
    "realizations": [{"type_text": "Kwitansi", "number": f"K-1 {NIK}", "npwp": NPWP, "note": f"WA {PHONE}"}],
    "schedule": [
        {"name": f"Aanwijzing {PHONE}", "changes": 1, "revisions": [{"reason": f"atas permintaan {MAIL}"}]},
    ],
}


@pytest.fixture
async def written(database):
    """A package whose every text names somebody, as two sources state it, and a second state of it."""
    spse = await door_of(database)
    await spse.record(a_record(**FULL))
    await spse.record(a_record(**FULL | {"pagu": Decimal(2000000)}), now=NOW + timedelta(days=1))
    await spse.speaking(Interface.INAPROC).record(a_record(institution=NIK, pagu=Decimal(3000000), **FULL))
    await (await door_of(database, JAYAPURA)).record(a_record("222", **FULL))


@pytest.fixture
async def problem(database):
    async with database.transaction() as session:
        node = await session.scalar(text("SELECT id FROM nodes WHERE slug = 'surabaya'"))
        run = await session.scalar(
            text("""
                INSERT INTO runs (node_id, interface, fiscal_year, kinds, "full", state, requested_at)
                VALUES (:node, 'spse', 2025, '{tender}', false, 'completed', :now)
                RETURNING id
            """),
            {"node": node, "now": NOW},
        )
        await session.execute(
            text("""
                INSERT INTO run_problems (run_id, code, severity, kind, package, field, value, at)
                VALUES (:run, 'amount-unreadable', 'error', 'tender', '62812345678', 'pagu', :value, :now),
                       (:run, 'code-unreadable', 'error', 'tender', :nik, :field, :nik, :now)
            """),
            {"run": run, "value": f"hubungi {PHONE} / {MAIL}", "nik": NIK, "field": f"kolom {NPWP}", "now": NOW},
        )
    return run


async def key_of(database, role: Role, *nodes: str) -> dict[str, str]:
    draft = KeyDraft(role, f"test {role}", frozenset(nodes))
    async with database.transaction() as session:
        issued = await issue_key(session, draft, caller=COMMAND_LINE, now=utc_now())
    return {"Authorization": f"Bearer {issued.secret}"}


def named_in(answer) -> set[str]:
    """Which of the secrets an answer names, however they are escaped or separated."""
    assert answer.status_code == 200, answer.text
    plain = json.dumps(answer.json(), ensure_ascii=False)
    bare = plain.translate(str.maketrans("", "", ".- +()"))
    return {s for s in SECRETS if s in plain or s.translate(str.maketrans("", "", ".- +()")) in bare}


READS = ["/api/v1/packages", PACKAGE, f"{PACKAGE}/history"]


@pytest.mark.parametrize("path", READS)
async def test_the_public_sees_nobodys_number(client, written, path):
    answer = await client.get(path)

    assert named_in(answer) == set()
    assert "authorization" in answer.headers["vary"].lower()
    assert "private" not in answer.headers["cache-control"]


async def test_what_is_no_number_of_a_person_stays(client, written):
    package = (await client.get(PACKAGE)).json()

    assert package["name"] == "Pengadaan Contoh, hubungi ****-****-****"
    assert package["awards"][0]["npwp"] == "0*.2*4.*6*.8-***.***"
    assert package["offers"][0]["npwp"] == "3*7*0*4*0*******"
    assert package["source_ids"] == {"kd_contoh": "62812345678", "penyedia": "*" * 16}
    assert package["rup_codes"] == ["62812345", "*" * 16]
    assert package["schedule"][0]["revisions"][0]["reason"] == "atas permintaan ***@***"
    assert package["awards"][0]["value"] == 800000
    assert (package["node"], package["kind"], package["code"]) == ("surabaya", "tender", "10001000")


@pytest.mark.parametrize("role", [Role.PROVINCE, Role.READER])
@pytest.mark.parametrize("path", READS)
async def test_the_province_and_its_readers_see_it(client, database, written, role, path):
    answer = await client.get(path, headers=await key_of(database, role))

    assert {NPWP, PHONE, MAIL} <= named_in(answer)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "authorization" in answer.headers["vary"].lower()


async def test_a_node_sees_its_own_and_no_other_nodes(client, database, written):
    own = await key_of(database, Role.NODE, "surabaya")
    foreign = await key_of(database, Role.NODE, JAYAPURA)

    assert PHONE in named_in(await client.get(PACKAGE, headers=own))
    assert named_in(await client.get(PACKAGE, headers=foreign)) == set()
    assert named_in(await client.get(f"{PACKAGE}/history", headers=foreign)) == set()
    items = (await client.get("/api/v1/packages", headers=own)).json()["items"]
    assert {item["node"]: PHONE in item["name"] for item in items} == {"surabaya": True, JAYAPURA: False}


async def test_an_answer_for_one_caller_is_not_taken_for_anothers(client, database, written):
    full = await client.get(PACKAGE, headers=await key_of(database, Role.PROVINCE))

    answer = await client.get(PACKAGE, headers={"If-None-Match": full.headers["etag"]})

    assert named_in(answer) == set()


async def test_a_bad_key_is_refused_rather_than_taken_for_the_public(client, written):
    answer = await client.get(PACKAGE, headers={"Authorization": "Bearer rk_contoh"})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/problems", "/api/v1/runs/{run}/problems"])
async def test_problems_tell_the_public_what_is_wrong_but_of_nobody(client, database, problem, path):
    path = path.format(run=problem)
    public = await client.get(path)
    own = await client.get(path, headers=await key_of(database, Role.NODE, "surabaya"))

    assert named_in(public) == set()
    assert {PHONE, MAIL, NIK, NPWP} <= named_in(own)
    shown = {item["code"]: item for item in public.json()["items"]}["amount-unreadable"]
    assert (shown["package"], shown["value"]) == ("62812345678", "hubungi ****-****-**** / ***@***")
    assert "****-****-****" in shown["message"]["id"]


async def test_a_refusal_does_not_repeat_somebodys_number(client):
    missing = await client.get(f"/api/v1/nodes/{NIK}")
    misspelt = await client.get("/api/v1/packages", params={MAIL: "1"})

    assert NIK not in missing.text
    assert "*" * 16 in missing.json()["detail"]
    assert MAIL not in misspelt.text
    assert misspelt.json()["errors"][0]["pointer"] == "/query/***@***"


def test_every_form_of_value_is_looked_into():
    fields = {"a": {"b": [{"c": NIK}]}, "d": [[MAIL]], "e": Decimal("1.50"), "f": None, "code": NIK, "g": []}

    assert masked(fields) == {
        "a": {"b": [{"c": "*" * 16}]},
        "d": [["***@***"]],
        "e": Decimal("1.50"),
        "f": None,
        "code": NIK,
        "g": [],
    }


HIDDEN_WORDS = {
    "NIK": (f"Contoh {NIK} satu", NIK),
    "NPWP": (f"Contoh {NPWP} satu", NPWP),
    "NPWP without signs": ("Contoh 012345678901000 satu", "012345678901000"),
    "NIP": (f"Contoh {NIP} satu", NIP),
    "phone": (f"Contoh {PHONE} satu", PHONE),
    "beginning of a phone": (f"Contoh {PHONE} satu", "0812"),
    "middle of a phone": (f"Contoh {PHONE} satu", '"0812 -3456"'),
    "part of a phone with blanks": ("Contoh 0812 3456 7890 satu", "3456"),
    "landline": ("Contoh 021 5551234 satu", "5551234"),
    "e-mail": (f"Contoh {MAIL} satu", MAIL),
    "mailbox that the database takes apart": ("Contoh budi&#64;surat.contoh.go.id satu", "budi"),
    "either of two": (f"Contoh {NIK} satu", f"takada or {NIK}"),
}


async def codes_found(client, q: str, headers=None, **parameters) -> list[str]:
    answer = await client.get("/api/v1/packages", params={"q": q, **parameters}, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


@pytest.mark.parametrize("field", ["name", "satker_name"])
@pytest.mark.parametrize(("said", "q"), HIDDEN_WORDS.values(), ids=HIDDEN_WORDS)
async def test_nobody_finds_a_package_by_what_is_hidden_from_them(client, database, said, q, field):
    await (await door_of(database)).record(a_record(**{field: said}))

    assert await codes_found(client, q) == []
    assert await codes_found(client, q, await key_of(database, Role.NODE, JAYAPURA)) == []
    assert await codes_found(client, q, await key_of(database, Role.NODE, "surabaya")) == ["10001000"]
    assert await codes_found(client, q, await key_of(database, Role.READER)) == ["10001000"]


@pytest.mark.parametrize("q", [f"contoh -{NIK}", f"-{NIK}", f'contoh -"{NIK}"', f"takada or -{NIK}"])
async def test_nobody_tells_a_package_by_excluding_what_is_hidden_from_them(client, database, q):
    door = await door_of(database)
    await door.record(a_record(name=f"Contoh {NIK} satu"))
    await door.record(a_record("10002000", name="Contoh dua"))

    assert await codes_found(client, q) == ["10001000", "10002000"]
    assert await codes_found(client, q, await key_of(database, Role.READER)) == ["10002000"]


async def test_what_is_shown_is_found_by_everybody(client, database):
    door = await door_of(database)
    await door.record(a_record("10102584000", name=f"Contoh {PHONE} jembatan"))
    await door.record(a_record("62812345678", name="Contoh jalan 2025"))

    for q in ("10102584000", "jembatan", "contoh jembatan", "jembatan -jalan", '"contoh" -2025', "jembatan -0812"):
        assert await codes_found(client, q) == ["10102584000"], q
    assert await codes_found(client, "62812345678") == ["62812345678"]
    assert await codes_found(client, "jalan 2025") == ["62812345678"]
    assert await codes_found(client, "contoh") == ["10102584000", "62812345678"]
    assert await codes_found(client, "-jembatan") == ["62812345678"]


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_of_a_search_are_full_and_skip_nothing(client, database, limit):
    door = await door_of(database)
    secret, plain = f"Contoh {PHONE}", "Contoh 0812 biasa"
    expected = []
    for number, name in enumerate([secret, plain, secret, secret, secret, plain, secret, plain, plain, secret]):
        code = str(20001000 + number)
        await door.record(a_record(code, name=name))
        expected += [code] if name is plain else []

    pages, after = [], {}
    while True:
        answer = (await client.get("/api/v1/packages", params={"q": "0812", "limit": limit, **after})).json()
        pages.append([item["code"] for item in answer["items"]])
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}

    assert [code for page in pages for code in page] == expected
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages) == -(-len(expected) // limit)
