"""Every figure, by every dimension and pair of them, now and as known then, equals a reckoning from the packages."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.core.vocabulary import Category, Interface, Method, PackageKind, PackageStatus
from app.kit.json import loads
from app.registry.service import note_attempt
from app.statistics.questions import Dimension
from tests.conftest import NOW
from tests.records import a_sketch, an_award, door_of, execute, rows
from tests.statistics.plain import FIGURES, answered
from tests.statistics.reckoning import HOURS_AHEAD, PLACES

DIMENSIONS = [str(dimension) for dimension in Dimension]
SIZES = ("Kecil", "Usaha Kecil", "Non Kecil", "Menengah", None)


def a_full_world(count=150):
    """Packages in which every fact takes several values, each also none; no chance involved."""
    places, slugs = list(PLACES), list(HOURS_AHEAD)
    for n in range(count):
        announced = datetime(2025, 1 + n % 12, 1 + n % 28, n % 24, 30, tzinfo=UTC)
        awarded = announced + timedelta(days=(n * 7) % 40 - 2, hours=n % 5)
        contracted = awarded + timedelta(days=(n * 5) % 21)
        status = PackageStatus.COMPLETED if n % 3 else list(PackageStatus)[n // 3 % 6]
        fields = {
            "fiscal_years": [2024 + n % 3],
            "status": status,
            "category": (Category.GOODS, Category.WORKS, None, Category.OTHER)[n % 4],
            "method": (Method.TENDER, Method.SELECTION, None, Method.OTHER, Method.DIRECT_PROCUREMENT)[n % 5],
            "institution_name": places[n % len(places)],
            "fund_sources": ([], ["APBD"], ["BLUD", "APBD"], ["APBD", "APBD"])[n % 4],
            "labels": ([], ["Tender Ulang"], ["Evaluasi Ulang"], ["Seleksi Ulang", "Tender Ulang"])[n // 2 % 4],
            "rup_codes": ["67643676"] if n % 3 else [],
            "business_size": SIZES[n % 5],
            "pagu": None if n % 11 == 0 else Decimal(n * 1_000_003) / 4 + (16 * 10**9 if n % 13 == 0 else 0),
            "hps": None if n % 6 == 0 else Decimal(n * 999_983) / 4,
            "realized_value": None if n % 4 == 0 else Decimal(n * 500_009) / 4,
            "pdn_value": None if n % 3 == 0 else Decimal(n * 100_003) / 4,
            "umk_value": None if n % 5 == 0 else Decimal(n * 90_001) / 4,
            "participants": None if n % 7 == 0 else n % 9,
            "bidders": None if n % 8 == 0 else n % 4,
            "announced_at": None if n % 17 == 0 else announced,
            "awarded_at": None if n % 19 == 0 else awarded,
            "contracted_at": None if n % 4 == 0 else contracted,
            "date_basis": ("actual", "scheduled", None)[n // 5 % 3],
            "schedule": [{"name": "Pengumuman", "changes": n % 4 if n % 5 else None}] if n % 2 else [],
            "awards": [
                an_award(f"CV Contoh {(n * 3 + m) % 23}", **{("contract_value", "bid_value")[n % 2]: Decimal(n * 400_001) / 2})
                for m in range(n % 3)
            ],
        }  # fmt: skip
        yield slugs[n % len(slugs)], list(PackageKind)[n % 5 if n % 2 else n % 2], str(n + 1), fields


async def settle(database, world, *, now=NOW):
    sent = list(world)
    for slug in HOURS_AHEAD:
        mine = [a_sketch(code, kind=kind, **fields) for node, kind, code, fields in sent if node == slug]
        await (await door_of(database, slug)).record(*mine, now=now)


async def everything(database):
    """All packages that count, with their awards, region and clock."""
    found = await rows(
        database,
        "SELECT p.*, n.slug AS node, i.region FROM packages p JOIN nodes n ON n.id = p.node_id "
        "LEFT JOIN institutions i ON i.kd_klpd = p.institution WHERE NOT p.withdrawn ORDER BY p.id",
    )
    awards = await rows(database, "SELECT package_id, supplier_id, value FROM awards ORDER BY package_id, position")
    won = {}
    for award in awards:
        won.setdefault(award["package_id"], []).append((award["supplier_id"], award["value"]))
    return [
        {**row, "awards": won.get(row["id"], []), "offset": timedelta(hours=HOURS_AHEAD[row["node"]])} for row in found
    ]


async def asked(client, name, filters=None, group_by=(), **more):
    """Items and total of an answer, without the links."""
    answer = await client.get(
        f"/api/v1/statistics/{name}", params={**(filters or {}), "group_by": ",".join(group_by), **more}
    )
    assert answer.status_code == 200, answer.text
    content = loads(answer.content)
    for figure in (*content["items"], content["total"]):
        figure.pop("explain")
    return {"items": content["items"], "total": content["total"]}


FILTERS = (
    {"fiscal_year": [2024, 2025]},
    {"province": ["35"]},
    {"region": ["35.78", "63.71"]},
    {"institution": ["D181", "K10"]},
    {"node": ["surabaya", "jayapurakota"]},
    {"kind": ["non_tender", "recorded"]},
    {"category": ["works", "other"]},
    {"method": ["tender"]},
    {"fiscal_year": [2025], "province": ["35"], "category": ["goods"], "node": ["surabaya", "jatimprov"]},
)


def questions():
    """Every dimension of every figure; every pair with two figures each; every filter with a few groups."""
    names = list(FIGURES)
    yield from ((name, {}, groups) for name in names for groups in [(), *((dimension,) for dimension in DIMENSIONS)])
    for n, pair in enumerate(itertools.combinations(DIMENSIONS, 2)):
        yield from ((names[(n + step) % len(names)], {}, pair) for step in (0, 3))
    groups = itertools.cycle([("month",), ("node",), ("kind", "fund_sources"), ("region", "category"), ()])
    yield from ((name, wanted, next(groups)) for name in names for wanted in FILTERS)


async def test_every_figure_by_every_dimension_pair_and_filter_equals_the_reckoning(client, database):
    await settle(database, a_full_world())
    packages = await everything(database)

    differing = []
    for name, filters, group_by in questions():
        answer = await asked(client, name, filters, group_by)
        if answer != answered(name, packages, filters, group_by):
            differing.append((name, filters, group_by))

    assert len(packages) == 150
    assert differing == []


@pytest.fixture
async def corrected(client, database):
    """What every figure said before a world was corrected, and the moment at which it said so."""
    before = NOW + timedelta(days=10)
    await settle(database, a_full_world(90), now=NOW)
    asked_then = [(name, {}, groups) for name in FIGURES for groups in [(), ("node", "kind"), ("month", "method"), ("region", "fund_sources")]]  # fmt: skip
    asked_then += [(name, {"province": ["35"], "fiscal_year": [2025]}, ("category",)) for name in FIGURES]
    said = [(question, await asked(client, *question)) for question in asked_then]
    # Corrections, a change of year and buyer, new packages, new winners, one that vanishes and one that comes back.
    later = [
        (slug, kind, code, {**fields, "pagu": Decimal(7), "fiscal_years": [2026], "institution_name": "Kota Banjarmasin",
                            "awards": [an_award("CV Contoh Baru", contract_value=Decimal(5))], "bidders": 1})
        for slug, kind, code, fields in list(a_full_world(90))[::4]
    ]  # fmt: skip
    await settle(database, later, now=before + timedelta(days=1))
    await settle(database, list(a_full_world(120))[90:], now=before + timedelta(days=2))
    return before, said


async def test_the_figures_of_a_past_date_come_out_the_same_after_later_corrections(client, database, corrected):
    before, said = corrected

    assert await asked(client, "packages") != said[4][1]
    differing = [
        question for question, answer in said if await asked(client, *question, as_of=before.isoformat()) != answer
    ]

    assert differing == []


async def test_a_version_from_before_facts_were_reckoned_knows_none_of_them(client, database, corrected):
    before, _said = corrected
    facts = "announced_month,awarded_month,days_to_award,days_to_contract,is_repeated,schedule_changes"
    await execute(database, f"UPDATE package_versions SET state = state - '{{{facts}}}'::text[]")

    then = await asked(client, "packages", {}, ("month",), as_of=before.isoformat())

    assert then["items"][-1]["month"] is None
    assert then["items"][-1]["packages"] > 20


async def test_before_the_first_package_there_was_nothing(client, database, corrected):
    nothing = await asked(client, "packages", {}, ("node",), as_of=(NOW - timedelta(days=1)).isoformat())

    assert nothing["items"] == []
    assert nothing["total"]["packages"] == 0


async def test_as_of_now_is_what_is_known_now(client, database, corrected):
    now = datetime.now(UTC).isoformat()

    for name in FIGURES:
        for groups in ((), ("node", "month"), ("category",)):
            assert await asked(client, name, {}, groups, as_of=now) == await asked(client, name, {}, groups)


@pytest.mark.parametrize("name", list(FIGURES))
async def test_the_year_before_stands_beside_each_figure(client, database, name):
    await settle(database, a_full_world(90))

    compared = await asked(client, name, {"fiscal_year": [2025]}, ("fiscal_year", "node"), compare="previous_year")
    before = await asked(client, name, {"fiscal_year": [2024]}, ("fiscal_year", "node"))
    now = await asked(client, name, {"fiscal_year": [2025]}, ("fiscal_year", "node"))

    earlier = {item.pop("node"): item for item in before["items"]}
    for item in earlier.values():
        item.pop("fiscal_year")
    assert {item["node"]: item.pop("previous") for item in compared["items"]} == earlier
    assert compared["total"].pop("previous") == before["total"]
    assert {"items": compared["items"], "total": compared["total"]} == now


async def test_a_month_is_compared_with_the_same_month_a_year_earlier(client, database):
    door = await door_of(database)
    for year, amount in ((2024, 100), (2025, 300)):
        await door.record(
            a_sketch(
                str(year), fiscal_years=[year], status="completed", pagu=Decimal(amount), hps=Decimal(amount),
                awards=[an_award(contract_value=Decimal(90))], awarded_at=datetime(year, 7, 10, 4, tzinfo=UTC),
            )
        )  # fmt: skip

    answer = await asked(client, "savings", {"fiscal_year": [2025]}, ("month",), compare="previous_year")

    (item,) = answer["items"]
    assert item["month"] == "2025-07"
    assert (item["by_pagu"]["savings"], item["previous"]["by_pagu"]["savings"]) == (Decimal(210), Decimal(10))


async def test_what_there_was_last_year_only_is_shown_with_nothing_this_year(client, database):
    await (await door_of(database)).record(a_sketch("1", fiscal_years=[2024]))

    answer = await asked(client, "packages", {"fiscal_year": [2025]}, ("node",), compare="previous_year")

    (item,) = answer["items"]
    assert (item["node"], item["packages"], item["previous"]["packages"]) == ("surabaya", 0, 1)


async def test_all_years_grouped_by_year_are_each_compared_with_the_one_before(client, database):
    await settle(database, a_full_world(60))

    answer = await asked(client, "packages", {}, ("fiscal_year",), compare="previous_year")

    counts = [(item["fiscal_year"], item["packages"], item["previous"] and item["previous"]["packages"]) for item in answer["items"]]  # fmt: skip
    assert counts == [(2024, 20, None), (2025, 20, 20), (2026, 20, 20)]
    assert answer["total"]["previous"] is None


async def test_without_years_there_is_nothing_to_compare_with(client, database):
    await settle(database, a_full_world(30))

    answer = await asked(client, "packages", {}, ("node",), compare="previous_year")

    assert {item["previous"] for item in answer["items"]} == {answer["total"]["previous"]} == {None}


async def test_every_figure_has_a_published_formula(client):
    listed = (await client.get("/api/v1/statistics/formulas")).json()["items"]

    assert {formula["id"] for formula in listed} >= set(FIGURES)
    for name in FIGURES:
        formula = (await client.get(f"/api/v1/statistics/formulas/{name}")).json()
        assert formula in listed
        answer = (await client.get(f"/api/v1/statistics/{name}")).json()["formula"]
        assert answer == formula
        assert formula["definition"]["id"] != formula["definition"]["en"]


async def test_an_unknown_formula_is_not_found(client):
    answer = await client.get("/api/v1/statistics/formulas/khayalan")

    assert (answer.status_code, answer.json()["code"]) == (404, "formula-not-found")


async def test_coverage_names_the_nodes_that_are_not_fresh(client, database):
    answer = (await client.get("/api/v1/statistics/coverage", params={"province": "63", "fiscal_year": 2025})).json()

    assert answer["coverage"]["nodes"] == len(answer["stale_nodes"]) == 14
    assert {node["completed_at"] for node in answer["stale_nodes"]} == {None}


async def test_the_published_vector_of_the_field(client, database):
    """Provinsi K34 2023 (FACTS 4.1): 143 contracts, 11.18 % by pagu and 7.67 % by HPS, where the mean of ratios says 9.53."""
    pagu, hps, contract = Decimal(468189583000), Decimal("450425497467.41"), Decimal("415855955724.19")
    parts = [(Decimal(1000 * n), Decimal(900 * n), Decimal(10 * n)) for n in range(1, 143)]
    parts.append(
        tuple(total - sum(part) for total, part in zip((pagu, hps, contract), zip(*parts, strict=True), strict=True))
    )
    packages = [
        a_sketch(str(n), fiscal_years=[2023], status="completed", pagu=one, hps=two, awards=[an_award(contract_value=three)])
        for n, (one, two, three) in enumerate(parts, start=1)
    ]  # fmt: skip
    await (await door_of(database)).record(*packages)

    total = (await asked(client, "savings", {"fiscal_year": [2023]}))["total"]

    assert total["by_pagu"] == {
        "packages": 143, "pagu": pagu, "value": contract, "savings": Decimal("52333627275.81"), "ratio": Decimal("0.111779"),
    }  # fmt: skip
    assert total["by_hps"] == {
        "packages": 143, "hps": hps, "value": contract, "savings": Decimal("34569541743.22"), "ratio": Decimal("0.076749"),
    }  # fmt: skip
    assert total["basis"]["contract"] == 143


async def test_coverage_of_a_past_date_is_that_of_the_date(client, database):
    node = (await door_of(database)).sender.node_id
    for days in (0, 10):
        async with database.transaction() as session:
            await note_attempt(
                session, node_id=node, fiscal_year=2025, state="completed", software_version=None,
                now=NOW + timedelta(days=days),
            )  # fmt: skip

    async def covered(moment):
        answer = await client.get(
            "/api/v1/statistics/savings", params={"node": "surabaya", "as_of": moment.isoformat()}
        )
        return {name: answer.json()["coverage"][name] for name in ("collected_nodes", "fresh_nodes", "newest_at")}

    read = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert await covered(NOW - timedelta(days=1)) == {"collected_nodes": 0, "fresh_nodes": 0, "newest_at": None}
    assert await covered(NOW + timedelta(days=1)) == {"collected_nodes": 1, "fresh_nodes": 1, "newest_at": read}
    assert await covered(NOW + timedelta(days=5)) == {"collected_nodes": 1, "fresh_nodes": 0, "newest_at": read}


async def test_sources_other_than_the_nodes_own_pages_count_the_same(client, database):
    door = await door_of(database)
    await door.speaking(Interface.PUSH).record(
        a_sketch("1", status="completed", pagu=Decimal(10), awards=[an_award(contract_value=Decimal(4))])
    )

    total = (await asked(client, "savings"))["total"]

    assert total["by_pagu"]["savings"] == Decimal(6)


def number_at(item, part):
    """What an item says at a part's name: a count, or the count of a block."""
    for name in part.split("."):
        item = item[name]
    return item


async def listed(client, address):
    """How many packages a link leads to, to its last page."""
    count, after = 0, None
    while True:
        answer = await client.get(f"{address}&limit=100{f'&after={after}' if after else ''}")
        assert answer.status_code == 200, (address, answer.text)
        page = answer.json()
        count += len(page["items"])
        if (after := page["next"]) is None:
            return count


@pytest.mark.parametrize(
    ("name", "group_by"),
    [
        ("savings", "region,month"), ("packages", "fund_sources"), ("packages", "province,method"), ("competition", "category"),
        ("timeliness", "node"), ("absorption", "institution"), ("pdn-umk", "fiscal_year"), ("coverage", "kind"),
    ],
)  # fmt: skip
async def test_every_number_leads_to_exactly_the_packages_behind_it(client, database, name, group_by):
    await settle(database, a_full_world(60))

    answer = (await client.get(f"/api/v1/statistics/{name}", params={"group_by": group_by})).json()

    figures = [*answer["items"][:4], answer["items"][-1], answer["total"]]
    assert len(answer["items"]) > 2
    for figure in figures:
        assert await listed(client, figure["explain"]) == figure["packages"], figure["explain"]
        for part, words in answer["explain"]["parts"].items():
            said = number_at(figure, part)
            if isinstance(said, dict):
                said = said["packages"] if "packages" in said else said["distinct"]
            address = f"{figure['explain']}&{words}"
            if isinstance(said, int) and part != "suppliers":
                assert await listed(client, address) == said, (part, address)
            else:
                assert await listed(client, address) <= figure["packages"]


async def test_a_past_figure_leads_to_its_packages_as_they_were(client, database, corrected):
    before, _said = corrected

    answer = (
        await client.get("/api/v1/statistics/savings", params={"group_by": "node", "as_of": before.isoformat()})
    ).json()

    for figure in (*answer["items"], answer["total"]):
        assert await listed(client, figure["explain"]) == figure["packages"]
        by_pagu = f"{figure['explain']}&{answer['explain']['parts']['by_pagu']}"
        assert await listed(client, by_pagu) == figure["by_pagu"]["packages"]
