"""The shipped register fits together and says what its sources say."""

from collections import Counter
from urllib.parse import urlsplit

import pytest

from app.core.dates import TimeZone
from app.core.text import name_key
from app.core.vocabulary import Interface, NodeState
from app.registry.seed import NodeSeed, RegisterSeed, read_seed

TODAY = "https://spse.inaproc.id/"
JAKARTA_UNITS = {"31.01", "31.71", "31.72", "31.73", "31.74", "31.75"}


@pytest.fixture(scope="module")
def seed() -> RegisterSeed:
    return read_seed()


def node(seed: RegisterSeed, slug: str) -> NodeSeed:
    return next(node for node in seed.nodes if node.slug == slug)


def addresses(seed: RegisterSeed, slug: str) -> list[str]:
    return [endpoint.base_url for endpoint in seed.endpoints if endpoint.node == slug]


def institutions_of(seed: RegisterSeed, slug: str) -> set[str]:
    return {pair.kd_klpd for pair in seed.node_institutions if pair.slug == slug}


def test_the_country_is_complete(seed: RegisterSeed) -> None:
    assert Counter(region.type for region in seed.regions) == {"provinsi": 38, "kabupaten": 416, "kota": 98}
    assert len({region.code for region in seed.regions}) == 552


def test_a_regency_hangs_under_its_province_and_comes_after_it(seed: RegisterSeed) -> None:
    seen = set()
    for region in seed.regions:
        assert (region.parent is None) == (region.type == "provinsi")
        assert region.parent is None or (region.parent == region.code[:2] and region.parent in seen)
        seen.add(region.code)


def test_a_region_is_called_what_it_is(seed: RegisterSeed) -> None:
    words = {"kabupaten": "Kabupaten ", "kota": "Kota "}
    assert all(region.name.startswith(words.get(region.type, "")) for region in seed.regions)
    assert all(region.name == " ".join(region.name.split()) for region in seed.regions)


def test_every_local_government_governs_one_region_of_its_own_type(seed: RegisterSeed) -> None:
    types = {region.code: region.type for region in seed.regions}
    local = [institution for institution in seed.institutions if institution.type in {"provinsi", "kabupaten", "kota"}]

    assert all(institution.region and types[institution.region] == institution.type for institution in local)
    assert len({institution.region for institution in local}) == len(local) == 545
    assert len({institution.kd_klpd for institution in seed.institutions}) == len(seed.institutions) == 554


def test_ministries_and_agencies_have_no_region(seed: RegisterSeed) -> None:
    central = [institution for institution in seed.institutions if institution.type in {"kementerian", "lembaga"}]

    assert len(central) == 9
    assert all(institution.region is None for institution in central)


def test_only_dompu_and_the_units_of_jakarta_have_no_known_government(seed: RegisterSeed) -> None:
    governed = {institution.region for institution in seed.institutions}

    assert {region.code for region in seed.regions} - governed == JAKARTA_UNITS | {"52.05"}


def test_each_node_is_registered_once(seed: RegisterSeed) -> None:
    codes = [node.kd_lpse for node in seed.nodes if node.kd_lpse is not None]
    regions = [node.region for node in seed.nodes if node.region is not None]

    assert len({node.slug for node in seed.nodes}) == len(seed.nodes) == 698
    assert len(set(codes)) == len(codes) == 681
    assert len(set(regions)) == len(regions) == 535
    assert len({name_key(node.name) for node in seed.nodes}) == 698


def test_a_slug_is_todays_path_or_says_the_kd_lpse(seed: RegisterSeed) -> None:
    for node in seed.nodes:
        today = f"{TODAY}{node.slug}" in addresses(seed, node.slug)
        assert today == (node.state is NodeState.ACTIVE)
        assert today or node.slug == f"lpse-{node.kd_lpse}"

    assert Counter(node.state for node in seed.nodes) == {NodeState.ACTIVE: 600, NodeState.DISCOVERED: 98}


def test_everything_referred_to_exists(seed: RegisterSeed) -> None:
    regions = {region.code: region for region in seed.regions}
    institutions = {institution.kd_klpd: institution for institution in seed.institutions}
    slugs = {node.slug for node in seed.nodes}

    assert all(institution.region is None or institution.region in regions for institution in seed.institutions)
    assert all(alias.kd_klpd in institutions for alias in seed.aliases)
    assert all(endpoint.node in slugs for endpoint in seed.endpoints)
    assert all(pair.slug in slugs and pair.kd_klpd in institutions for pair in seed.node_institutions)
    assert len(set(seed.node_institutions)) == len(seed.node_institutions) == 559
    for node in seed.nodes:
        assert node.province == (node.region[:2] if node.region else None)
        assert node.region is None or node.region in regions
        if node.institution is not None:
            assert institutions[node.institution].region == node.region
            assert node.institution in institutions_of(seed, node.slug)


def test_the_node_of_surabaya_is_known_by_all_its_codes(seed: RegisterSeed) -> None:
    surabaya = node(seed, "surabaya")

    assert (surabaya.kd_lpse, surabaya.region, surabaya.province, surabaya.institution) == (10, "35.78", "35", "D181")
    assert surabaya.name == "LPSE Kota Surabaya"
    assert addresses(seed, "surabaya") == [f"{TODAY}surabaya", "https://lpse.surabaya.go.id/eproc4"]


@pytest.mark.parametrize(
    ("province", "expected", "zone"),
    [
        ("35", {"provinsi": 1, "kabupaten": 29, "kota": 9}, TimeZone.WIB),
        ("63", {"provinsi": 1, "kabupaten": 11, "kota": 2}, TimeZone.WITA),
    ],
)
def test_a_whole_province_is_there_in_every_column(
    seed: RegisterSeed, province: str, expected: dict[str, int], zone: TimeZone
) -> None:
    types = {region.code: region.type for region in seed.regions}
    nodes = [node for node in seed.nodes if node.province == province]

    assert Counter(types[node.region] for node in nodes if node.region) == expected
    assert {(node.time_zone, node.state) for node in nodes} == {(zone, NodeState.ACTIVE)}
    assert all(node.kd_lpse and node.institution for node in nodes)
    assert all(len(addresses(seed, node.slug)) == 2 for node in nodes)


def test_the_clock_of_a_node_is_that_of_its_province(seed: RegisterSeed) -> None:
    clocks = {node.province: node.time_zone for node in seed.nodes}
    wit = {"81", "82", "91", "92", "93", "94", "95", "96"}
    wita = {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}

    assert {province for province, clock in clocks.items() if clock is TimeZone.WIT} == wit
    assert {province for province, clock in clocks.items() if clock is TimeZone.WITA} == wita
    assert clocks[None] is TimeZone.WIB
    assert len(clocks) == 39
    assert all(node.time_zone is clocks[node.province] for node in seed.nodes)


def test_an_address_leads_to_one_node_and_todays_comes_first(seed: RegisterSeed) -> None:
    owners: dict[str, set[str]] = {}
    for endpoint in seed.endpoints:
        url = urlsplit(endpoint.base_url)
        owners.setdefault(f"{(url.hostname or '').removeprefix('www.')}{url.path}", set()).add(endpoint.node)
        assert endpoint.interface is Interface.SPSE
        assert endpoint.position == 1 or not endpoint.base_url.startswith(TODAY)

    assert all(len(nodes) == 1 for nodes in owners.values())
    for slug in {endpoint.node for endpoint in seed.endpoints}:
        positions = [endpoint.position for endpoint in seed.endpoints if endpoint.node == slug]
        assert positions == list(range(1, len(positions) + 1))
    assert len(set(seed.endpoints)) == len(seed.endpoints) == 1263


def test_a_historic_address_is_recorded_and_not_derived(seed: RegisterSeed) -> None:
    historic = [endpoint for endpoint in seed.endpoints if not endpoint.base_url.startswith(TODAY)]
    known = {node.slug for node in seed.nodes if node.kd_lpse is not None}

    assert len(historic) == 663
    assert all(urlsplit(endpoint.base_url).path == "/eproc4" for endpoint in historic)
    assert all(endpoint.node in known for endpoint in historic), "an LPSE absent from the older list has no old address"
    assert Counter(urlsplit(endpoint.base_url).scheme for endpoint in historic) == {"http": 432, "https": 231}
    assert addresses(seed, "bondowosokab")[1:] == ["http://180.250.164.235/eproc4"]
    assert addresses(seed, "ngawikab")[1:] == ["http://103.124.8.71/eproc4"]
    assert addresses(seed, "hstkab")[1:] == ["http://lpse.hulusungaitengahkab.go.id/eproc4"]
    assert addresses(seed, "nasional")[1:] == ["https://spse.lkpp.go.id/eproc4"]
    assert addresses(seed, "labuhanbatuselatankab")[1:] == []


def test_a_host_keeps_its_own_code_when_others_buy_through_it(seed: RegisterSeed) -> None:
    assert [
        (node(seed, slug).kd_lpse, node(seed, slug).region) for slug in ("nasional", "jabarprov", "sorongkota")
    ] == [
        (802, None),
        (14, "32"),
        (730, "96.71"),
    ]
    assert institutions_of(seed, "jabarprov") == {"D95", "D104", "D105", "D112", "D536"}
    assert institutions_of(seed, "sorongkota") == {"D366", "D1004"}
    assert {"D361", "D374", "D1004"} <= institutions_of(seed, "nasional")


def test_a_government_may_use_several_nodes(seed: RegisterSeed) -> None:
    used = Counter(pair.kd_klpd for pair in seed.node_institutions)

    assert {pair.slug for pair in seed.node_institutions if pair.kd_klpd == "D13"} == {"acehprov", "pidiejayakab"}
    assert {kd_klpd for kd_klpd, count in used.items() if count > 1} == {"D13", "D112", "D361", "D374", "D449", "D1004"}


def test_only_the_units_of_jakarta_are_a_gap(seed: RegisterSeed) -> None:
    region_of = {institution.kd_klpd: institution.region for institution in seed.institutions}
    own = {node.region for node in seed.nodes}
    own_with_slug = {node.region for node in seed.nodes if node.state is NodeState.ACTIVE}
    served = {region_of[pair.kd_klpd] for pair in seed.node_institutions}
    regions = {region.code for region in seed.regions}

    assert regions - own - served == JAKARTA_UNITS
    assert (own - own_with_slug) == {"32.74", "95.06", "96.05"}
    assert regions - own - JAKARTA_UNITS == {
        "18.01", "18.05", "18.07", "32.05", "32.18", "32.72", "91.15", "93", "94", "95", "96",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "region", "kd_lpse", "kd_klpd"),
    [
        ("acehprov", "11", 106, "D1"),
        ("babelprov", "19", 86, "D35"),
        ("jakarta", "31", 127, "D69"),
        ("jogjaprov", "34", 13, "D63"),
        ("pangkepkab", "73.10", 509, "D405"),
        ("lpse-696", "95.06", 696, "D361"),
    ],
)
def test_regions_that_the_lists_name_differently_are_not_lost(
    seed: RegisterSeed, slug: str, region: str, kd_lpse: int, kd_klpd: str
) -> None:
    found = node(seed, slug)

    assert (found.region, found.kd_lpse, found.institution) == (region, kd_lpse, kd_klpd)


def test_what_no_source_proves_stays_empty(seed: RegisterSeed) -> None:
    unknown = {node.slug for node in seed.nodes if node.kd_lpse is None}

    assert unknown == {
        "badanpangan", "bappenas", "bnpp", "bpkp", "karantinaindonesia", "kehutanan", "kemendikdasmen", "kemenkum",
        "kemenpar", "komdigi", "kp2mi", "manselkab", "ndugakab", "paniaikab", "pegafkab", "wantannas", "yahukimokab",
    }  # fmt: skip
    assert node(seed, "dompukab").institution is None


def test_one_name_leads_to_one_institution(seed: RegisterSeed) -> None:
    keys = Counter(alias.key for alias in seed.aliases)

    assert [key for key, count in keys.items() if count > 1 or not key] == []


def test_every_institution_is_found_by_its_own_name(seed: RegisterSeed) -> None:
    found = {alias.key: alias.kd_klpd for alias in seed.aliases}

    assert all(found[name_key(institution.name)] == institution.kd_klpd for institution in seed.institutions)


def test_every_local_government_is_found_by_the_forms_that_pages_use(seed: RegisterSeed) -> None:
    found = {alias.key: alias.kd_klpd for alias in seed.aliases}
    names = {region.code: region.name for region in seed.regions}
    for institution in seed.institutions:
        if institution.region is None:
            continue
        kind = "Provinsi " if institution.type == "provinsi" else ""
        for form in ("", "Pemerintah ", "Pemerintah Daerah ", "PEMERINTAH DAERAH "):
            assert found[name_key(f"{form}{kind}{names[institution.region]}")] == institution.kd_klpd


@pytest.mark.parametrize(
    ("name", "kd_klpd"),
    [
        ("Pemerintah Daerah Kota Surabaya", "D181"),
        ("PEMERINTAH KOTA SURABAYA", "D181"),
        ("Pemkot Surabaya", "D181"),
        ("Kab. Lampung Selatan", "D267"),
        ("Kabupaten Lampung Selatan", "D267"),
        ("Pemerintah Daerah Kabupaten Lampung Selatan", "D267"),
        ("Provinsi Jawa Timur", "D158"),
        ("Pemerintah Provinsi Jawa Timur", "D158"),
        ("Pemerintah Provinsi DKI Jakarta", "D69"),
        ("Provinsi Daerah Khusus Ibukota Jakarta", "D69"),
        ("Provinsi D.I. Yogyakarta", "D63"),
        ("Pemerintah Daerah Daerah Istimewa Yogyakarta", "D63"),
        ("Kota Yogyakarta", "D64"),
        ("Pemerintah Aceh", "D1"),
        ("Kab. Maluku Tenggara Barat", "D284"),
        ("Kab. Banjar", "D213"),
        ("Kementerian Keuangan", "K10"),
    ],
)
def test_a_name_from_a_page_finds_its_institution(seed: RegisterSeed, name: str, kd_klpd: str) -> None:
    assert {alias.kd_klpd for alias in seed.aliases if alias.key == name_key(name)} == {kd_klpd}


@pytest.mark.parametrize(
    "name", ["Bandung", "Jawa Timur", "Kementerian", "Bendahara Umum Negara (Kementerian Keuangan) Total"]
)
def test_a_name_that_could_be_another_finds_nobody(seed: RegisterSeed, name: str) -> None:
    assert not [alias for alias in seed.aliases if alias.key == name_key(name)]


def test_no_cell_has_space_around_it_or_unreadable_characters(seed: RegisterSeed) -> None:
    names = [region.name for region in seed.regions] + [institution.name for institution in seed.institutions]
    names += [node.name for node in seed.nodes] + [alias.alias for alias in seed.aliases]

    assert all(name == " ".join(name.split()) and name.isascii() for name in names)
