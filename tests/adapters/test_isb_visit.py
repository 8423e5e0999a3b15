"""Datasets are read one after the other to their proven end; the key in their addresses is told to nobody."""

import json
import tracemalloc
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.adapters.isb import adapter as isb_adapter
from app.adapters.isb.adapter import IsbAdapter
from app.adapters.isb.datasets import KINDS, SATU_DATA, Services
from app.adapters.protocol import Endpoint, NodeContractBroken, NodeRefused, NodeUnreachable
from app.core.dates import TimeZone
from app.core.vocabulary import Interface, PackageKind, PackageStatus
from app.kit.http import GuardedClient
from tests.adapters.isb_replies import KEY, PATHS, merged, reply
from tests.adapters.loopback import POLICY, scripted_node

TENDER, NON_TENDER, RECORDED, SELF_MANAGED = KINDS
ANNOUNCED, VALUES = "SPSE-TenderPengumuman", "SPSE-TenderSelesaiNilai"
NOT_DEFINED = f"URL-NOT-DEFINED: /rekaan/{KEY}/json/1001"


def path_of(name, year=2025):
    if name == SATU_DATA:
        return f"/rekaan/satudata/{SATU_DATA}/{year}/7"
    key, number = PATHS[name].split("/")
    return f"/rekaan/{key}/json/{number}/{name}/tipe/4:4/parameter/{year}:7"


@asynccontextmanager
async def service(paths=PATHS, *, satudata=False, secret=True, **options):
    """ISB on loopback with every invented dataset, and a visit to it."""
    async with scripted_node() as node, GuardedClient(replace(POLICY, attempts=2)) as client:
        for name in PATHS:
            node.on(path_of(name), reply(name))
        node.on(path_of(SATU_DATA), reply(SATU_DATA))
        options = {"kd_lpse": 7, "satudata": satudata, **options} | ({} if secret else {"datasets": paths})
        kept = json.dumps(paths) if secret else None
        endpoint = Endpoint(Interface.ISB, node.base_url, TimeZone.WIB, options, secret=kept)
        node.client, node.endpoint = client, endpoint
        async with IsbAdapter().visit(client, endpoint) as visit:
            yield node, visit


async def listed(visit, kind=TENDER, year=2025, resume=""):
    """The packages of a kind with their rows merged, as collection does it; all problems; all positions."""
    found, problems, positions = {}, [], []
    async for page in visit.index(kind, year, resume=resume):
        problems += page.problems
        positions.append(page.position)
        for entry in page.entries:
            assert (entry.kind, entry.lpse, entry.fingerprint, entry.settled) == (kind, 7, "", True)
            found.setdefault(entry.code, {}).update(entry.row)
    return found, problems, positions


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("secret", [True, False])
async def test_all_datasets_of_a_kind_are_joined(kind, secret):
    async with service(secret=secret) as (node, visit):
        found, problems, positions = await listed(visit, kind)

    assert found == merged(kind, KINDS[kind].all)
    assert problems == []
    assert positions == [*KINDS[kind].all[1:], "-"]
    assert len(node.asked) == len(KINDS[kind].all)


async def test_a_package_is_told_without_asking_again():
    async with service() as (node, visit):
        entries = {entry.code: entry async for page in visit.index(RECORDED, 2025) for entry in page.entries}
        found, _, _ = await listed(visit, RECORDED)
        asked = len(node.asked)

        record = await visit.detail(replace(entries["3001007"], row=found["3001007"]))

    assert len(node.asked) == asked
    assert (record.lpse, record.fields["status"]) == (7, PackageStatus.COMPLETED)
    (raw,) = record.raw
    assert set(json.loads(raw.body)) == set(found["3001007"])
    assert KEY not in raw.url
    assert KEY.encode() not in raw.body


async def test_satu_data_alone_needs_no_key():
    async with service({}, satudata=True) as (node, visit):
        found, problems, _ = await listed(visit)
        none, missing, positions = await listed(visit, RECORDED)

    assert sorted(found) == ["1001007", "1009007"]
    assert (problems, none, positions) == ([], {}, ["-"])
    assert [(problem.code, problem.field) for problem in missing] == [
        ("source-without-part", "SPSE-PencatatanNonTender")
    ]
    assert [target for _, target, _, _ in node.asked] == [path_of(SATU_DATA)]


async def test_datasets_that_the_endpoint_does_not_have_are_not_asked_for():
    paths = {ANNOUNCED: PATHS[ANNOUNCED]}
    async with service(paths) as (node, visit):
        found, problems, _ = await listed(visit)

    assert found == merged(TENDER, [ANNOUNCED])
    assert problems == []
    assert len(node.asked) == 1


@pytest.mark.parametrize("place", range(5))
async def test_a_killed_run_goes_on_with_the_dataset_where_it_was(place):
    async with service() as (node, visit):
        before, after = {}, {}
        pages = [page async for page in visit.index(TENDER, 2025)][: place + 1]
        for entry in (entry for page in pages for entry in page.entries):
            before.setdefault(entry.code, {}).update(entry.row)
        node.asked.clear()
        after, _, _ = await listed(visit, resume=pages[-1].position)
        asked = len(node.asked)
    for code, row in after.items():
        before.setdefault(code, {}).update(row)

    assert before == merged(TENDER, KINDS[TENDER].all)
    assert asked == len(KINDS[TENDER].all) - place - 1


async def test_behind_the_end_there_is_nothing():
    async with service() as (node, visit):
        assert await listed(visit, resume="-") == ({}, [], [])

    assert node.asked == []


async def test_a_dataset_that_isb_does_not_know_is_told():
    async with service() as (node, visit):
        node.on(path_of(VALUES), NOT_DEFINED)

        found, problems, _ = await listed(visit)

    assert sorted(found) == ["1001007", "1002007"]
    (problem,) = problems
    assert (problem.code, problem.field, problem.value) == ("source-without-part", VALUES, "URL-NOT-DEFINED")


async def test_an_announcement_that_isb_does_not_know_ends_the_run():
    async with service() as (node, visit):
        node.on(path_of(ANNOUNCED), NOT_DEFINED)

        with pytest.raises(NodeContractBroken, match=ANNOUNCED) as caught:
            await listed(visit)

    assert "URL-NOT-DEFINED" in caught.value.evidence


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((403, f"ditolak {KEY}"), NodeRefused),
        ((500, f"sakit {KEY}"), NodeUnreachable),
        ((302, "", {"location": f"ftp://contoh.example/{KEY}"}), NodeRefused),
        ((302, "", {"location": f"/rekaan/{KEY}/lagi"}), NodeContractBroken),
        (f"<html>{KEY}</html>", NodeContractBroken),
        (NOT_DEFINED, NodeContractBroken),
        (f'{{"galat": "{KEY}"}}', NodeContractBroken),
        (f'[{{"kode": "{KEY}"}}]', NodeContractBroken),
        ("[" + reply(ANNOUNCED)[1:900], NodeUnreachable),
        ("<html>" + "x" * (293 - 12) + KEY, NodeContractBroken),
    ],
)
async def test_the_key_is_told_to_nobody(answer, failure):
    async with service() as (node, visit):
        node.on(path_of(ANNOUNCED), answer)

        with pytest.raises(failure) as caught:
            await listed(visit)

    assert type(caught.value) is failure
    told = f"{caught.value.reason} {caught.value.evidence} {caught.value!r}"
    assert KEY[:12] not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_an_answer_that_breaks_off_is_asked_for_again():
    whole = reply(ANNOUNCED)
    async with service() as (node, visit):
        node.on(path_of(ANNOUNCED), (200, whole[:500], {"content-length": str(len(whole.encode()))}), whole)

        found, _, _ = await listed(visit)

    assert found == merged(TENDER, KINDS[TENDER].all)


async def test_an_empty_or_null_list_is_complete():
    async with service() as (node, visit):
        for name in KINDS[NON_TENDER].all:
            node.on(path_of(name), '{"result": null}')

        found, problems, positions = await listed(visit, NON_TENDER)

    assert (found, problems, positions[-1]) == ({}, [], "-")


async def test_a_whole_year_is_read_in_pages_and_not_held():
    row = json.loads(reply(ANNOUNCED))[0]
    body = json.dumps([{**row, "kd_tender": number} for number in range(1, 5001)])
    async with service({ANNOUNCED: PATHS[ANNOUNCED]}) as (node, visit):
        node.on(path_of(ANNOUNCED), body)
        sizes = []
        tracemalloc.start()
        async for page in visit.index(TENDER, 2025):
            sizes.append((page.received, len(page.entries), page.position))
            if len(sizes) == 2:
                tracemalloc.reset_peak()
                begin = tracemalloc.get_traced_memory()[0]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert sizes == [(500, 500, ANNOUNCED)] * 10 + [(0, 0, "-")]
    assert peak - begin < 0.7 * len(body)


@pytest.mark.parametrize(
    ("options", "secret"),
    [
        ({}, None),
        ({"kd_lpse": "7"}, None),
        ({"kd_lpse": True}, None),
        ({"kd_lpse": 7}, "bukan json"),
        ({"kd_lpse": 7}, "[1]"),
        ({"kd_lpse": 7}, '{"SPSE-TenderPengumuman": "tanpa nomor"}'),
        ({"kd_lpse": 7, "datasets": "x"}, None),
        ({"kd_lpse": 7, "datasets": {"SPSE-TenderPengumuman": 5}}, None),
    ],
)
async def test_an_endpoint_that_lacks_something_is_for_the_operator(options, secret):
    endpoint = Endpoint(Interface.ISB, "https://contoh.example/isb-2/api", TimeZone.WIB, options, secret=secret)

    with pytest.raises(NodeRefused) as caught:
        async with IsbAdapter().visit(None, endpoint):
            pass

    assert "tanpa nomor" not in caught.value.reason


def test_the_secret_goes_before_the_options():
    endpoint = Endpoint(
        Interface.ISB,
        "https://contoh.example/isb-2/api/",
        TimeZone.WIB,
        {"kd_lpse": 7, "datasets": {ANNOUNCED: "lama/1", VALUES: "lama/2"}},
        secret=json.dumps({ANNOUNCED: "kunci baru/9"}),
    )
    services = Services(endpoint)

    assert services.url(ANNOUNCED, 2025) == (
        "https://contoh.example/isb-2/api/kunci%20baru/json/9/SPSE-TenderPengumuman/tipe/4:4/parameter/2025:7"
    )
    assert services.names(TENDER) == [ANNOUNCED, VALUES]


async def test_a_probe_asks_once_for_this_year(monkeypatch):
    new_year_in_jakarta = datetime(2030, 12, 31, 17, 30, tzinfo=UTC)
    monkeypatch.setattr(isb_adapter, "utc_now", lambda: new_year_in_jakarta)
    year = 2031
    async with service() as (node, _):
        node.on(path_of(ANNOUNCED, year), reply(ANNOUNCED))
        await IsbAdapter().probe(node.client, node.endpoint)
        node.on(path_of(ANNOUNCED, year), NOT_DEFINED)
        with pytest.raises(NodeContractBroken):
            await IsbAdapter().probe(node.client, node.endpoint)

    assert len(node.asked) == 2


async def test_a_probe_without_any_dataset_is_for_the_operator():
    async with service({}) as (node, _):
        with pytest.raises(NodeRefused):
            await IsbAdapter().probe(node.client, node.endpoint)


async def test_the_master_lists_propose_lpses_and_institutions():
    async with service({}) as (node, _):
        for name in ("MasterLPSE", "MasterKLPD"):
            node.on(f"/rekaan/satudata/{name}", reply(name))

        lists = await IsbAdapter().master_lists(node.client, node.endpoint)

    assert lists.lpse == [(7, "LPSE Kabupaten Contoh Baru"), (8, "LPSE Kota Contoh")]
    assert lists.klpd == [("D999", "Kab. Contoh", "KABUPATEN")]


async def test_a_master_list_that_names_nobody_proposes_nothing():
    async with service({}) as (node, _):
        node.on("/rekaan/satudata/MasterLPSE", "[]")
        node.on("/rekaan/satudata/MasterKLPD", reply("MasterKLPD"))

        with pytest.raises(NodeContractBroken):
            await IsbAdapter().master_lists(node.client, node.endpoint)


def test_the_adapter_says_what_it_is():
    adapter = IsbAdapter()

    assert (adapter.interface, adapter.joins) == (Interface.ISB, True)
    assert adapter.kinds == set(PackageKind) - {PackageKind.EMERGENCY}
