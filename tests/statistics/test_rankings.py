"""Rankings through the one door and over HTTP: each equals a reckoning from the records, and says what it rests on."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from app.core.vocabulary import PackageKind
from app.kit.clock import utc_now
from app.kit.db import open_database
from app.kit.json import loads
from app.kit.web.schema import Page
from app.main import create_app
from app.registry.service import note_attempt
from app.settings import Settings
from app.statistics.rankings.schemas import RankingFormulaRead, RankingHistoryRead, RankingRead
from tests.records import a_record, a_sketch, cloned, door_of
from tests.statistics.ranked_world import PEERS, YEARS, nodes, packages_of, reckon, record, volumes_of

RANKINGS = ("savings", "competition", "timeliness", "completeness", "readiness", "composite")
in_one_world = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server, template):
    """The API over the ranked world, which nobody changes."""
    with cloned(server, template) as urls:
        database = open_database(urls.app, pool_size=3)
        await record(database)
        app = create_app(Settings(_env_file=None, database_url=urls.app, log_level="error", rate_per_address=0))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as client,
        ):
            yield client
        await database.close()


async def asked(client, path, status=200, **parameters):
    answer = await client.get(f"/api/v1/rankings{path}", params=parameters)
    assert answer.status_code == status, answer.text
    return loads(answer.content)


def placed(answer):
    return {item["node"]: (item["rank"], item["value"], item["score"]) for item in answer["items"]}


def reasons(answer):
    if answer["ranking"] == "composite":
        return {
            node["node"]: [(reason["component"], reason["code"]) for reason in node["reasons"]]
            for node in answer["not_ranked"]
        }
    return {node["node"]: [reason["code"] for reason in node["reasons"]] for node in answer["not_ranked"]}


def conditions(slug, year):
    """Nobody probed these nodes, and their last reading is long ago: years read, of years asked for, and not fresh."""
    wanted = [known for known in (year, year - 1, year - 2) if known in YEARS[slug]]
    read = [known for known in wanted if (slug, known) != ("malangkota", 2024)]
    return {"judged": 1 + len(wanted), "met": len(read)}


def expected(year, slugs):
    return reckon(year, slugs, {slug: conditions(slug, year) for slug in slugs})


# -- every ranking equals the reckoning


@in_one_world
@pytest.mark.parametrize("ranking", RANKINGS)
async def test_a_ranking_equals_the_reckoning_from_the_records(world, ranking):
    for year in (2025, 2024):
        answer = await asked(world, f"/{ranking}", province="35", fiscal_year=year)
        ranked, out = expected(year, PEERS)

        RankingRead.model_validate(answer)
        others = {item["node"] for item in answer["not_ranked"]} - PEERS.keys()
        assert placed(answer) == ranked[ranking]
        assert {node: found for node, found in reasons(answer).items() if node in PEERS} == out[ranking]
        assert len(others) == 39 - len(PEERS)
        assert answer["coverage"]["nodes"] == 39 == len(answer["items"]) + len(answer["not_ranked"])
        assert [item["rank"] for item in answer["items"]] == sorted(item["rank"] for item in answer["items"])


@in_one_world
async def test_the_reckoned_world_has_every_kind_of_reason_and_of_rank(world):
    ranked, out = expected(2025, PEERS)
    earlier = expected(2024, PEERS)[1]

    codes = {
        code
        for found in (out, earlier)
        for name in RANKINGS[:5]
        for reasons in found[name].values()
        for code in reasons
    }
    assert codes == {
        "year-read-in-part", "too-few-packages", "too-many-left-out", "too-few-tenders", "bidders-unknown",
        "too-few-dates", "dates-unknown", "pagu-zero", "too-few-conditions",
    }  # fmt: skip
    assert len(ranked["composite"]) >= 3
    assert any(len({rank for rank, *_ in found.values()}) < len(found) for found in ranked.values())


@in_one_world
async def test_peers_and_thirds_are_compared_among_themselves(world):
    for peers in ("city", "regency", "province"):
        slugs = [slug for slug, kind in PEERS.items() if kind == peers]
        answer = await asked(world, "/savings", province="35", fiscal_year=2025, peers=peers)
        assert (answer["peers"], {item["peers"] for item in answer["items"] + answer["not_ranked"]}) == (peers, {peers})
        assert placed(answer) == expected(2025, slugs)[0]["savings"]

    thirds, amounts = volumes_of(2025, PEERS)
    assert set(thirds.values()) == {"small", "medium", "large"}
    for volume in ("small", "medium", "large"):
        slugs = [slug for slug, third in thirds.items() if third == volume]
        answer = await asked(world, "/completeness", province="35", fiscal_year=2025, volume=volume)
        assert placed(answer) == expected(2025, slugs)[0]["completeness"]
        assert {item["node"] for item in answer["items"] + answer["not_ranked"]} == set(slugs)
        bounds = {group["group"]: group for group in answer["volumes"]}[volume]
        assert (bounds["nodes"], bounds["smallest"], bounds["largest"]) == (
            len(slugs), min(amounts[slug] for slug in slugs), max(amounts[slug] for slug in slugs),
        )  # fmt: skip
    # A city of a third is compared with the cities of its third, and thirds are taken among cities then.
    cities = [slug for slug, kind in PEERS.items() if kind == "city"]
    small = [slug for slug, third in volumes_of(2025, cities)[0].items() if third == "small"]
    answer = await asked(world, "/completeness", province="35", fiscal_year=2025, volume="small", peers="city")
    assert placed(answer) == expected(2025, small)[0]["completeness"]
    nobody = await asked(world, "/completeness", province="35", fiscal_year=2025, peers="ministry-other")
    assert (nobody["items"], nobody["not_ranked"], nobody["coverage"]["nodes"], nobody["as_of"]) == ([], [], 0, None)


@in_one_world
async def test_what_a_rank_rests_on_is_told_exactly(world):
    [savings] = [
        item
        for item in (await asked(world, "/savings", province="35", fiscal_year=2025))["items"]
        if item["node"] == "surabaya"
    ]
    sold = [fields for kind, _code, fields in packages_of("surabaya", 2025) if kind != PackageKind.SELF_MANAGED]
    both = [fields for fields in sold if fields["status"] == "completed" and fields["pagu"] is not None]
    pagu, value = (sum(fields[name] for fields in both) for name in ("pagu", "contract_value"))
    estimated = [fields for fields in sold if fields["status"] == "completed" and fields["hps"] is not None]
    hps, agreed = (sum(fields[name] for fields in estimated) for name in ("hps", "contract_value"))
    by_hps = savings["basis"].pop("by_hps")
    assert savings["packages"] == len(both)
    assert savings["basis"] == {
        "numerator": pagu - value, "denominator": pagu, "value": value, "completed": len(both) + 1,
        "left_out": {"no_value": 0, "no_pagu": 1},
    }  # fmt: skip
    assert (by_hps["packages"], by_hps["hps"], by_hps["savings"]) == (len(estimated), hps, hps - agreed)

    [taken] = [
        item
        for item in (await asked(world, "/timeliness", province="35", fiscal_year=2025))["items"]
        if item["node"] == "surabaya"
    ]
    assert taken["basis"]["median_days"] == taken["value"] <= taken["basis"]["p90_days"]
    # One of its tenders was awarded before it was announced.
    assert taken["basis"]["left_out"] == {"out_of_order": 1, "not_actual": 0, "no_dates": 0}
    assert taken["packages"] == taken["basis"]["completed"] - 1

    [facts] = [
        item
        for item in (await asked(world, "/completeness", province="35", fiscal_year=2025))["items"]
        if item["node"] == "surabaya"
    ]
    told = facts["basis"]["facts"]
    assert sum(fact["known"] for fact in told.values()) == facts["basis"]["numerator"]
    assert sum(fact["expected"] for fact in told.values()) == facts["basis"]["denominator"]
    assert told["pagu"] == {"known": 21, "expected": 22}
    assert told["hps"]["expected"] == len(sold) == 18


@in_one_world
async def test_intervals_hold_their_ranks_and_repeat(world):
    for ranking in RANKINGS:
        answer = await asked(world, f"/{ranking}", province="35", fiscal_year=2025)
        for item in answer["items"]:
            if ranking == "readiness":
                assert (item["rank_low"], item["rank_high"], item["no_interval"]["code"]) == (None, None, "no-sample")
            else:
                assert 1 <= item["rank_low"] <= item["rank"] <= item["rank_high"] <= len(answer["items"])
                assert item["no_interval"] is None
        again = await asked(world, f"/{ranking}", fiscal_year=2025, province="35")
        assert again == answer


@in_one_world
async def test_everybody_but_the_best_is_told_what_would_move_them_up(world):
    for ranking in RANKINGS:
        answer = await asked(world, f"/{ranking}", province="35", fiscal_year=2025)
        values = {item["node"]: item for item in answer["items"]}
        for item in answer["items"]:
            step = item["to_next"]
            if item["rank"] == 1:
                assert step is None
                continue
            other = values[step["node"]]
            assert (step["rank"], step["value"]) == (other["rank"], other["value"])
            assert step["rank"] == max(each["rank"] for each in answer["items"] if each["rank"] < item["rank"])
            assert step["change"] > 0
            assert str(step["rank"]) in step["message"]["id"]


@in_one_world
async def test_history_is_what_each_year_answers(world):
    for ranking in RANKINGS:
        history = await asked(world, f"/{ranking}/history", province="35", fiscal_year=2025, volume="large")
        RankingHistoryRead.model_validate(history)
        assert history["fiscal_years"] == [2025, 2024, 2023, 2022, 2021]
        for number, year in enumerate(history["fiscal_years"]):
            answer = await asked(world, f"/{ranking}", province="35", fiscal_year=year, volume="large")
            told = {item["node"]: item["years"][number] for item in history["items"]}
            assert {
                node: (found["rank"], found["value"], found["score"])
                for node, found in told.items()
                if found["rank"] is not None
            } == placed(answer)
            assert {found["ranked"] for found in told.values()} == {len(answer["items"])}
            assert {found["fiscal_year"] for found in told.values()} == {year}
    only = await asked(world, "/savings/history", province="35", node=["surabaya", "gresikkab", "tidak-ada"])
    assert [item["node"] for item in only["items"]] == ["gresikkab", "surabaya"]


@in_one_world
async def test_every_ranking_is_published_with_its_formula(world):
    listed = await asked(world, "")

    Page[RankingFormulaRead].model_validate(listed)
    assert tuple(item["ranking"] for item in listed["items"]) == RANKINGS
    assert listed["items"][-1]["components"] == list(RANKINGS[:5])
    for item in listed["items"]:
        answer = await asked(world, f"/{item['ranking']}", province="35", fiscal_year=2025)
        assert answer["formula"] == item
        plain = loads((await world.get(f"/api/v1/statistics/formulas/{item['id']}")).content)
        assert plain == {name: item[name] for name in ("id", "version", "title", "definition")}


@in_one_world
async def test_a_ranking_that_is_not_there_is_not_found(world):
    for path in ("/tidak-ada", "/tidak-ada/history"):
        refused = await asked(world, path, status=404)
        assert refused["code"] == "ranking-not-found"
        assert "savings" in refused["message"]["id"]
    assert (await asked(world, "/savings", status=422, peers="desa"))["code"] == "request-invalid"


# -- what changes, and when


async def test_doing_what_is_said_leads_to_the_place_that_is_said(client, database):
    for slug, value in (("surabaya", "800000.00"), ("gresikkab", "777777.77")):
        await (await door_of(database, slug)).record(
            *(a_record(str(n), contract_value=None, awards=[], award_value=Decimal(value)) for n in range(12))
        )
    [_, behind] = (await asked(client, "/savings", fiscal_year=2025))["items"]
    assert (behind["node"], behind["rank"], behind["to_next"]["node"]) == ("surabaya", 2, "gresikkab")

    for too_little, rank in ((Decimal("0.01"), 2), (Decimal(0), 1)):
        lower = Decimal("800000.00") - behind["to_next"]["change"] + too_little
        await (await door_of(database)).record(a_record("0", awards=[], award_value=lower))
        answer = await asked(client, "/savings", fiscal_year=2025)
        assert {item["node"]: item["rank"] for item in answer["items"]} == {"surabaya": rank, "gresikkab": 1}


async def test_without_a_year_the_latest_that_has_begun_and_has_completed_packages_is_ranked(client, database):
    this_year = utc_now().year
    assert (await asked(client, "/savings", province="35"))["fiscal_year"] in {this_year, this_year + 1}
    door = await door_of(database)
    await door.record(
        a_record("1", fiscal_years=[2023]),
        a_record("2", fiscal_years=[2024]),
        a_sketch("3", fiscal_years=[2025], status="running"),
        a_record("4", fiscal_years=[this_year + 2]),
    )

    assert (await asked(client, "/savings", province="35"))["fiscal_year"] == 2024
    assert (await asked(client, "/savings/history", province="35"))["fiscal_years"][0] == 2024
    assert (await asked(client, "/savings", province="35", peers="province"))["fiscal_year"] in {
        this_year,
        this_year + 1,
    }


async def test_only_active_nodes_are_ranked(client, database):
    for slug in ("surabaya", "gresikkab", "kedirikota"):
        await (await door_of(database, slug)).record(*(a_record(str(n)) for n in range(12)))
    # Their values are the same, and so is their rank.
    answer = await asked(client, "/savings", fiscal_year=2025)
    assert [(item["rank"], item["node"], item["score"]) for item in answer["items"]] == [
        (1, slug, Decimal("0.5")) for slug in ("gresikkab", "kedirikota", "surabaya")
    ]

    for state in ("retired", "discovered"):
        await put(database, state)
        answer = await asked(client, "/savings", fiscal_year=2025)
        await put(database, "active")
        assert [item["node"] for item in answer["items"]] == ["gresikkab"]
        assert not {"surabaya", "kedirikota"} & {item["node"] for item in answer["not_ranked"]}


async def put(database, state):
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE nodes SET state = :state WHERE slug IN ('surabaya', 'kedirikota')"), {"state": state}
        )


async def test_an_answer_is_given_again_until_a_package_changes(client, database):
    door = await door_of(database)
    await door.record(*(a_record(str(n)) for n in range(12)))
    first = await client.get("/api/v1/rankings/savings?fiscal_year=2025")
    assert (await client.get("/api/v1/rankings/savings?fiscal_year=2025")).headers["etag"] == first.headers["etag"]

    await door.record(a_record("3", awards=[], award_value=Decimal("700000.00")))

    second = await client.get("/api/v1/rankings/savings?fiscal_year=2025")
    assert second.headers["etag"] != first.headers["etag"]
    assert loads(second.content)["items"][0]["basis"]["numerator"] == Decimal("2500000.00")
    # All of its packages were awarded in one month.
    assert loads(second.content)["items"][0]["no_interval"]["code"] == "too-few-cells"


async def test_readiness_counts_what_is_met_of_what_can_be_judged(client, database):
    ids, now = await nodes(database), utc_now()
    async with database.transaction() as session:
        for slug, version, answers, probes, ok in (
            ("surabaya", "4.5u20250321", "ok", 100, 95),
            ("gresikkab", "4.10u20260101", "open", 100, 94),
            ("kedirikota", "4.4u20221010", "unknown", 23, 23),
        ):
            await session.execute(
                text("UPDATE nodes SET software_version = :version WHERE slug = :slug"),
                {"version": version, "slug": slug},
            )
            endpoint = await session.scalar(
                text("SELECT min(id) FROM endpoints WHERE node_id = :node"), {"node": ids[slug]}
            )
            await session.execute(
                text("""
                    INSERT INTO endpoint_health (endpoint_id, state, next_probe_at, opened_at)
                    VALUES (:endpoint, :state, now(), CASE :state WHEN 'open' THEN now() END)
                """),
                {"endpoint": endpoint, "state": answers},
            )
            await session.execute(
                text("""
                    INSERT INTO probe_hours (node_id, endpoint_id, hour, probes, ok, latency_sum_ms, latency_max_ms)
                    VALUES (:node, :endpoint, date_trunc('hour', now()) - interval '6 days', :probes, :ok, 0, 0),
                           (:node, :endpoint, date_trunc('hour', now()) - interval '8 days', 900, 0, 0, 0)
                """),
                {"node": ids[slug], "endpoint": endpoint, "probes": probes, "ok": ok},
            )
            for year, state, ago in ((2025, "completed", 1), (2024, "failed", 1), (2023, "completed", 90)):
                at = now - timedelta(hours=ago if slug == "surabaya" else 49)
                await note_attempt(
                    session, node_id=ids[slug], fiscal_year=year, state=state, software_version=None, now=at
                )

    answer = await asked(client, "/readiness", province="35", fiscal_year=2025)

    told = {item["node"]: item for item in answer["items"]}
    years = {"year_read_2025": "met", "year_read_2024": "not_met", "year_read_2023": "met"}
    assert told["surabaya"]["basis"]["conditions"] == {
        "reachable": "met", "steady": "met", "fresh": "met", "version_current": "met", **years,
    }  # fmt: skip
    assert told["gresikkab"]["basis"]["conditions"] == {
        "reachable": "not_met", "steady": "not_met", "fresh": "not_met", "version_current": "met", **years,
    }  # fmt: skip
    assert told["kedirikota"]["basis"]["conditions"] == {
        "reachable": "not_judged", "steady": "not_judged", "fresh": "not_met", "version_current": "not_met", **years,
    }  # fmt: skip
    assert [(item["node"], item["rank"], item["basis"]["numerator"], item["basis"]["denominator"]) for item in answer["items"]] == [
        ("surabaya", 1, 6, 7), ("gresikkab", 2, 3, 7), ("kedirikota", 3, 2, 5),
    ]  # fmt: skip
    assert told["kedirikota"]["to_next"]["change"] == 1
    unknown = next(node for node in answer["not_ranked"] if node["node"] == "bangkalankab")
    assert (unknown["reasons"][0]["code"], unknown["reasons"][0]["found"], unknown["reasons"][0]["needed"]) == (
        "too-few-conditions",
        0,
        4,
    )

    # What probes find is no package and moves no version of the figures; it is seen at once all the same.
    async with database.transaction() as session:
        await session.execute(text("UPDATE endpoint_health SET state = 'ok', opened_at = NULL"))
    assert (await asked(client, "/readiness", province="35", fiscal_year=2025))["items"][1]["basis"]["numerator"] == 4
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM endpoint_health"))
        await session.execute(text("DELETE FROM probe_hours"))
        await session.execute(text("UPDATE nodes SET software_version = NULL"))
