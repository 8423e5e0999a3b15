"""What is odd about other hubs: feeds that begin anew, digests, pages that are too large, words of newer hubs, circles."""

import asyncio
import base64
import hashlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from app.adapters.hub import adapter, circles
from app.adapters.hub.asking import root_of
from app.adapters.protocol import Endpoint, IndexIncomplete, NodeContractBroken, NodeRefused
from app.core.dates import TimeZone
from app.core.vocabulary import Category, Interface, PackageKind, PackageStatus
from app.kit.http import GuardedClient
from tests.adapters.loopback import POLICY, a_visit_to, entries_of, index_of, scripted_node
from tests.kit.strangers import listening

NODE, FEED = "/rekaan/api/v1/nodes/contoh", "/rekaan/api/v1/changes"
RESTARTED = (409, json.dumps({"code": "feed-restarted"}), {"content-type": "application/problem+json"})


def a_node(**fields):
    known = {"slug": "contoh", "kd_lpse": 7, "time_zone": "WITA", "endpoints": []}
    return json.dumps({**known, **fields}), {"content-type": "application/json"}


def an_item(code="10001", op="upsert", **fields):
    document = {
        "node": "contoh",
        "kind": "tender",
        "code": code,
        "fiscal_year": 2025,
        "fiscal_years": [2025],
        "status": "completed",
        "name": f"Pekerjaan {code}",
        **fields,
    }
    return {"cursor": f"{int(code):048x}", "op": op, "entity": "package", "package": document}


def a_page(*items, at=1, more=False, digest=None, **headers):
    text = "".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in items)
    stated = base64.b64encode(digest or hashlib.sha256(text.encode()).digest()).decode()
    told = {
        "content-type": "application/x-ndjson",
        "x-next-cursor": f"{at:048x}",
        "x-more": "true" if more else "false",
        "repr-digest": f"sha-256=:{stated}:",
    }
    return 200, text, {**told, **headers}


@pytest.fixture
async def hub():
    async with scripted_node() as node:
        text, headers = a_node()
        node.on(NODE, (200, text, headers))
        yield node


def an_endpoint(hub, **options):
    return Endpoint(Interface.HUB, hub.base_url, TimeZone.WIB, {"node": "contoh", "kd_lpse": 7, **options})


async def listed(hub, *, resume="", **options):
    async with a_visit_to(an_endpoint(hub, **options)) as visit:
        return await index_of(visit, PackageKind.TENDER, 2025, resume=resume)


async def record_of(hub, **fields):
    hub.on(FEED, a_page(an_item(**fields)))
    async with a_visit_to(an_endpoint(hub)) as visit:
        [entry] = await entries_of(visit, PackageKind.TENDER, 2025)
        return await visit.detail(entry)


def codes_in(pages):
    return [entry.code for page in pages for entry in page.entries]


async def test_packages_that_are_gone_stand_in_no_list(hub):
    hub.on(FEED, a_page(an_item("10001"), an_item("10002", op="withdrawn")))

    [page] = await listed(hub)

    assert (codes_in([page]), page.received, page.problems) == (["10001"], 1, ())


async def test_a_hub_that_was_restored_while_it_is_read_is_read_from_the_beginning(hub):
    hub.on(
        FEED,
        a_page(an_item("10001"), at=1, more=True),
        RESTARTED,
        a_page(an_item("10001"), at=1, more=True),
        a_page(an_item("10003"), at=3),
    )

    assert codes_in(await listed(hub)) == ["10001", "10001", "10003"]
    assert [("after=" in target) for _, target, _, _ in hub.asked if "/changes" in target] == [False, True, False, True]


async def test_a_hub_that_is_restored_again_and_again_has_no_complete_list(hub):
    hub.on(FEED, a_page(an_item("10001"), at=1, more=True), RESTARTED, a_page(an_item("10001"), more=True), RESTARTED)

    with pytest.raises(IndexIncomplete):
        await listed(hub)


async def test_a_cursor_of_before_the_restoration_leads_back_to_the_beginning(hub):
    hub.on(FEED, RESTARTED, a_page(an_item("10001")))

    assert codes_in(await listed(hub, resume="f" * 48)) == ["10001"]


async def test_a_page_that_is_not_what_its_digest_says_is_not_believed(hub):
    hub.on(FEED, a_page(an_item(), digest=bytes(32)))

    with pytest.raises(NodeContractBroken, match="digest"):
        await listed(hub)


@pytest.mark.parametrize("missing", ["repr-digest", "x-next-cursor", "x-more"])
async def test_a_page_without_what_makes_it_a_page_is_no_feed(hub, missing):
    hub.on(FEED, a_page(an_item(), **{missing: None}))

    with pytest.raises(NodeContractBroken):
        await listed(hub)


async def test_a_digest_of_what_was_compressed_on_the_way_has_another_name(hub):
    page = a_page(an_item("10001"))
    headers = {**page[2], "unencoded-digest": page[2]["repr-digest"], "repr-digest": None}
    hub.on(FEED, (*page[:2], headers))

    assert codes_in(await listed(hub)) == ["10001"]


async def test_a_feed_that_does_not_move_on_has_no_complete_list(hub):
    hub.on(FEED, a_page(an_item(), at=5, more=True), a_page(at=5, more=True))

    with pytest.raises(IndexIncomplete):
        await listed(hub)


async def test_packages_that_are_too_large_together_are_asked_for_in_smaller_pages(hub):
    large = an_item("10001", description="x" * 40_000)
    hub.on(FEED, a_page(large, an_item("10002", description="x" * 40_000)), a_page(large))
    small = replace(POLICY, max_wire_bytes=60_000)

    async with a_visit_to(an_endpoint(hub), small) as visit:
        assert [entry.code for entry in await entries_of(visit, PackageKind.TENDER, 2025)] == ["10001"]

    limits = [target.partition("limit=")[2].partition("&")[0] for _, target, _, _ in hub.asked if "/changes" in target]
    assert limits == [str(adapter.LIMIT), str(adapter.LIMIT // 8)]


async def test_rows_that_are_not_understood_are_problems_and_the_others_are_kept(hub):
    hub.on(
        FEED,
        a_page(
            an_item("10001"),
            "{bukan json",
            an_item("1", node="lain"),
            an_item("1", fiscal_year=2024),
            an_item("1", fiscal_years=None),
            json.dumps(an_item("1")).replace('"code": "1"', '"code": "a b"'),
        ),
    )

    [page] = await listed(hub)

    assert codes_in([page]) == ["10001"]
    assert page.received == 6
    assert [problem.code for problem in page.problems] == [
        "row-unreadable", "row-unreadable", "fiscal-year-unreadable", "fiscal-year-unreadable", "code-unreadable",
    ]  # fmt: skip


async def test_a_page_of_which_nothing_is_understood_is_a_broken_contract(hub):
    hub.on(FEED, a_page(an_item("1", kind="lelang")))

    with pytest.raises(NodeContractBroken):
        await listed(hub)


async def test_the_evidence_is_the_line_as_it_was_sent(hub):
    record = await record_of(hub)

    [raw] = record.raw
    assert raw.body.decode() == json.dumps(an_item())
    assert raw.url == f"{hub.base_url}/api/v1/packages/contoh/tender/10001"


async def test_words_of_a_newer_hub_are_kept_as_text(hub):
    record = await record_of(hub, status="postponed", category="space_travel", category_text=None, method=None)

    assert record.fields["status"] is PackageStatus.OTHER
    assert (record.fields["category"], record.fields["category_text"]) == (Category.OTHER, "space_travel")
    assert record.fields["method"] is None
    assert [problem.code for problem in record.problems] == ["status-unknown", "category-unknown"]


async def test_an_amount_that_cannot_be_read_takes_no_weaker_one_in_its_place(hub):
    award = {"supplier_name": "CV Contoh", "contract_value": "1.500", "bid_value": 900}
    record = await record_of(hub, pagu=Decimal(1000).__int__(), awards=[award], contract_value=None, bid_value=900)

    assert record.fields["pagu"] == Decimal("1000.00")
    assert not {"awards", "contract_value", "bid_value"} & record.fields.keys()
    assert [problem.code for problem in record.problems] == ["amount-unreadable"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"name": 5},
        {"labels": "Ulang"},
        {"awards": "semua"},
        {"offers": [1]},
        {"participants": -1},
        {"participants": True},
        {"announced_at": "2025-01-01T00:00:00"},
        {"announced_at": 20250101},
        {"created_on": "kemarin"},
        {"fiscal_years": [2025, 1999]},
        {"offers": [{"supplier_name": "CV Contoh", "score": "seratus"}]},
        {"schedule": [{"name": "Pengumuman", "revisions": {}}]},
    ],
    ids=str,
)
async def test_a_value_of_another_shape_is_a_problem_and_nothing_is_guessed(hub, spoilt):
    record = await record_of(hub, **spoilt)

    assert len(record.problems) == 1
    assert record.fields["name"] == (None if "name" in spoilt else "Pekerjaan 10001")


async def test_what_no_reader_can_see_is_taken_out_of_texts(hub):
    record = await record_of(hub, name="Jalan\u202e  Contoh", stage="dua  spasi")

    assert (record.fields["name"], record.fields["stage"]) == ("Jalan Contoh", "dua  spasi")


async def test_another_lpse_of_the_same_name_is_not_taken_for_ours(hub):
    hub.on(FEED, a_page(an_item()))

    with pytest.raises(NodeRefused, match="LPSE 7"):
        await listed(hub, kd_lpse=8)


async def test_a_probe_brings_the_clock_of_the_node(hub):
    async with GuardedClient(POLICY) as client:
        facts = await adapter.HubAdapter().probe(client, an_endpoint(hub))

    assert (facts.time_zone, facts.base_url) == (TimeZone.WITA, hub.base_url)


@pytest.mark.parametrize("answer", ["[]", '{"slug": 1}', '{"slug": "contoh", "endpoints": "?"}', "<html>"])
async def test_something_else_at_the_address_is_no_hub(hub, answer):
    hub.on(NODE, (200, answer, {"content-type": "application/json"}))

    with pytest.raises(NodeContractBroken):
        await listed(hub)


# --- Circles


def fed_by(*sources):
    text, headers = a_node(
        endpoints=[
            {"interface": "spse", "base_url": "https://spse.contoh.id", "options": {}},
            *({"interface": "hub", "base_url": url, "options": options} for url, options in sources),
        ]
    )
    return 200, text, headers


async def test_a_hub_that_feeds_itself_is_refused(hub):
    hub.on(NODE, fed_by((f"{hub.base_url}/api/v1/", {})))

    with pytest.raises(NodeRefused, match="from a hub that has it from there"):
        await listed(hub)


async def test_a_circle_over_another_hub_is_refused(hub):
    async with scripted_node() as ours:
        hub.on(NODE, fed_by((ours.base_url, {"node": "kita"})))
        ours.on(NODE.replace("contoh", "kita"), fed_by((hub.base_url, {"node": "contoh"})))

        with pytest.raises(NodeRefused):
            await listed(hub)


async def test_a_chain_of_hubs_that_ends_is_read(hub):
    async with scripted_node() as below:
        hub.on(NODE, fed_by((below.base_url, {})))
        below.on(NODE, fed_by())
        hub.on(FEED, a_page(an_item("10001")))

        assert codes_in(await listed(hub)) == ["10001"]


async def test_a_hub_below_that_does_not_answer_ends_the_search(hub):
    hub.on(NODE, fed_by(("http://127.0.0.1:9/rakor", {})))
    hub.on(FEED, a_page(an_item("10001")))

    assert codes_in(await listed(hub)) == ["10001"]


async def test_hubs_below_that_take_their_time_do_not_hold_a_visit_up(hub, monkeypatch):
    monkeypatch.setattr(circles, "MOST_SECONDS", 0.2)

    async def silent(_reader, writer):
        await asyncio.sleep(3)
        writer.close()

    async with listening(silent) as port:
        hub.on(NODE, fed_by((f"http://127.0.0.1:{port}", {})))
        hub.on(FEED, a_page(an_item("10001")))

        assert codes_in(await listed(hub)) == ["10001"]


@pytest.mark.parametrize(
    "spelling", ["https://Rakor.contoh.go.id", "https://rakor.contoh.go.id/", "https://rakor.contoh.go.id/api/v1/"]
)
def test_the_root_of_a_hub_has_one_spelling(spelling):
    assert root_of(spelling) == "https://rakor.contoh.go.id"
