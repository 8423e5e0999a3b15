"""A template explains itself, opens in any spreadsheet program, and comes back filled as it was filled."""

import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from app.submission.forms.catalogue import Form
from app.submission.forms.columns import ColumnPlan, heading_key
from app.submission.row_schemas.catalogue import ROW_SCHEMAS
from app.submission.templates import build_template
from tests.submission.forms import COLUMNS, PLAN, read, remarks, said


def opened(body):
    return openpyxl.load_workbook(io.BytesIO(body))


def filled(body, *rows):
    book = opened(body)
    for line, row in enumerate(rows, start=2):
        for index, value in enumerate(row, start=1):
            book["Paket"].cell(line, index).value = value
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_a_template_left_as_it_is_has_no_rows():
    body = build_template(COLUMNS, "Templat Contoh")

    assert read(body, Form.XLSX) == []
    assert remarks(body, Form.XLSX) == ()


def test_the_examples_are_never_taken_in_even_when_nothing_else_is_left():
    book = opened(build_template(COLUMNS, "Templat Contoh"))
    assert [cell.value for cell in book["Contoh"][2]] == [
        "0012",
        "Jalan Contoh",
        1500000.5,
        datetime(2026, 8, 11),
        datetime(2026, 8, 11, 16, 5),
        4,
        "Ya",
        "APBD; APBN",
        "Selesai",
    ]
    book.create_sheet("Data")["A1"] = "Kode Paket"
    del book["Paket"]
    held = io.BytesIO()
    book.save(held)

    assert read(held.getvalue(), Form.XLSX) == []


def test_a_filled_template_gives_its_rows_back():
    body = filled(
        build_template(COLUMNS, "Templat Contoh"),
        (
            "0012",
            "Jalan Contoh",
            1500000.5,
            date(2026, 8, 11),
            datetime(2026, 8, 11, 16, 5),
            4,
            "Ya",
            "APBD",
            "Selesai",
        ),
        ("0013", None, "1.500.000,50", "11 Agustus 2026"),
    )

    assert said(read(body, Form.XLSX)) == [
        (
            2,
            {
                "code": "0012",
                "name": "Jalan Contoh",
                "pagu": Decimal("1500000.5"),
                "opened_on": date(2026, 8, 11),
                "opened_at": datetime(2026, 8, 11, 16, 5),
                "bidders": 4,
                "is_late": "Ya",
                "funds": "APBD",
                "status": "Selesai",
            },
        ),
        (3, {"code": "0013", "pagu": "1.500.000,50", "opened_on": "11 Agustus 2026"}),
    ]


def test_cells_are_formatted_and_offer_their_words():
    book = opened(build_template(COLUMNS, "Templat Contoh"))
    sheet = book["Paket"]
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}

    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]][:3] == ["Kode Paket *", "Nama Paket", "Pagu (Rp)"]
    assert sheet["A1"].comment.text.startswith("Wajib diisi. Kode.")
    assert [sheet.column_dimensions[letter].number_format for letter in "ACDE"] == [
        "@",
        "#,##0.00",
        "dd-mm-yyyy",
        "dd-mm-yyyy hh:mm",
    ]
    assert {cell: rule.type for cell, rule in rules.items()} == {
        "C2": "decimal",
        "D2": "date",
        "E2": "date",
        "F2": "whole",
        "G2": "list",
        "I2": "list",
    }
    assert rules["I2"].formula1 == "Daftar!$I$1:$I$2"
    assert [book["Daftar"][cell].value for cell in ("I1", "I2", "G1", "G2")] == ["Selesai", "Berjalan", "Ya", "Tidak"]
    assert book["Daftar"].sheet_state == "hidden"
    assert book.active.title == "Paket"


def test_the_help_names_every_column_and_what_is_refused():
    book = opened(build_template(COLUMNS, "Templat Contoh"))
    text = "\n".join(str(cell.value) for row in book["Petunjuk"] for cell in row if cell.value is not None)

    for column in COLUMNS:
        assert column.heading in text
        assert column.help_en in text
    for word in ("Templat Contoh", "“1.500”", "22,7 M", "03/04/26", "Wajib", "pilihan dari daftar: Selesai, Berjalan"):
        assert word in text


def test_a_template_has_the_same_bytes_each_time():
    assert build_template(COLUMNS, "Contoh") == build_template(COLUMNS, "Contoh")


def test_a_heading_that_would_fill_two_fields_is_a_mistake_of_the_schema():
    with pytest.raises(ValueError, match="would fill both"):
        ColumnPlan.of([*COLUMNS, COLUMNS[0].__class__("lain", "KODE", COLUMNS[0].kind, "", "")])
    assert PLAN.known[heading_key("Kode Paket")] == "code"


@pytest.mark.parametrize("name", sorted(ROW_SCHEMAS))
def test_every_schema_has_a_template_that_reads_back_without_remarks(name):
    columns = ROW_SCHEMAS[name].columns
    body = build_template(columns, ROW_SCHEMAS[name].title_id)
    plan = ColumnPlan.of(columns)
    example = [cell.value for cell in opened(body)["Contoh"][2]]

    assert remarks(body, Form.XLSX, plan=plan) == ()
    (row,) = read(filled(body, example), Form.XLSX, plan=plan)
    assert set(row.content) == {column.path for column in columns if column.example}
