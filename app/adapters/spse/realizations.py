"""What recorded, self-managed and emergency packages came to, from their page of realisations. Pure.

Source: recorded pages of pencatatan, swakelola and darurat, 2026. The page calls itself *Pemenang Berkontrak* or
*Pelaksana Swakelola*; behind each row of its table stands, in a row of its own, a table of who was paid.
"""

from decimal import Decimal

from selectolax.lexbor import LexborNode

from app.adapters.spse import labels as words
from app.adapters.spse.kinds import DetailPage
from app.adapters.spse.markup import Grid, PackagePage, grids_in, text_of
from app.adapters.spse.reading import Reader
from app.core.money import format_rupiah
from app.core.records import PackageFields, RealizationFields

_COLUMNS = {
    "Jenis Realisasi": "jenis realisasi",
    "Nilai Realisasi": "nilai realisasi",
    "Tanggal Realisasi": "tanggal realisasi",
}
_NUMBERS = ("nomor realisasi", "no realisasi", "nomor")
_NOTES = ("keterangan", "keterangan realisasi")
_NAMES = ("nama penyedia", "nama pelaksana")
_SEVERAL = "; "


def read_realizations(page: PackagePage, reader: Reader) -> PackageFields:
    labels = page.labels
    fields = PackageFields()
    if (cell := labels.find(words.REALIZED)) is not None:
        fields["realized_value"] = reader.amount(text_of(cell), "Nilai Total Realisasi")
    else:
        found = ", ".join(labels.names())
        reader.report("detail-drift", field=f"{DetailPage.REALIZATIONS}: Nilai Total Realisasi", value=found)
    if (cell := labels.find(words.PDN)) is not None:
        fields["pdn_value"] = reader.amount(text_of(cell), "Nilai PDN")
    if (cell := labels.find(words.UMK)) is not None:
        fields["umk_value"] = reader.amount(text_of(cell), "Nilai UMK")
    if (cell := labels.find(words.FINISHED)) is not None:
        fields["finished_on"] = reader.day(text_of(cell), "Tanggal Paket Selesai")
    rows = _read_rows(page, reader)
    if rows is not None:
        fields["realizations"] = rows
        _compare(fields.get("realized_value"), rows, reader)
    return fields


def _read_rows(page: PackagePage, reader: Reader) -> list[RealizationFields] | None:
    grid = next((grid for grid in page.grids if "jenis realisasi" in grid.headers), None)
    missing = [label for label, header in _COLUMNS.items() if grid is None or header not in grid.headers]
    if grid is None or missing:
        headers = "; ".join(" | ".join(grid.headers) for grid in page.grids)
        reader.report("detail-drift", field=f"{DetailPage.REALIZATIONS}: {', '.join(missing)}", value=headers)
        return None
    rows: list[RealizationFields] = []
    for row in grid.rows:
        if len(row) == len(grid.headers):
            rows.append(_read_row(grid, row, reader))
        elif rows and _is_beneath(row):
            _add_supplier(rows[-1], row)
        elif len(row) > 1:
            shown = " | ".join(text_of(cell) for cell in row)
            reader.report("row-unreadable", field=DetailPage.REALIZATIONS.value, value=shown)
            return None
    return rows


def _read_row(grid: Grid, row: list[LexborNode], reader: Reader) -> RealizationFields:
    texts = dict(zip(grid.headers, (text_of(cell) for cell in row), strict=True))
    realization = RealizationFields(
        type_text=texts["jenis realisasi"] or None,
        value=reader.amount(texts["nilai realisasi"], "Nilai Realisasi"),
        realized_on=reader.day(texts["tanggal realisasi"], "Tanggal Realisasi"),
    )
    for header in _NUMBERS:
        if texts.get(header):
            realization["number"] = texts[header]
    for header in _NOTES:
        if texts.get(header):
            realization["note"] = texts[header]
    return realization


def _is_beneath(row: list[LexborNode]) -> bool:
    """Whether this row belongs to the one above it: its first cell is empty, and one cell spans the others."""
    return len(row) == 2 and not text_of(row[0])


def _add_supplier(realization: RealizationFields, row: list[LexborNode]) -> None:
    """Who was paid. Several share the realisation: their names are kept together, and no NPWP is that of all."""
    names: list[str] = []
    numbers: list[str] = []
    for grid in grids_in(row[1]):
        name = next((grid.headers.index(header) for header in _NAMES if header in grid.headers), None)
        if name is None:
            continue
        npwp = grid.headers.index("npwp") if "npwp" in grid.headers else None
        for cells in grid.rows:
            if len(cells) == len(grid.headers) and (text := text_of(cells[name])):
                names.append(text)
                numbers.append("" if npwp is None else text_of(cells[npwp]))
    if names:
        realization["supplier_name"] = _SEVERAL.join(names)
        realization["npwp"] = numbers[0] or None if len(names) == 1 else None


def _compare(total: Decimal | None, rows: list[RealizationFields], reader: Reader) -> None:
    """The stated total is kept, whatever the rows add up to; a row that cannot be read was reported by itself."""
    values = [row.get("value") for row in rows]
    known = [value for value in values if value is not None]
    if total is not None and len(known) == len(values) and sum(known, Decimal(0)) != total:
        reader.report("realization-differs", field="Nilai Total Realisasi", value=format_rupiah(total))
