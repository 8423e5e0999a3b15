"""A feed is walked to its proven end; each package stands in the list of its kind and year, whole."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.ocds.adapter import OcdsAdapter, OcdsVisit
from app.adapters.protocol import (
    Endpoint,
    IndexIncomplete,
    NodeContractBroken,
    NodeFailure,
    NodeRefused,
    NodeUnreachable,
)
from app.core.dates import TimeZone
from app.core.vocabulary import Interface, PackageKind
from app.kit.http import GuardedClient
from tests.adapters.loopback import POLICY, scripted_node

TENDER, NON_TENDER = PackageKind.TENDER, PackageKind.NON_TENDER
PACKAGE = json.loads(Path(__file__).with_name("replies").joinpath("ocds", "releases.json").read_bytes())
RELEASES = PACKAGE["releases"]


@asynccontextmanager
async def publisher(path="/rekaan/feed", **options):
    async with scripted_node() as node, GuardedClient(replace(POLICY, attempts=2)) as client:
        base = node.base_url.removesuffix("/rekaan") + path
        endpoint = Endpoint(Interface.OCDS, base, TimeZone.WIB, options)
        async with OcdsAdapter().visit(client, endpoint) as visit:
            visit.probe = lambda: OcdsAdapter().probe(client, endpoint)
            yield node, visit


def package(releases, following=None, *, name="releases"):
    return json.dumps({"uri": "https://contoh.example/", name: releases, "links": {"next": following}})


async def listed(visit, kind=TENDER, year=2025, resume=""):
    """The packages of a list with their rows merged, as collection does it; and all problems."""
    merged, problems = {}, []
    async for page in visit.index(kind, year, resume=resume):
        problems += page.problems
        assert all(entry.kind is kind and entry.settled and not entry.fingerprint for entry in page.entries)
        assert page.position
        for entry in page.entries:
            merged.setdefault(entry.code, {}).update(entry.row)
    return merged, problems


def releases_of(row):
    return sorted(child["id"] for key, child in row.items() if key.startswith("release#"))


async def test_every_package_stands_in_the_list_of_its_kind_and_year():
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES))

        tenders, problems = await listed(visit)
        non_tenders, _ = await listed(visit, NON_TENDER)
        earlier, _ = await listed(visit, year=2024)
        none, _ = await listed(visit, year=2023)

    assert {code: releases_of(row) for code, row in tenders.items()} == {
        "1001007": ["1001007-award", "1001007-contract", "1001007-tender"]
    }
    assert list(non_tenders) == ["1002007"]
    assert list(earlier) == ["900007"]
    assert (none, problems) == ({}, [])


async def test_the_merged_rows_become_a_record():
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES))
        entries = [entry async for page in visit.index(TENDER, 2025) for entry in page.entries]
        rows = {key: row for entry in entries for key, row in entry.row.items()}
        asked = len(node.asked)

        record = await visit.detail(replace(entries[0], row=rows))

    assert record.fields["fiscal_years"] == [2025]
    assert str(record.fields["awards"][0]["contract_value"]) == "1390000000.05"
    assert len(node.asked) == asked


@pytest.mark.parametrize("order", [RELEASES, RELEASES[::-1]])
async def test_a_process_that_is_spread_over_pages_is_one_package(order):
    pages = {f"/rekaan/feed{number or ''}": [release] for number, release in enumerate(order)}
    async with publisher() as (node, visit):
        for number, (path, releases) in enumerate(pages.items(), start=1):
            node.on(path, package(releases, f"feed{number}" if number < len(pages) else None))

        tenders, _ = await listed(visit)

    assert releases_of(tenders["1001007"]) == ["1001007-award", "1001007-contract", "1001007-tender"]
    assert list(tenders) == ["1001007"]


async def test_records_are_read_once():
    records = [{"ocid": release["ocid"], "compiledRelease": {**release, "tag": ["compiled"]}} for release in RELEASES]
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(records[:2], "/rekaan/feed2", name="records"))
        node.on("/rekaan/feed2", package(records[3:], name="records"))

        tenders, _ = await listed(visit)
        non_tenders, _ = await listed(visit, NON_TENDER)

    assert (list(tenders), list(non_tenders)) == (["1001007"], ["1002007"])
    assert len(node.asked) == 4


async def test_the_survey_of_one_kind_serves_the_other():
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES))
        await listed(visit)
        await listed(visit, NON_TENDER)

    assert len(node.asked) == 4


async def test_lines_are_read_too():
    async with publisher(publication="lines") as (node, visit):
        node.on("/rekaan/feed", "\n".join(json.dumps(release) for release in RELEASES))

        tenders, problems = await listed(visit)

    assert (list(tenders), problems) == (["1001007"], [])


async def test_a_feed_by_year_says_itself_which_year_it_is_of():
    async with publisher("/rekaan/{year}.json") as (node, visit):
        node.on("/rekaan/2026.json", package(RELEASES))

        tenders, _ = await listed(visit, year=2026)
        entries = {entry.code: entry async for page in visit.index(TENDER, 2026) for entry in page.entries}
        record = await visit.detail(entries["900007"])

    assert list(tenders) == ["1001007", "900007"]
    assert record.fields["fiscal_years"] == [2026]
    assert record.raw[0].url.endswith("/rekaan/2026.json")


@pytest.mark.parametrize("kept", range(1, 5))
async def test_a_killed_run_goes_on_where_it_was(kept):
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES[:1], "/rekaan/feed2"))
        node.on("/rekaan/feed2", package(RELEASES[1:]))
        whole, _ = await listed(visit)
        pages = [page async for page in OcdsVisit(visit._feed, TimeZone.WIB).index(TENDER, 2025)][:kept]
        merged, _ = await listed(OcdsVisit(visit._feed, TimeZone.WIB), resume=pages[-1].position)
    for entry in (entry for page in pages for entry in page.entries):
        merged.setdefault(entry.code, {}).update(entry.row)

    assert len(pages) == kept
    assert merged == whole


async def test_a_page_that_leads_back_is_no_end():
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES[:1], "/rekaan/feed2"))
        node.on("/rekaan/feed2", package(RELEASES[1:], "/rekaan/feed"))

        with pytest.raises(IndexIncomplete):
            await listed(visit)

    assert len(node.asked) == 2


@pytest.mark.parametrize("link", ["https://contoh.example/2", "//10.0.0.1/2", "file:///etc/passwd", 7])
async def test_nobody_but_the_publisher_says_where_the_feed_goes_on(link):
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES[:1], link))

        with pytest.raises(NodeContractBroken):
            await listed(visit)


async def test_a_feed_of_lines_whose_length_nobody_tells_is_never_complete():
    lines = json.dumps(RELEASES[0]) + "\n"
    async with publisher(publication="lines") as (node, visit):
        node.on("/rekaan/feed", (200, lines, {"content-length": None}))

        with pytest.raises(IndexIncomplete):
            await listed(visit)


async def test_a_package_whose_end_is_there_is_complete_though_nobody_told_its_length():
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", (200, package(RELEASES), {"content-length": None}))

        tenders, _ = await listed(visit)

    assert list(tenders) == ["1001007"]


async def test_an_answer_that_breaks_off_is_asked_for_again():
    whole = package(RELEASES)
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", (200, whole[:3000], {"content-length": str(len(whole.encode()))}), whole)

        tenders, _ = await listed(visit)

    assert list(tenders) == ["1001007"]


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        ((403, "ditolak"), NodeRefused),
        ((401, "siapa"), NodeRefused),
        ((503, "sakit"), NodeUnreachable),
        ((429, "pelan"), NodeUnreachable),
        ((404, "tidak ada"), NodeContractBroken),
        ("<html>Masuk</html>", NodeContractBroken),
        ('{"error": "simulasi"}', NodeContractBroken),
        ('{"releases": [{"nama": "bukan rilis"}]}', NodeContractBroken),
        ('{"releases": [1, 2]}', NodeContractBroken),
        (package(RELEASES)[:-300], NodeUnreachable),
    ],
)
async def test_a_publisher_that_lets_us_down_is_told_by_its_class(reply, failure):
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", reply)

        with pytest.raises(failure) as caught:
            await listed(visit)
        with pytest.raises(NodeFailure):
            await visit.probe()

    assert type(caught.value) is failure


async def test_a_page_of_lines_that_are_none_is_no_feed():
    async with publisher(publication="lines") as (node, visit):
        node.on("/rekaan/feed", "<html>\nMasuk\n</html>")

        with pytest.raises(NodeContractBroken):
            await listed(visit)


async def test_rows_that_cannot_be_used_are_told_and_the_others_kept():
    rows = [
        *RELEASES,
        "teks",
        {"ocid": "kode salah", "tender": {"datePublished": "2025-01-01"}},
        {"ocid": "ocds-aaaaaa-5"},
    ]
    body = package(rows).replace('"links"', '"extra": 1, "links"')
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", body)

        tenders, problems = await listed(visit)

    assert list(tenders) == ["1001007"]
    assert [problem.code for problem in problems] == ["row-unreadable", "code-unreadable", "fiscal-year-unreadable"]


async def test_a_probe_asks_once():
    async with publisher() as (node, visit):
        node.on("/rekaan/feed", package(RELEASES, "/rekaan/feed2"))

        await visit.probe()

    assert len(node.asked) == 1


async def test_an_unknown_publication_is_for_the_operator():
    with pytest.raises(NodeRefused):
        async with publisher(publication="arsip"):
            pass


def test_the_adapter_says_what_it_is():
    adapter = OcdsAdapter()

    assert (adapter.interface, adapter.joins) == (Interface.OCDS, True)
    assert adapter.kinds == {TENDER, NON_TENDER}
