"""The simulated gateway: its manners, and that it tells of the same packages as the pages do."""

import json
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal

import httpx
import pytest

from app.simulator.faults import Faults
from app.simulator.inaproc.gateway import RESOURCES, TOKEN, TOKEN_WITHOUT_ROLE, Access
from app.simulator.running import running_simulator
from tests.simulator.worlds import a_node, a_world

GUEST = "Kementerian Contoh"
CODES = {"Kab. Contoh": "D901", "Kab. Lain": "D902", GUEST: "K901"}


@pytest.fixture(scope="module")
def running():
    nodes = [
        a_node("contoh", kd_lpse=7, other_institutions=(GUEST,), kd_klpd=CODES),
        a_node("lain", kd_lpse=8, zone="WITA", other_institutions=(GUEST,), kd_klpd=CODES),
        a_node("tanpa-nomor", kd_lpse=None, kd_klpd={"Kab. Tanpa-Nomor": "D903"}),
    ]
    kinds = {"tenders": (80, 80), "non_tenders": (90, 90), "recorded": (30, 30), "self_managed": (20, 20)}
    with running_simulator(a_world(*nodes, **kinds)) as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    yield running
    running.app.faults = Faults()
    running.app.gateway.access = Access()


@pytest.fixture
def client(simulator):
    base = f"{simulator.base_url}/-/inaproc/api/v1/tender"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        yield client


def ask(client, resource="pengumuman", **changes):
    return client.get(f"/{resource}", params={"kode_klpd": "D901", "tahun": 2025, "limit": 1000, **changes})


def read(client, resource, **changes):
    """All rows, page by page, with amounts exact."""
    rows, cursor = [], None
    while True:
        answer = ask(client, resource, **changes, **({"cursor": cursor} if cursor else {}))
        body = json.loads(answer.text, parse_float=Decimal)
        rows += body["data"]
        cursor = body["meta"]["cursor"]
        if not body["meta"]["has_more"]:
            assert cursor is None
            return rows


def wall_clock(text):
    """The local moment behind a Z that is not true."""
    return datetime.fromisoformat(re.sub(r"(\.\d+)?Z$", "", text).replace(" ", "T"))


def test_without_a_token_nothing_is_told(simulator, client):
    assert httpx.get(str(client.base_url) + "pengumuman", timeout=60).json() == {"error": "Authorization field missing"}
    statuses = [
        httpx.get(str(client.base_url) + "pengumuman", headers={"Authorization": said}, timeout=60).status_code
        for said in (f"Bearer {TOKEN_WITHOUT_ROLE}", "Bearer salah", f"Basic {TOKEN}")
    ]
    assert statuses == [403, 401, 401]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kode_klpd": ""}, 400),
        ({"tahun": ""}, 400),
        ({"tahun": "x"}, 400),
        ({"limit": 0}, 400),
        ({"limit": 1001}, 400),
        ({"cursor": "apa.saja"}, 400),
        ({"resource": "tidak-ada"}, 404),
        ({"kode_klpd": "D999"}, 200),
        ({}, 200),
    ],
)
def test_a_question_must_name_institution_and_year(client, changes, status):
    answer = ask(client, **changes)

    assert answer.status_code == status
    assert set(answer.json()) == ({"success", "data", "meta"} if status == 200 else {"error"})


def test_ten_rows_come_if_nobody_says_how_many(client):
    body = client.get("/pengumuman", params={"kode_klpd": "D901", "tahun": 2025}).json()

    assert (len(body["data"]), body["meta"]["limit"], body["meta"]["has_more"]) == (10, 10, True)


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_cursors_lead_through_all_rows_once(client, simulator, limit):
    rows = read(client, "tender-selesai", limit=limit)

    completed = [one for one in simulator.world.packages("contoh", 2025, "tender") if one.status == "completed"]
    own = [one for one in completed if one.institution != GUEST]
    assert sorted(row["kd_tender"] for row in rows) == sorted(int(one.code) for one in own)


def test_a_cursor_is_good_for_its_own_question_only(client):
    cursor = ask(client, limit=3).json()["meta"]["cursor"]

    assert ask(client, limit=3, cursor=cursor).status_code == 200
    assert ask(client, limit=3, cursor=cursor, tahun=2026).status_code == 400
    assert ask(client, "tender-selesai", limit=3, cursor=cursor).status_code == 400


def test_the_quota_says_how_much_is_left_and_when_to_come_again(client, simulator):
    simulator.app.gateway.access = Access(quota=2, window_seconds=30)
    simulator.app.gateway._spent.clear()

    answers = [ask(client) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"2"}
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].json() == {"error": "Rate limit exceeded"}


def test_institutions_are_filtered_and_nodes_are_named_in_the_rows(client, simulator):
    guests = read(client, "non-tender-pengumuman", kode_klpd="K901") + read(client, "pengumuman", kode_klpd="K901")

    assert {row["kd_lpse"] for row in guests} == {7, 8}
    assert {row["nama_klpd"] for row in guests} == {GUEST}
    assert {row["kd_lpse"] for row in read(client, "pengumuman", kode_klpd="D902")} == {8}


def test_a_node_without_a_number_is_unknown_here(client):
    assert read(client, "pengumuman", kode_klpd="D903") == []


def test_every_resource_has_rows_in_every_year(client):
    for resource in RESOURCES:
        for year in (2025, 2026):
            assert read(client, resource, tahun=year), resource


def test_amounts_are_whole_numbers_or_not_and_exact_to_the_sen(client, simulator):
    rows = read(client, "tender-selesai-nilai")
    truth = {int(one["code"]): one for one in simulator.world.details("contoh", 2025) if one["kind"] == "tender"}
    amounts = [row[name] for row in rows for name in ("pagu", "hps", "nilai_kontrak") if row[name] is not None]

    for row in rows:
        package = truth[row["kd_tender"]]
        winner = next((one for one in package["winners"] if one["name"] == row["nama_penyedia"]), None)
        stated = [row[f"nilai_{name}"] for name in ("penawaran", "terkoreksi", "negosiasi", "kontrak")]
        assert (row["pagu"], row["hps"]) == (package["pagu"], package["hps"])
        if winner is None:
            assert package["winners"] == []
            assert stated == [None] * 4
        else:
            assert stated == [winner[name] for name in ("bid", "corrected", "negotiated", "contract")]
    assert {type(amount) for amount in amounts} == {int, Decimal}
    assert any(amount % 1 for amount in amounts)


def test_statuses_and_rules_have_words_of_their_own(client):
    rows = read(client, "pengumuman") + read(client, "pengumuman", tahun=2026)

    assert {row["status_tender"] for row in rows} == {"Selesai", "Gagal/Batal", "Tender Sedang Berjalan"}
    assert {"Pasca Satu File", "Pra Dua File Kualitas Biaya"} <= {row["mtd_kualifikasi"] for row in rows}
    assert {row["kualifikasi_paket"] for row in rows} == {"Kecil", "Non Kecil", None}
    assert any(";" in row["kd_rup"] for row in rows)
    assert all(set(row["nama_ppk"]) > {"*"} for row in rows)


def test_clocks_pretend_to_be_utc_in_several_spellings(client, simulator):
    for institution, slug in (("D901", "contoh"), ("D902", "lain")):
        rows = read(client, "pengumuman", kode_klpd=institution)
        spellings = {re.sub(r"\d", "9", row["tgl_pengumuman_tender"]) for row in rows if row["tgl_pengumuman_tender"]}
        truth = {int(one["code"]): one for one in simulator.world.details(slug, 2025) if one["kind"] == "tender"}
        hours = 7 if slug == "contoh" else 8
        assert len(spellings) == 3
        for row in rows:
            actual = truth[row["kd_tender"]]["actual"]["announced_at"] if row["kd_tender"] in truth else None
            if actual is not None:
                shown = wall_clock(row["tgl_pengumuman_tender"])
                assert (shown - actual.replace(tzinfo=None)).total_seconds() == hours * 3600


def test_the_day_of_the_award_is_known_twice_and_once_to_the_minute(client):
    exact = {row["kd_tender"]: row["tgl_penetapan_pemenang"] for row in read(client, "tender-selesai")}
    days = {row["kd_tender"]: row["tgl_penetapan_pemenang"] for row in read(client, "tender-selesai-nilai")}

    assert set(exact) == set(days)
    for code, moment in exact.items():
        if moment is not None:
            assert wall_clock(days[code]) == wall_clock(moment).replace(hour=0, minute=0, second=0)


def test_participants_are_those_of_the_pages(client, simulator):
    rows = Counter(row["kd_tender"] for row in read(client, "peserta-tender"))
    offers = Counter(row["kd_tender"] for row in read(client, "peserta-tender") if row["nilai_penawaran"] is not None)

    for truth in simulator.world.details("contoh", 2025):
        if truth["kind"] == "tender" and truth["institution"] != GUEST:
            assert rows[int(truth["code"])] == len(truth["offers"])
            assert offers[int(truth["code"])] == (truth["bidders"] or 0)


def test_what_was_signed_last_is_the_contract(client, simulator):
    for resource, kind, key in (
        ("tender-ekontrak-kontrak", "tender", "kd_tender"),
        ("non-tender-ekontrak-kontrak", "non_tender", "kd_nontender"),
    ):
        latest = {}
        for row in sorted(read(client, resource), key=lambda row: row["versi_addendum"] or 0):
            latest[row[key], row["nama_penyedia"]] = row["nilai_kontrak"]
        contracts = {
            (int(one["code"]), winner["name"]): winner["contract"]
            for one in simulator.world.details("contoh", 2025)
            if one["kind"] == kind and one["status"] == "completed" and one["institution"] != GUEST
            for winner in one["winners"]
            if winner["contract"] is not None
        }
        assert {key: value for key, value in latest.items() if key[1] is not None} == contracts
        assert any(name is None for _, name in latest)
    both = read(client, "tender-ekontrak-kontrak") + read(client, "non-tender-ekontrak-kontrak")
    assert {row["versi_addendum"] for row in both} == {0, 1, None}


def test_realisations_add_up_as_on_the_pages(client, simulator):
    for resource, kind, word in (
        ("pencatatan-non-tender", "recorded", "nontender"),
        ("pencatatan-swakelola", "self_managed", "swakelola"),
    ):
        payments = Counter()
        for row in read(client, f"{resource}-realisasi"):
            payments[row[f"kd_{word}_pct"]] += row["nilai_realisasi"]
        rows = {row[f"kd_{word}_pct"]: row for row in read(client, resource)}
        truths = [
            one
            for one in simulator.world.details("contoh", 2025)
            if one["kind"] == kind and one["institution"] != GUEST
        ]
        assert len(rows) == len(truths)
        for truth in truths:
            row = rows[int(truth["code"])]
            assert (row["pagu"], row["total_realisasi"]) == (truth["pagu"], truth["realized"])
            assert payments[int(truth["code"])] == sum(one["value"] for one in truth["realizations"])
            closed = row[f"status_{word}_pct"] == "Ditutup"
            assert closed == (truth["status"] == "cancelled")
    assert "Kwitansi" in {row["jenis_realisasi"] for row in read(client, "pencatatan-non-tender-realisasi")}


def test_winners_and_announcements_do_not_always_meet_in_one_year(client):
    announced = {row["kd_tender"] for row in read(client, "pengumuman")}
    won = {row["kd_tender"] for row in read(client, "tender-selesai-nilai")}
    announced_later = {row["kd_tender"] for row in read(client, "pengumuman", tahun=2026)}
    won_later = {row["kd_tender"] for row in read(client, "tender-selesai-nilai", tahun=2026)}

    orphans = won - announced
    assert orphans
    assert orphans & announced_later
    assert not orphans & won_later


def test_a_change_of_the_world_is_a_change_here(client, simulator):
    world = simulator.world
    package = next(one for one in world.packages("lain", 2025, "tender") if one.institution != GUEST)

    world.amend("lain", "tender", package.code, name="Nama baru (simulasi)")

    names = {row["kd_tender"]: row["nama_paket"] for row in read(client, "pengumuman", kode_klpd="D902")}
    assert names.get(int(package.code), "Nama baru (simulasi)") == "Nama baru (simulasi)"
    assert "Nama baru (simulasi)" in names.values()
    world.add(package)


def test_the_gateway_has_faults_of_its_own(client, simulator):
    simulator.app.faults = Faults(nodes={"inaproc": Faults(fail_every=1, fail_status=503)})

    assert ask(client).status_code == 503
    assert httpx.get(simulator.url("contoh") + "/lelang", timeout=60).status_code == 200
