"""Spreadsheets to be filled in: the columns of a row schema with their words, an example, and a page of help."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

import xlsxwriter  # type: ignore[import-untyped]  # it comes without a py.typed

from app.core.dates import TimeZone
from app.kit.spreadsheets.workbook import LAST_ROW, column_letters
from app.submission.forms.values import read_amount, read_day, read_moment, read_whole
from app.submission.row_schemas.columns import ColumnKind, ColumnSpec
from app.submission.rows import Cell

_ENTRY, _EXAMPLE, _HELP, _WORDS = "Paket", "Contoh", "Petunjuk", "Daftar"
_YES = ("Ya", "Tidak")
# The same template has the same bytes: no moment of making is written into it.
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 (a property without a zone)

_NUMBER_FORMATS = {
    ColumnKind.AMOUNT: "#,##0.00",
    ColumnKind.DAY: "dd-mm-yyyy",
    ColumnKind.MOMENT: "dd-mm-yyyy hh:mm",
    ColumnKind.WHOLE: "0",
    # Texts, so that a code keeps its zeros and all its digits.
    ColumnKind.TEXT: "@",
    ColumnKind.LIST: "@",
    ColumnKind.CHOICE: "@",
    ColumnKind.YES: "@",
}
_WIDTHS = {ColumnKind.AMOUNT: 20, ColumnKind.DAY: 16, ColumnKind.MOMENT: 18, ColumnKind.WHOLE: 12, ColumnKind.YES: 10}
_KIND_NAMES = {
    ColumnKind.AMOUNT: "jumlah rupiah",
    ColumnKind.DAY: "tanggal",
    ColumnKind.MOMENT: "tanggal dan jam",
    ColumnKind.WHOLE: "bilangan bulat",
    ColumnKind.YES: "Ya atau Tidak",
    ColumnKind.TEXT: "teks",
    ColumnKind.LIST: "beberapa teks, dipisahkan titik koma",
    ColumnKind.CHOICE: "pilihan dari daftar",
}
_HOW_TO = (
    ("Cara mengisi", ""),
    ("1.", f"Isi lembar “{_ENTRY}”: satu baris untuk satu paket, tepat di bawah judul kolom."),
    ("2.", "Kolom yang judulnya bertanda * wajib diisi. Kolom lain boleh kosong; kosong berarti tidak dinyatakan."),
    ("3.", "Judul kolom jangan diubah. Urutan kolom bebas, dan kolom yang tidak dipakai boleh dihapus."),
    ("4.", f"Lembar “{_EXAMPLE}” dan “{_HELP}” tidak pernah dibaca. Isi contoh adalah rekaan, bukan data paket."),
    ("5.", "Kirim berkas .xlsx ini apa adanya. Baris yang baik diterima; baris yang bermasalah dilaporkan dengan selnya."),
    ("6.", "Baris yang sama boleh dikirim lagi: paket diperbarui, tidak digandakan."),
    ("Jumlah rupiah", ""),
    ("Diterima", "1500000 · 1500000,50 · 1.500.000 · 1.500.000,00 · 1,500,000.00 · Rp 1.500.000,- · sel berformat angka"),
    ("Ditolak", "“1.500” dan “1,500”: dapat berarti seribu lima ratus atau satu setengah. Tulis 1500 atau 1.500,00."),
    ("Ditolak", "“22,7 M”, “500 juta”: singkatan. Tulis seluruh angkanya: 22700000000."),
    ("Ditolak", "Nilai negatif, nilai dalam kurung, lebih dari dua desimal, mata uang lain, bentuk 1E+09 sebagai teks."),
    ("Ditolak", "Angka lebih dari 15 digit dalam sel berformat angka: aplikasi spreadsheet tidak menyimpannya utuh. Tulis sebagai teks."),
    ("Tanggal", ""),
    ("Diterima", "11 Agustus 2026 · 11-08-2026 · 11/08/2026 (hari lebih dulu) · 2026-08-11 · sel berformat tanggal"),
    ("Diterima", "Dengan jam: 11-08-2026 16:05 · 11 Agustus 2026 16.05 WITA. Tanpa zona, jam dibaca menurut zona waktu LPSE."),
    ("Ditolak", "“03/04/26”: tahun dua angka. “08/13/2026”: bulan lebih dulu. Keduanya tidak ditebak."),
    ("Lain-lain", ""),
    ("Daftar", "Beberapa nilai dalam satu sel dipisahkan titik koma: APBD; APBN."),
    ("Pilihan", "Pilih kata dari daftar turun pada sel. Kata di luar daftar dilaporkan sebagai masalah."),
    ("Rumus", "Yang dibaca adalah hasil rumus yang tersimpan. Sel yang berisi kesalahan (#REF!, #N/A) membuat barisnya ditolak."),
    ("Kode", "Kode paket dan NPWP adalah teks: biarkan selnya berformat teks agar nol di depan tidak hilang."),
)  # fmt: skip
_COLUMN_TABLE = ("Kolom", "Wajib", "Isi", "Contoh", "Penjelasan", "Explanation", "Nama field (JSON, CSV)")


def build_template(columns: Sequence[ColumnSpec], title: str) -> bytes:
    """A workbook for one row schema. Filled in, it comes back through the form XLSX as it is."""
    held = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    workbook.set_properties({"title": title, "created": _MADE})
    styles = _Styles(workbook)
    entry = workbook.add_worksheet(_ENTRY)
    example = workbook.add_worksheet(_EXAMPLE)
    help_page = workbook.add_worksheet(_HELP)
    words = workbook.add_worksheet(_WORDS)
    words.hide()
    for index, column in enumerate(columns):
        for sheet in (entry, example):
            sheet.set_column(index, index, _width(column), styles.of_kind[column.kind])
            _write_heading(sheet, index, column, styles)
        _restrict(entry, words, index, column)
        _write_example(example, index, column, styles)
    for sheet in (entry, example):
        sheet.freeze_panes(1, 0)
    _write_help(help_page, columns, title, styles)
    entry.activate()
    workbook.close()
    return held.getvalue()


class _Styles:
    def __init__(self, workbook: Any) -> None:
        base = {"bold": True, "text_wrap": True, "valign": "top", "border": 1}
        self.required = workbook.add_format({**base, "bg_color": "#F6D98F"})
        self.optional = workbook.add_format({**base, "bg_color": "#DDE6F0"})
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.section = workbook.add_format({"bold": True, "font_size": 12, "bottom": 1})
        self.text = workbook.add_format({"text_wrap": True, "valign": "top"})
        self.of_kind = {kind: workbook.add_format({"num_format": code}) for kind, code in _NUMBER_FORMATS.items()}


def _width(column: ColumnSpec) -> int:
    return max(_WIDTHS.get(column.kind, 24), min(len(column.heading) + 4, 40))


def _write_heading(sheet: Any, index: int, column: ColumnSpec, styles: _Styles) -> None:
    style = styles.required if column.required else styles.optional
    sheet.write_string(0, index, f"{column.heading} *" if column.required else column.heading, style)
    wish = "Wajib diisi. " if column.required else ""
    sheet.write_comment(
        0, index, f"{wish}{column.help_id}\n({_KIND_NAMES[column.kind]})", {"x_scale": 2, "y_scale": 1.5}
    )


def _restrict(sheet: Any, words: Any, index: int, column: ColumnSpec) -> None:
    """What the program offers and warns of while a cell is filled in; what counts is judged when the file arrives."""
    advice = {"error_type": "warning", "error_title": column.heading[:32], "ignore_blank": True}
    rule: dict[str, Any]
    match column.kind:
        case ColumnKind.CHOICE | ColumnKind.YES:
            offered = _YES if column.kind is ColumnKind.YES else tuple(dict.fromkeys(column.choices.values()))
            words.write_column(0, index, offered)
            letters = column_letters(index)
            rule = {"validate": "list", "source": f"={_WORDS}!${letters}$1:${letters}${len(offered)}"}
            message = "Pilih salah satu kata dari daftar."
        case ColumnKind.AMOUNT:
            rule = {"validate": "decimal", "criteria": ">=", "value": 0}
            message = "Tulis angka tanpa singkatan, misalnya 1500000,50."
        case ColumnKind.WHOLE:
            rule = {"validate": "integer", "criteria": ">=", "value": 0}
            message = "Tulis bilangan bulat tanpa pemisah."
        case ColumnKind.DAY | ColumnKind.MOMENT:
            rule = {"validate": "date", "criteria": "between", "minimum": datetime(1990, 1, 1), "maximum": datetime(2100, 12, 31)}  # noqa: DTZ001 # fmt: skip
            message = "Tulis tanggal dengan hari lebih dulu, misalnya 11-08-2026."
        case ColumnKind.TEXT | ColumnKind.LIST:
            return
        case _:
            assert_never(column.kind)
    sheet.data_validation(1, index, LAST_ROW - 1, index, {**advice, **rule, "error_message": message})


def _write_example(sheet: Any, index: int, column: ColumnSpec, styles: _Styles) -> None:
    if not column.example:
        return
    cell = Cell(column.example, f"{column_letters(index)}2")
    style = styles.of_kind[column.kind]
    match column.kind:
        case ColumnKind.AMOUNT:
            sheet.write_number(1, index, read_amount(cell), style)
        case ColumnKind.WHOLE:
            sheet.write_number(1, index, read_whole(cell), style)
        case ColumnKind.DAY:
            sheet.write_datetime(1, index, read_day(cell), style)
        case ColumnKind.MOMENT:
            sheet.write_datetime(1, index, read_moment(cell, TimeZone.WIB).replace(tzinfo=None), style)
        case ColumnKind.CHOICE:
            sheet.write_string(1, index, column.choices.get(column.example, column.example), style)
        case ColumnKind.TEXT | ColumnKind.LIST | ColumnKind.YES:
            sheet.write_string(1, index, column.example, style)
        case _:
            assert_never(column.kind)


def _write_help(sheet: Any, columns: Sequence[ColumnSpec], title: str, styles: _Styles) -> None:
    for index, width in enumerate((28, 90, 24, 28, 60, 60, 30)):
        sheet.set_column(index, index, width)
    sheet.write_string(0, 0, title, styles.title)
    line = 2
    for word, sentence in _HOW_TO:
        if not sentence:
            line += 1
        sheet.write_string(line, 0, word, styles.text if sentence else styles.section)
        sheet.write_string(line, 1, sentence, styles.text)
        line += 1
    line += 1
    for index, heading in enumerate(_COLUMN_TABLE):
        sheet.write_string(line, index, heading, styles.optional)
    for column in columns:
        line += 1
        for index, text in enumerate(_described(column)):
            sheet.write_string(line, index, text, styles.text)


def _described(column: ColumnSpec) -> tuple[str, ...]:
    kind = _KIND_NAMES[column.kind]
    words = ", ".join(dict.fromkeys(column.choices.values()))
    return (
        column.heading,
        "Wajib" if column.required else "Boleh kosong",
        f"{kind}: {words}" if words else kind,
        column.choices.get(column.example, column.example),
        column.help_id,
        column.help_en,
        column.path,
    )
