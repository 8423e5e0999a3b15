"""Satu Data's public tenders: what was announced and how many took part, without winner or contract. Pure."""

from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.rows import Row
from app.adapters.lkpp.vocabulary import category_of, method_of, qualification_of, status_of
from app.core.records import PackageFields, StageFields
from app.core.vocabulary import Category, DateBasis, Method, PackageStatus
from app.kit.json_plain import plain_bytes

_STAGES = {"jadwal_pengumuman": "Pengumuman", "jadwal_penawaran": "Penawaran"}
_TEXTS = {"name": "Nama Paket", "evaluation_text": "Metode Evaluasi", "contract_type": "Cara Pembayaran"}
_AMOUNTS = {"pagu": "Pagu", "hps": "HPS"}
_COUNTS = {"participants": "Jumlah Pendaftar", "bidders": "Jumlah Penawar"}


def read_public_tender(rows: list[Row], years: list[Row], reader: Reader) -> PackageFields:
    """The package as one row of TenderUmumPublik states it; of rows that differ, always the same one is used."""
    row = max(rows, key=plain_bytes)
    if len(rows) > 1:
        reader.report("duplicate-row", field="TenderUmumPublik", value=reader.code)
    fields = PackageFields()
    _say_years(row, years, fields, reader)
    for name, source in _TEXTS.items():
        if source in row:
            fields[name] = reader.text(row, source)  # type: ignore[literal-required]  # The names are those of PackageFields.
    for name, source in _AMOUNTS.items():
        if source in row:
            fields[name] = reader.amount(row, source)  # type: ignore[literal-required]
    for name, source in _COUNTS.items():
        if source in row:
            fields[name] = reader.count(row, source)  # type: ignore[literal-required]
    _say_words(row, fields, reader)
    _say_places(row, fields, reader)
    if (announced := reader.moment(row, "tanggal paket tayang")) is not None:
        fields["announced_at"], fields["date_basis"] = announced, DateBasis.ACTUAL
    if "tanggal paket dibuat" in row:
        fields["created_on"] = reader.day(row, "tanggal paket dibuat")
    if stages := _stages(row, reader):
        fields["schedule"] = stages
    if (version := reader.text(row, "Versi_spse_paket")) is not None:
        fields["source_ids"] = {"Versi_spse_paket": version}
    return fields


def _say_years(row: Row, years: list[Row], fields: PackageFields, reader: Reader) -> None:
    """The years of its budget, else the year under which it is listed."""
    found = {year for each in _objects(row, "anggaran") for year in reader.years(each, "ang_tahun")}
    found = found or {year for each in years if isinstance(year := each.get("tahun"), int)}
    if found:
        fields["fiscal_years"] = sorted(found)
    else:
        reader.report("fiscal-year-unreadable", field="anggaran", value=reader.code)


def _say_words(row: Row, fields: PackageFields, reader: Reader) -> None:
    if (text := reader.text(row, "Status_Tender")) is not None:
        fields["stage"], fields["status"] = text, status_of(text) or PackageStatus.OTHER
        if status_of(text) is None:
            reader.report("status-unknown", field="Status_Tender", value=text)
    if (text := reader.text(row, "Kategori Pekerjaan")) is not None:
        fields["category"], fields["category_text"] = category_of(text) or Category.OTHER, text
        if category_of(text) is None:
            reader.report("category-unknown", field="Kategori Pekerjaan", value=text)
    if (text := reader.text(row, "Metode Pemilihan")) is not None:
        fields["method"], fields["method_text"] = method_of(text) or Method.OTHER, text
        if method_of(text) is None:
            reader.report("method-unknown", field="Metode Pemilihan", value=text)
    # What is called "Metode Pengadaan" here holds the qualification and its documents: "Pasca Dua File Kualitas".
    if (text := reader.text(row, "Metode Pengadaan")) is not None:
        fields["qualification_text"] = qualification_of(text)


def _say_places(row: Row, fields: PackageFields, reader: Reader) -> None:
    units = _objects(row, "Instansi dan Satker")
    if units:
        fields["institution_name"] = reader.text(units[0], "nama_instansi")
        fields["satker_name"] = reader.text(units[0], "stk_nama")
    budgets = _objects(row, "anggaran")
    plans = [reader.text(each, "rup_id") for each in (*units, *budgets)]
    if units or budgets:
        fields["rup_codes"] = list(dict.fromkeys(plan for plan in plans if plan))
    if budgets:
        funds = [reader.text(each, "sbd_id") for each in budgets]
        fields["fund_sources"] = list(dict.fromkeys(fund for fund in funds if fund))
    places = [
        _place(each["lokasi"], reader) for each in _objects(row, "lokasi_paket") if isinstance(each.get("lokasi"), dict)
    ]
    if places:
        fields["locations"] = list(dict.fromkeys(place for place in places if place))


def _place(place: Row, reader: Reader) -> str | None:
    """The address and its regency, as the pages of an LPSE join them."""
    parts = [reader.text(place, "pkt_lokasi"), reader.text(place, "kbp_nama")]
    return " - ".join(part for part in parts if part) or None


def _stages(row: Row, reader: Reader) -> list[StageFields]:
    return [
        StageFields(
            name=name, starts_at=reader.moment(stage, "tanggal_mulai"), ends_at=reader.moment(stage, "tanggal_akhir")
        )
        for source, name in _STAGES.items()
        if isinstance(stage := row.get(source), dict)
    ]


def _objects(row: Row, name: str) -> list[Row]:
    """The objects of a list, which may be null."""
    found = row.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
