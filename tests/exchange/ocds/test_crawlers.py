"""Crawlers of opentender.net and of Find a Tender get everything, asking as they do."""

import io
import zipfile
from datetime import timedelta

import pytest

from app.exchange.ocds import streams
from app.kit.json import loads
from tests.conftest import NOW
from tests.exchange.ocds.packages import everything
from tests.records import BANJARMASIN, a_sketch, door_of

FEED = "/api/1.0/ocdsReleasePackages"


@pytest.fixture
async def told(database, door):
    """How many releases there are of the year."""
    packages = list(everything())
    await door.record(*[a_sketch(code, kind=kind, **fields) for kind, code, fields in packages])
    other = await door_of(database, BANJARMASIN)
    await other.record(a_sketch("1"), a_sketch("2", fiscal_years=[2023]), now=NOW + timedelta(days=1))
    await other.record(a_sketch("1", name="Lain"), now=NOW + timedelta(days=2))
    return len(packages) + 2


@pytest.mark.parametrize(("slash", "key"), [("/", "results"), ("", "data")])
async def test_every_lpse_of_a_year_is_an_archive_of_release_packages(client, told, monkeypatch, slash, key):
    monkeypatch.setattr(streams, "BATCH", 20)
    ids = []
    listed = await client.get(f"/api/master/lpse{slash}", params={"year": 2025, "format": "json"})
    for code in [item["code"] for item in listed.json()[key]]:
        answer = await client.get(f"/api/tender/export-ocds-batch{slash}", params={"year": 2025, "lpse": code})
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        assert archive.testzip() is None
        for name in archive.namelist():
            package = loads(archive.read(name))
            assert {"uri", "version", "publisher", "publishedDate", "releases"} <= set(package)
            ids += [release["id"] for release in package["releases"]]

    assert len(ids) == len(set(ids)) == told


async def test_a_year_without_packages_lists_nobody_and_is_an_empty_archive(client, told):
    assert (await client.get("/api/master/lpse/", params={"year": 2008})).json() == {"results": [], "data": []}
    answer = await client.get("/api/tender/export-ocds-batch/", params={"year": 2008, "lpse": "10"})

    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == []


async def test_an_unknown_lpse_is_not_found(client, told):
    answer = await client.get("/api/tender/export-ocds-batch/", params={"year": 2025, "lpse": "999999999999"})

    assert (answer.status_code, answer.json()["code"]) == (404, "lpse-not-found")


async def crawled(client, **query):
    ids, address = [], FEED
    while address:
        answer = await client.get(address, params=query or None)
        assert answer.status_code == 200, answer.text
        package, query = answer.json(), {}
        ids += [release["id"] for release in package["releases"]]
        address = package.get("links", {}).get("next", "").removeprefix("http://rakor.test")
        assert not address or "cursor=" in address
    return ids


async def test_the_feed_is_walked_by_its_links(client, told):
    ids = await crawled(client, limit=10)

    assert len(ids) == len(set(ids)) == told + 1


async def test_windows_of_a_day_hold_everything_once(client, told):
    ids = []
    for day in range(1, 7):
        window = {"updatedFrom": f"2026-03-0{day}T00:00:00Z", "updatedTo": f"2026-03-0{day + 1}T00:00:00Z"}
        ids += await crawled(client, **window)

    assert len(ids) == len(set(ids)) == told + 1


async def test_moments_may_come_without_an_offset(client, told):
    ids = await crawled(client, updatedFrom="2026-03-04T00:00:00", updatedTo="2030-01-01")

    assert ids == ["ocds-000000-banjarmasinkota.tender.1-2"]
