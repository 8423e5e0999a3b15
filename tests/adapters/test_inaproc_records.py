"""Packages joined from the gateway's lists: which row counts, and what is said where rows are missing or contradict."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core.dates import TimeZone
from app.core.problems import PROBLEM_KINDS
from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from tests.adapters.inaproc_replies import (
    COMPLETED,
    CONSULTING,
    FAILED,
    NON_TENDER,
    RUNNING,
    TENDER,
    UNANNOUNCED,
    joined,
    read,
    rows_of,
)

ANNOUNCED = "tender/pengumuman"
FINISHED = "tender/tender-selesai"
VALUES = "tender/tender-selesai-nilai"
PARTICIPANTS = "tender/peserta-tender"
SCHEDULE = "tender/jadwal-tahapan-tender"
CONTRACTS = "tender/tender-ekontrak-kontrak"
RECORDED, SELF_MANAGED = PackageKind.RECORDED, PackageKind.SELF_MANAGED


def utc(year, month, day, hour, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def only(awards):
    [award] = awards
    return award


def codes(problems):
    return [code for code, _ in problems]


def test_a_completed_tender_is_joined_from_all_its_lists():
    fields, problems = read(rows_of(COMPLETED))

    assert problems == []
    assert fields["name"] == "Pembangunan Gedung Contoh"
    assert (fields["institution"], fields["institution_name"]) == ("D999", "Kab. Rekaan")
    assert fields["satker_name"] == "Dinas Contoh"
    assert (fields["status"], fields["stage"]) == (PackageStatus.COMPLETED, "Selesai")
    assert (fields["category"], fields["category_text"]) == (Category.WORKS, "Pekerjaan Konstruksi")
    assert (fields["method"], fields["method_text"]) == (Method.TENDER, "Tender")
    assert fields["qualification_text"] == "Pascakualifikasi Satu File"
    assert fields["business_size"] == "Usaha Kecil"
    assert fields["evaluation_text"] == "Harga Terendah Sistem Gugur"
    assert fields["contract_type"] == "Harga Satuan"
    assert fields["rup_codes"] == ["50000001", "50000002"]
    assert fields["fund_sources"] == ["APBD"]
    assert fields["locations"] == ["Jl. Contoh No. 1 - Rekaan (Kab.)"]
    assert fields["fiscal_years"] == [2025]
    assert fields["labels"] == []
    assert (fields["pagu"], fields["hps"]) == (Decimal(1500000000), Decimal("1499000000.75"))
    assert fields["created_on"] == date(2025, 1, 30)


def test_an_award_has_every_amount_of_its_supplier():
    fields, _ = read(rows_of(COMPLETED))

    assert only(fields["awards"]) == {
        "supplier_name": "PT Contoh Jaya",
        "npwp": "01.000.000.1-000.000",
        "bid_value": Decimal("1410000000.25"),
        "corrected_value": Decimal(1410000000),
        "negotiated_value": Decimal(1405000000),
        "contract_value": Decimal("1400000000.50"),
        "pdn_value": Decimal(700000000),
        "umk_value": Decimal(0),
    }


def test_dates_are_wall_clock_and_actual():
    fields, _ = read(rows_of(COMPLETED))
    eastern, _ = read(rows_of(COMPLETED), zone=TimeZone.WITA)

    assert fields["announced_at"] == utc(2025, 2, 3, 14, 30)
    assert fields["awarded_at"] == utc(2025, 3, 4, 2, 15)
    assert fields["contracted_at"] == utc(2025, 3, 11, 17)
    assert fields["date_basis"] is DateBasis.ACTUAL
    assert eastern["announced_at"] == utc(2025, 2, 3, 13, 30)
    assert eastern["created_on"] == date(2025, 1, 30)


def test_participants_registered_and_bidders_offered():
    fields, _ = read(rows_of(COMPLETED))

    assert (fields["participants"], fields["bidders"]) == (3, 2)
    assert [(offer["supplier_name"], offer["bid_value"], offer["is_winner"]) for offer in fields["offers"]] == [
        ("PT Contoh Jaya", Decimal("1410000000.25"), True),
        ("PT Contoh Kalah", Decimal(1450000000), False),
        ("CV Hanya Mendaftar", None, False),
    ]
    assert fields["offers"][1]["reason"] == "Harga di atas yang lain"


def test_the_schedule_is_planned_and_in_the_order_of_time():
    fields, _ = read(rows_of(COMPLETED))

    assert [(stage["name"], stage["ends_at"]) for stage in fields["schedule"]] == [
        ("Pengumuman pascakualifikasi", utc(2025, 2, 10, 16, 59)),
        ("Upload Dokumen Penawaran", utc(2025, 2, 14, 6)),
        ("Penandatanganan kontrak", None),
    ]


def test_other_ids_are_kept_by_the_sources_names():
    fields, _ = read(rows_of(COMPLETED))

    assert fields["source_ids"] == {
        "kd_pkt_dce": "80000001007",
        "kd_paket": "80000001007",
        "versi_tender": "1",
        "kd_satker": "848007",
        "kd_satker_str": "452677",
        "kontrak_id": "501",
    }


def test_names_of_officials_are_in_no_field():
    for code in (COMPLETED, FAILED, CONSULTING, RUNNING):
        fields, _ = read(rows_of(code))

        assert "*" not in str(fields)


def test_bank_accounts_and_sealed_references_are_not_even_kept_as_rows():
    for row in joined(rows_of(COMPLETED)).popitem()[1].values():
        assert not row.keys() & {"no_rek_bank", "nama_rek_bank", "nama_pemilik_rek_bank", "last_update_ref"}


# --- Which announcement counts


def test_the_highest_version_counts_whatever_the_order():
    lists = rows_of(RUNNING)
    older = lists[ANNOUNCED][0] | {"versi_tender": 1, "status_tender": "Gagal/Batal", "nama_paket": "Nama Lama"}

    for rows in ([older, *lists[ANNOUNCED]], [*lists[ANNOUNCED], older]):
        fields, problems = read(lists | {ANNOUNCED: rows})

        assert problems == []
        assert fields["status"] is PackageStatus.RUNNING
        assert fields["name"] == "Pembangunan Pasar Contoh (Tahun Jamak)"
        assert fields["source_ids"]["versi_tender"] == "2"


def test_a_package_of_several_years_lists_them_all():
    fields, _ = read(rows_of(RUNNING))

    assert fields["fiscal_years"] == [2025, 2026, 2027]
    assert fields["fund_sources"] == ["APBD", "BLUD"]
    assert "awards" not in fields


def test_a_repeated_package_carries_the_label_of_its_method():
    assert read(rows_of(RUNNING))[0]["labels"] == ["Tender Ulang"]
    assert read(rows_of(FAILED))[0]["labels"] == ["Tender Ulang"]
    consulting = rows_of(CONSULTING)
    consulting[ANNOUNCED][0]["versi_tender"] = 3
    assert read(consulting)[0]["labels"] == ["Seleksi Ulang"]


def test_an_announcement_that_changed_while_the_list_was_read_counts_as_it_is_later():
    lists = rows_of(COMPLETED)
    before = lists[ANNOUNCED][0] | {"tanggal_status": "2026-06-01T00:00:00Z", "nama_paket": "Sebelum Diubah"}

    fields, problems = read(lists | {ANNOUNCED: [*lists[ANNOUNCED], before]})

    assert fields["name"] == "Pembangunan Gedung Contoh"
    assert codes(problems) == ["duplicate-row"]


def test_a_package_with_several_places_is_one_announcement():
    lists = rows_of(COMPLETED)
    elsewhere = lists[ANNOUNCED][0] | {"lokasi_pekerjaan": "Jl. Contoh No. 2", "kabkota": "Rekaan (Kota)"}

    fields, problems = read(lists | {ANNOUNCED: [*lists[ANNOUNCED], elsewhere]})

    assert problems == []
    assert sorted(fields["locations"]) == ["Jl. Contoh No. 1 - Rekaan (Kab.)", "Jl. Contoh No. 2 - Rekaan (Kota)"]


def test_several_places_in_one_text_are_several():
    lists = rows_of(COMPLETED)
    lists[ANNOUNCED][0]["lokasi_pekerjaan"] = "Jl. Contoh No. 1; Jl. Contoh No. 2 - Rekaan (Kab.)"

    assert read(lists)[0]["locations"] == ["Jl. Contoh No. 1", "Jl. Contoh No. 2 - Rekaan (Kab.)"]


# --- Status


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("Tidak ada peserta yang lulus evaluasi penawaran", PackageStatus.FAILED),
        ("Tidak menjalankan prosedur berdasarkan Dokumen Pemilihan", PackageStatus.FAILED),
        (None, PackageStatus.FAILED),
        ("Paket dibatalkan karena efisiensi anggaran", PackageStatus.CANCELLED),
        ("PEMBATALAN oleh PA", PackageStatus.CANCELLED),
        ("Tender dibatalkan: tidak ada peserta", PackageStatus.CANCELLED),
        ("tidak ada pagu yang tersedia", PackageStatus.CANCELLED),
        ("Adanya revisi metode pemilihan pada SiRUP", PackageStatus.CANCELLED),
        ("Semua penawaran melebihi pagu anggaran", PackageStatus.FAILED),
        ("Alasan contoh yang tidak dikenal", PackageStatus.FAILED),
    ],
)
def test_failed_or_cancelled_is_told_by_the_stated_reason(reason, status):
    lists = rows_of(FAILED)
    lists[ANNOUNCED][0] |= {"ket_ditutup": reason, "ket_diulang": None}

    fields, problems = read(lists)

    assert problems == []
    assert (fields["status"], fields["reason"], fields["stage"]) == (status, reason, "Gagal/Batal")


def test_a_package_in_the_list_of_the_finished_is_finished_though_its_announcement_lags():
    lists = rows_of(COMPLETED)
    lists[ANNOUNCED][0]["status_tender"] = "Tender Sedang Berjalan"

    fields, _ = read(lists)

    assert fields["status"] is PackageStatus.COMPLETED
    assert fields["awards"]


def test_a_failed_package_stays_failed_and_has_no_award():
    lists = rows_of(COMPLETED)
    lists[ANNOUNCED][0]["status_tender"] = "Gagal/Batal"

    fields, _ = read(lists)

    assert fields["status"] is PackageStatus.FAILED
    assert "awards" not in fields
    assert "awarded_at" not in fields


def test_unknown_words_are_kept_and_reported():
    lists = rows_of(RUNNING)
    lists[ANNOUNCED][0] |= {
        "status_tender": "Sedang Diterbangkan",
        "jenis_pengadaan": "Jasa Ajaib",
        "kgr_id": 77,
        "mtd_pemilihan": "Undian",
        "mtd_kualifikasi": "Pasca Tiga File",
    }

    fields, problems = read(lists)

    assert (fields["status"], fields["stage"]) == (PackageStatus.OTHER, "Sedang Diterbangkan")
    assert (fields["category"], fields["category_text"]) == (Category.OTHER, "Jasa Ajaib")
    assert (fields["method"], fields["method_text"]) == (Method.OTHER, "Undian")
    assert fields["qualification_text"] == "Pasca Tiga File"
    assert codes(problems) == ["category-unknown", "method-unknown", "status-unknown"]


def test_the_number_of_the_category_helps_where_its_words_do_not():
    lists = rows_of(CONSULTING)
    lists[ANNOUNCED][0]["jenis_pengadaan"] = "JK BU Konstruksi"

    fields, problems = read(lists)

    assert fields["category"] is Category.CONSULTING_FIRM_CONSTRUCTION
    assert fields["category_text"] == "JK BU Konstruksi"
    assert problems == []


# --- Rows without a package


def test_values_without_an_announcement_are_kept_and_told():
    fields, problems = read(rows_of(UNANNOUNCED))

    assert problems == [("row-without-package", VALUES)]
    assert fields["status"] is PackageStatus.COMPLETED
    assert fields["fiscal_years"] == [2025]
    assert fields["institution"] == "D999"
    assert (fields["pagu"], fields["hps"]) == (Decimal(500000000), Decimal(499000000))
    assert only(fields["awards"])["contract_value"] == Decimal(450000000)
    assert fields["awarded_at"] == utc(2025, 3, 3, 17)
    assert "name" not in fields
    assert "labels" not in fields


def test_a_participant_alone_says_nothing_of_the_status():
    lists = {PARTICIPANTS: rows_of(COMPLETED)[PARTICIPANTS]}

    fields, problems = read(lists)

    assert problems == [("row-without-package", PARTICIPANTS)]
    assert "status" not in fields
    assert fields["participants"] == 3


def test_rows_without_a_fiscal_year_are_reported():
    lists = {PARTICIPANTS: [row | {"tahun_anggaran": 0} for row in rows_of(COMPLETED)[PARTICIPANTS]]}

    fields, problems = read(lists)

    assert "fiscal_years" not in fields
    assert "fiscal-year-unreadable" in codes(problems)


def test_a_finished_package_without_values_has_no_value_and_not_zero():
    lists = rows_of(COMPLETED) | {VALUES: [], CONTRACTS: []}

    fields, problems = read(lists)

    assert fields["status"] is PackageStatus.COMPLETED
    assert "awards" not in fields
    assert problems == [("completed-without-winner", None)]


def test_a_finished_package_whose_row_of_values_is_empty_has_no_winner():
    lists = rows_of(COMPLETED) | {CONTRACTS: []}
    empty = {
        name: None for name in lists[VALUES][0] if name.startswith(("nilai_", "npwp_", "nama_penyedia", "kd_peny"))
    }
    lists[VALUES][0] |= empty

    fields, problems = read(lists)

    assert "awards" not in fields
    assert problems == [("completed-without-winner", None)]


# --- Contracts


def test_contracts_fill_in_where_the_values_state_none():
    fields, problems = read(rows_of(CONSULTING))

    assert problems == []
    assert [(award["supplier_name"], award["contract_value"], award["pdn_value"]) for award in fields["awards"]] == [
        # Two contracts of one supplier add up; of one contract the latest addendum counts.
        ("CV Rekaan Dua", Decimal(199000000), Decimal(199000000)),
        ("CV Rekaan Satu", Decimal("298500000.75"), Decimal("298500000.75")),
    ]
    assert [award["negotiated_value"] for award in fields["awards"]] == [Decimal(200000000), Decimal(300000000)]
    assert fields["contracted_at"] == utc(2025, 3, 14, 17)
    assert fields["source_ids"]["kontrak_id"] == "502;503;504"


def test_a_stated_contract_value_goes_before_the_contracts_and_a_difference_is_told():
    lists = rows_of(COMPLETED)
    lists[CONTRACTS][0]["nilai_kontrak"] = Decimal(1500000001)

    fields, problems = read(lists)

    assert only(fields["awards"])["contract_value"] == Decimal("1400000000.50")
    assert problems == [("contract-value-differs", "nilai_kontrak")]


def test_contracts_without_values_are_awards_of_their_own():
    fields, problems = read(rows_of(COMPLETED) | {VALUES: []})

    assert problems == []
    assert only(fields["awards"]) == {
        "supplier_name": "PT Contoh Jaya",
        "npwp": "01.000.000.1-000.000",
        "contract_value": Decimal("1400000000.50"),
        "pdn_value": Decimal("1400000000.50"),
        "umk_value": Decimal(0),
    }


def test_a_contract_of_a_stranger_is_not_added_where_every_winner_has_theirs():
    lists = rows_of(CONSULTING)
    for row in lists[VALUES]:
        row["nilai_kontrak"] = row["nilai_negosiasi"]
    lists[CONTRACTS] = [lists[CONTRACTS][0] | {"kd_penyedia": 999, "nama_penyedia": "PT Asing", "npwp_penyedia": None}]

    fields, problems = read(lists)

    assert sum(award["contract_value"] for award in fields["awards"]) == Decimal(500000000)
    assert problems == [("rows-disagree", "nilai_kontrak")]


def test_a_contract_of_the_next_in_rank_is_an_award_of_its_own():
    lists = rows_of(CONSULTING)
    for row in lists[CONTRACTS]:
        if row["kd_penyedia"] == 103:
            row |= {"kd_penyedia": 104, "nama_penyedia": "CV Rekaan Tiga", "npwp_penyedia": "01.000.000.4-000.000"}

    fields, _ = read(lists)

    assert [(award["supplier_name"], award["contract_value"]) for award in fields["awards"]] == [
        ("CV Rekaan Dua", None),
        ("CV Rekaan Satu", Decimal("298500000.75")),
        ("CV Rekaan Tiga", Decimal(199000000)),
    ]


def test_a_contract_under_another_number_is_not_that_of_a_namesake():
    lists = rows_of(CONSULTING)
    for row in lists[CONTRACTS]:
        if row["kd_penyedia"] == 102:
            row |= {"kd_penyedia": 999, "npwp_penyedia": None}

    fields, _ = read(lists)

    assert sorted((award["supplier_name"], award["contract_value"] is None) for award in fields["awards"]) == [
        ("CV Rekaan Dua", False),
        ("CV Rekaan Satu", False),
        ("CV Rekaan Satu", True),
    ]


def test_one_winner_and_one_party_to_contracts_are_the_same_whatever_they_are_called():
    lists = rows_of(COMPLETED)
    lists[VALUES][0]["nilai_kontrak"] = None
    lists[CONTRACTS][0] |= {"kd_penyedia": None, "npwp_penyedia": None, "nama_penyedia": "KSO Contoh Jaya - Rekaan"}

    fields, _ = read(lists)

    assert only(fields["awards"])["supplier_name"] == "PT Contoh Jaya"
    assert only(fields["awards"])["contract_value"] == Decimal("1400000000.50")


def test_an_addendum_that_states_no_value_leaves_the_value_as_it_was():
    lists = rows_of(CONSULTING)
    next(row for row in lists[CONTRACTS] if row["versi_addendum"] == 1)["nilai_kontrak"] = None

    fields, _ = read(lists)

    assert fields["awards"][1]["contract_value"] == Decimal(299000000)


def test_a_contract_that_comes_with_and_without_its_id_is_one_contract():
    lists = rows_of(COMPLETED) | {VALUES: []}
    lists[CONTRACTS].append(lists[CONTRACTS][0] | {"kontrak_id": None, "sppbj_id": None, "kota_kontrak": "Contoh"})

    fields, _ = read(lists)

    assert only(fields["awards"])["contract_value"] == Decimal("1400000000.50")


def test_versions_of_one_contract_that_contradict_each_other_leave_the_value_unknown():
    lists = rows_of(COMPLETED)
    lists[VALUES][0]["nilai_kontrak"] = None
    lists[CONTRACTS].append(lists[CONTRACTS][0] | {"nilai_kontrak": 1})

    fields, problems = read(lists)

    # Neither the negotiated nor the bid value may pass for a contract that exists and is not known.
    assert not only(fields["awards"]).keys() & {"contract_value", "negotiated_value", "corrected_value", "bid_value"}
    assert ("rows-disagree", "nilai_kontrak") in problems
    assert ("winner-without-amount", "nama_penyedia") in problems


def test_a_contract_row_in_which_nothing_stands_is_no_contract():
    lists = rows_of(COMPLETED)
    lists[VALUES][0]["nilai_kontrak"] = None
    lists[CONTRACTS][0] |= dict.fromkeys(("kontrak_id", "nilai_kontrak", "nama_penyedia", "kd_penyedia"))

    fields, problems = read(lists)

    assert problems == []
    assert only(fields["awards"])["contract_value"] is None
    assert only(fields["awards"])["negotiated_value"] == Decimal(1405000000)


# --- Doubled and contradicting winners


def test_the_very_same_row_twice_is_one():
    lists = rows_of(COMPLETED)
    once, _ = read(lists)
    sealed_anew = lists[VALUES][0] | {"last_update_ref": "lain", "nilai_kontrak": Decimal("1400000000.500")}

    twice, problems = read(lists | {VALUES: [*lists[VALUES], lists[VALUES][0], sealed_anew]})

    assert twice == once
    assert problems == []


def test_rows_of_one_winner_that_agree_are_one_and_told():
    lists = rows_of(COMPLETED)
    lists[VALUES].append(lists[VALUES][0] | {"psr_id": 1, "nilai_kontrak": None})

    fields, problems = read(lists)

    assert only(fields["awards"])["contract_value"] == Decimal("1400000000.50")
    assert problems == [("duplicate-row", "nama_penyedia")]


def test_rows_of_one_winner_that_contradict_each_other_are_not_added_up():
    lists = rows_of(COMPLETED) | {CONTRACTS: []}
    lists[VALUES].append(lists[VALUES][0] | {"nilai_kontrak": 7})

    fields, problems = read(lists)

    award = only(fields["awards"])
    assert award["contract_value"] is None
    assert not award.keys() & {"negotiated_value", "corrected_value", "bid_value"}
    assert award["pdn_value"] == Decimal(700000000)
    assert ("rows-disagree", "nilai_kontrak") in problems


def test_a_contradiction_in_a_weaker_amount_leaves_the_stronger_one():
    lists = rows_of(COMPLETED)
    lists[VALUES].append(lists[VALUES][0] | {"nilai_negosiasi": 7})

    fields, problems = read(lists)

    assert only(fields["awards"])["contract_value"] == Decimal("1400000000.50")
    assert only(fields["awards"])["negotiated_value"] is None
    assert ("rows-disagree", "nilai_negosiasi") in problems


def test_a_row_that_knows_only_the_name_joins_the_winner_of_that_name():
    lists = rows_of(COMPLETED)
    lists[VALUES].append(lists[VALUES][0] | {"kd_penyedia": None, "npwp_penyedia": None})

    fields, _ = read(lists)

    assert len(fields["awards"]) == 1


def test_two_winners_of_one_name_are_two_by_their_numbers():
    lists = rows_of(CONSULTING)
    for row in lists[VALUES] + lists[CONTRACTS]:
        row["nama_penyedia"] = "PT Sama Nama"

    fields, _ = read(lists)

    assert sorted(award["contract_value"] for award in fields["awards"]) == [
        Decimal(199000000),
        Decimal("298500000.75"),
    ]


def test_a_winner_without_a_name_silences_the_whole_table():
    lists = rows_of(CONSULTING)
    lists[VALUES][0]["nama_penyedia"] = None

    fields, problems = read(lists)

    assert "awards" not in fields
    assert codes(problems) == ["row-unreadable"]


# --- Amounts


@pytest.mark.parametrize("wrong", ["banyak", "1.500", Decimal("1.005"), True, -5, [1], Decimal("1E+30")])
def test_an_unreadable_price_is_unknown_and_no_weaker_one_takes_its_place(wrong):
    lists = rows_of(COMPLETED) | {CONTRACTS: []}
    lists[VALUES][0]["nilai_kontrak"] = wrong

    fields, problems = read(lists)

    assert only(fields["awards"])["contract_value"] is None
    assert "negotiated_value" not in only(fields["awards"])
    assert codes(problems) == ["amount-negative" if wrong == -5 else "amount-unreadable", "winner-without-amount"]


def test_a_price_of_zero_is_none_that_was_agreed_and_a_share_of_zero_is_a_share():
    lists = rows_of(COMPLETED) | {CONTRACTS: []}
    lists[VALUES][0] |= {"nilai_kontrak": 0, "nilai_pdn_kontrak": 0}

    fields, problems = read(lists)

    assert only(fields["awards"])["contract_value"] is None
    assert only(fields["awards"])["negotiated_value"] == Decimal(1405000000)
    assert only(fields["awards"])["pdn_value"] == Decimal(0)
    assert problems == [("amount-zero", "nilai_kontrak")]


def test_a_field_of_prices_that_went_missing_is_drift_and_no_weaker_one_takes_its_place():
    lists = rows_of(COMPLETED) | {CONTRACTS: []}
    del lists[VALUES][0]["nilai_kontrak"]

    fields, problems = read(lists)

    assert not only(fields["awards"]).keys() & {"negotiated_value", "corrected_value", "bid_value"}
    assert problems == [("detail-drift", "nilai_kontrak"), ("winner-without-amount", "nama_penyedia")]


def test_a_list_that_does_not_say_who_won_says_nothing():
    lists = rows_of(COMPLETED)
    lists[PARTICIPANTS][0] |= {"pemenang": None, "pemenang_terverifikasi": None}

    assert [offer["is_winner"] for offer in read(lists)[0]["offers"]] == [None, False, False]


def test_an_offer_of_zero_is_no_offer():
    lists = rows_of(COMPLETED)
    lists[PARTICIPANTS][1]["nilai_penawaran"] = 0

    fields, problems = read(lists)

    assert (fields["participants"], fields["bidders"]) == (3, 1)
    assert ("amount-zero", "nilai_penawaran") in problems


def test_null_is_said_and_absence_is_not():
    lists = rows_of(RUNNING)
    lists[ANNOUNCED][0]["hps"] = None
    del lists[ANNOUNCED][0]["pagu"]

    fields, problems = read(lists)

    assert fields["hps"] is None
    assert "pagu" not in fields
    assert problems == []


def test_a_stage_that_comes_twice_is_told_and_the_later_plan_counts():
    lists = rows_of(COMPLETED)
    lists[SCHEDULE].append(lists[SCHEDULE][0] | {"tgl_awal": "2025-02-11T08:00:00Z"})

    fields, problems = read(lists)

    assert [stage["starts_at"] for stage in fields["schedule"]][1] == utc(2025, 2, 11, 1)
    assert problems == [("duplicate-row", "nama_tahapan")]


@pytest.mark.parametrize("wrong", ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "1970-01-01T00:00:00Z", "besok", 5])
def test_a_date_that_means_nothing_is_reported(wrong):
    lists = rows_of(RUNNING)
    lists[ANNOUNCED][0]["tgl_pengumuman_tender"] = wrong

    fields, problems = read(lists)

    assert "announced_at" not in fields
    assert "date_basis" not in fields
    assert problems == [("date-unreadable", "tgl_pengumuman_tender")]


# --- The other kinds


def test_a_non_tender_is_joined_and_finished_when_the_source_says_so():
    fields, problems = read(rows_of("91000001007", NON_TENDER), NON_TENDER)

    assert problems == []
    assert fields["status"] is PackageStatus.COMPLETED
    assert fields["method"] is Method.DIRECT_PROCUREMENT
    assert fields["awarded_at"] == utc(2025, 9, 3, 8)
    assert fields["finished_on"] == date(2025, 9, 3)
    assert fields["contracted_at"] == utc(2025, 9, 4, 17)
    award = only(fields["awards"])
    assert award["supplier_name"] == "CV Contoh Terampil"
    assert (award["contract_value"], award["negotiated_value"]) == (Decimal(97000000), Decimal("97500000.50"))
    assert [stage["name"] for stage in fields["schedule"]] == ["Upload Dokumen Penawaran"]
    assert fields["source_ids"]["lls_id"] == "91000001007"
    assert "participants" not in fields


def test_a_cancelled_non_tender_that_was_repeated():
    fields, problems = read(rows_of("91000002007", NON_TENDER), NON_TENDER)

    assert problems == []
    assert fields["status"] is PackageStatus.CANCELLED
    assert fields["labels"] == ["Pengadaan Langsung Ulang"]
    assert fields["reason"] == "Paket dibatalkan karena efisiensi anggaran"


def test_a_repeat_order_is_a_label():
    lists = rows_of("91000001007", NON_TENDER)
    lists["tender/non-tender-pengumuman"][0]["repeat_order"] = "Ya"

    assert read(lists, NON_TENDER)[0]["labels"] == ["Repeat Order"]


def test_a_recorded_package_has_realisations_and_a_stated_total():
    fields, problems = read(rows_of("92000001007", RECORDED), RECORDED)

    assert problems == []
    assert (fields["status"], fields["stage"]) == (PackageStatus.COMPLETED, "Paket Selesai")
    assert fields["category"] is Category.OTHER_SERVICES
    assert fields["description"] == "Tagihan listrik & air bulan contoh"
    assert fields["realized_value"] == Decimal(55000000)
    assert (fields["pdn_value"], fields["umk_value"]) == (Decimal(0), Decimal(0))
    assert fields["finished_on"] == date(2025, 6, 30)
    assert [(each["number"], each["value"], each["note"]) for each in fields["realizations"]] == [
        ("KW-1", Decimal(30000000), "SP2D contoh"),
        ("KW-2", Decimal(25000000), "Tagihan contoh"),
    ]
    assert "awards" not in fields
    assert "date_basis" not in fields


def test_a_total_that_is_not_the_sum_of_its_realisations_is_told():
    lists = rows_of("92000001007", RECORDED)
    lists["tender/pencatatan-non-tender-realisasi"].pop()

    fields, problems = read(lists, RECORDED)

    assert fields["realized_value"] == Decimal(55000000)
    assert problems == [("realization-differs", "total_realisasi")]


def test_a_closed_recorded_package_was_cancelled():
    fields, problems = read(rows_of("92000002007", RECORDED), RECORDED)

    assert problems == []
    assert fields["status"] is PackageStatus.CANCELLED
    assert fields["reason"] == "Contoh: salah isi"


def test_a_self_managed_package_says_its_type():
    fields, problems = read(rows_of("93000001007", SELF_MANAGED), SELF_MANAGED)

    assert problems == []
    assert fields["self_managed_type"] == 3
    assert fields["rup_codes"] == ["50000011", "50000012"]
    assert fields["realizations"][0]["supplier_name"] == "Kelompok Contoh"
    assert fields["realizations"][0]["realized_on"] == date(2025, 1, 10)


def test_a_realisation_with_a_number_counts_once():
    lists = rows_of("93000001007", SELF_MANAGED)
    resource = "tender/pencatatan-swakelola-realisasi"
    lists[resource].append(lists[resource][0] | {"tgl_realisasi": "2025-01-11T00:00:00Z"})

    fields, problems = read(lists, SELF_MANAGED)

    assert [each["realized_on"] for each in fields["realizations"]] == [date(2025, 1, 11)]
    assert problems == [("duplicate-row", "rsk_id")]


def test_every_problem_reported_here_is_published():
    assert "rows-disagree" in PROBLEM_KINDS


def test_a_package_is_of_the_lpse_that_its_rows_name():
    assert list(joined(rows_of(CONSULTING))) == [(CONSULTING, 802)]
    assert list(joined(rows_of(COMPLETED), TENDER)) == [(COMPLETED, 7)]


# --- Over the years


@pytest.mark.parametrize("code", [COMPLETED, CONSULTING, FAILED, RUNNING])
def test_a_package_in_the_lists_of_two_years_is_told_once(code):
    alone, problems = read(rows_of(code))
    twice = {
        resource: [year_of for row in rows for year_of in (row, row | {"tahun_anggaran": row["tahun_anggaran"] + 1})]
        for resource, rows in rows_of(code).items()
    }

    fields, found = read(twice)

    assert found == problems
    assert fields | {"fiscal_years": alone["fiscal_years"]} == alone


def test_a_package_without_a_list_of_its_years_is_of_all_in_whose_lists_it_stands():
    lists = rows_of("91000001007", NON_TENDER)
    lists["tender/non-tender-pengumuman"][0]["tahun_anggaran"] = 2026

    fields, problems = read(lists, NON_TENDER)

    assert problems == []
    assert fields["fiscal_years"] == [2025, 2026]


def test_a_tender_that_lists_its_years_is_of_no_other():
    lists = rows_of(COMPLETED)
    lists[ANNOUNCED][0] |= {"tahun_anggaran": 2026, "list_tahun_anggaran": "2025;2026"}
    lists[VALUES][0]["tahun_anggaran"] = 2027

    assert read(lists)[0]["fiscal_years"] == [2025, 2026]


def test_realisations_in_the_lists_of_two_years_are_paid_once():
    lists = rows_of("92000001007", RECORDED)
    resource = "tender/pencatatan-non-tender-realisasi"
    lists[resource] += [row | {"tahun_anggaran": 2026} for row in lists[resource]]

    fields, problems = read(lists, RECORDED)

    assert problems == []
    assert len(fields["realizations"]) == 2


def test_the_list_of_another_year_that_was_read_before_is_no_duplicate():
    lists = rows_of(COMPLETED)
    lists[ANNOUNCED].append(lists[ANNOUNCED][0] | {"tahun_anggaran": 2026, "status_tender": "Tender Sedang Berjalan"})

    fields, problems = read(lists)

    assert problems == []
    assert (fields["status"], fields["stage"]) == (PackageStatus.COMPLETED, "Selesai")
