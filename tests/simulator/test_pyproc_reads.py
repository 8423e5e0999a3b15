"""A public SPSE client that nobody here wrote must be able to read the simulator."""

import warnings
from contextlib import contextmanager
from decimal import Decimal

import pytest

from app.simulator.nodes import KINDS
from app.simulator.running import running_simulator
from tests.simulator.worlds import a_node, a_world, all_packages, all_recordings

with warnings.catch_warnings():
    # Its own dependencies may warn while they are imported; that is not ours to mend.
    warnings.simplefilter("ignore")
    from pyproc.lpse import JenisPengadaan, Lpse


@pytest.fixture(scope="module")
def simulator():
    nodes = [a_node(f"n{number}", zone="WITA" if number % 2 else "WIB", kd_lpse=number) for number in range(1, 9)]
    recordings = {"recorded": (8, 10), "self_managed": (6, 8), "emergency": (3, 5)}
    with running_simulator(a_world(*nodes, tenders=(18, 20), non_tenders=(20, 24), **recordings)) as running:
        yield running


@contextmanager
def pyproc_at(simulator, slug):
    """The client as its users have it, pointed at a simulated node."""
    lpse = Lpse(slug)
    lpse.url = simulator.url(slug)
    with lpse:
        yield lpse


def searches(lpse):
    return {
        "tender": lpse.get_paket_tender,
        "non_tender": lpse.get_paket_non_tender,
        "recorded": lpse.get_paket_pencatatan_non_tender,
        "self_managed": lpse.get_paket_swakelola,
        "emergency": lpse.get_paket_pengadaan_darurat,
    }


def open_details(lpse, package):
    details = {
        "tender": lpse.detil_paket_tender,
        "non_tender": lpse.detil_paket_non_tender,
        "recorded": lpse.detil_paket_pencatatan_non_tender,
        "self_managed": lpse.detil_paket_swakelola,
        "emergency": lpse.detil_paket_pengadaan_darurat,
    }
    return details[package.kind](package.code)


@pytest.mark.parametrize("kind", KINDS)
def test_pyproc_lists_every_package_of_a_node(simulator, kind):
    with pyproc_at(simulator, "n1") as lpse:
        for year in (2025, 2026, None):
            rows, start = [], 0
            while page := searches(lpse)[kind](start=start, length=10, data_only=True, tahun=year, ascending=True):
                rows += page
                start += len(page)

            expected = sorted(int(package.code) for package in simulator.world.listed("n1", year, kind))
            assert [int(row[0]) for row in rows] == expected


def test_pyproc_reads_the_total_as_real_nodes_give_it(simulator):
    with pyproc_at(simulator, "n2") as lpse:
        answer = lpse.get_paket_tender(tahun=2025)

    assert answer == {"draw": "1", "recordsTotal": 2147483647, "recordsFiltered": 2147483647, "data": []}


def test_pyproc_takes_its_token_from_the_cookie_or_from_the_page(simulator):
    with pyproc_at(simulator, "n2") as lpse:
        assert lpse.get_auth_token(from_cookies=True) == lpse.get_auth_token(from_cookies=False) is not None


def test_pyproc_searches_by_keyword_category_and_supplier(simulator):
    package = next(package for package in all_packages(simulator.world) if package.slug == "n3" and package.winners)
    supplier = package.winners[0].supplier.name
    with pyproc_at(simulator, "n3") as lpse:
        by_code = searches(lpse)[package.kind](length=5, data_only=True, search_keyword=package.code)
        by_supplier = searches(lpse)[package.kind](length=300, data_only=True, rekanan=supplier)
        works = lpse.get_paket_tender(length=300, data_only=True, kategori=JenisPengadaan.PEKERJAAN_KONSTRUKSI)

    assert [row[0] for row in by_code] == [package.code]
    assert package.code in [row[0] for row in by_supplier]
    assert {row[8].partition(" - ")[0] for row in works} == {"Pekerjaan Konstruksi"}


def one_of_each_sort(world):
    """Packages that differ in anything that changes the pages; reading them all would only take longer."""
    sorts = {}
    for package in all_packages(world):
        sort = (
            package.kind, package.status, package.evaluated, package.finished, len(package.winners), package.method,
            package.reverse_auction, package.hides_negotiation, package.pagu is None, package.hps is None,
            len(package.fiscal_years), bool(package.badges), package.registered == 0,
            tuple(winner.contract is None for winner in package.winners),
        )  # fmt: skip
        sorts.setdefault(sort, package)
    return list(sorts.values())


def test_pyproc_reads_all_details_of_every_sort_of_package(simulator):
    packages = one_of_each_sort(simulator.world)
    by_node = {}
    for package in packages:
        by_node.setdefault(package.slug, []).append(package)

    for slug, of_node in by_node.items():
        with pyproc_at(simulator, slug) as lpse:
            for package in of_node:
                details = open_details(lpse, package)
                assert details.get_all_detil() == {"error": False, "error_message": []}
                check_what_was_read(details, package)
    assert len(packages) > 50


def check_what_was_read(details, package):
    """The client works with floats and takes an empty amount for 0: enough to see that it found the right cells."""
    word = "tender" if package.kind == "tender" else "paket"
    announced = details.pengumuman
    assert announced[f"kode_{word}"] == package.code
    assert announced[f"nama_{word}"] == package.name
    assert announced["label_paket"] == list(package.badges)
    assert announced[f"tahap_{word}_saat_ini"] == package.stage
    assert announced["k/l/pd/instansi_lainnya"] == package.institution
    assert [row["kode_rup"] for row in announced["rencana_umum_pengadaan"]] == [item.code for item in package.plan]
    assert announced["nilai_pagu_paket"] == float(package.pagu or 0)
    assert announced["nilai_hps_paket"] == float(package.hps or 0)
    assert announced["lokasi_pekerjaan"] == list(package.locations)
    assert len(details.peserta) == package.registered
    assert len(details.jadwal) == len(package.schedule)
    assert sum(row["pemenang"] is True for row in details.hasil) == len(package.winners)
    contracts = [float(winner.contract) for winner in package.winners if winner.contract is not None]
    assert [row["harga_kontrak"] for row in details.pemenang_berkontrak] == contracts[:1]
    if package.winners and package.winners[0].bid is not None:
        bids = {float(winner.bid or Decimal(0)) for winner in package.winners}
        assert details.pemenang[0]["harga_penawaran"] in bids
    else:
        assert len(details.pemenang) == len(package.winners)


def test_pyproc_reads_what_was_realised_of_every_recorded_package(simulator):
    packages = [package for package in all_recordings(simulator.world) if package.slug in {"n1", "n2"}]
    for slug in ("n1", "n2"):
        with pyproc_at(simulator, slug) as lpse:
            for package in packages:
                if package.slug == slug:
                    details = open_details(lpse, package)
                    assert details.get_all_detil() == {"error": False, "error_message": []}
                    check_what_was_realised(details.todict(), package)
    assert {len(package.realizations) for package in packages} >= {0, 1, 2, 3}


def check_what_was_realised(read, package):
    announced = read["pengumuman"]
    word = "swakelola" if package.kind == "self_managed" else "paket"
    assert announced[f"kode_{word}"] == package.code
    assert announced[f"nama_{word}"] == package.name
    assert announced["nilai_pagu_paket"] == float(package.pagu or 0)
    assert [row["kode_rup"] for row in announced.get("rencana_umum_pengadaan", ())] == [
        item.code for item in package.plan
    ]
    if package.kind == "self_managed":
        assert read["pelaksana"]["nilai_total_realisasi"] == float(package.realized)
        payments = [(row, row.get("pelaksana")) for row in read["pelaksana"]["realisasi"]]
    else:
        payments = [(row["realisasi"], row.get("penyedia")) for row in read["pemenang_berkontrak"]]
    assert [
        (row["jenis_realisasi"], row["nilai_realisasi"], row["tanggal_realisasi"], bool(paid_to))
        for row, paid_to in payments
    ] == [
        (one.type_text, float(one.value), f"{one.realized_on:%d-%m-%Y}", one.paid_to is not None)
        for one in package.realizations
    ]
