"""Rows of workbooks: the types that cells have, the sheet whose heading is known, and what hostile files are answered."""

import gzip
import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.reading import BodyUnreadable, FormLimits
from tests.submission.forms import read, remarks, said, with_parts, workbook

HEADING = ["Kode Paket", "Nama Paket", "Pagu (Rp)", "Tanggal Buka"]
VALUES = (
    st.integers(-(10**14), 10**14)
    | st.integers(0, 10**14).map(lambda sen: Decimal(sen) / 100)
    | st.dates(date(1990, 1, 1), date(2100, 1, 1))
    | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
    | st.booleans()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
    | st.sampled_from(["_x0041_", "a\nb", "  x ", "=1+1"])
)


def by_xlsxwriter(rows, *, streaming):
    held = io.BytesIO()
    book = xlsxwriter.Workbook(
        held, {"constant_memory": streaming, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    moment = book.add_format({"num_format": 'dd/mm/yyyy "pukul" hh:mm:ss'})
    for line, row in enumerate(rows):
        for index, value in enumerate(row):
            match value:
                case datetime():
                    sheet.write_datetime(line, index, value, moment)
                case date():
                    sheet.write_datetime(line, index, value, day)
                case bool():
                    sheet.write_boolean(line, index, value)
                case str():
                    sheet.write_string(line, index, value)
                case _:
                    sheet.write_number(line, index, value)
    book.close()
    return held.getvalue()


def expected(value):
    # A moment at midnight is a day, and a number without a fraction is whole, in every spreadsheet.
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date()
    return value


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), max_size=4), streaming=st.booleans())
def test_cells_come_back_as_they_were_written(rows, streaming):
    body = by_xlsxwriter([HEADING, *rows], streaming=streaming)

    assert said(read(body, Form.XLSX)) == [
        (
            number,
            {
                path: expected(value)
                for path, value in zip(("code", "name", "pagu", "opened_on"), row, strict=True)
                if not (isinstance(value, str) and not value.strip())
            },
        )
        for number, row in enumerate(rows, start=2)
        if any(not (isinstance(value, str) and not value.strip()) for value in row)
    ]


def fill(sheet):
    sheet["B2"] = "DAFTAR PAKET TAHUN 2026"
    sheet.merge_cells("B2:E2")
    for letter, heading in zip("BCDEF", [*HEADING, "Keterangan"], strict=True):
        sheet[f"{letter}4"] = heading
    sheet["B6"], sheet["C6"], sheet["D6"], sheet["E6"] = "0012", "Jalan Contoh", 1500000.5, date(2026, 8, 11)
    sheet["F8"] = "baris catatan"
    sheet["B1048576"], sheet["XFD9"] = "jauh", "di luar tabel"


def test_the_heading_is_found_below_titles_and_on_a_later_sheet():
    body = workbook([["Sampul"], ["Laporan", "Contoh"]], fill)

    rows = read(body, Form.XLSX)

    assert said(rows) == [
        (6, {"code": "0012", "name": "Jalan Contoh", "pagu": Decimal("1500000.5"), "opened_on": date(2026, 8, 11)}),
        (1048576, {"code": "jauh"}),
    ]
    assert rows[0].content["pagu"].reference == "D6"
    assert [(remark.problem.value, remark.cell) for remark in remarks(body, Form.XLSX)] == [("Keterangan", "F4")]


def test_numbers_are_the_shortest_decimals_of_their_doubles():
    def numbers(sheet):
        sheet.append(["pagu"])
        for value in (1234567.89, 0.1, 1e15, 123456789012345678, -2.5):
            sheet.append([value])

    body = with_parts(
        workbook(numbers),
        xl_worksheets_sheet1_xml=sheet_xml('<row r="1"><c r="A1" t="str"><v>pagu</v></c></row>' + "".join(
            f'<row r="{row}"><c r="A{row}"><v>{text}</v></c></row>'
            for row, text in enumerate(["1234567.8899999999", "0.10000000000000001", "1E+3", "12345678901234567", "1.0"], start=2)
        )),
    )  # fmt: skip

    assert [content["pagu"] for _, content in said(read(body, Form.XLSX))] == [
        Decimal("1234567.89"),
        Decimal("0.1"),
        1000,
        12345678901234567,
        1,
    ]


def sheet_xml(rows, *, end="</sheetData></worksheet>"):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}{end}'
    )


CODE = '<row r="1"><c r="A1" t="str"><v>kode</v></c><c r="B1" t="str"><v>pagu</v></c></row>'


def one_sheet(xml, **parts):
    return with_parts(by_xlsxwriter([["kode"]], streaming=False), xl_worksheets_sheet1_xml=xml, **parts)


@pytest.mark.parametrize(
    ("cells", "content"),
    [
        ('<c r="A2" t="inlineStr"><is><r><t>Co</t></r><r><t>ntoh</t></r><rPh><t>x</t></rPh></is></c>', {"code": "Contoh"}),
        ('<c r="A2" t="str"><f>A1</f><v>a_x000D_b</v></c>', {"code": "a\rb"}),
        ('<c r="A2" t="d"><v>2026-08-11</v></c>', {"code": date(2026, 8, 11)}),
        ('<c r="A2" t="d"><v>2026-08-11T16:05:00</v></c>', {"code": datetime(2026, 8, 11, 16, 5)}),
        ('<c r="A2"><f>1+2</f><v>3</v></c>', {"code": 3}),
        ("<c><v>5</v></c><c><v>6</v></c>", {"code": 5, "pagu": 6}),
        ('<c r="A2" t="str"><f>A9</f><v></v></c><c r="B2"><v>1</v></c>', {"pagu": 1}),
        ('<c r="A2"><v>1_0</v></c>', {"code": "1_0"}),
        ('<c r="A2"><v>1e999</v></c>', {"code": "1e999"}),
        ('<c r="A2"><v>nan</v></c>', {"code": "nan"}),
        ('<c r="A2" t="s"><v>0</v></c>', {"code": "kode"}),
    ],
)  # fmt: skip
def test_every_way_to_write_a_cell_is_read(cells, content):
    assert said(read(one_sheet(sheet_xml(f'{CODE}<row r="2">{cells}</row>')), Form.XLSX)) == [(2, content)]


def test_a_workbook_with_prefixed_names_is_read():
    xml = sheet_xml(f'{CODE}<row r="2"><c r="A2"><v>7</v></c></row>')
    prefixed = xml.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")

    assert said(read(one_sheet(prefixed), Form.XLSX)) == [(2, {"code": 7})]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="B2" t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c r="B2" t="e"><f>A1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="B2"><f>A1+1</f></c>', "formula without a stored value"),
        ('<c r="B2"><f>A1+1</f><v/></c>', "formula without a stored value"),
    ],
)
def test_a_cell_in_error_breaks_its_row_only(cell, shown):
    good = '<row r="3"><c r="A3"><v>2</v></c></row>'
    rows = read(one_sheet(sheet_xml(f'{CODE}<row r="2"><c r="A2"><v>1</v></c>{cell}</row>{good}')), Form.XLSX)

    assert said(rows) == [(2, "cell-error"), (3, {"code": 2})]
    assert rows[0].problem.cell == "B2"
    assert shown in rows[0].problem.problem.value


def test_a_cell_in_error_outside_the_known_columns_matters_to_nobody():
    xml = sheet_xml(f'{CODE}<row r="2"><c r="A2"><v>1</v></c><c r="C2" t="e"><v>#N/A</v></c></row>')

    assert said(read(one_sheet(xml), Form.XLSX)) == [(2, {"code": 1})]


def test_dates_of_a_1904_workbook_are_its_own():
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Tanggal Buka"])
    sheet.write_datetime(1, 0, date(2026, 8, 11), book.add_format({"num_format": 14}))
    book.close()

    assert said(read(held.getvalue(), Form.XLSX)) == [(2, {"opened_on": date(2026, 8, 11)})]


@pytest.mark.parametrize(
    ("number_format", "is_date"),
    [
        ("dd-mm-yyyy", True),
        ("[$-421]dd mmmm yyyy;@", True),
        ("#,##0.00", False),
        ('"Rp"#,##0_d;[Red]-#,##0', False),
        ('0.00" hari dan tahun"', False),
        ("0.00E+00", False),
        ("General", False),
        ("h:mm", False),
    ],
)  # fmt: skip
def test_a_date_is_told_by_its_format(number_format, is_date):
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Tanggal Buka"])
    sheet.write_number(1, 0, 46245, book.add_format({"num_format": number_format}))
    book.close()

    assert said(read(held.getvalue(), Form.XLSX)) == [(2, {"opened_on": date(2026, 8, 11) if is_date else 46245})]


def test_a_packed_workbook_is_read():
    body = workbook([["kode"], ["1"]])

    assert said(read(gzip.compress(body), Form.XLSX, Encoding.GZIP)) == [(2, {"code": "1"})]


def zipped(*parts, method=zipfile.ZIP_STORED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return held.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (OLE, ".xls"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (OLE + b"\0" * 200_000 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (zipped(("mimetype", "application/vnd.oasis.opendocument.spreadsheet")), ".ods"),
        (zipped(("word/document.xml", "<a/>")), "missing"),
        (b"kode,nama\n1,2\n", "kode,nama"),
        (b"PK\x03\x04 bukan arsip", ""),
        (workbook([["kode"]])[:2000], ""),
        (workbook([["kode"]])[:-30], ""),
    ],
)
def test_what_is_no_workbook_is_refused_by_its_name(body, shown):
    with pytest.raises(BodyUnreadable) as caught:
        read(body, Form.XLSX)

    assert caught.value.reason == "content-not-workbook"
    assert shown in caught.value.evidence


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + sheet_xml(CODE)[38:], "content-not-workbook"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd">' + sheet_xml(CODE)[38:], "content-not-workbook"),
        (sheet_xml(CODE, end=""), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="2"><c r="A2"><v>1</v></c>', end=""), "content-not-workbook"),
        (sheet_xml(CODE + "<a>" * 100_000, end=""), "content-not-workbook"),
        (sheet_xml(CODE + "<c " + "x" * 9_000_000, end=""), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="2"><c r="ZZZZ2"><v>1</v></c></row>'), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="2"><c r="XFE2"><v>1</v></c></row>'), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="1048577"><c r="A2"><v>1</v></c></row>'), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="2">' + "<c r='A2'><v>1</v></c>" * 20_000 + "</row>"), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="2"><c r="A2" t="s"><v>99</v></c></row>'), "content-not-workbook"),
        (sheet_xml(CODE + '<row r="2"><c r="A2" t="s"><v>-1</v></c></row>'), "content-not-workbook"),
        (sheet_xml(CODE + f'<row r="2"><c r="A2" t="str"><v>{"x" * 500_000}</v></c></row>'), "content-too-large"),
        (sheet_xml(CODE + " " * 70_000_000), "content-too-large"),
        (sheet_xml(""), "heading-missing"),
        ("", "content-not-workbook"),
    ],
)
def test_a_hostile_sheet_is_refused(xml, reason):
    with pytest.raises(BodyUnreadable) as caught:
        read(one_sheet(xml), Form.XLSX)

    assert caught.value.reason == reason


TEXTS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</sst>'


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (TEXTS.format("<si><t>" + "x" * 2_000_000 + "</t></si>"), "content-too-large"),
        (TEXTS.format("<si><t>kode</t></si>" + "<si><t>&a;</t></si>"), "content-not-workbook"),
        (TEXTS.format("<a>" * 1000), "content-not-workbook"),
    ],
)
def test_hostile_shared_texts_are_refused(texts, reason):
    with pytest.raises(BodyUnreadable) as caught:
        read(with_parts(by_xlsxwriter([["kode"], ["1"]], streaming=False), xl_sharedStrings_xml=texts), Form.XLSX)

    assert caught.value.reason == reason


def test_what_is_unpacked_has_its_limits():
    body = by_xlsxwriter([["kode"], *([f"contoh {number}"] for number in range(500))], streaming=False)

    assert len(read(body, Form.XLSX)) == 500
    for limits in (
        FormLimits(content_bytes=10_000),
        FormLimits(shared_text_bytes=1000),
        FormLimits(rows=499),
    ):
        with pytest.raises(BodyUnreadable) as caught:
            read(body, Form.XLSX, limits=limits)
        assert caught.value.reason == "content-too-large"


def test_a_part_that_was_altered_is_noticed_by_its_checksum():
    body = bytearray(with_parts(workbook([["kode"], ["1"]])))
    with zipfile.ZipFile(io.BytesIO(bytes(body))) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    start = info.header_offset + 30 + len(info.filename)
    body[start + info.compress_size // 2] ^= 0xFF

    with pytest.raises(BodyUnreadable):
        read(bytes(body), Form.XLSX)


def test_other_ways_of_packing_are_refused():
    book = workbook([["kode"], ["1"]])
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]

    with pytest.raises(BodyUnreadable, match="unknown way"):
        read(zipped(*parts, method=zipfile.ZIP_LZMA), Form.XLSX)


def test_a_directory_without_end_is_not_held():
    with pytest.raises(BodyUnreadable, match="directory"):
        read(zipped(*((f"{number:01000}", "") for number in range(4500))), Form.XLSX)


def test_a_long_workbook_by_another_library_is_read():
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["kode", "nama paket", "pagu"])
    for number in range(3000):
        sheet.append([number, f"Jalan Contoh {number}", number + 0.5])
    held = io.BytesIO()
    book.save(held)

    rows = said(read(held.getvalue(), Form.XLSX))

    assert len(rows) == 3000
    assert rows[-1] == (3001, {"code": 2999, "name": "Jalan Contoh 2999", "pagu": Decimal("2999.5")})
