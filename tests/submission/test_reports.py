"""Reports of problems: the row beside the message, texts that stay texts, numbers that stay numbers."""

import csv
import io
import tracemalloc
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.problems import Severity
from app.submission import reports
from app.submission.reports import HEADINGS, ReportedProblem, list_columns, write_report_csv, write_report_xlsx

DANGEROUS = ["=1+1", "+62 800", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("http://contoh.example")', "\uff1d1"]  # fmt: skip


def problem(value="1.500", original=None, **more):
    stated = {
        "row": 12,
        "pointer": None,
        "cell": "F12",
        "code": "amount-ambiguous",
        "severity": Severity.ERROR,
        "field": "pagu",
        "message_id": "Dapat dibaca dengan dua cara.",
        "message_en": "Can be read in two ways.",
    }
    return ReportedProblem(**(stated | more), value=value, original=original)


def as_xlsx(problems, columns=()):
    held = io.BytesIO()
    write_report_xlsx(problems, held, columns=columns)
    return openpyxl.load_workbook(io.BytesIO(held.getvalue()))


def as_csv(problems, columns=()):
    body = b"".join(write_report_csv(problems, columns=columns))
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_a_report_shows_the_row_beside_what_is_wrong_with_it():
    problems = [
        problem(original='{"code": "0012", "pagu": "1.500"}'),
        problem("x", {"code": "13", "pagu": Decimal("1500.50"), "awards": [{"npwp": None}]}, severity=Severity.WARNING),
        problem("x", '{"code": "14"', cell=None, pointer="/code"),
    ]
    columns = list_columns(item.original for item in problems)

    assert columns == ["code", "pagu", "awards"]
    beside = ["12", "F12", "amount-ambiguous", "Kesalahan", "pagu", "1.500", problem().message_id, problem().message_en]
    assert as_csv(problems, columns) == [
        [*HEADINGS, *columns],
        [*beside, "", "0012", "1.500", ""],
        [*beside[:3], "Peringatan", "pagu", "x", *beside[6:], "", "13", "1500.50", '[{"npwp":null}]'],
        ["12", "/code", *beside[2:5], "x", *beside[6:], '{"code": "14"', "", "", ""],
    ]
    sheet = as_xlsx(problems, columns).active
    assert [cell.value for cell in sheet[1]] == [*HEADINGS, *columns]
    assert [cell.value for cell in sheet[3]][-4:] == [None, "13", 1500.5, '[{"npwp":null}]']
    assert sheet.freeze_panes == "B2"


def test_a_row_with_more_fields_than_columns_is_shown_whole_as_well():
    assert as_csv([problem("x", '{"a": 1, "b": 2}')], ["a"])[1][8:] == ['{"a": 1, "b": 2}', "1"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula(text):
    problems = [problem(text, {"name": text, text: "x"}, field=text)]
    columns = list_columns(item.original for item in problems)

    for row in as_csv(problems, columns):
        for cell in row:
            assert not cell.startswith(tuple("=+-@\t\r")), cell
    assert as_csv(problems, columns)[1][5] == f"'{text}"
    for row in as_xlsx(problems, columns).active:
        for cell in row:
            assert cell.data_type in {"s", "n", "inlineStr"}
            assert cell.hyperlink is None


def test_a_negative_number_stays_a_number():
    columns = ["a", "b", "c"]
    original = {"a": -5, "b": Decimal("-1500.50"), "c": 12345678901234567890}

    assert as_csv([problem("-5", original)], columns)[1][5:6] == ["-5"]
    assert as_csv([problem("-5", original)], columns)[1][-3:] == ["-5", "-1500.50", "12345678901234567890"]
    cells = as_xlsx([problem("-5", original)], columns).active[2]
    assert [cell.value for cell in cells[-3:]] == [-5, -1500.5, "12345678901234567890"]


@settings(max_examples=25, deadline=None)
@given(text=st.text(st.characters(), max_size=12))
def test_whatever_strangers_wrote_can_be_reported(text):
    assert len(as_csv([problem(text, text)])) == 2
    assert as_xlsx([problem(text, {text: text})], [text]).active["A2"].value == 12


def test_a_report_of_nothing_has_its_heading():
    assert as_csv([]) == [list(HEADINGS)]
    assert [cell.value for cell in as_xlsx([]).active[1]] == list(HEADINGS)


def test_a_report_longer_than_a_sheet_goes_on_on_the_next(monkeypatch):
    monkeypatch.setattr(reports, "LAST_ROW", 3)

    book = as_xlsx([problem(str(number)) for number in range(5)])

    assert book.sheetnames == ["Masalah 1", "Masalah 2", "Masalah 3"]
    assert [row[5].value for sheet in book for row in sheet.iter_rows(min_row=2)] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_report_is_written_without_holding_it(form, tmp_path):
    problems = (problem(f"nilai {number}", "x" * 300) for number in range(3000))
    tracemalloc.start()
    if form == "csv":
        size = sum(len(piece) for piece in write_report_csv(problems))
    else:
        with (tmp_path / "laporan.xlsx").open("wb") as file:
            write_report_xlsx(problems, file)
        size = 3000 * 300
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size >= 3000 * 300
    assert peak < 1_500_000
