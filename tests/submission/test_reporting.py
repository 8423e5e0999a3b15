"""What people get: templates to fill in, and the problems of what they sent as a table beside their rows."""

import csv
import io

import openpyxl

from app.submission.forms.catalogue import XLSX_MEDIA_TYPE
from tests.submission.conftest import a_row

TEMPLATE = "/api/v1/submission-schemas/rakor-package/template.xlsx"


async def test_a_filled_template_comes_back_and_is_taken_in(sender, packages):
    template = await sender.client.get(TEMPLATE)
    assert (template.status_code, template.headers["content-type"]) == (200, XLSX_MEDIA_TYPE)
    book = openpyxl.load_workbook(io.BytesIO(template.content))
    sheet = book.worksheets[0]
    headings = {str(cell.value).rstrip(" *").casefold(): cell.column for cell in sheet[1]}
    for line, (code, pagu) in enumerate([("9001", 1000.5), ("9002", "1.500.000,00"), ("9003", "1.500")], start=2):
        row = {"kode paket": code, "jenis paket": "Tender", "tahun anggaran": 2025, "pagu": pagu}
        for heading, value in row.items():
            sheet.cell(line, headings[heading], value)
    filled = io.BytesIO()
    book.save(filled)

    answer = await sender.push(body=filled.getvalue(), content_type=XLSX_MEDIA_TYPE)

    receipt = answer.json()
    assert (answer.status_code, receipt["counts"]["new"], receipt["counts"]["rejected"]) == (201, 2, 1), answer.text
    assert {code: item["pagu"] for code, item in (await packages()).items()} == {
        "9001": "1000.50",
        "9002": "1500000.00",
    }
    [problem] = await sender.problems(receipt)
    column = openpyxl.utils.get_column_letter(headings["pagu"])
    assert (problem["cell"], problem["row"], problem["value"]) == (f"{column}4", 4, "1.500")

    for suffix in ("xlsx", "csv"):
        report = await sender.get(f"/api/v1/submissions/{receipt['id']}/problems.{suffix}")
        heading, [first] = read_table(report.content, suffix)
        assert (first[heading.index("Sel/Pointer")], first[heading.index("Kode")]) == (f"{column}4", problem["code"])
        assert first[heading.index("Penjelasan")] == problem["message"]["id"]
        assert str(first[heading.index("code")]) == "9003"


async def test_a_report_of_strange_rows_starts_no_formula(sender):
    receipt = (await sender.push(a_row("1", pagu="=HYPERLINK(1)"), a_row("2", pagu="@x"))).json()

    for suffix in ("xlsx", "csv"):
        report = await sender.get(f"/api/v1/submissions/{receipt['id']}/problems.{suffix}")
        heading, rows = read_table(report.content, suffix)
        shown = [row[heading.index("Nilai")] for row in rows]
        assert shown == (["=HYPERLINK(1)", "@x"] if suffix == "xlsx" else ["'=HYPERLINK(1)", "'@x"])
        if suffix == "xlsx":
            cells = openpyxl.load_workbook(io.BytesIO(report.content)).worksheets[0].iter_rows(min_row=2)
            assert "f" not in {cell.data_type for row in cells for cell in row}


async def test_every_schema_is_published_with_its_template(client):
    listed = (await client.get("/api/v1/submission-schemas")).json()["items"]

    assert {"rakor-package", "inaproc:tender-selesai-nilai", "ocds"} <= {item["name"] for item in listed}
    for item in listed:
        schema = await client.get(item["json_schema"])
        assert (schema.status_code, schema.headers["content-type"]) == (200, "application/schema+json")
        assert schema.json()["type"] == "object"
        template = await client.get(item["template"])
        assert openpyxl.load_workbook(io.BytesIO(template.content)).worksheets
    assert (await client.get("/api/v1/submission-schemas/resep")).status_code == 404


def read_table(content, suffix):
    if suffix == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    else:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return rows[0], rows[1:]
