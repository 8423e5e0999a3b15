"""What tests of forms share: a few invented columns, workbooks made by another library, and one way to read a body."""

import io
import zipfile

import openpyxl

from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.reading import ColumnPlan, FormLimits, check_rows, open_rows
from app.submission.row_schemas.columns import ColumnKind, ColumnSpec
from app.submission.rows import BodyRow

COLUMNS = (
    ColumnSpec("code", "Kode Paket", ColumnKind.TEXT, "Kode.", "Code.", "0012", required=True, aliases=("kode",)),
    ColumnSpec("name", "Nama Paket", ColumnKind.TEXT, "Nama.", "Name.", "Jalan Contoh", aliases=("judul",)),
    ColumnSpec("pagu", "Pagu (Rp)", ColumnKind.AMOUNT, "Pagu.", "Ceiling.", "1.500.000,50", aliases=("pagu",)),
    ColumnSpec("opened_on", "Tanggal Buka", ColumnKind.DAY, "Hari.", "Day.", "11 Agustus 2026"),
    ColumnSpec("opened_at", "Saat Buka", ColumnKind.MOMENT, "Saat.", "Moment.", "11-08-2026 16:05"),
    ColumnSpec("bidders", "Jumlah Penawar", ColumnKind.WHOLE, "Jumlah.", "Count.", "4"),
    ColumnSpec("is_late", "Terlambat", ColumnKind.YES, "Ya atau tidak.", "Yes or no.", "Ya"),
    ColumnSpec("funds", "Sumber Dana", ColumnKind.LIST, "Daftar.", "List.", "APBD; APBN"),
    ColumnSpec(
        "status", "Status", ColumnKind.CHOICE, "Status.", "Status.", "done",
        choices={"done": "Selesai", "open": "Berjalan"},
    ),
)  # fmt: skip
PLAN = ColumnPlan.of(COLUMNS)


def read(body, form, encoding=Encoding.IDENTITY, *, plan=PLAN, limits=None, charset=None):
    """All rows of a body; both passes over it must tell the same."""
    how = {"columns": plan, "limits": limits or FormLimits(), "charset": charset}
    file = io.BytesIO(body)
    count = check_rows(file, form, encoding, **how)
    rows = list(open_rows(file, form, encoding, **how).rows)
    # In a sheet, rows that fill unknown columns only are counted, and not given.
    assert len(rows) <= count if form is Form.XLSX else len(rows) == count
    return rows


def remarks(body, form, *, plan=PLAN):
    return open_rows(io.BytesIO(body), form, Encoding.IDENTITY, columns=plan).remarks


def said(rows):
    """Each row in short: its number with its values by field, or with the code of its problem."""
    return [
        (row.number, {path: cell.value for path, cell in row.content.items()} if isinstance(row, BodyRow) else row.problem.problem.code)
        for row in rows
    ]  # fmt: skip


def workbook(*sheets):
    """A workbook by openpyxl; each sheet is a list of rows, or a function that fills it."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, content in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Lembar {number}")
        if callable(content):
            content(sheet)
        else:
            for row in content:
                sheet.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def with_parts(book, **parts):
    """The same workbook with some of its parts replaced; a part's name is written with _ for / and for the point."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            key = name.replace("/", "_").replace(".", "_")
            new.writestr(name, parts.get(key, old.read(name)))
    return held.getvalue()
