"""What was saved: every group and filter equals a reckoning from the records themselves, to the sen."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.vocabulary import PackageKind, PackageStatus
from app.kit.json import loads
from app.registry.service import note_attempt
from app.statistics.figure_schemas import SavingsRead
from app.statistics.questions import Dimension
from tests.records import (
    BANJARMASIN,
    JAYAPURA,
    SURABAYA,
    a_record,
    an_award,
    door_of,
    empty,
    execute,
)
from tests.statistics.reckoning import HOURS_AHEAD, rounded, savings
from tests.statistics.worlds import SENT, a_varied_world, record

PATH = "/api/v1/statistics/savings"


async def asked(client, filters=(), group_by=()):
    """The answer of the API, with exact numbers."""
    answer = await client.get(PATH, params={**dict(filters), "group_by": ",".join(group_by)})
    assert answer.status_code == 200, answer.text
    content = loads(answer.content)
    for figure in (*content["items"], content["total"]):
        figure.pop("explain")
    return content


async def total(client, **filters):
    return (await asked(client, filters))["total"]


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
        for name, values in {
            "fiscal_year": [2024, 2025],
            "province": ["35", "63", "91"],
            "region": ["35", "35.78", "63.71"],
            "institution": ["D181", "K10"],
            "node": list(HOURS_AHEAD),
            "kind": ["tender", "non_tender", "recorded"],
            "category": ["goods", "works", "other"],
            "method": ["tender", "selection"],
        }.items()
    },
)
GROUPS = st.lists(st.sampled_from([str(dimension) for dimension in Dimension]), unique=True, max_size=4).map(tuple)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(SENT, min_size=1, max_size=14), st.lists(st.tuples(FILTERS, GROUPS), min_size=3, max_size=3))
async def test_every_figure_equals_the_reckoning_from_the_records(client, database, database_urls, sent, questions):
    empty(database_urls)

    reckoned = await record(database, sent)

    for filters, group_by in [({}, ("node", "fiscal_year")), *questions]:
        answer = await asked(client, filters, group_by)
        assert {name: answer[name] for name in ("items", "total")} == savings(reckoned, filters, group_by)


async def test_every_combination_of_groups_and_every_filter_agrees_with_the_reckoning(client, database):
    reckoned = await record(database, list(a_varied_world()))
    dimensions = [str(dimension) for dimension in Dimension]
    questions = [({}, groups) for size in (0, 1, 2, 7, 8) for groups in itertools.combinations(dimensions, size)]
    filters = {
        "fiscal_year": [2025],
        "province": ["35"],
        "region": ["35", "63.71"],
        "institution": ["D181", "K10"],
        "node": ["surabaya", "jayapurakota"],
        "kind": ["non_tender"],
        "category": ["works"],
        "method": ["tender", "other"],
    }
    questions += [({name: wanted}, ("region", "month")) for name, wanted in filters.items()]
    questions += [(dict(pair), ("node",)) for pair in itertools.combinations(filters.items(), 2)]

    differing = []
    for wanted, group_by in questions:
        answer = await asked(client, wanted, group_by)
        if {name: answer[name] for name in ("items", "total")} != savings(reckoned, wanted, group_by):
            differing.append((wanted, group_by))

    assert len(questions) > 80
    assert differing == []


async def test_no_filter_or_group_of_the_contract_is_left_out_of_the_reckoning(client):
    contract = (await client.get("/openapi.json")).json()["paths"][PATH]["get"]["parameters"]

    assert {parameter["name"] for parameter in contract} == {
        "group_by", "fiscal_year", "province", "region", "institution", "node", "kind", "category", "method",
        "compare", "as_of",
    }  # fmt: skip


async def test_a_savings_item_has_the_published_shape(client, database):
    await (await door_of(database)).record(a_record("1"))

    answer = await asked(client, group_by=("node", "fiscal_year"))

    (item,) = answer["items"]
    assert list(item) == ["node", "fiscal_year", "packages", "completed", "by_pagu", "by_hps", "left_out", "basis"]
    assert item["by_pagu"] == {
        "packages": 1, "pagu": Decimal(1000000), "value": Decimal(800000), "savings": Decimal(200000), "ratio": Decimal("0.2"),
    }  # fmt: skip
    assert item["by_hps"]["ratio"] == Decimal("0.111111")
    assert set(answer) == set(SavingsRead.model_fields) == {"items", "total", "as_of", "coverage", "formula", "explain"}
    SavingsRead.model_validate((await client.get(PATH)).json())
    assert (answer["formula"]["id"], answer["formula"]["version"]) == ("savings", 1)
    assert set(answer["formula"]["definition"]) == {"id", "en"}


async def test_amounts_and_ratios_are_exact_numbers_in_the_text_of_the_answer(client, database):
    door = await door_of(database)
    most = {"pagu": Decimal("999999999999999999.99"), "hps": None}
    await door.record(
        *(a_record(f"{n}", **most, awards=[an_award(contract_value=Decimal("0.01"))]) for n in range(1, 4))
    )

    text = (await client.get(PATH)).text

    assert '"pagu":2999999999999999999.97,"value":0.03,"savings":2999999999999999999.94,"ratio":1.000000}' in text
    assert '"by_hps":{"packages":0,"hps":0.00,"value":0.00,"savings":0.00,"ratio":null}' in text


async def test_repeated_parameters_and_a_comma_separated_list_group_alike(client, database):
    await (await door_of(database)).record(a_record("1"))

    once, twice = [(await client.get(f"{PATH}?{query}")).json() for query in ("group_by=node,month", "group_by=node&group_by=month,node")]  # fmt: skip

    assert once["items"] == twice["items"]
    assert (await client.get(f"{PATH}?group_by=planet")).status_code == 422


@pytest.mark.parametrize("status", [status for status in PackageStatus if status != "completed"])
async def test_what_is_not_completed_counts_nowhere_in_savings(client, database, status):
    await (await door_of(database)).record(a_record("1", status=status))

    found = await total(client)

    assert (found["packages"], found["completed"]) == (1, 0)
    assert found["by_pagu"]["packages"] == found["by_hps"]["packages"] == 0
    assert set(found["left_out"].values()) == set(found["basis"].values()) == {0}


@pytest.mark.parametrize("kind", [PackageKind.RECORDED, PackageKind.SELF_MANAGED, PackageKind.EMERGENCY])
async def test_realisation_is_no_saving(client, database, kind):
    await (await door_of(database)).record(a_record("1", kind=kind))

    assert (await total(client))["packages"] == (await total(client, kind=kind))["packages"] == 0


async def test_each_block_sums_over_exactly_the_packages_it_counts(client, database):
    await (await door_of(database)).record(
        a_record("1"), a_record("2", pagu=None), a_record("3", hps=None), a_record("4", awards=[]), a_record("5", pagu=None, hps=None)
    )  # fmt: skip

    found = await total(client)

    assert (found["by_pagu"]["packages"], found["by_pagu"]["value"]) == (2, Decimal(1600000))
    assert (found["by_hps"]["packages"], found["by_hps"]["hps"]) == (2, Decimal(1800000))
    assert found["left_out"] == {"no_value": 1, "no_pagu": 2, "no_hps": 2}
    assert (found["completed"], found["basis"]["contract"]) == (5, 4)


async def test_negative_savings_stay(client, database):
    await (await door_of(database)).record(a_record("1", pagu=Decimal(1), awards=[an_award(contract_value=Decimal(3))]))

    found = (await total(client))["by_pagu"]
    assert (found["savings"], found["ratio"]) == (Decimal(-2), Decimal(-2))


@pytest.mark.parametrize(
    ("pagu", "value", "ratio"),
    [
        ("2000000.00", "1999999.00", "0.000001"),  # exactly half a millionth
        ("2000000.00", "2000001.00", "-0.000001"),
        ("2000000.00", "1999999.01", "0.000000"),
        ("2000000.00", "2000000.99", "0.000000"),
        ("8.00", "7.00", "0.125000"),
        ("3.00", "1.00", "0.666667"),
        ("3.00", "5.00", "-0.666667"),
        ("0.00", "5.00", None),
        ("0.00", "0.00", None),
    ],
)
async def test_a_ratio_rounds_half_away_from_zero_and_needs_a_base(client, database, pagu, value, ratio):
    await (await door_of(database)).record(
        a_record("1", pagu=Decimal(pagu), awards=[an_award(contract_value=Decimal(value))])
    )

    found = (await total(client))["by_pagu"]
    assert found["ratio"] == (None if ratio is None else Decimal(ratio))
    assert (found["packages"], found["savings"]) == (1, Decimal(pagu) - Decimal(value))


async def test_a_ratio_is_the_ratio_of_sums(client, database):
    winners = [an_award(contract_value=Decimal(50))]
    await (await door_of(database)).record(a_record("1", pagu=Decimal(100), awards=winners), a_record("2", pagu=Decimal(10_000), awards=winners))  # fmt: skip

    assert (await total(client))["by_pagu"]["ratio"] == Decimal("0.990099")


async def test_a_region_has_its_own_institutions_wherever_hosted_and_a_node_all_that_it_hosts(client, database):
    for slug in (SURABAYA, JAYAPURA, "jatimprov"):
        door = await door_of(database, slug)
        await door.record(a_record("1", institution_name="Kota Surabaya"))
    await door.record(
        a_record("2", institution_name="Provinsi Jawa Timur"), a_record("3", institution_name="Kota Khayalan")
    )

    async def packages(**filters):
        return (await total(client, **filters))["packages"]

    assert await packages(region="35.78") == await packages(institution="D181") == 3
    assert await packages(region="35") == 1
    assert await packages(province="35") == 4
    assert await packages(province="91") == await packages(region="91.71") == 0
    assert [await packages(node=slug) for slug in (SURABAYA, JAYAPURA, "jatimprov")] == [1, 1, 3]
    assert await packages(region="35.78", node=JAYAPURA) == 1
    by_region = (await asked(client, group_by=("region",)))["items"]
    assert [(item["region"], item["packages"]) for item in by_region] == [("35", 1), ("35.78", 3), (None, 1)]


async def test_a_month_turns_on_the_nodes_own_clock_and_an_unknown_one_stands_apart(client, database):
    for slug in (SURABAYA, BANJARMASIN, JAYAPURA):
        door = await door_of(database, slug)
        await door.record(
            *(a_record(f"{hour}", awarded_at=datetime(2025, 12, 31, hour, tzinfo=UTC)) for hour in (14, 15, 16, 17)),
            a_record("99", awarded_at=None),
        )

    items = (await asked(client, group_by=("node", "month")))["items"]

    assert [(item["node"], item["month"], item["packages"]) for item in items] == [
        (BANJARMASIN, "2025-12", 2), (BANJARMASIN, "2026-01", 2), (BANJARMASIN, None, 1),
        (JAYAPURA, "2025-12", 1), (JAYAPURA, "2026-01", 3), (JAYAPURA, None, 1),
        (SURABAYA, "2025-12", 3), (SURABAYA, "2026-01", 1), (SURABAYA, None, 1),
    ]  # fmt: skip


async def test_figures_follow_corrections_status_years_and_institutions(client, database):
    door = await door_of(database)
    await door.record(a_record("1"), a_record("2"))

    async def after(**fields):
        await door.record(a_record("1", **fields))
        return [
            (item["region"], item["fiscal_year"], item["packages"], item["by_pagu"]["savings"])
            for item in (await asked(client, group_by=("region", "fiscal_year")))["items"]
        ]

    assert await after(pagu=Decimal("900000.05")) == [("35.78", 2025, 2, Decimal("300000.05"))]
    assert await after(status=PackageStatus.CANCELLED) == [("35.78", 2025, 2, Decimal(200000))]
    assert await after(fiscal_years=[2024]) == [
        ("35.78", 2024, 1, Decimal(200000)),
        ("35.78", 2025, 1, Decimal(200000)),
    ]
    assert await after(institution_name="Kota Banjarmasin") == [("35.78", 2025, 1, Decimal(200000)), ("63.71", 2025, 1, Decimal(200000))]  # fmt: skip
    assert await after() == [("35.78", 2025, 2, Decimal(400000))]


async def test_a_withdrawn_package_counts_nowhere_until_it_is_seen_changed_again(client, database):
    door = await door_of(database)
    await door.record(a_record("1"))

    await execute(database, "UPDATE packages SET withdrawn = true")
    assert (await asked(client))["items"] == []
    await door.record(a_record("1", stage="Selesai"))

    assert (await total(client))["by_pagu"]["savings"] == Decimal(200000)


async def read(database, slug, year, at, state="completed"):
    node = (await door_of(database, slug)).sender.node_id
    async with database.transaction() as session:
        await note_attempt(session, node_id=node, fiscal_year=year, state=state, software_version=None, now=at)


async def coverage(client, **filters):
    """Nodes concerned, collected and fresh; the oldest and the newest complete reading among them."""
    answer = await asked(client, filters)
    found = answer["coverage"]
    oldest, newest = (moment and datetime.fromisoformat(moment) for moment in (found["oldest_at"], answer["as_of"]))
    return found["nodes"], found["collected_nodes"], found["fresh_nodes"], oldest, newest


async def test_coverage_says_how_many_nodes_were_read_and_when(client, database):
    now = datetime.now(UTC)
    old, recent = now - timedelta(hours=49), now - timedelta(hours=47)
    await read(database, SURABAYA, 2025, recent)
    await read(database, SURABAYA, 2026, old)
    await read(database, "jatimprov", 2025, old)
    await read(database, "jatimprov", 2025, now, state="failed")
    await read(database, "malangkota", 2025, now, state="drift")

    assert await coverage(client, province="35", fiscal_year=2025) == (39, 2, 1, old, recent)
    assert await coverage(client, province="35", fiscal_year=[2025, 2026]) == (39, 1, 0, old, recent)
    assert await coverage(client, node=SURABAYA, fiscal_year=2026) == (1, 1, 0, old, old)
    assert await coverage(client, node="jatimprov", fiscal_year=2025) == (1, 1, 0, old, old)
    assert await coverage(client, node="malangkota") == (1, 0, 0, None, None)
    assert await coverage(client, region="35.78", fiscal_year=2025) == (1, 1, 1, recent, recent)
    assert await coverage(client, province="63") == (14, 0, 0, None, None)


async def test_coverage_is_about_the_nodes_by_which_those_asked_for_buy_wherever_they_are(client, database):
    now = datetime.now(UTC)
    await (await door_of(database, JAYAPURA)).record(a_record("1", institution_name="Kota Surabaya"))
    await read(database, JAYAPURA, 2025, now)
    await read(database, BANJARMASIN, 2025, now)

    for question in ({"region": "35.78"}, {"institution": "D181"}, {"region": "35.78", "institution": "D181"}):
        assert await coverage(client, **question) == (2, 1, 1, now, now), question
    assert await coverage(client, institution="D181", node=SURABAYA) == (1, 0, 0, None, None)
    assert await coverage(client, province="35") == (40, 1, 1, now, now)


async def test_a_government_without_a_node_of_its_own_is_covered_by_the_one_it_buys_through(client, database):
    now = datetime.now(UTC)
    await read(database, "jabarprov", 2025, now)

    assert await coverage(client, institution="D104") == await coverage(client, region="32.72") == (1, 1, 1, now, now)


@given(st.fractions(-100, 100), st.integers(1, 10**12))
def test_the_reckonings_own_rounding_is_half_away_from_zero(ratio, denominator):
    exact = ratio / denominator

    found = rounded(exact)

    distance = abs(exact) * 10**6 - abs(int(found.scaleb(6)))
    assert -1 < 2 * distance < 1 or 2 * distance == -1
    assert found == 0 or (found > 0) == (exact > 0)
