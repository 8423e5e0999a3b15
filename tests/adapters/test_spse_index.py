"""Rows of the SPSE list: read exactly, or reported."""

import json
from decimal import Decimal

import pytest

from app.adapters.protocol import IndexEntry
from app.adapters.spse.index import Direction, NoRows, list_form, parse_list, read_row
from app.core.problems import Problem
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus
from tests.adapters.spse_replies import a_row, as_list, fields_of, reply, rows

TENDER, NON_TENDER, RECORDED = PackageKind.TENDER, PackageKind.NON_TENDER, PackageKind.RECORDED
SELF_MANAGED, EMERGENCY = PackageKind.SELF_MANAGED, PackageKind.EMERGENCY


def test_a_tender_row_says_what_the_list_knows():
    fields, problems = fields_of(rows("dt_lelang.json")[0])

    assert problems == []
    assert fields == {
        "name": "Pembangunan Jembatan Contoh & Jalan Rekaan",
        "labels": [],
        "institution_name": "Kab. Rekaan",
        "stage": "Tender Sudah Selesai",
        "status": PackageStatus.COMPLETED,
        "category": Category.WORKS,
        "category_text": "Pekerjaan Konstruksi",
        "method": Method.TENDER,
        "method_text": "Tender",
        "qualification_text": "Pascakualifikasi Satu File",
        "evaluation_text": "Harga Terendah Sistem Gugur",
        "fiscal_years": [2025, 2026],
        "contract_value": Decimal("1400000000.50"),
    }


def test_badges_become_labels_and_leave_the_name():
    fields, _ = fields_of(rows("dt_lelang.json")[1])

    assert fields["name"] == "Pengadaan Alat Contoh"
    assert fields["labels"] == ["Tender Ulang", "Tender Gagal"]
    assert fields["status"] is PackageStatus.FAILED


def test_a_non_tender_row_has_its_own_layout():
    fields, problems = fields_of(rows("dt_pl.json")[0], NON_TENDER)

    assert problems == []
    assert fields["method"] is Method.DIRECT_PROCUREMENT
    assert fields["category"] is Category.OTHER_SERVICES
    assert fields["contract_value"] == Decimal("98765432.10")
    assert "evaluation_text" not in fields


def test_a_recorded_row_has_year_and_category_apart_and_its_status_last():
    fields, problems = fields_of(rows("dt_nonspk.json")[0], RECORDED)

    assert problems == []
    assert fields == {
        "name": "Belanja Alat Tulis Contoh",
        "labels": [],
        "institution_name": "Kab. Rekaan",
        "stage": "Paket Sudah Selesai",
        "status": PackageStatus.COMPLETED,
        "category": Category.GOODS,
        "category_text": "Pengadaan Barang",
        "method": Method.DIRECT_PROCUREMENT,
        "method_text": "Pengadaan Langsung",
        "fiscal_years": [2025],
    }


def test_a_self_managed_row_speaks_of_neither_method_nor_category():
    fields, problems = fields_of(rows("dt_swakelola.json")[0], SELF_MANAGED)

    assert problems == []
    assert (fields["fiscal_years"], fields["status"]) == ([2025], PackageStatus.RUNNING)
    assert not {"method", "category", "contract_value", "pagu", "self_managed_type"}.intersection(fields)


def test_an_emergency_row_has_its_own_layout():
    fields, problems = fields_of(rows("dt_darurat-list.json")[0], EMERGENCY)

    assert problems == []
    assert (fields["fiscal_years"], fields["category"]) == ([2025], Category.WORKS)
    assert "method" not in fields


@pytest.mark.parametrize(
    ("kind", "one", "other", "column"),
    [
        (TENDER, 2, 3, "kolom 3: status"),
        (TENDER, 6, 7, "kolom 6: metode"),
        (NON_TENDER, 3, 5, "kolom 3: status"),
        (RECORDED, 4, 5, "kolom 4: metode"),
        (RECORDED, 5, 2, "kolom 5: jenis pengadaan"),
        (RECORDED, 7, 8, "kolom 8: status"),
        (RECORDED, 6, 8, "kolom 6 dan 8: tahun anggaran dan status"),
        (SELF_MANAGED, 2, 7, "kolom 7: status"),
        (EMERGENCY, 6, 7, "kolom 7: status"),
    ],
)
def test_columns_that_changed_places_are_noticed(kind, one, other, column):
    row = a_row(kind)
    row[one], row[other] = row[other], row[one]

    problem = read_row(kind, row)

    assert (problem.code, problem.field) == ("row-unreadable", column)


def test_a_name_that_is_a_status_moves_no_column():
    entry = read_row(RECORDED, a_row(RECORDED, _1="Paket Sudah Selesai", _8="Tertunda"))

    assert isinstance(entry, IndexEntry)


def test_several_stages_at_once_are_running():
    fields, _ = fields_of(rows("dt_lelang.json")[2])

    assert (fields["status"], fields["stage"]) == (PackageStatus.RUNNING, "Evaluasi Penawaran [...]")


def test_settled_are_those_that_ended():
    entries = [read_row(TENDER, row) for row in rows("dt_lelang.json")]

    assert [entry.settled for entry in entries] == [True, True, False]


def test_no_contract_yet_is_none_and_no_problem():
    fields, problems = fields_of(a_row(_10="Nilai Kontrak belum dibuat"))

    assert fields["contract_value"] is None
    assert problems == []


@pytest.mark.parametrize("text", ["5", "1,4 M", "1.400.000.000,50", "ada"])
def test_a_contract_cell_that_is_no_exact_rupiah_is_not_spoken_of(text):
    fields, problems = fields_of(a_row(_10=text))

    assert "contract_value" not in fields
    assert problems == ["amount-unreadable"]


def test_a_negative_contract_is_left_empty():
    fields, problems = fields_of(a_row(_10="Rp. -5,00"))

    assert fields["contract_value"] is None
    assert problems == ["amount-negative"]


def test_the_abbreviated_hps_is_never_an_amount():
    fields, _ = fields_of(a_row(_4="22,7 M"))

    assert "hps" not in fields


def test_longer_rows_are_accepted_and_too_short_ones_reported():
    longer = read_row(TENDER, [*a_row(), "baru", None])
    shorter = read_row(TENDER, a_row()[:10])

    assert isinstance(longer, IndexEntry)
    assert isinstance(shorter, Problem)
    assert shorter.code == "row-unreadable"
    assert "Jembatan" in shorter.value


@pytest.mark.parametrize("row", [None, 7, "teks", {}, [], [[]]])
def test_what_is_no_row_is_reported(row):
    assert read_row(TENDER, row).code == "row-unreadable"


@pytest.mark.parametrize("code", ["", None, "12a", "-1", "1,2", "<b>1</b>", "0", "٣", "9" * 65, True])
def test_what_is_no_code_is_reported(code):
    assert read_row(TENDER, a_row(_0=code)).code == "code-unreadable"


@pytest.mark.parametrize("code", [" 00123 ", 123, "123"])
def test_look_alike_codes_are_one(code):
    assert read_row(TENDER, a_row(_0=code)).code == "123"


def test_the_fingerprint_follows_the_meaning():
    entry = read_row(TENDER, a_row())

    assert read_row(TENDER, a_row(_2="  Kab.\u00a0Rekaan ")).fingerprint == entry.fingerprint
    assert read_row(TENDER, a_row(_3="Tender Batal")).fingerprint != entry.fingerprint


def test_a_row_that_a_database_could_not_hold_is_made_harmless():
    entry = read_row(TENDER, a_row(_1="Nama\x00 \ud800 Contoh", _12=[[1]], _13=1.5))

    assert entry.row[1] == "Nama Contoh"
    json.dumps(entry.row, ensure_ascii=False).encode()


def test_the_form_asks_for_every_column_ordered_by_code():
    form = dict(list_form(NON_TENDER, start=99, length=100, direction=Direction.DESCENDING, token="abc"))

    assert form["start"], form["length"] == ("99", "100")
    assert (form["order[0][column]"], form["order[0][dir]"]) == ("0", "desc")
    assert "columns[11][search][regex]" in form
    assert "columns[12][data]" not in form
    assert form["authenticityToken"] == "abc"


def test_an_old_node_is_asked_without_a_token():
    form = dict(list_form(TENDER, start=0, length=1, direction=Direction.ASCENDING, token=None))

    assert "authenticityToken" not in form


@pytest.mark.parametrize("text", ["", "<html>", "{", "[" * 100_000, '{"data": [NaN]}', "9" * 5000])
def test_an_answer_that_is_no_json_is_none(text):
    assert parse_list(text) is None


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"data": null}', '{"data": {}}', '{"error": "x"}'])
def test_json_without_rows_is_told_apart(text):
    with pytest.raises(NoRows):
        parse_list(text)


def test_the_sentinel_is_no_count_and_a_count_is():
    assert parse_list(reply("dt_lelang.json")).declared == frozenset()
    assert parse_list(as_list([], 12)).declared == {12}
    assert parse_list(as_list([], "12")).declared == {12}


@pytest.mark.parametrize("kind", list(PackageKind))
def test_a_column_more_is_read_at_the_end_and_refused_where_it_moves_the_others(kind):
    row = a_row(kind)

    assert read_row(kind, [*row, None]).code == row[0]
    assert read_row(kind, [*row[:3], "baru", *row[3:]]).code == "row-unreadable"
    assert read_row(kind, [*row[:3], *row[4:]]).code == "row-unreadable"
