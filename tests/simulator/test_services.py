"""The publisher of OCDS and the older services of the LKPP tell of the same packages, each in its own form."""

import json
from decimal import Decimal

import httpx
import pytest

from app.simulator.isb import DATASETS, KEY
from app.simulator.running import running_simulator
from tests.simulator.worlds import a_node, a_world


@pytest.fixture(scope="module")
def simulator():
    nodes = [a_node("contoh", kd_lpse=7), a_node("lain", kd_lpse=8, zone="WITA")]
    kinds = {"tenders": (60, 60), "non_tenders": (70, 70), "recorded": (20, 20), "self_managed": (20, 20)}
    with running_simulator(a_world(*nodes, **kinds)) as running:
        yield running


def get(simulator, path):
    return httpx.get(f"{simulator.base_url}/-/{path}", timeout=60)


def exact(answer):
    return json.loads(answer.text, parse_float=Decimal)


def pages(simulator, path, what):
    found, address = [], f"{simulator.base_url}/-/ocds/{path}"
    while address:
        package = exact(httpx.get(address, timeout=60))
        assert package["version"] == "1.1"
        assert package["uri"].partition("?")[0] == f"{simulator.base_url}/-/ocds/{path.partition('?')[0]}"
        found += package[what]
        address = package["links"].get("next")
    return found


def truths(simulator, slug="lain", year=2025):
    return {
        one["code"]: one
        for one in simulator.world.details(slug, year)
        if one["kind"] in {"tender", "non_tender"}
    }  # fmt: skip


def test_releases_of_one_process_are_spread_over_the_pages(simulator):
    releases = pages(simulator, "lain/release-packages?year=2025&size=15", "releases")

    codes = [release["ocid"].rpartition("-")[2] for release in releases]
    assert set(codes) == set(truths(simulator))
    assert len(codes) > len(set(codes)) * 1.5
    assert [release["date"] for release in releases] == sorted(release["date"] for release in releases)
    assert len({release["id"] for release in releases}) == len(releases)
    assert all(release["date"].endswith("+08:00") for release in releases)


def test_lines_hold_the_same_releases_as_the_pages(simulator):
    lines = [json.loads(line) for line in get(simulator, "ocds/lain/releases/2025.jsonl").text.splitlines()]

    paged = pages(simulator, "lain/release-packages?year=2025", "releases")
    assert sorted(one["id"] for one in lines) == sorted(one["id"] for one in paged)


def test_compiled_records_tell_the_truth(simulator):
    truth = truths(simulator)
    records = pages(simulator, "lain/record-packages?year=2025&size=30", "records")

    assert len(records) == len(truth)
    for record in records:
        compiled = record["compiledRelease"]
        one = truth[compiled["tender"]["id"]]
        contracts = [contract["value"]["amount"] for contract in compiled.get("contracts", ())]
        assert compiled["planning"]["budget"].get("amount", {}).get("amount") == one["pagu"]
        assert compiled["tender"].get("value", {}).get("amount") == one["hps"]
        assert compiled["tender"].get("numberOfTenderers") == one["bidders"]
        if one["status"] == "completed":
            assert contracts == [winner["contract"] for winner in one["winners"] if winner["contract"] is not None]
            awards = [award.get("value", {}).get("amount") for award in compiled.get("awards", ())]
            assert awards == [next((winner[basis] for basis in ("negotiated", "corrected", "bid") if winner[basis] is not None), None) for winner in one["winners"]]  # fmt: skip
        assert {"completed": "complete", "running": "active", "failed": "unsuccessful"}.get(
            one["status"], compiled["tender"]["status"]
        ) == compiled["tender"]["status"]


@pytest.mark.parametrize("path", ["ocds", "ocds/tidak-ada/release-packages", "ocds/lain/releases/x.jsonl"])
def test_the_publisher_knows_only_its_own_addresses(simulator, path):
    assert get(simulator, path).status_code == 404


def isb(simulator, dataset, parameter="2025:8", *, key=KEY, number=None):
    number = number or DATASETS.get(dataset, ("1013", ""))[0]
    return get(simulator, f"isb/api/{key}/json/{number}/{dataset}/tipe/4:4/parameter/{parameter}")


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_dataset_is_a_bare_array_of_a_whole_year(simulator, dataset):
    rows = isb(simulator, dataset).json()

    assert rows
    assert {row["kd_lpse"] for row in rows} == {8}
    assert {row["tahun_anggaran"] for row in rows} == {2025}
    assert {row["_event_date"] for row in rows} == {simulator.world.today.isoformat()}
    assert all("last_update_ref" not in row for row in rows)


def test_amounts_of_the_datasets_are_exact(simulator):
    truth = truths(simulator)

    for row in exact(isb(simulator, "SPSE-TenderPengumuman")):
        if str(row["kd_tender"]) in truth:
            one = truth[str(row["kd_tender"])]
            assert (row["pagu"], row["hps"]) == (one["pagu"], one["hps"])


@pytest.mark.parametrize(
    ("dataset", "changes"),
    [
        ("SPSE-TidakAda", {}),
        ("SPSE-TenderPengumuman", {"key": "salah"}),
        ("SPSE-TenderPengumuman", {"number": "1"}),
    ],
)
def test_what_is_not_there_is_said_with_status_200(simulator, dataset, changes):
    answer = isb(simulator, dataset, **changes)

    assert answer.status_code == 200
    assert answer.text.startswith("URL-NOT-DEFINED: ")


def test_a_node_that_has_nothing_has_an_empty_array(simulator):
    assert isb(simulator, "SPSE-TenderPengumuman", "2025:999").json() == []


def test_public_tenders_have_no_outcome(simulator):
    rows = exact(get(simulator, "isb/api/satudata/TenderUmumPublik/2025/8"))

    truth = truths(simulator)
    tenders = {one["code"]: one for one in truth.values() if one["kind"] == "tender"}
    assert {str(row["Kode Tender"]) for row in rows} == set(tenders)
    for row in rows:
        one = tenders[str(row["Kode Tender"])]
        assert (row["Pagu"], row["HPS"], row["Jumlah Pendaftar"]) == (one["pagu"], one["hps"], one["participants"])
        assert row["Jumlah Penawar"] == one["bidders"]
    assert {row["Status_Tender"] for row in rows} == {"Aktif", "Ditutup"}
    assert not any("kontrak" in key.lower() or "Nama Penyedia" in key for row in rows for key in row)


def test_master_lists_name_nodes_and_institutions(simulator):
    nodes = get(simulator, "isb/api/satudata/MasterLPSE").json()
    institutions = get(simulator, "isb/api/satudata/MasterKLPD").json()

    assert [(node["kd_lpse"], node["nama_lpse"]) for node in nodes] == [(7, "LPSE Kab. Contoh"), (8, "LPSE Kab. Lain")]
    assert [one["nama_klpd"] for one in institutions] == ["Kab. Contoh", "Kab. Lain"]
    assert {one["jenis_klpd"] for one in institutions} == {"KABUPATEN"}
