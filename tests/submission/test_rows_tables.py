"""A pushed package in the cells of a table: as people write it, with the cell of everything that is wrong."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core.vocabulary import Category, PackageKind, PackageStatus
from app.submission.forms.columns import ColumnPlan, heading_key
from app.submission.row_schemas.catalogue import ROW_SCHEMAS
from app.submission.row_schemas.columns import ColumnKind
from tests.submission.rows.making import fields, found, read_cells


def a_line(**cells):
    return {"kind": "Tender", "code": "12482010", "fiscal_year": "2025"} | {
        path.replace("__", "."): value for path, value in cells.items()
    }


@pytest.mark.parametrize(
    ("heading", "path"),
    [
        ("Kode Paket", "code"),
        ("KODE TENDER", "code"),
        ("Nama Paket", "name"),
        ("Jenis Paket", "kind"),
        ("Tahun Anggaran", "fiscal_year"),
        ("tahun", "fiscal_year"),
        ("Pagu", "pagu"),
        ("Pagu Anggaran", "pagu"),
        ("HPS", "hps"),
        ("Nilai HPS", "hps"),
        ("Nilai Kontrak", "contract_value"),
        ("Nilai Negosiasi", "negotiated_value"),
        ("Harga Terkoreksi", "corrected_value"),
        ("Harga Penawaran", "bid_value"),
        ("Pemenang", "awards.1.supplier_name"),
        ("Penyedia", "awards.1.supplier_name"),
        ("NPWP Pemenang", "awards.1.npwp"),
        ("Pemenang 2", "awards.2.supplier_name"),
        ("Tanggal Pengumuman", "announced_at"),
        ("Satuan Kerja", "satker_name"),
        ("satker", "satker_name"),
        ("contract_value", "contract_value"),
        ("awards.3.npwp", "awards.3.npwp"),
    ],
)
def test_people_find_their_headings(heading, path):
    plan = ColumnPlan.of(ROW_SCHEMAS["rakor-package"].columns).fields_by_key()

    assert plan[heading_key(heading)] == path


@pytest.mark.parametrize("name", list(ROW_SCHEMAS))
def test_no_heading_means_two_fields(name):
    schema = ROW_SCHEMAS[name]

    assert len(ColumnPlan.of(schema.columns).known) >= len(schema.columns)
    assert len({column.path for column in schema.columns}) == len(schema.columns)


def test_choices_offer_indonesian_words_that_are_understood():
    choices = {c.path: c.choices for c in ROW_SCHEMAS["rakor-package"].columns if c.kind is ColumnKind.CHOICE}

    assert set(choices) == {"kind", "category", "method", "status"}
    for path, words in choices.items():
        for code, word in words.items():
            reading = read_cells(a_line(**{path: word}))
            assert reading.problems == ()
            assert reading.record is not None
            assert (reading.record.kind if path == "kind" else fields(reading)[path]) == code


def test_a_filled_row_is_read_as_people_write():
    taken = fields(
        read_cells(
            a_line(
                kind="Pencatatan Swakelola",
                name="Pelatihan Contoh",
                pagu="Rp 1.500.000.000,25",
                hps=Decimal("1487500000.5"),
                contract_value=1375000000,
                status="Paket Selesai",
                category="Pekerjaan Konstruksi",
                fund_sources="APBD; BLUD",
                announced_at="3 Februari 2025 08:00",
                created_on=date(2025, 1, 20),
                participants="25",
                self_managed_type="Tipe I",
                fiscal_years="2025; 2026",
            )
        )
    )

    assert taken["pagu"] == Decimal("1500000000.25")
    assert (taken["hps"], taken["contract_value"]) == (Decimal("1487500000.5"), Decimal(1375000000))
    assert (taken["status"], taken["category"]) == (PackageStatus.COMPLETED, Category.WORKS)
    assert taken["fund_sources"] == ["APBD", "BLUD"]
    assert taken["announced_at"].astimezone(UTC) == datetime(2025, 2, 3, 1, tzinfo=UTC)
    assert taken["created_on"] == date(2025, 1, 20)
    assert (taken["participants"], taken["self_managed_type"]) == (25, 1)
    assert taken["fiscal_years"] == [2025, 2026]


def test_numbers_in_cells_are_codes_and_years():
    reading = read_cells({"kind": "Swakelola", "code": 10312492000, "fiscal_year": 2025})

    assert reading.record is not None
    assert (reading.record.kind, reading.record.code) == (PackageKind.SELF_MANAGED, "10312492000")


def test_numbers_in_cells_are_texts_and_other_codes_as_they_are_written():
    taken = fields(read_cells(a_line(name=Decimal("12.5"), rup_codes=67643676, source_ids__id=7, fiscal_years=2025)))

    assert (taken["name"], taken["rup_codes"], taken["source_ids"]) == ("12.5", ["67643676"], {"id": "7"})
    assert taken["fiscal_years"] == [2025]


def test_a_refused_cell_is_shown_as_its_program_shows_it():
    shown = [read_cells(a_line(name=value)).problems[0].problem.value for value in (True, date(2025, 1, 1))]

    assert shown == ["TRUE", "2025-01-01"]


def test_several_winners_stand_in_columns_of_their_own():
    taken = fields(
        read_cells(
            a_line(
                awards__2__supplier_name="PT Contoh",
                awards__2__contract_value="1000000",
                awards__1__supplier_name="CV Contoh",
                awards__1__contract_value="2.000.000,50",
            )
        )
    )

    assert taken["awards"] == [
        {"supplier_name": "CV Contoh", "contract_value": Decimal("2000000.5")},
        {"supplier_name": "PT Contoh", "contract_value": Decimal(1000000)},
    ]


def test_the_amounts_of_a_winner_whom_no_column_names_are_the_packages():
    taken = fields(read_cells(a_line(awards__1__award_value="666660450", source_ids__ocid="ocds-213czf-1")))

    assert taken["award_value"] == Decimal(666660450)
    assert "awards" not in taken
    assert taken["source_ids"] == {"ocid": "ocds-213czf-1"}


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("pagu", "1.500", "amount-ambiguous"),
        ("pagu", "22,7 M", "amount-abbreviated"),
        ("awards.1.contract_value", "1,5,0", "amount-unreadable"),
        ("announced_at", "03/04/25", "date-ambiguous"),
        ("participants", "banyak", "count-unreadable"),
        ("self_managed_type", "9", "count-unreadable"),
        ("name", "a\u202eb", "text-hidden-characters"),
        ("name", "a\u200eb", "text-hidden-characters"),
        ("name", "a\u2028b", "text-hidden-characters"),
        ("name", "a\u200bb", "text-hidden-characters"),
        ("name", "a\ufeffb", "text-hidden-characters"),
        ("name", "a\U000e0041b", "text-hidden-characters"),
        ("kind", "sewa", "kind-unknown"),
        ("code", "10102584000.0", "code-unreadable"),
        ("code", True, "code-unreadable"),
        ("code", date(2025, 1, 1), "code-unreadable"),
        ("code", Decimal("10102584000.5"), "code-unreadable"),
        ("code", 1234567890123456, "number-imprecise"),
        ("rup_codes", Decimal("1.5"), "identifier-unreadable"),
        ("rup_codes", True, "identifier-unreadable"),
        ("awards.1.npwp", date(2025, 1, 1), "identifier-unreadable"),
        ("source_ids.kd_pkt_dce", Decimal("0.5"), "identifier-unreadable"),
        ("name", True, "cell-not-text"),
        ("awards.1.supplier_name", date(2025, 1, 1), "cell-not-text"),
        ("status", False, "cell-not-text"),
        ("self_managed_type", True, "count-unreadable"),
        ("self_managed_type", 9, "count-unreadable"),
        ("announced_at", "2025-01-01 08:00:00.1234567", "date-unreadable"),
        ("awards.1.hps", "5", "field-unknown"),
        ("node", "lain", "node-mismatch"),
    ],
)
def test_a_cell_that_cannot_be_taken_refuses_the_row_and_is_named(path, value, code):
    cells = a_line() | {path: value}

    reading = read_cells(cells)

    place = f"{chr(65 + list(cells).index(path))}7"
    assert reading.record is None
    assert (code, place) in [(each.problem.code, each.cell) for each in reading.problems]
    assert all(each.row == 7 for each in reading.problems)


def test_a_winner_needs_a_name():
    reading = read_cells(a_line(awards__1__npwp="00.000.000.0-000.000"))

    assert ("field-missing", "/awards/0/supplier_name") in found(reading)
