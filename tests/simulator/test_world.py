import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from app.simulator import award_pages, pages, recording_pages, schedule_pages
from app.simulator.inaproc.gateway import RESOURCES, Gateway
from app.simulator.nodes import SimulatedNode, nodes_from_json
from app.simulator.world import UnknownNode, UnknownPackage
from tests.simulator.worlds import YEARS, a_node, a_province, a_world, all_packages, all_recordings

PROJECT = Path(__file__).parents[2]
PRINT_A_WORLD = "from tests.simulator.test_world import fingerprint; print(fingerprint(2026))"


def fingerprint(seed):
    """The hash of everything that a small world is and shows."""
    world = a_world(a_node(), a_node("lain", zone="WITA"), seed=seed)
    digest = hashlib.sha256()
    for package in all_packages(world):
        node = world.node(package.slug)
        digest.update(repr(package).encode())
        for render in (
            pages.announcement, pages.participants, pages.evaluation, award_pages.winners, award_pages.contracts, schedule_pages.timetable,
        ):  # fmt: skip
            digest.update(render(node, package, clock="1 Januari 2026 08:00").encode())
    for package in all_recordings(world):
        node = world.node(package.slug)
        digest.update(repr(package).encode())
        for render in (recording_pages.recording, recording_pages.realization):
            digest.update(render(node, package, clock="1 Januari 2026 08:00").encode())
    gateway = Gateway(world)
    for resource in RESOURCES:
        rows = gateway.rows(resource, world.node("contoh").institution_code("Kab. Contoh"), 2025)
        digest.update(repr(rows).encode())
    world.advance(20)
    digest.update(repr([world.details(slug, 2026) for slug in world.nodes]).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def province():
    return a_province()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_makes_the_same_bytes(hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}

    printed = subprocess.run(
        [sys.executable, "-c", PRINT_A_WORLD],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    assert printed.stdout.strip() == fingerprint(2026)


def test_another_seed_makes_another_world():
    assert fingerprint(1) != fingerprint(2026)


def test_a_node_does_not_depend_on_its_neighbours():
    alone = a_world(a_node())
    among_others = a_world(a_node("lain"), a_node())

    assert alone.everything("contoh", "tender") == among_others.everything("contoh", "tender")


def test_each_node_and_year_has_as_many_packages_as_the_settings_allow(province):
    for slug in province.nodes:
        for year in YEARS:
            assert 20 <= len(province.packages(slug, year, "tender")) <= 25
            assert 28 <= len(province.packages(slug, year, "non_tender")) <= 40


def test_codes_are_unique_on_a_node_over_years_and_kinds(province):
    for slug in province.nodes:
        codes = [package.code for package in all_packages(province) if package.slug == slug]
        assert len(codes) == len(set(codes))


def test_codes_are_consolidated_or_end_in_the_number_of_the_node(province):
    for package in all_packages(province):
        if package.old_code:
            assert int(package.code) < 10_000_000_000
            assert package.code.endswith(f"{province.node(package.slug).kd_lpse:03d}")
            assert package.fiscal_year == min(YEARS)
        else:
            assert int(package.code) >= 10_000_000_000
            assert package.code.endswith("000")


def test_every_outcome_of_real_nodes_occurs(province):
    packages = all_packages(province)
    stages = Counter(package.stage for package in packages)
    badges = Counter(badge for package in packages for badge in package.badges)
    completed = [package for package in packages if package.status == "completed"]
    contracted = [
        (package, package.winners[0].contract)
        for package in completed
        if len(package.winners) == 1 and package.winners[0].contract is not None
    ]
    amounts = [winner.bid for package in completed for winner in package.winners if winner.bid is not None]

    for words in (
        "Tender Sudah Selesai", "Paket Sudah Selesai", "Tender Gagal", "Tender Batal", "Seleksi Gagal", "Seleksi Batal",
        "Paket Dibatalkan", "Tidak Ada Jadwal", "Paket Sedang Berjalan",
    ):  # fmt: skip
        assert stages[words], words
    assert any(words.endswith(" [...]") for words in stages)
    for badge in (
        "Tender Ulang",
        "Seleksi Ulang",
        "Pengadaan Langsung Ulang",
        "Pengadaan Langsung Batal",
        "Tender Gagal",
    ):
        assert badges[badge], badge
    assert any(contract > package.hps for package, contract in contracted if package.hps)
    assert any(contract > package.pagu for package, contract in contracted if package.pagu)
    assert any(amount % 1 for amount in amounts)
    assert any(package.pagu is None for package in completed)
    assert any(package.hps is None for package in completed)
    assert any(not package.winners for package in completed)
    assert any(package.winners and package.winners[0].bid is None for package in completed)
    assert {len(package.winners) for package in completed} >= {0, 1, 2, 3}
    assert any({winner.contract is None for winner in package.winners} == {True, False} for package in completed)
    assert any(package.winners for package in packages if package.status == "running")
    assert any(package.winners for package in packages if package.status == "cancelled")
    assert any(package.reverse_auction for package in completed)
    assert any("Perorangan" in package.category for package in packages)
    assert any("&" in package.name for package in packages)
    assert {package.institution for package in packages} > {"Kementerian Contoh", "Provinsi Contoh"}


def test_a_package_tendered_again_is_a_second_package_and_the_first_stays_failed(province):
    again = [package for package in all_packages(province) if "Tender Ulang" in package.badges]

    for package in again:
        earlier = [
            other
            for other in province.packages(package.slug, package.fiscal_year, "tender")
            if other.plan == package.plan and other.code != package.code
        ]
        assert [other.status in {"failed", "cancelled"} for other in earlier] == [True]
    assert again


def test_all_is_recognisably_invented_and_every_npwp_is_masked(province):
    for package in all_packages(province):
        assert "(simulasi)" in package.name
        for winner in package.winners:
            assert "Contoh" in winner.supplier.name
            assert re.fullmatch(r"0\d\*\d\*\*\d\*{4}\d\d\*\*\d", winner.supplier.npwp)


def test_a_package_of_several_years_is_listed_in_each_and_belongs_to_the_first(province):
    package = next(package for package in all_packages(province) if package.fiscal_years == (2025, 2026))
    listed = {year: province.listed(package.slug, year, package.kind) for year in (2025, 2026)}

    assert package in listed[2025]
    assert package in listed[2026]
    assert package in province.packages(package.slug, 2025, package.kind)
    assert package not in province.packages(package.slug, 2026, package.kind)


def test_no_package_belongs_to_a_year_outside_the_world(province):
    assert {package.fiscal_year for package in all_packages(province)} == set(YEARS)


def test_an_amended_package_changes_what_the_world_says():
    world = a_world()
    code = next(iter(world.everything("contoh", "tender")))

    world.amend("contoh", "tender", code, stage="Tender Batal", status="cancelled")

    assert world.find_package("contoh", "tender", code).stage == "Tender Batal"


def test_a_withdrawn_package_is_gone_until_it_is_added_again():
    world = a_world()
    code = next(iter(world.everything("contoh", "tender")))
    before = world.truth("contoh", 2025)

    withdrawn = world.withdraw("contoh", "tender", code)
    without = world.truth("contoh", 2025)
    world.add(withdrawn)

    assert without["packages"] == before["packages"] - 1
    assert world.truth("contoh", 2025) == before


def test_what_is_not_there_cannot_be_changed():
    world = a_world()

    with pytest.raises(UnknownPackage):
        world.withdraw("contoh", "tender", "1")
    with pytest.raises(UnknownPackage):
        world.amend("contoh", "tender", "1", stage="")
    with pytest.raises(UnknownNode):
        world.truth("tidak-ada", 2025)


def test_nodes_are_read_from_json():
    nodes = nodes_from_json('[{"slug": "a", "institution_name": "Kab. A", "zone": "WIT", "other_institutions": ["B"]}]')

    assert nodes == [SimulatedNode("a", "Kab. A", "WIT", None, ("B",))]


def test_an_institution_has_the_code_that_it_was_given_or_an_invented_one():
    node = a_node(kd_klpd={"Kab. Contoh": "D901"})

    assert node.institution_code("Kab. Contoh") == "D901"
    assert re.fullmatch(r"S\d+", node.institution_code("Kementerian Contoh"))
    assert hash(node) == hash(a_node())


@pytest.mark.parametrize(
    "text", ['[{"slug": "a", "institution_name": "A", "colour": 1}]', '[{"slug": "a/b", "institution_name": "A"}]',
             '[{"slug": "a", "institution_name": "A", "zone": "GMT"}]'],
)  # fmt: skip
def test_a_node_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError):
        nodes_from_json(text)
