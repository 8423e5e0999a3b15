"""Rows of several datasets become one package, whatever their order; what does not fit together is told."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.isb.datasets import KINDS, SATU_DATA
from app.adapters.isb.masters import read_master_klpd, read_master_lpse
from app.adapters.isb.record import combine
from app.adapters.isb.rows import entries_of
from app.adapters.lkpp.reading import Reader
from app.core.dates import TimeZone
from app.core.records import PackageRecord
from app.core.vocabulary import Category, DateBasis, Method, PackageStatus
from app.procurement.admission import refusal
from tests.adapters.isb_replies import merged, rows

TENDER, NON_TENDER, RECORDED, SELF_MANAGED = KINDS
VALUES, CONTRACTS, PARTICIPANTS = "SPSE-TenderSelesaiNilai", "SPSE-TenderEkontrak-Kontrak", "SPSE-PesertaTender"
ANNOUNCED = "SPSE-TenderPengumuman"


def read(kind, code, changes=None, datasets=None, zone=TimeZone.WIB):
    """The fields of one package and its problems."""
    found = merged(kind, datasets or KINDS[kind].all, changes=changes)[code]
    return read_rows(kind, code, found, zone)


def read_rows(kind, code, found, zone=TimeZone.WIB):
    reader = Reader(kind, code, zone)
    fields = combine(found, reader)
    assert refusal(PackageRecord(kind, code, fields)) is None or "fiscal_years" not in fields
    return fields, [problem.code for problem in reader.problems]


def changed(dataset, *, place=0, **fields):
    """The rows of one dataset with some fields of one row changed."""
    found = [dict(row) for row in rows(dataset)]
    found[place].update(fields)
    return {dataset: found}


def test_a_finished_tender_is_joined_from_its_datasets():
    fields, problems = read(TENDER, "1001007")

    assert problems == []
    awards, offers, schedule = fields.pop("awards"), fields.pop("offers"), fields.pop("schedule")
    assert fields == {
        "name": "Pembangunan Jembatan Contoh",
        "institution": "D999",
        "institution_name": "Pemerintah Daerah Kabupaten Contoh",
        "satker_name": "Dinas Contoh",
        "category": Category.WORKS,
        "category_text": "Pekerjaan Konstruksi",
        "method": Method.TENDER,
        "method_text": "Tender",
        "evaluation_text": "Harga Terendah Sistem Gugur",
        "qualification_text": "Pascakualifikasi Satu File",
        "business_size": "Usaha Kecil",
        "contract_type": "Harga Satuan",
        "status": PackageStatus.COMPLETED,
        "stage": "Selesai",
        "reason": None,
        "labels": [],
        "fiscal_years": [2025, 2026],
        "fund_sources": ["APBD"],
        "rup_codes": ["50000001", "50000002"],
        "locations": ["Jl. Simulasi 1"],
        "pagu": Decimal(1500000000),
        "hps": Decimal("1450000000.55"),
        "participants": 3,
        "bidders": 2,
        "announced_at": datetime(2025, 1, 10, 2, tzinfo=UTC),
        "awarded_at": datetime(2025, 1, 30, 6, tzinfo=UTC),
        "contracted_at": datetime(2025, 2, 13, 17, tzinfo=UTC),
        "date_basis": DateBasis.ACTUAL,
        "created_on": date(2025, 1, 2),
        "source_ids": {
            "kd_pkt_dce": "1000007",
            "kd_paket": "1000007",
            "versi_tender": "1",
            "kd_satker": "848007",
            "kd_satker_str": "1.03.01",
        },
    }
    assert awards == [
        {
            "supplier_name": "CV Contoh Satu",
            "npwp": "00.000.000.1-000.000",
            "contract_value": Decimal("1390000000.05"),
            "negotiated_value": Decimal(1395000000),
            "corrected_value": Decimal("1400000000.25"),
            "bid_value": Decimal("1400000000.25"),
            "pdn_value": Decimal("1390000000.05"),
            "umk_value": Decimal(1000000000),
        }
    ]
    assert [(offer["supplier_name"], offer["bid_value"], offer["is_winner"], offer["reason"]) for offer in offers] == [
        ("CV Contoh Satu", Decimal("1400000000.25"), True, None),
        ("PT Contoh Dua", Decimal(1300000000), False, "Tidak lulus evaluasi teknis"),
        ("CV Contoh Tiga", None, False, None),
    ]
    assert [stage["name"] for stage in schedule] == ["Pengumuman Pascakualifikasi", "Penetapan Pemenang"]


def test_times_are_on_the_clock_of_the_lpse():
    fields, _ = read(TENDER, "1001007", zone=TimeZone.WITA)

    assert fields["announced_at"] == datetime(2025, 1, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2025-01-10T09:00:00", 9),
        ("2025-01-10T09:00:00.607", 9),
        ("2025-01-10 09:00:00.000000Z", 9),
        ("2025-01-10T09:00:00Z", 9),
        ("2025-01-10", 0),
        ("Jan 10, 2025 9:00:00 AM", 9),
        ("Jan 10, 2025 12:00:00 AM", 0),
        ("January 10, 2025 9:00:00 PM", 21),
        ("Jan 10, 2025 12:30:00 PM", 12),
    ],
)
def test_every_recorded_way_of_writing_a_time_is_read(text, hour):
    fields, problems = read(TENDER, "1001007", changed(ANNOUNCED, tgl_pengumuman_tender=text))

    assert problems == []
    assert fields["announced_at"].hour == hour
    assert str(fields["announced_at"].tzinfo) == "Asia/Jakarta"


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00", "9999-12-31", "31/12/2025", "Mei 7, 2025", "2025-02-30", 20250110]
)
def test_a_time_that_cannot_be_read_is_none(value):
    fields, problems = read(TENDER, "1001007", changed(ANNOUNCED, tgl_pengumuman_tender=value))

    assert problems == ["date-unreadable"]
    assert fields["announced_at"].date() == date(2025, 1, 10)  # The list of finished ones states it too.


def test_a_failed_tender_says_why():
    fields, problems = read(TENDER, "1002007")

    assert problems == []
    assert (fields["status"], fields["reason"]) == (PackageStatus.FAILED, "Tidak ada peserta yang lulus")
    assert fields["labels"] == ["Tender Ulang"]
    assert "awards" not in fields


@pytest.mark.parametrize(
    ("reason", "status"), [("Dibatalkan oleh PA", PackageStatus.CANCELLED), (None, PackageStatus.FAILED)]
)
def test_one_word_for_two_ends_is_told_apart_by_the_reason(reason, status):
    fields, _ = read(TENDER, "1002007", changed(ANNOUNCED, place=1, ket_ditutup=reason))

    assert fields["status"] is status


def test_a_package_without_announcement_is_kept_and_told():
    fields, problems = read(TENDER, "990007")

    assert problems == ["row-without-package"]
    assert (fields["status"], fields["fiscal_years"]) == (PackageStatus.COMPLETED, [2025])
    assert fields["awards"][0]["contract_value"] == Decimal(88000000)
    assert "name" not in fields


def test_a_finished_non_tender_states_its_winner_itself():
    fields, problems = read(NON_TENDER, "2001007")

    assert problems == []
    assert fields["awards"][0]["contract_value"] == Decimal(97000000)
    assert (fields["method"], fields["category"]) == (Method.DIRECT_PROCUREMENT, Category.GOODS)
    assert fields["awarded_at"] == datetime(2025, 3, 20, 3, tzinfo=UTC)
    assert fields["finished_on"] == date(2025, 3, 20)
    assert "announced_at" not in fields


def test_a_recorded_package_has_its_realisations_in_order():
    fields, problems = read(RECORDED, "3001007")

    assert problems == []
    assert fields["status"] is PackageStatus.COMPLETED
    assert fields["realized_value"] == Decimal("30000000.50")
    assert [each["number"] for each in fields["realizations"]] == ["K-1", "K-2"]
    assert fields["realizations"][1]["note"] == "Bulan Maret"
    assert fields["description"] == "Langganan & pemeliharaan"
    assert fields["finished_on"] == date(2025, 4, 30)


def test_a_total_that_differs_from_its_rows_is_told():
    _, problems = read(RECORDED, "3001007", changed("SPSE-PencatatanNonTender", total_realisasi=31000000))

    assert problems == ["realization-differs"]


def test_a_cancelled_self_managed_package():
    fields, problems = read(SELF_MANAGED, "4001007")

    assert problems == []
    assert (fields["status"], fields["self_managed_type"]) == (PackageStatus.CANCELLED, 1)
    assert (fields["reason"], fields["realized_value"]) == ("Salah input", None)


def test_satu_data_announces_and_knows_no_outcome():
    fields, problems = read(TENDER, "1001007", datasets=[SATU_DATA])

    assert problems == []
    assert "awards" not in fields
    assert (fields["status"], fields["stage"]) == (PackageStatus.OTHER, "Aktif")
    assert (fields["participants"], fields["bidders"], fields["hps"]) == (30, 2, Decimal("1450000000.55"))
    assert fields["announced_at"] == datetime(2025, 1, 10, 2, tzinfo=UTC)
    assert (fields["rup_codes"], fields["fund_sources"]) == (["50000001"], ["APBD"])
    assert fields["locations"] == ["Jl. Simulasi 1 - Contoh (Kab.)"]
    assert [stage["name"] for stage in fields["schedule"]] == ["Pengumuman"]


def test_null_lists_of_satu_data_are_no_lists():
    fields, problems = read(TENDER, "1009007", datasets=[SATU_DATA])

    assert problems == []
    assert (fields["fiscal_years"], fields["status"]) == ([2025], PackageStatus.CANCELLED)
    assert "locations" not in fields


def test_keyed_datasets_overrule_satu_data():
    fields, problems = read(TENDER, "1001007", datasets=[*KINDS[TENDER].all, SATU_DATA])

    assert problems == []
    assert (fields["status"], fields["participants"]) == (PackageStatus.COMPLETED, 3)


def test_a_contract_value_that_differs_between_datasets_is_told():
    fields, problems = read(TENDER, "1001007", changed(VALUES, nilai_kontrak=1400000000))

    assert fields["awards"][0]["contract_value"] == Decimal(1400000000)
    assert problems == ["contract-value-differs"]


def test_the_latest_addendum_of_a_contract_counts():
    (contract,) = rows(CONTRACTS)
    changes = {CONTRACTS: [contract, {**contract, "versi_addendum": 1, "nilai_kontrak": 1391000000}]}

    fields, problems = read(TENDER, "1001007", changes)

    assert problems == []
    assert fields["awards"][0]["contract_value"] == Decimal(1391000000)


def test_several_contracts_of_one_winner_add_up():
    (contract,) = rows(CONTRACTS)
    changes = {CONTRACTS: [contract, {**contract, "no_sppbj": "002", "nilai_kontrak": 1000}]}

    fields, _ = read(TENDER, "1001007", changes)

    assert fields["awards"][0]["contract_value"] == Decimal("1390001000.05")


@pytest.mark.parametrize("unusable", ["1.500", -5, Decimal("1.005"), True, Decimal("1E+40")])
def test_an_amount_that_cannot_be_used_silences_the_weaker_ones(unusable):
    changes = changed(VALUES, nilai_negosiasi=unusable) | {CONTRACTS: []}

    fields, problems = read(TENDER, "1001007", changes)

    (award,) = fields["awards"]
    assert {award.get(field) for field in ("contract_value", "negotiated_value", "corrected_value", "bid_value")} == {
        None
    }
    assert problems[-1] == "winner-without-amount"
    assert problems[0] in {"amount-unreadable", "amount-negative"}


def test_an_unreadable_contract_takes_the_weaker_amounts_with_it():
    fields, problems = read(TENDER, "1001007", changed(CONTRACTS, nilai_kontrak="1,39 M"))

    (award,) = fields["awards"]
    assert not {"negotiated_value", "bid_value"} & award.keys()
    assert problems == ["amount-unreadable", "winner-without-amount"]


def test_a_column_that_is_gone_is_drift():
    values = [{key: value for key, value in row.items() if key != "nilai_negosiasi"} for row in rows(VALUES)]

    fields, problems = read(TENDER, "1001007", {VALUES: values, CONTRACTS: []})

    assert problems == ["detail-drift", "winner-without-amount"]
    assert "bid_value" not in fields["awards"][0]


def test_rows_of_one_winner_that_disagree_are_not_chosen_between():
    value = rows(VALUES)[0]

    fields, problems = read(TENDER, "1001007", {VALUES: [value, {**value, "nilai_negosiasi": 1}], CONTRACTS: []})

    assert "rows-disagree" in problems
    assert fields["awards"][0].get("negotiated_value") is None


def test_two_winners_are_two_awards():
    value = rows(VALUES)[0]
    other = {**value, "kd_penyedia": 502, "nama_penyedia": "PT Contoh Dua", "nilai_negosiasi": 5}

    fields, _ = read(TENDER, "1001007", {VALUES: [value, other], CONTRACTS: []})

    assert [award["negotiated_value"] for award in fields["awards"]] == [Decimal(1395000000), Decimal(5)]


def test_a_winner_without_a_name_leaves_no_half_list():
    value = rows(VALUES)[0]

    fields, problems = read(TENDER, "1001007", {VALUES: [value, {**value, "kd_penyedia": 9, "nama_penyedia": None}]})

    assert "awards" not in fields
    assert problems == ["row-unreadable"]


def test_a_finished_tender_that_names_no_winner_says_nothing_of_one():
    nobody = dict.fromkeys(("nama_penyedia", "kd_penyedia", "npwp_penyedia", "nilai_penawaran", "nilai_terkoreksi", "nilai_negosiasi"))  # fmt: skip

    fields, problems = read(TENDER, "1001007", changed(VALUES, **nobody) | {CONTRACTS: []})

    assert "awards" not in fields
    assert problems == ["completed-without-winner"]


def test_words_that_are_not_known_are_kept_and_told():
    changes = changed(
        ANNOUNCED, mtd_pemilihan="Cara Baru", jenis_pengadaan="Barang Antik", status_tender="Setengah Jadi"
    )
    datasets = [ANNOUNCED]

    fields, problems = read(TENDER, "1001007", changes, datasets)

    assert (fields["method_text"], fields["category_text"], fields["stage"]) == (
        "Cara Baru",
        "Barang Antik",
        "Setengah Jadi",
    )
    assert sorted(problems) == ["category-unknown", "method-unknown", "status-unknown"]


def test_rows_that_name_no_package_are_told():
    entries, problems = entries_of(
        TENDER, ANNOUNCED, [7, {"kd_tender": None}, {"kd_tender": "a b"}, {"kd_tender": "0012"}], 2025, 7
    )

    assert [(entry.code, entry.lpse) for entry in entries] == [("12", 7)]
    assert [problem.code for problem in problems] == ["row-unreadable", "code-unreadable", "code-unreadable"]


def test_what_the_warehouse_adds_does_not_make_another_row():
    row = rows(ANNOUNCED)[0]

    entries, _ = entries_of(TENDER, ANNOUNCED, [row, {**row, "_event_date": "2025-07-01"}], 2025, 7)

    assert [len(entry.row) for entry in entries] == [1]


def test_bank_accounts_are_not_kept():
    kept = merged(TENDER, [CONTRACTS])["1001007"]

    assert not any("rek" in name for row in kept.values() for name in row if name.endswith(("bank",)))


def test_master_lists_name_each_once():
    assert read_master_lpse(rows("MasterLPSE")) == [(7, "LPSE Kabupaten Contoh Baru"), (8, "LPSE Kota Contoh")]
    assert read_master_klpd(rows("MasterKLPD")) == [("D999", "Kab. Contoh", "KABUPATEN")]


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_package_in_the_datasets_of_two_years_is_told_once(kind):
    later = {name: [*rows(name), *({**row, "tahun_anggaran": 2026} for row in rows(name))] for name in KINDS[kind].all}

    for code in merged(kind, KINDS[kind].all):
        alone, problems = read(kind, code)
        fields, found = read(kind, code, later)
        assert found == problems
        assert fields | {"fiscal_years": alone["fiscal_years"]} == alone


KEYS = sorted(merged(TENDER, [*KINDS[TENDER].all, SATU_DATA])["1001007"])


@given(order=st.permutations(KEYS))
@settings(max_examples=30)
def test_the_order_of_rows_changes_nothing(order):
    found = merged(TENDER, [*KINDS[TENDER].all, SATU_DATA])["1001007"]

    assert read_rows(TENDER, "1001007", {key: found[key] for key in order}) == read_rows(TENDER, "1001007", found)


JUNK = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.sampled_from(
    ["", "x", "2025", "2025-01-01", "Selesai", "CV Contoh", "<b>", Decimal("0.5"), Decimal("1E+50"), [], [{}], {"a": []}]
)  # fmt: skip


@given(kind=st.sampled_from(list(KINDS)), data=st.data())
@settings(max_examples=300, deadline=None)
def test_rows_of_any_shape_give_a_record_that_can_be_kept(kind, data):
    names = [name for name in (*KINDS[kind].all, SATU_DATA) if kind is TENDER or name != SATU_DATA]
    code_field = KINDS[kind].code
    lists = {}
    for name in names:
        known = sorted({key for row in rows(name) for key in row if key not in {code_field, "Kode Tender"}})
        fields = st.dictionaries(st.sampled_from(known or ["nilai_kontrak", "nama_penyedia"]), JUNK, max_size=6)
        template = (rows(name) or [{}])[0]
        lists[name] = [
            {
                **(template if data.draw(st.booleans()) else {}),
                **data.draw(fields),
                code_field: 5,
                "Kode Tender": 5,
                "kd_lpse": 7,
                "Repo id LPSE": 7,
            }
            for _ in range(data.draw(st.integers(0, 2)))
        ]
    found = {}
    for name, several in lists.items():
        entries, _ = entries_of(kind, name, several, 2025, 7)
        for entry in entries:
            found.update(entry.row)

    shuffled = dict(reversed(found.items()))
    assert read_rows(kind, "5", found) == read_rows(kind, "5", shuffled)
