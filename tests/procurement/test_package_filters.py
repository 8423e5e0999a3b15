"""Every filter against a plain reading of the packages, whichever way their rows are found; and packages of a past moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from app.core.vocabulary import Category, Interface, Method, PackageKind, PackageStatus
from app.procurement import finding, past
from app.procurement.filtering import Fact
from app.procurement.service import withdraw_packages
from tests.conftest import NOW
from tests.procurement.test_routes import SELECTIONS
from tests.records import BANJARMASIN, JAYAPURA, SURABAYA, a_record, a_sketch, an_award, codes, door_of, execute, rows

PACKAGES = "/api/v1/packages"
REGION_OF = {"Kota Surabaya": "35.78", "Kota Banjarmasin": "63.71", "Kementerian Keuangan": None, "Kota Khayalan": None}
BUYERS = [*REGION_OF, None]
NIK = "3578014101900001"


def packages_of(slug: str):
    """Twenty packages of a node that differ in all that one can filter by; no chance involved."""
    for n in range(
        {SURABAYA: 0, BANJARMASIN: 20, JAYAPURA: 40}[slug], {SURABAYA: 20, BANJARMASIN: 40, JAYAPURA: 60}[slug]
    ):
        announced = datetime(2025, 1 + n % 4, 28, 20, tzinfo=UTC) if n % 3 else None
        awarded = datetime(2025, 1 + n % 5, 27, 20, tzinfo=UTC) + timedelta(days=n % 30) if n % 4 else None
        winners = [an_award(f"CV Contoh {n % 6}", contract_value=None if n % 9 == 4 else Decimal(n * 1_000_000))]
        said: dict[str, Any] = {
            "fiscal_years": [2024 + n % 3],
            "name": f"Pekerjaan {('jalan', 'gedung', 'taman')[n % 3]} {n}",
            "institution_name": BUYERS[n % 5],
            "status": PackageStatus.COMPLETED if n % 5 else list(PackageStatus)[n // 5 % 6],
            "category": (Category.GOODS, Category.WORKS, None, Category.OTHER)[n % 4],
            "method": (Method.TENDER, Method.SELECTION, None)[n // 2 % 3],
            "labels": ["Tender Ulang"] if n % 8 == 1 else [],
            "fund_sources": ([], ["APBD"], ["BLUD", "APBD"], ["APBN"], ["APBD", "BLUD", "APBD"])[n % 5],
            "rup_codes": [str(30000000 + n)] if n % 2 else [],
            "business_size": (None, "Perusahaan Kecil", "Perusahaan Non Kecil")[n % 3],
            "pagu": None if n % 7 == 0 else Decimal(n * 1_100_000),
            "hps": None if n % 7 == 3 else Decimal(n * 1_050_000),
            "participants": n % 5 if n % 4 else None,
            "bidders": n % 3 if n % 4 == 1 else None,
            "announced_at": announced,
            "awarded_at": awarded,
            "contracted_at": awarded + timedelta(days=n % 12 - 1) if awarded and n % 3 == 1 else None,
            "date_basis": None if n % 6 else "scheduled",
            "awards": [
                {
                    **winner,
                    "pdn_value": Decimal(n) if n % 2 else None,
                    "umk_value": Decimal(n) if n % 3 else None,
                    "bid_value": Decimal(n),
                }
                for winner in winners
            ]
            if n % 10
            else [],
        }
        if n % 6 == 2:
            said["schedule"] = [{"name": "Pengumuman", "starts_at": None, "ends_at": None, "changes": n % 4}]
        if n % 10 == 3:
            said["realized_value"] = Decimal(n)
        yield a_record(str(1000 + n), kind=list(PackageKind)[n % 5 if n % 2 else 0], **said)


@pytest.fixture
async def world(database):
    for slug in (SURABAYA, BANJARMASIN, JAYAPURA):
        await (await door_of(database, slug)).record(*packages_of(slug))
    await execute(database, "UPDATE packages SET withdrawn = true WHERE code IN ('1007', '1029')")


async def everything(client, **asked) -> list[dict[str, Any]]:
    """All pages of a list, put together."""
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = await client.get(PACKAGES, params={**asked, **after})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        after = {"after": answer.json()["next"]}


def region_of(package) -> str | None:
    return REGION_OF.get(package["institution_name"] or "")


KNOWN: dict[Fact, Callable[[dict[str, Any]], bool]] = {
    **{fact: (lambda p, name=str(fact): p[name] is not None) for fact in Fact},
    Fact.REGION: lambda p: region_of(p) is not None,
    Fact.FUND_SOURCES: lambda p: p["fund_sources"] != [],
    Fact.SCHEDULE: lambda p: p["schedule_changes"] is not None,
    Fact.RUP_CODES: lambda p: p["rup_codes"] != [],
    Fact.CONTRACT: lambda p: p["contract_value"] is not None or p["contracted_at"] is not None,
}


def between(name: str, least: float | None, most: float | None) -> Callable[[dict[str, Any]], bool]:
    return lambda p: p[name] is not None and (least is None or p[name] >= least) and (most is None or p[name] <= most)


def one_of(name: str, *values: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda p: p[name] in values


def both(*conditions: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    return lambda p: all(condition(p) for condition in conditions)


FILTERS: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    *(({"known": str(fact)}, known) for fact, known in KNOWN.items()),
    *(({"unknown": str(fact)}, lambda p, known=known: not known(p)) for fact, known in KNOWN.items()),
    ({"known": ["pagu", "value"], "unknown": ["hps"]}, both(KNOWN[Fact.PAGU], KNOWN[Fact.VALUE], lambda p: p["hps"] is None)),
    ({"known": "pagu", "unknown": "pagu"}, lambda _: False),
    ({"value_basis": "contract"}, one_of("value_basis", "contract")),
    ({"value_basis": ["bid", "award"]}, one_of("value_basis", "bid", "award")),
    ({"date_basis": "scheduled"}, one_of("date_basis", "scheduled")),
    ({"date_basis": ["actual", "scheduled"]}, one_of("date_basis", "actual", "scheduled")),
    ({"announced_month": "2025-03"}, one_of("announced_month", "2025-03")),
    ({"awarded_month": ["2025-02", "2025-05"]}, one_of("awarded_month", "2025-02", "2025-05")),
    ({"fund_sources": "APBD"}, lambda p: set(p["fund_sources"]) == {"APBD"}),
    ({"fund_sources": ["BLUD,APBD", "APBN"]}, lambda p: set(p["fund_sources"]) in ({"APBD", "BLUD"}, {"APBN"})),
    ({"bidders_min": 1}, between("bidders", 1, None)),
    ({"bidders_min": 1, "bidders_max": 1}, between("bidders", 1, 1)),
    ({"bidders_max": 0}, between("bidders", None, 0)),
    ({"days_to_award_min": 0}, between("days_to_award", 0, None)),
    ({"days_to_award_max": -1}, between("days_to_award", None, -1)),
    ({"days_to_contract_min": 5, "days_to_contract_max": 7}, between("days_to_contract", 5, 7)),
    ({"repeated": "true"}, one_of("is_repeated", True)),
    ({"repeated": "false"}, one_of("is_repeated", False)),
    ({"schedule_moved": "true"}, lambda p: (p["schedule_changes"] or 0) > 0),
    ({"schedule_moved": "false"}, one_of("schedule_changes", 0)),
    ({"small_business": "true"}, one_of("business_size", "Perusahaan Kecil")),
    ({"small_business": "false"}, one_of("business_size", "Perusahaan Non Kecil")),
    ({"value_min": 5_000_000, "value_max": 20_000_000}, between("value", 5_000_000, 20_000_000)),
    ({"pagu_min": 9_900_000}, between("pagu", 9_900_000, None)),
    ({"announced_from": "2025-02-01T00:00:00Z", "announced_before": "2025-03-28T20:00:00Z"},
     lambda p: p["announced_at"] is not None and "2025-02" <= p["announced_at"] < "2025-03-28T20"),
    ({"node": SURABAYA}, one_of("node", SURABAYA)),
    ({"node": [SURABAYA, JAYAPURA], "fiscal_year": 2025}, both(one_of("node", SURABAYA, JAYAPURA), one_of("fiscal_year", 2025))),
    ({"fiscal_year": 2025, "status": "completed", "q": "gedung"},
     both(one_of("fiscal_year", 2025), one_of("status", "completed"), lambda p: "gedung" in p["name"])),
    ({"region": "35.78", "kind": ["tender", "non_tender"], "withdrawn": "false"},
     both(lambda p: region_of(p) == "35.78", one_of("kind", "tender", "non_tender"), one_of("withdrawn", False))),
    ({"province": ["35", "63"], "category": "works", "method": ["tender", "selection"]},
     both(lambda p: region_of(p) is not None, one_of("category", "works"), one_of("method", "tender", "selection"))),
    ({"province": "35", "region": "63.71"}, lambda _: False),
    ({"withdrawn": "true"}, one_of("code", "1007", "1029")),
]  # fmt: skip


async def differing(client, items, **asked) -> list[dict[str, Any]]:
    """The filters that select something else than plain Python does."""
    return [
        filters
        for filters, holds in FILTERS
        if codes(await everything(client, **filters, **asked)) != [p["code"] for p in items if holds(p)]
    ]


async def test_every_filter_selects_what_its_name_says_by_walking_and_by_gathering(client, world, monkeypatch):
    items = await everything(client)

    assert len(items) == 60
    # Each tells some packages from others, but for those that contradict themselves.
    idle = [filters for filters, holds in FILTERS if len({holds(p) for p in items}) < 2]
    assert idle == [{"known": "pagu", "unknown": "pagu"}, {"province": "35", "region": "63.71"}]
    assert await differing(client, items) == []
    # Small windows, and walking preferred to gathering: as where there are very many packages.
    monkeypatch.setattr(finding, "WINDOW", 25)
    monkeypatch.setattr(finding, "MOST_GATHERED", -1)
    monkeypatch.setattr(finding, "_READ_AT_ONCE", 0.0001)
    assert await differing(client, items, limit=31) == []


async def test_no_filter_of_the_contract_is_left_untried(client):
    contract = (await client.get("/openapi.json")).json()["paths"][PACKAGES]["get"]["parameters"]

    tried = {name for filters, _expected in (*SELECTIONS, *FILTERS) for name in filters}
    assert {parameter["name"] for parameter in contract} - {"limit", "after", "fields"} == tried | {
        "as_of",
        "supplier",
        "counted_in",
    }


@pytest.mark.parametrize("query", ["known=name", "unknown=spent", "announced_month=2025-13", "awarded_month=2025", "value_basis=pagu", "date_basis=planned", "bidders_min=-1", "repeated=perhaps", "supplier=0", "fund_sources=", "as_of=yesterday", "as_of=2026-02-30", "as_of=2026-01-01T00:00:00"])  # fmt: skip
async def test_a_filter_that_makes_no_sense_is_refused(client, query):
    assert (await client.get(f"{PACKAGES}?{query}")).status_code == 422


MOMENTS = [NOW + timedelta(days=day) for day in range(5)]


async def shown(client, **asked) -> dict[str, Any]:
    """What the list and each package say; when something was last seen is known of today only."""
    found = {}
    for item in await everything(client, **asked):
        detail = await client.get(f"{PACKAGES}/{item['node']}/{item['kind']}/{item['code']}", params=asked)
        found[item["code"]] = (item | {"last_seen_at": None}, detail.json() | {"last_seen_at": None})
    return found


@pytest.fixture
async def history(client, database):
    """What was shown after each of five days: late arrivals, corrections, a withdrawal that is undone, another winner."""
    surabaya, jayapura = await door_of(database), await door_of(database, JAYAPURA)
    days = []
    await surabaya.record(
        *(a_record(str(n), name=f"Pekerjaan taman {n}", announced_at=NOW - timedelta(days=90)) for n in range(1, 9)),
        a_sketch("9", status=PackageStatus.RUNNING),
        now=MOMENTS[0],
    )
    days.append(await shown(client))
    await jayapura.record(*(a_record(str(n), name="Pekerjaan jalan") for n in range(21, 24)), now=MOMENTS[1])
    await surabaya.record(a_record("1", pagu=Decimal(2_000_000), name="Pekerjaan jalan"), now=MOMENTS[1])
    async with surabaya.writing() as session:
        await withdraw_packages(session, surabaya.sender, [(PackageKind.TENDER, "2")], now=MOMENTS[1])
    days.append(await shown(client))
    await surabaya.record(
        a_record("9", name="Pekerjaan jalan", awards=[an_award("PT Contoh Lain", contract_value=Decimal(5))]),
        a_record("3", status=PackageStatus.CANCELLED, awards=[], fiscal_years=[2026]),
        now=MOMENTS[2],
    )
    await surabaya.speaking(Interface.INAPROC).record(a_record("4", hps=Decimal(7)), now=MOMENTS[2])
    days.append(await shown(client))
    await surabaya.record(a_record("2", name="Pekerjaan taman lagi"), a_record("31"), now=MOMENTS[3])
    days.append(await shown(client))
    await surabaya.record(
        a_record("9", awards=[an_award("CV Contoh Makmur", contract_value=Decimal(6))]), a_record("1"), now=MOMENTS[4]
    )
    days.append(await shown(client))
    return days


def differences(now, then):
    return {
        code: (now.get(code), then.get(code)) for code in now.keys() | then.keys() if now.get(code) != then.get(code)
    }


@pytest.mark.parametrize("few", [past.FEW, -1], ids=["few changed since", "most changed since"])
async def test_packages_of_a_past_moment_are_as_they_were_shown_then(client, history, monkeypatch, few):
    monkeypatch.setattr(past, "FEW", few)
    assert all(earlier != later for earlier, later in pairwise(history))
    for day, moment in zip(history, MOMENTS, strict=True):
        for as_of in (moment, moment + timedelta(hours=3)):
            assert differences(await shown(client, as_of=as_of.isoformat()), day) == {}
    assert await everything(client, as_of=(NOW - timedelta(microseconds=1)).isoformat()) == []
    monkeypatch.setattr(past, "AT_ONCE", 2)
    monkeypatch.setattr(past, "_WINDOW", 4)
    for day, moment in zip(history, MOMENTS, strict=True):
        assert codes(await everything(client, as_of=moment.isoformat(), limit=3)) == list(day)


OF_THEN: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({"q": "jalan"}, lambda p: "jalan" in p["name"] if p["name"] else False),
    ({"status": "completed", "fiscal_year": 2025}, both(one_of("status", "completed"), one_of("fiscal_year", 2025))),
    ({"withdrawn": "true"}, one_of("withdrawn", True)),
    ({"withdrawn": "false", "node": SURABAYA}, both(one_of("withdrawn", False), one_of("node", SURABAYA))),
    ({"region": "35.78", "known": "value"}, both(lambda p: region_of(p) is not None, KNOWN[Fact.VALUE])),
    ({"unknown": "announced_month"}, one_of("announced_month", None)),
    ({"changed_from": MOMENTS[2].isoformat()}, lambda p: p["changed_at"] >= MOMENTS[2].isoformat()[:19]),
    ({"pagu_min": 1_500_000}, between("pagu", 1_500_000, None)),
    (
        {"supplier": "PT Contoh Lain"},
        lambda p: any(award["supplier_name"] == "PT Contoh Lain" for award in p["awards"]),
    ),
    (
        {"supplier": "CV Contoh Makmur"},
        lambda p: any(award["supplier_name"] == "CV Contoh Makmur" for award in p["awards"]),
    ),
]


async def test_filters_are_asked_of_what_was_known_then(client, database, history):
    suppliers = {row["name"]: row["id"] for row in await rows(database, "SELECT id, name FROM suppliers")}
    for day, moment in zip(history, MOMENTS, strict=True):
        for filters, holds in OF_THEN:
            asked = filters | ({"supplier": suppliers[filters["supplier"]]} if "supplier" in filters else {})
            found = await everything(client, **asked, as_of=moment.isoformat())
            assert codes(found) == [code for code, (item, _detail) in day.items() if holds(item)], (filters, moment)


async def test_a_date_is_the_end_of_its_day_and_what_has_not_come_is_now(client, database, history):
    await (await door_of(database)).record(a_record("41"), now=datetime(2026, 4, 1, 16, 59, 59, 999999, tzinfo=UTC))
    await (await door_of(database)).record(a_record("42"), now=datetime(2026, 4, 1, 17, tzinfo=UTC))

    days = ("2026-03-31", "2026-04-01", "2999-12-31")
    before, then, after = [codes(await everything(client, as_of=day)) for day in days]
    assert (then[-1], after[-1]) == ("41", "42")
    assert before == then[:-1] == after[:-2]
    assert (await client.get(f"{PACKAGES}/surabaya/tender/42", params={"as_of": "2026-04-01"})).status_code == 404
    assert (await client.get(f"{PACKAGES}/surabaya/tender/43", params={"as_of": "2026-04-01"})).status_code == 404


async def test_the_past_hides_what_the_present_hides(client, database, keeper):
    door = await door_of(database)
    await door.record(a_record("1", name=f"Contoh {NIK} jalan", awards=[an_award(f"Contoh {NIK}", npwp=NIK)]))
    await door.record(a_record("1", name="Contoh jalan"), now=MOMENTS[1])
    key = client.headers.pop("Authorization")
    one = f"{PACKAGES}/surabaya/tender/1"
    asked = {"as_of": NOW.isoformat()}

    for path in (PACKAGES, one, f"{one}/history"):
        assert NIK not in (await client.get(path, params=asked if "history" not in path else {})).text
        assert (
            NIK
            in (
                await client.get(path, params=asked if "history" not in path else {}, headers={"Authorization": key})
            ).text
        )
    for q, found in ((NIK, []), (f"-{NIK}", ["1"]), (f"jalan -{NIK}", ["1"]), ("jalan", ["1"])):
        assert codes(await everything(client, q=q, **asked)) == found
    assert codes(
        (await client.get(PACKAGES, params={"q": NIK, **asked}, headers={"Authorization": key})).json()["items"]
    ) == ["1"]
