"""Suppliers: what they won adds up to the packages that their links list, and nobody is found by what is hidden."""

from decimal import Decimal

import pytest
from sqlalchemy import text

from app.core.vocabulary import PackageKind, PackageStatus
from app.kit.json import loads
from tests.records import BANJARMASIN, JAYAPURA, SURABAYA, a_record, a_sketch, an_award, door_of, execute

SUPPLIERS = "/api/v1/suppliers"
NIK = "3578014101900001"
HIDDEN, PLAIN = f"Budi Contoh {NIK}", "CV Contoh Makmur"
WORLD = (
    # node, code, year, winner, value, other fields
    (SURABAYA, "1", 2024, PLAIN, "100.10", {}),
    (SURABAYA, "2", 2025, PLAIN, "200.20", {"kind": PackageKind.NON_TENDER}),
    (SURABAYA, "3", 2025, PLAIN, None, {}),
    (JAYAPURA, "4", 2025, PLAIN, "400.40", {"institution_name": "Kota Jayapura"}),
    (JAYAPURA, "5", 2025, "PT Contoh Makmur Jaya", "0.00", {"institution_name": "Kota Jayapura"}),
    (SURABAYA, "6", 2025, PLAIN, "999.00", {"status": PackageStatus.RUNNING}),
    (BANJARMASIN, "7", 2026, HIDDEN, "700.70", {"institution_name": "Kota Banjarmasin"}),
    (BANJARMASIN, "8", 2026, "PT Contoh Lenyap", "800.00", {"institution_name": "Kota Banjarmasin"}),
)


@pytest.fixture
async def world(database):
    for slug, code, year, winner, value, fields in WORLD:
        amount = {} if value is None else {"contract_value": Decimal(value)}
        record = a_record(code, fiscal_years=[year], awards=[an_award(winner, **amount)], **fields)
        await (await door_of(database, slug)).record(record)
    await execute(database, "UPDATE packages SET withdrawn = true WHERE code = '8'")


async def items(client, **asked):
    answer = await client.get(SUPPLIERS, params=asked)
    assert answer.status_code == 200, answer.text
    return loads(answer.content)["items"]


def won(supplier):
    return supplier["name"], supplier["awards"], supplier["valued"], supplier["value"]


async def explained(client, link):
    packages = loads((await client.get(link)).content)["items"]
    return len(packages), sum((package["value"] or Decimal(0) for package in packages), Decimal(0))


ALL_OF_PLAIN = (PLAIN, 4, 3, Decimal("700.70"))
OTHER = ("PT Contoh Makmur Jaya", 1, 1, Decimal(0))
MASKED = ("Budi Contoh ****************", 1, 1, Decimal("700.70"))


async def test_suppliers_are_listed_with_what_they_won_of_what_is_asked_for(client, world):
    found = [
        (asked, [won(supplier) for supplier in await items(client, **asked)])
        for asked in (
            {}, {"node": SURABAYA}, {"fiscal_year": [2024, 2026]}, {"province": "35"}, {"region": "63.71"},
            {"kind": "non_tender"}, {"kind": "recorded"}, {"institution": "D181", "fiscal_year": 2025}, {"q": "makmur contoh"},
            {"q": "jaya", "node": JAYAPURA}, {"q": "jaya", "node": SURABAYA}, {"q": ""}, {"limit": 1},
        )
    ]  # fmt: skip

    assert found == [
        ({}, [ALL_OF_PLAIN, OTHER, MASKED]),
        ({"node": SURABAYA}, [(PLAIN, 3, 2, Decimal("300.30"))]),
        ({"fiscal_year": [2024, 2026]}, [(PLAIN, 1, 1, Decimal("100.10")), MASKED]),
        ({"province": "35"}, [(PLAIN, 3, 2, Decimal("300.30"))]),
        ({"region": "63.71"}, [MASKED]),
        ({"kind": "non_tender"}, [(PLAIN, 1, 1, Decimal("200.20"))]),
        ({"kind": "recorded"}, []),
        ({"institution": "D181", "fiscal_year": 2025}, [(PLAIN, 2, 1, Decimal("200.20"))]),
        ({"q": "makmur contoh"}, [ALL_OF_PLAIN, OTHER]),
        ({"q": "jaya", "node": JAYAPURA}, [OTHER]),
        ({"q": "jaya", "node": SURABAYA}, []),
        ({"q": ""}, []),
        ({"limit": 1}, [ALL_OF_PLAIN]),
    ]


async def test_every_number_of_a_supplier_leads_to_its_packages(client, world):
    for asked in ({}, {"node": SURABAYA, "fiscal_year": 2025}, {"province": "35", "kind": "tender"}):
        for supplier in await items(client, **asked):
            assert await explained(client, supplier["explain"]) == (supplier["awards"], supplier["value"]), asked
            detail = loads((await client.get(f"{SUPPLIERS}/{supplier['id']}")).content)
            for part in (detail, *detail["places"]):
                assert await explained(client, part["explain"]) == (part["awards"], part["value"])


async def test_a_supplier_says_where_and_when_they_won(client, world):
    [supplier] = await items(client, q="cv")
    detail = loads((await client.get(f"{SUPPLIERS}/{supplier['id']}")).content)
    packages = (await client.get("/api/v1/packages", params={"supplier": supplier["id"]})).json()["items"]

    assert won(detail) == ALL_OF_PLAIN
    assert (detail["first_fiscal_year"], detail["last_fiscal_year"]) == (2024, 2025)
    assert [(p["node"], p["fiscal_year"], p["awards"], p["valued"], p["value"]) for p in detail["places"]] == [
        (JAYAPURA, 2025, 1, 1, Decimal("400.40")),
        (SURABAYA, 2024, 1, 1, Decimal("100.10")),
        (SURABAYA, 2025, 2, 1, Decimal("200.20")),
    ]
    assert [package["code"] for package in packages] == ["1", "2", "3", "4", "6"]
    assert {award["supplier_id"] for package in packages for award in package["awards"]} == {supplier["id"]}


async def test_who_won_nothing_that_stands_is_known_with_zeros_and_nobody_else_is(client, database, world):
    async with database.reading() as session:
        gone = await session.scalar(text("SELECT id FROM suppliers WHERE name = 'PT Contoh Lenyap'"))
    detail = loads((await client.get(f"{SUPPLIERS}/{gone}")).content)
    missing = await client.get(f"{SUPPLIERS}/{2**62}")

    assert (won(detail), detail["places"]) == (("PT Contoh Lenyap", 0, 0, Decimal(0)), [])
    assert (detail["first_fiscal_year"], detail["last_fiscal_year"]) == (None, None)
    assert (missing.status_code, missing.json()["code"]) == (404, "supplier-not-found")


async def test_nobody_finds_a_supplier_by_what_is_hidden_from_them(client, world, province_key):
    key = {"Authorization": f"Bearer {province_key}"}
    [supplier] = await items(client, q="budi")
    path = f"{SUPPLIERS}/{supplier['id']}"

    assert NIK not in (await client.get(SUPPLIERS)).text + (await client.get(path)).text
    assert await items(client, q=NIK) == []
    assert await items(client, q=f"budi {NIK}") == []
    assert await items(client, q=f"budi -{NIK}") == []
    for q in (NIK, f"budi {NIK}"):
        assert NIK in (await client.get(SUPPLIERS, params={"q": q}, headers=key)).text
    assert NIK in (await client.get(path, headers=key)).text
    assert (await client.get(path, headers=key)).headers["cache-control"] == "private, no-cache"


async def test_pages_of_a_search_are_full_and_skip_nobody(client, database):
    door = await door_of(database)
    names = [f"Contoh {n} {NIK if n % 3 else 'satu'} kata" for n in range(9)]
    await door.record(
        *(a_sketch(str(n), status=PackageStatus.COMPLETED, awards=[an_award(name)]) for n, name in enumerate(names))
    )

    for q, expected in ((NIK, []), ("satu", names[::3]), ("kata", names)):
        for limit in (1, 2, 4):
            pages, after = [], {}
            while True:
                answer = (await client.get(SUPPLIERS, params={"q": q, "limit": limit, **after})).json()
                pages.append([item["name"].replace("*" * 16, NIK) for item in answer["items"]])
                if answer["next"] is None:
                    break
                after = {"after": answer["next"]}
            assert [name for page in pages for name in page] == expected
            assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert (await client.get(SUPPLIERS, params={"after": "x"})).json()["code"] == "cursor-invalid"
