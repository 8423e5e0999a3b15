"""What nodes report against what is computed, and one source against another: every gap equals a plain reckoning."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import psycopg
import pytest
from sqlalchemy import text as psql

from app.access.callers import COMMAND_LINE
from app.core.formulas_of_progress import FORMULAS_OF_PROGRESS
from app.core.vocabulary import Interface, PackageKind, PackageStatus
from app.kit.db import driver_url
from app.kit.json import loads
from app.registry.service import note_attempt
from app.statistics.reconciliation import service
from app.statistics.reported import Statement, Totals, state_figures
from tests.conftest import NOW
from tests.records import FOR_EVERY_NODE, SURABAYA, a_record, a_sketch, an_award, door_of, minutes
from tests.statistics.reckoning import rounded
from tests.statistics.worlds import a_varied_world, record

PATH = "/api/v1/statistics/reconciliation"
SOURCES = f"{PATH}/sources"
TOTALS = ("packages", "pagu", "hps", "value", "savings")
SOLD, CARRIED = ("tender", "non_tender"), ("recorded", "self_managed", "emergency")
YEAR = 2025


@pytest.fixture(autouse=True)
def emptied(database_urls):
    """Only their owner can take statements back."""
    yield
    with psycopg.connect(driver_url(database_urls.owner, "")) as connection:
        connection.execute(FOR_EVERY_NODE)
        connection.execute("DELETE FROM reported_figures; DELETE FROM audit_entries WHERE act LIKE 'figures.%'")


async def asked(client, path=PATH, **parameters):
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return loads(answer.content)


async def item(client, **parameters):
    (found,) = (await asked(client, **parameters))["items"]
    return found


async def state(database, node=SURABAYA, year=YEAR, *, kinds=None, **said):
    totals = {name: said.pop(name) for name in TOTALS if name in said}
    kinds = {kind: Totals(**parts) for kind, parts in (kinds or {}).items()}
    async with database.transaction() as session:
        await state_figures(
            session,
            node,
            year,
            Statement(Totals(**totals), kinds, **said),
            caller=COMMAND_LINE,
            expected=None,
            now=NOW,
        )


def summed(amounts):
    """The sum of what is known: of no packages it is zero, of packages of which nothing is known there is none."""
    amounts = list(amounts)
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known or not amounts else None


def reckoned(packages, base="pagu"):
    """Both populations from the packages themselves: (kind, completed, pagu, hps, value) each."""
    sold = [p for p in packages if p.keys["kind"] in SOLD]
    completed = [p for p in sold if p.completed]
    saved = [None if p.value is None or getattr(p, base) is None else getattr(p, base) - p.value for p in completed]
    value = summed(p.value for p in completed)
    return {
        "completed": {
            "packages": len(completed),
            "pagu": summed(p.pagu for p in completed),
            "hps": summed(p.hps for p in completed),
            "value": value,
            "savings": summed(saved),
        },
        "all": {
            "packages": len(packages),
            "pagu": summed(p.pagu for p in packages),
            "hps": summed(p.hps for p in packages),
            # Nothing carried out in that world has a realisation.
            "value": summed([p.value for p in completed] + [None for p in packages if p.keys["kind"] in CARRIED]),
            "savings": summed(saved),
        },
    }


def gap(name, reported, computed):
    if reported is None or computed is None:
        return {"reported": reported, "computed": computed, "gap": None, "ratio": None, "verdict": None}
    off = Decimal(reported) - Decimal(computed)
    is_equal = off == 0 if name == "packages" else abs(off) < 1
    is_close = Fraction(abs(off)) * 100 <= Fraction(abs(Decimal(computed)))
    return {
        "reported": reported,
        "computed": computed,
        "gap": off,
        "ratio": rounded(Fraction(off) / Fraction(computed)) if computed else None,
        "verdict": "equal" if is_equal else "close" if is_close else "differs",
    }


async def test_every_gap_of_a_varied_world_equals_the_reckoning(client, database):
    world = list(a_varied_world())
    packages = await record(database, world)
    by_place = defaultdict(list)
    for package in packages:
        by_place[package.keys["node"], package.keys["fiscal_year"]].append(package)
    places = sorted(by_place)
    stated = {}
    for n, (node, year) in enumerate(places[::2]):
        truth = reckoned(by_place[node, year])["completed"]
        # Some state the truth, some are slightly off, some far, some say little.
        off = (Decimal(1), Decimal("1.004"), Decimal("1.7"))[n % 3]
        figures = {name: truth[name] for name in TOTALS[: 5 - n % 2] if truth[name] is not None}
        stated[node, year] = {
            name: amount if name == "packages" else round(amount * off, 2)
            for name, amount in figures.items()
            if amount >= 0 or name == "savings"
        }
        await state(database, node, year, **stated[node, year])
    answer = await asked(client)

    assert [(row["node"], row["fiscal_year"]) for row in answer["items"]] == places
    sides = defaultdict(list)
    for row in answer["items"]:
        truth = reckoned(by_place[row["node"], row["fiscal_year"]])
        said = stated.get((row["node"], row["fiscal_year"]), {})
        for population in ("completed", "all"):
            expected = {name: gap(name, said.get(name), truth[population][name]) for name in TOTALS}
            if population == "all":
                # Which statuses count as carried out is reckoned in a test of its own.
                del expected["value"], row["all"]["value"]
            assert row[population] == expected, (row["node"], row["fiscal_year"], population)
            for name, one in expected.items():
                if one["gap"] is not None:
                    sides[population, name].append(one)
        verdicts = [[one["verdict"] for one in row[name].values() if one["verdict"]] for name in ("completed", "all")]
        order = ["equal", "close", "differs"]
        worst = [max(judged, key=order.index) for judged in verdicts if judged]
        assert row["verdict"] == (min(worst, key=order.index) if said else "not_reported")
    for (population, name), ones in sides.items():
        reported, computed = (sum(one[side] for one in ones) for side in ("reported", "computed"))
        assert answer["total"][population][name] == {
            "rows": len(ones), "reported": reported, "computed": computed, "gap": reported - computed,
            "ratio": rounded(Fraction(reported - computed) / Fraction(computed)) if computed else None,
        }  # fmt: skip
    counted = defaultdict(int)
    for row in answer["items"]:
        counted[row["verdict"]] += 1
    assert {name: count for name, count in answer["total"]["verdicts"].items() if count} == counted
    assert {"equal", "close", "differs", "not_reported"} <= set(counted)
    assert answer["total"]["rows"] == len(places)


def a_small_world():
    """Every kind, every reason why an amount is not there."""
    done, running = PackageStatus.COMPLETED, PackageStatus.RUNNING

    def sketch(code, kind, status, **amounts):
        return a_sketch(code, kind=PackageKind(kind), status=status, institution_name="Kota Surabaya", **amounts)

    return [
        sketch("1", "tender", done, pagu=Decimal(1000), hps=Decimal(900), contract_value=Decimal(800)),
        sketch("2", "tender", running, pagu=Decimal("300.50"), hps=Decimal(290)),
        sketch("3", "non_tender", done, pagu=Decimal(100), negotiated_value=Decimal(120)),
        sketch("4", "non_tender", done, pagu=Decimal(50)),
        sketch("5", "non_tender", PackageStatus.CANCELLED, pagu=Decimal(70)),
        sketch("6", "recorded", done, pagu=Decimal(20), realized_value=Decimal(18)),
        sketch("7", "recorded", running, pagu=Decimal(10), realized_value=Decimal("4.25")),
        sketch("8", "recorded", PackageStatus.CANCELLED, pagu=Decimal(9), realized_value=Decimal(9)),
        sketch("9", "self_managed", done, pagu=Decimal(30)),
        sketch("10", "emergency", running),
    ]


async def small_world(database):
    await (await door_of(database)).record(*a_small_world())


async def test_both_populations_are_what_the_formula_says(client, database):
    await small_world(database)
    await state(
        database, packages=3, pagu=1150, hps=900, value=920, savings=180,
        kinds={"recorded": {"packages": 3, "value": 22.25, "savings": 0}, "tender": {"value": 800, "pagu": 1300.5}},
    )  # fmt: skip

    found = await item(client, node=SURABAYA)

    computed = {population: {name: found[population][name]["computed"] for name in TOTALS} for population in ("completed", "all")}  # fmt: skip
    assert computed == {
        # Savings: (1000 − 800) + (100 − 120); the completed package without a value can save nothing.
        "completed": {"packages": 3, "pagu": 1150, "hps": 900, "value": 920, "savings": 180},
        # Value: what was agreed, and what was realised of what is carried out: 18 + 4.25.
        "all": {"packages": 10, "pagu": Decimal("1589.50"), "hps": 1190, "value": Decimal("942.25"), "savings": 180},
    }
    assert (found["verdict"], found["judged_by"], found["savings_base"]) == ("equal", "completed", "pagu")
    recorded = found["kinds"]["recorded"]
    assert recorded["all"]["value"]["verdict"] == "equal"
    assert recorded["completed"]["value"]["computed"] is None, "realisation is not kept by status"
    assert recorded["completed"]["savings"]["computed"] is recorded["all"]["savings"]["computed"] is None
    assert (recorded["completed"]["packages"]["computed"], recorded["all"]["packages"]["computed"]) == (1, 3)
    assert recorded["judged_by"] == "all"
    tender = found["kinds"]["tender"]
    assert tender["all"]["pagu"]["verdict"] == "equal"
    assert tender["completed"]["pagu"]["gap"] == Decimal("300.50")
    assert set(found["kinds"]) == {"recorded", "tender"}
    assert found["rests_on"] == {
        "packages": 10, "completed": 5, "pagu_known": 9, "hps_known": 2, "value_known": 2, "no_value": 1, "no_pagu": 0,
        "no_hps": 1,
    }  # fmt: skip


async def test_a_row_is_judged_by_the_population_that_fits_better(client, database):
    await small_world(database)
    await state(database, packages=10, pagu=1589.5, value=942.25)

    found = await item(client)

    assert (found["verdict"], found["judged_by"]) == ("equal", "all")
    assert found["completed"]["packages"] == {
        "reported": 3 + 7, "computed": 3, "gap": 7, "ratio": Decimal("2.333333"), "verdict": "differs",
    }  # fmt: skip
    assert "semua paket" in found["message"]["id"]
    assert "all packages" in found["message"]["en"]


async def test_the_tolerance_is_one_rupiah_and_one_percent(client, database):
    await small_world(database)
    expected = {
        "920.99": "equal",
        "921": "close",
        "929.20": "close",
        "910.80": "close",
        "929.21": "differs",
        "0": "differs",
    }

    for value, verdict in expected.items():
        await state(database, value=Decimal(value))
        found = await item(client)
        # All packages together are worth 942.25: too far away to fit better.
        assert (found["verdict"], found["completed"]["value"]["verdict"]) == (verdict, verdict), value
        assert found["judged_by"] == "completed"
        assert found["completed"]["value"]["gap"] == Decimal(value) - 920
        if verdict == "differs":
            assert "dilaporkan Rp" in found["message"]["id"]
            assert "computed Rp 920.00" in found["message"]["en"]


async def test_savings_are_compared_by_the_base_that_the_node_means(client, database):
    await small_world(database)
    statements = [
        ({"savings": 100, "savings_base": "hps"}, "hps", 100),
        ({"savings": 100, "hps": 900, "value": 800}, "hps", 100),
        ({"savings": 180, "hps": 900, "pagu": 1100}, "pagu", 180),
        ({"savings": 180}, "pagu", 180),
    ]

    for figures, base, savings in statements:
        await state(database, **figures)
        found = await item(client)
        assert found["savings_base"] == base, figures
        assert found["completed"]["savings"]["computed"] == savings
        assert found["completed"]["savings"]["verdict"] == "equal"


async def test_what_only_one_side_speaks_of_is_listed_and_counts_in_no_total(client, database):
    await small_world(database)
    await (await door_of(database)).record(a_record("77", fiscal_years=[2024]))
    await state(database, packages=3, value=920)
    await state(database, year=2023, packages=4, value=1000)

    answer = await asked(client)

    assert [(row["fiscal_year"], row["verdict"]) for row in answer["items"]] == [
        (2023, "not_computed"), (2024, "not_reported"), (2025, "equal"),
    ]  # fmt: skip
    unknown = answer["items"][0]
    assert {gap["computed"] for population in ("completed", "all") for gap in unknown[population].values()} == {None}
    assert unknown["completed"]["packages"]["reported"] == 4
    assert "belum memiliki satu paket pun" in unknown["message"]["id"]
    assert answer["items"][1]["statement"] is None
    assert answer["items"][1]["completed"]["value"]["computed"] == 800000
    total = answer["total"]
    assert total["completed"]["value"] == {"rows": 1, "reported": 920, "computed": 920, "gap": 0, "ratio": 0}
    assert total["completed"]["pagu"] == {"rows": 0, "reported": 0, "computed": 0, "gap": 0, "ratio": None}
    assert total["verdicts"] == {"equal": 1, "close": 0, "differs": 0, "not_computed": 1, "not_reported": 1}
    assert [row["fiscal_year"] for row in (await asked(client, reported="true"))["items"]] == [2023, 2025]
    assert [row["fiscal_year"] for row in (await asked(client, reported="false"))["items"]] == [2024]


async def test_a_figure_that_nothing_is_known_of_is_not_compared(client, database):
    await (await door_of(database)).record(a_sketch("1", status=PackageStatus.COMPLETED))
    await state(database, hps=Decimal(500))

    found = await item(client)

    assert (found["verdict"], found["judged_by"]) == ("not_computed", None)
    assert found["completed"]["packages"]["computed"] == 1
    assert found["completed"]["hps"] == {"reported": 500, "computed": None, "gap": None, "ratio": None, "verdict": None}
    assert "known of none" in found["message"]["en"]


async def test_the_last_revision_counts_and_says_where_it_stands(client, database):
    await small_world(database)
    await state(database, packages=1)
    await state(
        database, packages=3, savings_base="hps", stated_on=date(2026, 1, 31), note="Hubungi siti@contoh.example",
        source_document={"title": "Laporan Contoh, narahubung 081234567890", "url": None, "number": "1/CONTOH", "dated_on": None},
    )  # fmt: skip
    statement = (await item(client))["statement"]

    assert (statement["revision"], statement["savings_base"], statement["stated_on"]) == (2, "hps", "2026-01-31")
    assert statement["stated_by"] == "province"
    assert statement["source_document"]["number"] == "1/CONTOH"
    assert "081234567890" not in str(statement)
    assert "note" not in statement


async def test_nodes_and_years_are_found_by_where_the_node_is(client, database):
    for slug in (SURABAYA, "jatimprov", "banjarmasinkota"):
        await (await door_of(database, slug)).record(a_record("1"), a_record("2", fiscal_years=[2024]))
    await state(database, "banjarmasinkota", 2022, packages=1)

    async def places(**filters):
        return [(row["node"], row["fiscal_year"]) for row in (await asked(client, **filters))["items"]]

    assert await places(province="63") == [("banjarmasinkota", 2022), ("banjarmasinkota", 2024), ("banjarmasinkota", 2025)]  # fmt: skip
    assert await places(region="35.78", fiscal_year=2025) == [(SURABAYA, 2025)]
    assert await places(node=["jatimprov", SURABAYA], fiscal_year=[2024]) == [("jatimprov", 2024), (SURABAYA, 2024)]
    assert await places(node="tidak-ada") == []


async def test_pages_miss_nothing_and_the_total_is_of_all_of_them(client, database):
    door = await door_of(database)
    await door.record(*(a_record(str(year), fiscal_years=[year]) for year in range(2019, 2026)))
    await (await door_of(database, "jatimprov")).record(a_record("1"))
    for year in (2019, 2021, 2025):
        await state(database, year=year, value=800_000)
    whole = await asked(client)

    pages, after = [], {}
    while True:
        page = await asked(client, limit=3, **after)
        pages.append(page)
        if page["next"] is None:
            break
        after = {"after": page["next"]}

    assert [len(page["items"]) for page in pages] == [3, 3, 2]
    assert [row for page in pages for row in page["items"]] == whole["items"]
    assert [page["total"] for page in pages] == [whole["total"]] * 3
    assert whole["total"]["completed"]["value"]["rows"] == 3
    refused = await client.get(PATH, params={"after": "0000000000000001"})
    assert (refused.status_code, refused.json()["code"]) == (422, "cursor-invalid")


async def test_an_answer_says_what_it_rests_on(client, database):
    await small_world(database)
    door = await door_of(database)
    async with door.writing() as session:
        for year in (2024, 2025):
            await note_attempt(
                session, node_id=door.sender.node_id, fiscal_year=year, state="completed", software_version=None,
                now=NOW - timedelta(days=year - 2024),
            )  # fmt: skip

    for path, formula in ((PATH, "reconciliation"), (SOURCES, "reconciliation-sources")):
        answer = await asked(client, path, node=SURABAYA, fiscal_year=2025)
        assert answer["as_of"] == f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        assert (answer["coverage"]["nodes"], answer["coverage"]["collected_nodes"]) == (1, 1)
        published = FORMULAS_OF_PROGRESS[formula]
        assert answer["formula"] == {
            "id": formula, "version": published.version, "title": published.title, "definition": published.definition,
        }  # fmt: skip
    nowhere = await asked(client, node="tidak-ada")
    assert nowhere["coverage"] == {
        "nodes": 0,
        "collected_nodes": 0,
        "fresh_nodes": 0,
        "oldest_at": None,
        "newest_at": None,
    }


# -- one source against another

FIELDS = ("pagu", "hps", "contract_value", "negotiated_value", "corrected_value", "bid_value", "award_value", "realized_value")  # fmt: skip
TRUST = ("push", "inaproc", "spse", "isb")


def stated_amount(fields, name):
    """Over all winners where each has it; the package's own only where no winner has it."""
    won = [award.get(name) for award in fields.get("awards") or []]
    if won and None not in won:
        return sum(won)
    return None if any(amount is not None for amount in won) else fields.get(name)


def compared(world, first, other):
    """The reckoning of one pair over {code: {source: fields}}."""
    both = {code: (said[first], said[other]) for code, said in world.items() if first in said and other in said}
    amounts, differing = {}, set()
    for name in FIELDS:
        pairs = {code: tuple(stated_amount(fields, name) for fields in two) for code, two in both.items()}
        pairs = {code: two for code, two in pairs.items() if None not in two}
        offs = {code: one - two for code, (one, two) in pairs.items()}
        differing |= {code for code, off in offs.items() if off}
        amounts[name] = {
            "both": len(pairs), "differ": sum(off != 0 for off in offs.values()),
            "difference": sum(offs.values()), "absolute": sum(map(abs, offs.values())),
        }  # fmt: skip
    words = {code: tuple(fields.get("status") for fields in two) for code, two in both.items()}
    words = {code: two for code, two in words.items() if not {None, "other"} & set(two)}
    moved = {code for code, (one, two) in words.items() if one != two}
    return both, {
        "source": first, "other": other, "packages": len(both), "differing": len(differing | moved),
        "status": {"both": len(words), "differ": len(moved)}, "amounts": amounts,
    }  # fmt: skip


def what_sources_say():
    """{code: {source: fields}}: agreeing, differing, missing, several winners, unknown words."""
    done, running, other = PackageStatus.COMPLETED, PackageStatus.RUNNING, PackageStatus.OTHER
    ten = [an_award("CV Contoh 1", contract_value=Decimal("4.25")), an_award("CV Contoh 2", contract_value=Decimal(6))]
    half = [an_award("CV Contoh 1", contract_value=Decimal(4)), an_award("CV Contoh 2")]
    return {
        "1": {"spse": {"pagu": Decimal(100), "status": done}, "inaproc": {"pagu": Decimal(100), "status": done}},
        "2": {"spse": {"pagu": Decimal(100), "hps": Decimal(90)}, "inaproc": {"pagu": Decimal("130.50")}},
        "3": {"spse": {"pagu": Decimal(100)}, "inaproc": {"pagu": Decimal(80)}, "push": {"pagu": Decimal(100)}},
        "4": {"spse": {"awards": ten}, "inaproc": {"contract_value": Decimal(10)}},
        "5": {"spse": {"awards": half, "contract_value": Decimal(10)}, "inaproc": {"contract_value": Decimal(11)}},
        "6": {"spse": {"status": running}, "inaproc": {"status": done}, "isb": {"status": other}},
        "7": {"spse": {"pagu": Decimal(1), "realized_value": Decimal(7)}},
    }


async def tell(database, world, **record_of):
    door = await door_of(database)
    for code, said in world.items():
        for source, fields in said.items():
            await door.speaking(Interface(source)).record(a_sketch(code, **fields, **record_of))


async def test_every_pair_of_sources_equals_the_reckoning(client, database):
    world = what_sources_say()
    await tell(database, world)

    answer = await asked(client, SOURCES, node=SURABAYA, fiscal_year=YEAR)

    expected = [(first, other, *compared(world, first, other)) for first, other in combinations(TRUST, 2)]
    expected = [(both, pair) for _first, _other, both, pair in expected if both]
    assert len(expected) == 5
    for row, total, (both, pair) in zip(answer["items"], answer["total"], expected, strict=True):
        examples, message = row.pop("examples"), row.pop("message")
        assert row == {"node": SURABAYA, "fiscal_year": YEAR, **pair}
        assert len(examples) == pair["differing"]
        assert all(named["kind"] == "tender" and named["code"] in both for named in examples)
        assert set(message) == {"id", "en"}
        assert total == {**pair, "message": message}
    inaproc = next(row for row in answer["items"] if (row["source"], row["other"]) == ("inaproc", "spse"))
    assert inaproc["amounts"]["pagu"] == {
        "both": 3, "differ": 2, "difference": Decimal("10.50"), "absolute": Decimal("50.50"),
    }  # fmt: skip


async def test_what_a_source_no_longer_shows_or_has_said_before_is_not_compared(client, database):
    door = await door_of(database)
    inaproc = door.speaking(Interface.INAPROC)
    await door.record(a_sketch("1", pagu=Decimal(5)), a_sketch("2", pagu=Decimal(5)))
    await inaproc.record(a_sketch("1", pagu=Decimal(7)), a_sketch("2", pagu=Decimal(7)))
    await inaproc.record(a_sketch("1", pagu=Decimal(6)), now=NOW + minutes(5))
    async with door.writing() as session:
        await session.execute(
            psql("UPDATE observations SET withdrawn_at = now() WHERE source = 'spse' AND package_id IN (SELECT id FROM packages WHERE code = '2')")
        )  # fmt: skip

    answer = await asked(client, SOURCES, province="35", fiscal_year=YEAR)

    (row,) = answer["items"]
    assert (row["packages"], row["amounts"]["pagu"]["difference"]) == (1, 1)
    assert row["examples"] == [{"kind": "tender", "code": "1"}]


async def test_nodes_and_years_are_told_apart_and_added_up(client, database):
    for slug in (SURABAYA, "jatimprov", "banjarmasinkota"):
        door = await door_of(database, slug)
        for year in (2024, 2025):
            await door.record(a_sketch(str(year), fiscal_years=[year], pagu=Decimal(5)))
            await door.speaking(Interface.INAPROC).record(a_sketch(str(year), fiscal_years=[year], pagu=Decimal(7)))

    answer = await asked(client, SOURCES, province="35", fiscal_year=[2024, 2025])

    places = [("jatimprov", 2024), ("jatimprov", 2025), (SURABAYA, 2024), (SURABAYA, 2025)]
    assert [(row["node"], row["fiscal_year"]) for row in answer["items"]] == places
    (total,) = answer["total"]
    assert (total["packages"], total["differing"], total["amounts"]["pagu"]["absolute"]) == (4, 4, 8)
    one = await asked(client, SOURCES, region="35.78", fiscal_year=2025)
    assert [(row["node"], row["fiscal_year"]) for row in one["items"]] == [(SURABAYA, 2025)]


async def test_sources_are_compared_within_named_years_only(client):
    answer = await client.get(SOURCES, params={"node": SURABAYA})

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/fiscal_year"]


async def test_sources_are_compared_over_a_bounded_number_of_packages(client, database, monkeypatch):
    await tell(database, what_sources_say())
    monkeypatch.setattr(service, "MOST_PACKAGES", 6)

    for place in ({}, {"node": SURABAYA}):
        answer = await client.get(SOURCES, params={"fiscal_year": YEAR, **place})
        assert (answer.status_code, answer.json()["code"]) == (422, "scope-too-wide")
        assert "have 7." in answer.json()["detail"]
        assert "province" in answer.json()["message"]["id"]
    assert (await client.get(SOURCES, params={"node": SURABAYA, "fiscal_year": 2024})).status_code == 200
