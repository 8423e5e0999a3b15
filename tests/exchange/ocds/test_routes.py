"""Open Contracting data over HTTP: pages that lead to their end, single releases and records, whole years, extensions."""

import gzip
from datetime import timedelta
from decimal import Decimal

from app.core.vocabulary import PackageKind, PackageStatus
from app.kit.json import loads
from tests.conftest import NOW
from tests.exchange.ocds.packages import FULL, by_status, everything
from tests.records import BANJARMASIN, a_sketch, an_award, door_of

OCDS = "/api/v1/ocds"
HOST = "http://rakor.test"


async def asked(client, address, **query):
    answer = await client.get(address.removeprefix(HOST), params=query or None)
    assert answer.status_code == 200, answer.text
    return loads(answer.content)


async def walked(client, address, name="releases", link="next", **query):
    """All items of all pages, and how many pages there were."""
    page = await asked(client, address, **query)
    items, count = list(page[name]), 1
    while following := page.get("links", {}).get(link):
        page = await asked(client, following)
        items = [*items, *page[name]] if link == "next" else [*page[name], *items]
        count += 1
    return items, count


def codes_of(items):
    return [item["ocid"].rpartition(".")[2] for item in items]


async def test_a_page_says_who_publishes_and_where_its_neighbours_are(client, some):
    page = await asked(client, f"{OCDS}/releases", limit=2, kind="tender")

    assert page["uri"] == f"{HOST}{OCDS}/releases?limit=2&kind=tender"
    assert page["version"] == "1.1"
    assert page["publisher"] == {"name": "Rakor"}
    assert page["publishedDate"] == max(release["date"] for release in page["releases"])
    assert all(address.startswith(f"{HOST}{OCDS}/extensions/") for address in page["extensions"])
    assert page["links"]["next"].startswith(f"{HOST}{OCDS}/releases?limit=2&kind=tender&after=")
    assert "prev" not in page["links"]


async def test_pages_lead_to_the_end_and_back(client, some):
    forth, pages = await walked(client, f"{OCDS}/releases", limit=2)
    last = await asked(client, (await asked(client, f"{OCDS}/releases", limit=4))["links"]["next"])
    back, _ = await walked(client, last["links"]["prev"], link="prev")

    assert (codes_of(forth), pages) == (["1", "2", "3", "4", "5"], 3)
    assert codes_of(back) == ["1", "2", "3", "4"]
    assert "next" not in last["links"]


async def test_a_full_last_page_leads_nowhere(client, some):
    page = await asked(client, f"{OCDS}/releases", limit=5)

    assert len(page["releases"]) == 5
    assert "links" not in page


async def test_each_version_is_a_release_in_the_order_of_the_feed(client, door):
    for number, name in enumerate(("Satu", "Dua", "Tiga")):
        await door.record(a_sketch("1", name=name), a_sketch("2", name=name), now=NOW + timedelta(minutes=number))
    releases, _ = await walked(client, f"{OCDS}/releases", limit=2)

    assert [release["id"].rpartition(".")[2] for release in releases] == ["1-1", "2-1", "1-2", "2-2", "1-3", "2-3"]


async def test_filters_choose_by_package_and_by_moment(client, database, door):
    other = await door_of(database, BANJARMASIN)
    await door.record(a_sketch("1", institution="D181"), a_sketch("2", kind=PackageKind.RECORDED))
    await door.record(a_sketch("3", fiscal_years=[2024]), now=NOW + timedelta(days=1))
    await other.record(a_sketch("4"), now=NOW + timedelta(days=2))

    async def found(**query):
        return codes_of((await asked(client, f"{OCDS}/releases", **query))["releases"])

    assert await found(fiscal_year=2025) == ["1", "2", "4"]
    assert await found(node=BANJARMASIN) == ["4"]
    assert await found(kind="recorded") == ["2"]
    assert await found(province="35") == ["1"]
    assert await found(releasedFrom="2026-03-03T00:00:00Z") == ["3", "4"]
    assert await found(releasedTo="2026-03-03T23:00:00+07:00") == ["1", "2", "3"]
    assert await found(node="tidak-ada") == []
    records = await asked(
        client, f"{OCDS}/records", updatedFrom="2026-03-03T00:00:00Z", updatedTo="2026-03-04T00:00:00Z"
    )
    assert codes_of(records["records"]) == ["3"]


async def test_one_release_by_its_id(client, some):
    page = await asked(client, f"{OCDS}/releases/ocds-000000-surabaya.tender.3-1")

    assert codes_of(page["releases"]) == ["3"]
    assert page["uri"].endswith("/releases/ocds-000000-surabaya.tender.3-1")


async def test_what_is_no_release_or_no_process_is_not_found(client, some):
    for name in ("surabaya.tender.9", "surabaya.recorded.3", "tidak-ada.tender.3"):
        release = await client.get(f"{OCDS}/releases/ocds-000000-{name}-1")
        record = await client.get(f"{OCDS}/records/ocds-000000-{name}")
        assert (release.status_code, release.json()["code"]) == (404, "release-not-found")
        assert (record.status_code, record.json()["code"]) == (404, "ocid-not-found")
    for name in ("000000-surabaya.tender.3-2", "999999-surabaya.tender.3-1"):
        assert (await client.get(f"{OCDS}/releases/ocds-{name}")).status_code == 404


async def test_one_record_tells_the_whole_process(client, door):
    await door.record(a_sketch("1", **{**FULL, "status": PackageStatus.RUNNING}))
    await door.record(a_sketch("1", **by_status(PackageStatus.COMPLETED)), now=NOW + timedelta(days=1))
    (record,) = (await asked(client, f"{OCDS}/records/ocds-000000-surabaya.tender.1"))["records"]

    assert record["ocid"] == "ocds-000000-surabaya.tender.1"
    assert [release["id"][-2:] for release in record["releases"]] == ["-1", "-2"]
    assert record["compiledRelease"]["tag"] == ["compiled"]
    assert record["compiledRelease"]["tender"]["status"] == "complete"
    assert [one["value"] for one in record["versionedRelease"]["tender"]["status"]] == ["active", "complete"]


async def test_records_come_in_pages(client, some):
    records, pages = await walked(client, f"{OCDS}/records", "records", limit=2)

    assert (codes_of(records), pages) == (["1", "2", "3", "4", "5"], 3)
    assert all({"ocid", "releases", "compiledRelease"} == set(record) for record in records)


async def test_a_year_can_be_downloaded_whole(client, door):
    for kind, code, fields in everything():
        await door.record(a_sketch(code, kind=kind, **fields))
    await door.record(a_sketch("2024", fiscal_years=[2024]))
    index = {year["year"]: year for year in (await asked(client, f"{OCDS}/bulk"))["years"]}
    lines, packed, records = [
        (await client.get(file["url"].removeprefix(HOST))).content
        for file in (index[2025]["files"][0], index[2025]["files"][2], index[2025]["files"][1])
    ]

    compiled = [loads(line) for line in lines.splitlines()]
    assert len(compiled) == index[2025]["processes"] == len(list(everything()))
    assert all(one["tag"] == ["compiled"] for one in compiled)
    assert gzip.decompress(packed) == lines
    assert [loads(line)["compiledRelease"] for line in records.splitlines()] == compiled
    assert index[2024]["processes"] == 1
    assert (await client.get(f"{OCDS}/bulk/2001.jsonl")).content == b""
    assert gzip.decompress((await client.get(f"{OCDS}/bulk/2001.jsonl.gz")).content) == b""


async def test_amounts_are_exact(client, door):
    await door.record(a_sketch("1", pagu=Decimal("123456789012345678.90"), status=PackageStatus.RUNNING))
    answer = await client.get(f"{OCDS}/releases")

    assert b'"amount":123456789012345678.90' in answer.content


async def test_an_unchanged_page_costs_a_304(client, some):
    first = await client.get(f"{OCDS}/releases")
    again = await client.get(f"{OCDS}/releases", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304


async def test_identities_of_winners_never_leave(client, door):
    await door.record(a_sketch("1", status=PackageStatus.COMPLETED, awards=[an_award(npwp="012345678901000")]))
    for address in ("/releases", "/records", "/bulk/2025.jsonl", "/bulk/2025.jsonl?content=records"):
        answer = await client.get(f"{OCDS}{address}")
        assert "012345678901000" not in answer.text
        assert "identity" not in answer.text


async def test_extensions_are_described_here(client, some):
    for address in (await asked(client, f"{OCDS}/releases"))["extensions"]:
        extension = await asked(client, address)
        assert extension["name"]["id"]
        base = address.rpartition("/")[0].removeprefix(HOST)
        for file in (*extension["schemas"], *(f"codelists/{name}" for name in extension["codelists"])):
            assert (await client.get(f"{base}/{file}")).status_code == 200
    for file in ("bids/tidak-ada.json", "bids/%2e%2e/extensions.py", "tidak-ada/extension.json"):
        assert (await client.get(f"{OCDS}/extensions/{file}")).status_code == 404


async def test_a_place_of_a_database_that_is_no_more_leads_to_the_beginning(client, some):
    following = (await asked(client, f"{OCDS}/releases", limit=2))["links"]["next"]
    known = following.rpartition("after=")[2]
    other = known[:-8] + ("0" * 8 if known[-8:] != "0" * 8 else "1" * 8)

    assert codes_of((await asked(client, f"{OCDS}/releases", after=known, limit=2))["releases"]) == ["3", "4"]
    assert codes_of((await asked(client, f"{OCDS}/releases", after=other, limit=2))["releases"]) == ["1", "2"]
    assert codes_of((await asked(client, f"{OCDS}/releases", before=other, limit=2))["releases"]) == ["1", "2"]


async def test_what_is_no_place_at_all_is_refused(client, database):
    for cursor in ("x", "f" * 48, "0" * 47):
        answer = await client.get(f"{OCDS}/releases", params={"after": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")
