"""Progress of e-procurement by local government: shares, components and versions equal a plain reckoning."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import psycopg
import pytest
from sqlalchemy import text

from app.core.formulas_of_progress import PROGRESS
from app.core.vocabulary import PackageKind, PackageStatus
from app.kit.db import driver_url
from app.kit.json import loads
from app.registry.service import note_attempt, note_facts, retire_node
from app.statistics.progress.versions import Releases, Standing, release_of
from tests.conftest import NOW
from tests.records import FOR_EVERY_NODE, SURABAYA, a_sketch, door_of
from tests.statistics.reckoning import PLACES, rounded

PATH = "/api/v1/statistics/progress"
CITY, PROVINCE, BANJARMASIN_CITY = "Kota Surabaya", "Pemerintah Provinsi Jawa Timur", "Kota Banjarmasin"
OLD, NEW = "4.5u20241101", "4.5u20250321"


@pytest.fixture(autouse=True)
def forgotten(database_urls):
    """What is known of nodes' software outlives packages; each test leaves none of it."""
    yield
    with psycopg.connect(driver_url(database_urls.owner, "")) as connection:
        connection.execute(FOR_EVERY_NODE)
        connection.execute("UPDATE nodes SET software_version = NULL, state = 'active', retired_at = NULL WHERE software_version IS NOT NULL OR state = 'retired'")  # fmt: skip
        connection.execute("DELETE FROM endpoint_health")


async def asked(client, **parameters):
    answer = await client.get(PATH, params=parameters)
    assert answer.status_code == 200, answer.text
    return loads(answer.content)


async def item(client, **parameters):
    (found,) = (await asked(client, **parameters))["items"]
    return found


def world():
    """(node, buyer, year, kind, status, pagu, planned, amounts): every kind, hosted at home and elsewhere."""
    done, running, failed = PackageStatus.COMPLETED, PackageStatus.RUNNING, PackageStatus.FAILED
    contract, offer = {"contract_value": Decimal(9)}, {"bid_value": Decimal(9)}
    signed = {"contracted_at": datetime(2025, 5, 5, 4).astimezone(NOW.tzinfo)}
    return [
        (SURABAYA, CITY, 2025, "tender", done, Decimal("1000.10"), True, contract),
        (SURABAYA, CITY, 2025, "tender", done, Decimal(500), True, offer),
        (SURABAYA, CITY, 2025, "tender", failed, Decimal(500), False, {}),
        (SURABAYA, CITY, 2025, "non_tender", done, Decimal(70), False, signed),
        (SURABAYA, CITY, 2025, "non_tender", running, None, True, contract),
        (SURABAYA, CITY, 2025, "recorded", done, Decimal(30), True, {"realized_value": Decimal(30)}),
        ("jatimprov", CITY, 2025, "self_managed", running, Decimal("20.05"), False, {}),
        ("jatimprov", CITY, 2025, "emergency", running, None, False, {}),
        (SURABAYA, CITY, 2024, "recorded", done, None, False, {}),
        ("jatimprov", PROVINCE, 2025, "tender", running, Decimal(400), True, {}),
        (SURABAYA, "Kementerian Keuangan", 2025, "tender", done, Decimal(7777), True, contract),
        ("banjarmasinkota", BANJARMASIN_CITY, 2025, "tender", done, Decimal(11), True, contract),
    ]


async def record_world(database):
    for n, (node, buyer, year, kind, status, pagu, planned, amounts) in enumerate(world(), start=1):
        await (await door_of(database, node)).record(
            a_sketch(
                str(n),
                kind=PackageKind(kind),
                fiscal_years=[year],
                institution_name=buyer,
                status=status,
                pagu=pagu,
                rup_codes=["1234567"] if planned else [],
                **amounts,
            )
        )


def share(part, base):
    return rounded(Fraction(part) / Fraction(base)) if base else None


def figure(packages):
    """The reckoning of one government and year."""
    total = sum((one[5] or Decimal(0) for one in packages), Decimal(0))

    def part(chosen):
        pagu = sum((one[5] or Decimal(0) for one in chosen), Decimal(0))
        return {
            "packages": len(chosen), "pagu": pagu,
            "packages_ratio": share(len(chosen), len(packages)), "pagu_ratio": share(pagu, total),
        }  # fmt: skip

    def amounts(chosen):
        known = [one[5] for one in chosen if one[5] is not None]
        return {
            "packages": len(chosen), "completed": sum(one[4] == "completed" for one in chosen), "pagu_known": len(known),
            "pagu": sum(known, Decimal(0)) if known or not chosen else None,
        }  # fmt: skip

    of = {kind: [one for one in packages if one[3] == kind] for kind in PackageKind}
    return {
        **amounts(packages),
        "kinds": {str(kind): amounts(chosen) for kind, chosen in of.items()},
        "planned": part([one for one in packages if one[6]]),
        "electronic": part(of["tender"] + of["non_tender"]),
        "recorded": part(of["recorded"] + of["self_managed"] + of["emergency"]),
    }


def contracts(packages):
    """Completed tenders and non-tenders, and those of them with a contract."""
    done = [one for one in packages if one[3] in {"tender", "non_tender"} and one[4] == "completed"]
    return len(done), sum(bool({"contract_value", "contracted_at"} & set(one[7])) for one in done)


async def test_every_share_equals_the_reckoning(client, database):
    await record_world(database)

    answer = await asked(client, province=["35", "63"], limit=1000)

    rows = {(row["region"], row["fiscal_year"]): row for row in answer["items"]}
    assert list(rows) == sorted(rows)
    assert {year for _region, year in rows} == {2024, 2025}
    of = {}
    for one in world():
        of.setdefault((PLACES[one[1]][1], one[2]), []).append(one)
    of.pop((None, 2025))
    for key, row in rows.items():
        packages = of.get(key, [])
        expected = figure(packages)
        assert {name: row[name] for name in expected} == expected, key
        base, part = contracts(packages)
        by_contract = next(one for one in row["itkp"]["components"] if one["id"] == "e_contract")
        assert (by_contract["numerator"], by_contract["denominator"]) == (part, base)
        assert (by_contract["ratio"], by_contract["points"]) == (share(part, base), share(5 * part, base))
    everybody = [one for packages in of.values() for one in packages]
    expected = figure(everybody)
    assert {name: answer["total"][name] for name in expected} == expected
    assert answer["total"]["rows"] == len(rows) > 40


async def test_of_itkp_only_what_the_data_give_has_points_and_the_rest_says_what_is_missing(client, database):
    await record_world(database)

    itkp = (await item(client, region="35.78", fiscal_year=2025))["itkp"]

    assert (itkp["points"], itkp["points_possible"], itkp["points_of_all"]) == (Decimal("3.333333"), 5, 100)
    components = {one["id"]: one for one in itkp["components"]}
    assert sum(one["weight"] for one in components.values()) == 100
    assert components["e_contract"]["available"] is True
    assert components["e_contract"]["missing"] is None
    for name, one in components.items():
        if name != "e_contract":
            assert (one["available"], one["ratio"], one["points"], one["denominator"]) == (False, None, None, None), (
                name
            )
            assert len(one["missing"]["id"]) > 30
            assert one["missing"]["en"] != one["missing"]["id"]
    # What is known of one side is shown; the other side is not made up.
    assert components["e_tendering"]["numerator"] == Decimal("2000.10")
    assert components["non_e_tendering"]["numerator"] == 100
    assert components["sirup"]["numerator"] is None


async def test_where_nothing_is_completed_there_are_no_points_rather_than_none_of_five(client, database):
    await record_world(database)

    itkp = (await item(client, region="35", fiscal_year=2025))["itkp"]

    (by_contract,) = (one for one in itkp["components"] if one["id"] == "e_contract")
    assert (by_contract["available"], by_contract["points"], by_contract["denominator"]) == (False, None, 0)
    assert "selesai" in by_contract["missing"]["id"]
    assert (itkp["points"], itkp["points_possible"]) == (None, 0)


async def test_a_government_of_which_nothing_is_known_is_listed_with_its_nodes(client):
    found = await item(client, region="35.07", fiscal_year=2025)

    assert (found["name"], found["type"], found["province"]) == ("Kabupaten Malang", "kabupaten", "35")
    assert (found["packages"], found["pagu"], found["planned"]["packages_ratio"]) == (0, 0, None)
    assert [(node["packages"], node["is_own"]) for node in found["nodes"]] == [(0, True)]
    assert (await asked(client, region="35.07"))["items"] == [], "there is no year of which anything is known"


async def seen(database, slug, version, *, at=NOW, year=2025):
    door = await door_of(database, slug)
    async with door.writing() as session:
        await note_facts(session, door.sender.node_id, software_version=version, stated_time_zone=None)
        await note_attempt(
            session, node_id=door.sender.node_id, fiscal_year=year, state="completed", software_version=version, now=at
        )


async def probed(database, slug, version, at):
    async with database.transaction() as session:
        await session.execute(
            text("""
                INSERT INTO endpoint_health (endpoint_id, state, next_probe_at, last_ok_at, software_version)
                SELECT min(e.id), 'ok', :at, :at, :version FROM endpoints e JOIN nodes n ON n.id = e.node_id
                WHERE n.slug = :slug
            """),
            {"slug": slug, "version": version, "at": at},
        )


async def test_who_runs_an_old_spse_is_told_by_how_much(client, database):
    await record_world(database)
    await seen(database, SURABAYA, OLD)
    await seen(database, "jatimprov", "4.4u20220101")
    await seen(database, "banjarmasinkota", NEW)

    answer = await asked(client, region="35.78", fiscal_year=2025)

    (row,) = answer["items"]
    assert [(node["node"], node["packages"], node["is_own"]) for node in row["nodes"]] == [
        (SURABAYA, 6, True), ("jatimprov", 2, False),
    ]  # fmt: skip
    city, province = row["nodes"]
    assert (city["software_version"], city["outdated"], city["releases_behind"]) == (OLD, True, 1)
    assert city["days_behind"] == (date(2025, 3, 21) - date(2024, 11, 1)).days
    assert (province["outdated"], province["releases_behind"]) == (True, 2)
    assert city["version_seen_at"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    software = answer["software"]
    assert (software["current"], software["nodes"], software["outdated"], software["unknown"]) == (NEW, 1, 1, 0)
    assert software["versions"] == [
        {
            "version": OLD, "released_on": "2024-11-01", "nodes": 1, "slugs": [SURABAYA], "outdated": True,
            "releases_behind": 1, "days_behind": city["days_behind"],
        }
    ]  # fmt: skip


async def test_versions_in_use_are_counted_over_the_active_nodes_of_the_places_asked_for(client, database):
    await seen(database, SURABAYA, NEW)
    await seen(database, "jatimprov", NEW)
    await seen(database, "gresikkab", OLD)
    await seen(database, "malangkota", "5 beta")
    await seen(database, "banjarmasinkota", OLD)
    await seen(database, "jayapurakota", "4.6u20260101")
    async with database.transaction() as session:
        await retire_node(session, "jayapurakota", now=NOW)

    software = (await asked(client, province="35", fiscal_year=2025))["software"]

    assert software["current"] == NEW, "what a retired node ran is no measure"
    assert [(one["version"], one["slugs"], one["outdated"]) for one in software["versions"]] == [
        (NEW, ["jatimprov", SURABAYA], False), (OLD, ["gresikkab"], True), ("5 beta", ["malangkota"], None),
    ]  # fmt: skip
    assert software["nodes"] == 4 + software["unknown"]
    assert software["unknown"] == len(software["unknown_slugs"]) > 30
    whole = (await asked(client, fiscal_year=2025, limit=1))["software"]
    assert [one["nodes"] for one in whole["versions"]] == [2, 2, 1]


async def test_the_latest_sighting_of_a_version_counts_be_it_by_run_or_by_probe(client, database):
    async def version():
        found = await item(client, region="35.78", fiscal_year=2025)
        (node,) = (one for one in found["nodes"] if one["node"] == SURABAYA)
        return node["software_version"], node["version_seen_at"]

    def moment(at):
        return f"{at:%Y-%m-%dT%H:%M:%SZ}"

    door = await door_of(database)
    async with door.writing() as session:
        await note_facts(session, door.sender.node_id, software_version=OLD, stated_time_zone=None)
    assert await version() == (OLD, None)
    await seen(database, SURABAYA, OLD, at=NOW)
    await probed(database, SURABAYA, NEW, NOW - timedelta(days=1))
    assert await version() == (OLD, moment(NOW))
    await seen(database, SURABAYA, "4.5u20260101", at=NOW + timedelta(hours=1), year=2024)
    assert await version() == ("4.5u20260101", moment(NOW + timedelta(hours=1)))
    async with database.transaction() as session:
        await session.execute(text("UPDATE endpoint_health SET last_ok_at = :at"), {"at": NOW + timedelta(days=1)})
    assert await version() == (NEW, moment(NOW + timedelta(days=1)))


def test_releases_are_put_in_order_by_number_and_day():
    releases = Releases([OLD, NEW, "4.10u20250101", None, "4.5u20251340", "SPSE", NEW])

    assert releases.current == "4.10u20250101"
    # A later number with an earlier day is not behind in time.
    assert releases.standing_of(NEW) == Standing(True, 1, 0)
    assert releases.standing_of("4.10u20250101") == Standing(False, 0, 0)
    assert releases.standing_of("4.5u20251340") == Standing(None, None, None)
    assert Releases([None]).current is None
    assert Releases(["baru"]).standing_of(NEW) == Standing(None, None, None)
    assert release_of("4.5u20250321 ") is None


async def test_pages_miss_nothing_and_total_and_software_are_of_all_of_them(client, database):
    await record_world(database)
    whole = await asked(client, province="35", limit=1000)

    pages, after = [], {}
    while not pages or pages[-1]["next"]:
        pages.append(await asked(client, province="35", limit=30, **after))
        after = {"after": pages[-1]["next"]}

    assert [row for page in pages for row in page["items"]] == whole["items"]
    assert len(pages) == 3
    assert all((page["total"], page["software"]) == (whole["total"], whole["software"]) for page in pages)
    refused = await client.get(PATH, params={"after": "35"})
    assert (refused.status_code, refused.json()["code"]) == (422, "cursor-invalid")


async def test_an_answer_says_what_it_rests_on(client, database):
    await seen(database, SURABAYA, NEW)

    answer = await asked(client, region="35.78", fiscal_year=2025)

    assert answer["as_of"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert (answer["coverage"]["nodes"], answer["coverage"]["collected_nodes"]) == (1, 1)
    assert answer["formula"] == {
        "id": "progress", "version": 1, "title": PROGRESS.title, "definition": PROGRESS.definition,
    }  # fmt: skip
