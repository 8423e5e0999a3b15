"""Putting the rows of one package together. Pure: the same rows in any order, however often, give the same record.

No list can be relied on to know the others' packages (27 of 235 finished tenders of a recorded year had no
announcement): each field is taken from the first list that states it, the announcement before all others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.adapters.lkpp.awards import has_price, read_awards
from app.adapters.lkpp.lists import KindLists
from app.adapters.lkpp.parts import read_offers, read_realizations, read_schedule
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.rows import Row, whole_number, without_place
from app.adapters.lkpp.vocabulary import (
    business_size_of,
    category_of,
    fund_source_of,
    method_of,
    qualification_of,
    repeat_label,
    status_of,
)
from app.core.money import format_rupiah
from app.core.records import PackageFields
from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from app.kit.json_plain import plain_bytes

_ENDED = frozenset({PackageStatus.FAILED, PackageStatus.CANCELLED})
_STATUSES = ("status_tender", "status_nontender", "status_nontender_pct", "status_swakelola_pct")
_REMARKS = ("status_nontender_pct_ket", "status_swakelola_pct_ket")
# Names of officials and committees (nama_ppk, nama_pokja, nip_…) are in the rows too: they are not ours to spread.
_TEXTS = {
    "name": ("nama_paket",),
    "institution_name": ("nama_klpd",),
    "satker_name": ("nama_satker",),
    "evaluation_text": ("mtd_evaluasi",),
    "contract_type": ("kontrak_pembayaran",),
    "reason": ("ket_ditutup", "ket_diulang", "alasan_pembatalan"),
    "description": ("uraian_pekerjaan",),
}
_AMOUNTS = {
    "pagu": "pagu",
    "hps": "hps",
    "pdn_value": "nilai_pdn_pct",
    "umk_value": "nilai_umk_pct",
    "realized_value": "total_realisasi",
}
_METHOD_LABELS = frozenset({Method.SELECTION, Method.DIRECT_PROCUREMENT, Method.DIRECT_APPOINTMENT})
# By the services' own names. `kd_satker` is the LPSE's id in some lists and the national code in others.
_SOURCE_IDS = (
    "kd_pkt_dce",
    "kd_paket",
    "kd_paket_dce",
    "versi_tender",
    "versi_nontender",
    "lls_id",
    "kd_satker",
    "kd_satker_str",
)


@dataclass(frozen=True, slots=True)
class Package:
    """The rows of one package, by list. `ranked` holds those that describe the package, the most trusted first."""

    lists: KindLists
    by_list: dict[str, list[Row]]
    announcement: Row | None
    places: list[Row]
    """The rows that say where the work is done."""
    ranked: list[Row]

    def rows(self, resource: str | None) -> list[Row]:
        return [] if resource is None else self.by_list.get(resource, [])


def combine(
    lists: KindLists, by_list: dict[str, list[Row]], reader: Reader, *, known: PackageFields | None = None
) -> PackageFields:
    """The package as its rows state it, with problems reported for what does not fit together.

    `known` is what another source behind the same endpoint announced; the rows overrule it.
    """
    fields = known or PackageFields()
    package = _gather(lists, by_list, reader, is_announced=bool(known))
    if not package.ranked:
        return fields
    _say_years(package, fields, reader)
    _say_texts(package, fields, reader)
    _say_words(package, fields, reader)
    _say_status(package, fields, reader)
    _say_lists(package, fields, reader)
    _say_amounts(package, fields, reader)
    _say_dates(package, fields, reader)
    is_won = reader.kind in {PackageKind.TENDER, PackageKind.NON_TENDER}
    if is_won and fields.get("status") is PackageStatus.COMPLETED:
        _say_awards(package, fields, reader)
    fields["source_ids"] = fields.get("source_ids", {}) | _source_ids(package, reader)
    return fields


def _gather(lists: KindLists, by_list: dict[str, list[Row]], reader: Reader, *, is_announced: bool) -> Package:
    by_list = {name: _once(rows) for name, rows in by_list.items()}
    announced = by_list.get(lists.announcement, [])
    current = _current(announced, lists, reader)
    others = [row for name in lists.all[1:] for row in by_list.get(name, [])]
    if current is None and not is_announced:
        named = ", ".join(name for name in lists.all if name in by_list)
        reader.report("row-without-package", field=named, value=reader.code)
    ranked = others if current is None else [current, *others]
    places = [row for row in announced if _version(row, lists) == _version(current, lists)] if current else others
    return Package(lists, by_list, current, places, ranked)


def _once(rows: list[Row]) -> list[Row]:
    """Rows that differ in the year alone, in whose list they stand, are one of all those years."""
    found: dict[bytes, list[Row]] = {}
    for row in rows:
        found.setdefault(plain_bytes({**row, "tahun_anggaran": None}), []).append(row)
    return [same[0] | _years_of(same) for same in found.values()]


def _years_of(rows: list[Row]) -> Row:
    years = [str(year) for row in rows if (year := row.get("tahun_anggaran")) is not None]
    return {"tahun_anggaran": ";".join(years)} if len(years) > 1 else {}


def _version(row: Row, lists: KindLists) -> int:
    return (whole_number(row.get(lists.version)) if lists.version else None) or 0


def _current(announced: list[Row], lists: KindLists, reader: Reader) -> Row | None:
    """The announcement that counts: the highest version, of several the latest, of equally late ones the furthest on.

    A list that is read while it changes shows a package before and after the change, and the list of another year may
    have been read long before. Rows that differ in the place only are one announcement for several places.
    """
    if not announced:
        return None
    highest = max(_version(row, lists) for row in announced)
    rivals = [row for row in announced if _version(row, lists) == highest]
    told = {
        plain_bytes({**without_place(row), "tanggal_status": None}): str(row.get("tahun_anggaran")) for row in rivals
    }
    if len(told) > len(set(told.values())):
        reader.report("duplicate-row", field=lists.announcement, value=reader.code)
    return max(rivals, key=lambda row: (str(row.get("tanggal_status") or ""), _is_over(row, reader), plain_bytes(row)))


def _is_over(row: Row, reader: Reader) -> bool:
    text = next((text for name in _STATUSES if (text := reader.text(row, name))), "")
    return status_of(text) in {PackageStatus.COMPLETED, *_ENDED}


def _say_years(package: Package, fields: PackageFields, reader: Reader) -> None:
    """The announcement of a tender lists its years; where none are listed, they are those in whose lists it stands."""
    announcement = package.announcement or {}
    rows = [announcement] if announcement.get("list_tahun_anggaran") else package.ranked
    years = {
        year for row in rows for name in ("list_tahun_anggaran", "tahun_anggaran") for year in reader.years(row, name)
    }
    if years:
        fields["fiscal_years"] = sorted(years)
    elif "fiscal_years" not in fields:
        reader.report("fiscal-year-unreadable", field="tahun_anggaran", value=rows[0].get("tahun_anggaran"))


def _first(package: Package, names: tuple[str, ...], read: Callable[[Row, str], Any]) -> tuple[bool, Any]:
    """Whether any row speaks of a field, and what the most trusted one says of it."""
    spoken = False
    for row in package.ranked:
        for name in names:
            if name in row:
                spoken = True
                if (value := read(row, name)) is not None:
                    return True, value
    return spoken, None


def _text(package: Package, reader: Reader, *names: str) -> tuple[bool, str | None]:
    return _first(package, names, reader.text)


def _say_texts(package: Package, fields: PackageFields, reader: Reader) -> None:
    for name, sources in _TEXTS.items():
        spoken, value = _text(package, reader, *sources)
        if spoken:
            fields[name] = value  # type: ignore[literal-required]  # The names are those of PackageFields.
    if (institution := _text(package, reader, "kd_klpd")[1]) is not None:
        fields["institution"] = institution.upper()
    spoken, number = _first(package, ("tipe_swakelola",), reader.count)
    if spoken:
        fields["self_managed_type"] = number if number in {1, 2, 3, 4} else None


def _say_words(package: Package, fields: PackageFields, reader: Reader) -> None:
    """What is mapped onto the core vocabulary, and texts that other sources spell out."""
    spoken, text = _text(package, reader, "jenis_pengadaan", "kategori_pengadaan", "kgr_nama")
    number = _first(package, ("kgr_id",), reader.count)[1]
    if spoken or number is not None:
        fields["category"] = category_of(text or "", number) or Category.OTHER
        fields["category_text"] = text
        if fields["category"] is Category.OTHER:
            reader.report("category-unknown", field="jenis_pengadaan", value=text or number)
    spoken, text = _text(package, reader, "mtd_pemilihan")
    if spoken:
        fields["method"] = method_of(text or "") or Method.OTHER
        fields["method_text"] = text
        if fields["method"] is Method.OTHER:
            reader.report("method-unknown", field="mtd_pemilihan", value=text)
    spoken, text = _text(package, reader, "mtd_kualifikasi")
    if spoken:
        fields["qualification_text"] = qualification_of(text) if text else None
    spoken, text = _text(package, reader, "kualifikasi_paket")
    if spoken:
        fields["business_size"] = business_size_of(text) if text else None


def _say_status(package: Package, fields: PackageFields, reader: Reader) -> None:
    """The announcement's word, except that a package in the list of the finished ones is finished.

    The lists are refreshed one after the other, so that an announcement may lag behind; one that failed or was
    cancelled stays so.
    """
    spoken, word = _text(package, reader, *_STATUSES)
    text = _text(package, reader, *_REMARKS)[1] or word
    if spoken or text:
        fields["stage"] = text
    status = status_of(text or "", fields.get("reason") or "")
    if status not in _ENDED and _is_finished(package, reader):
        status = PackageStatus.COMPLETED
    if status is not None or spoken:
        fields["status"] = status or PackageStatus.OTHER
    if status is None and spoken:
        reader.report("status-unknown", field="status", value=text)


def _is_finished(package: Package, reader: Reader) -> bool:
    """Whether a list of finished packages has it; a row there may name another end itself."""
    rows = package.rows(package.lists.finished) + package.rows(package.lists.values)
    words = [next((text for name in _STATUSES if (text := reader.text(row, name))), None) for row in rows]
    return any(word is None or status_of(word) is PackageStatus.COMPLETED for word in words)


def _say_lists(package: Package, fields: PackageFields, reader: Reader) -> None:
    for name, sources, read in (
        ("rup_codes", ("kd_rup", "kd_rup_paket"), str),
        ("fund_sources", ("sumber_dana",), fund_source_of),
    ):
        spoken, text = _text(package, reader, *sources)
        if spoken:
            parts = [part.strip() for part in (text or "").replace(",", ";").split(";")]
            fields[name] = list(dict.fromkeys(read(part) for part in parts if part))  # type: ignore[literal-required]
    places = list(dict.fromkeys(place for row in package.places for place in _places(row, reader)))
    if places or any("lokasi_pekerjaan" in row for row in package.places):
        fields["locations"] = places
    if package.announcement is not None and package.lists.version is not None:
        fields["labels"] = _labels(package, fields, reader)
    offers = read_offers(package.rows(package.lists.participants), reader)
    if offers:
        fields["participants"] = len(offers)
        fields["bidders"] = sum(offer.get("bid_value") is not None for offer in offers)
        fields["offers"] = [offer for offer in offers if offer["supplier_name"]]
    if stages := read_schedule(package.rows(package.lists.schedule), reader):
        fields["schedule"] = stages


def _places(row: Row, reader: Reader) -> list[str]:
    """Several are joined by semicolons; a single address gets its regency, as the pages of an LPSE join them."""
    address, regency = reader.text(row, "lokasi_pekerjaan"), reader.text(row, "kabkota")
    places = [place for part in (address or "").split(";") if (place := part.strip())]
    if regency and len(places) <= 1 and not any(regency.casefold() in place.casefold() for place in places):
        return [" - ".join([*places, regency])]
    return places


def _labels(package: Package, fields: PackageFields, reader: Reader) -> list[str]:
    labels = []
    announcement = package.announcement or {}
    if _version(announcement, package.lists) > 1 or reader.text(announcement, "ket_diulang"):
        has_word = fields.get("method") in _METHOD_LABELS
        labels.append(repeat_label((fields.get("method_text") or "") if has_word else ""))
    if (reader.text(announcement, "repeat_order") or "").casefold() == "ya":
        labels.append("Repeat Order")
    return labels


def _say_amounts(package: Package, fields: PackageFields, reader: Reader) -> None:
    for name, source in _AMOUNTS.items():
        spoken, value = _first(package, (source,), reader.amount)
        if spoken:
            fields[name] = value  # type: ignore[literal-required]  # The names are those of PackageFields.
    realizations = read_realizations(package.rows(package.lists.realizations), reader)
    if not realizations:
        return
    fields["realizations"] = realizations
    total = fields.get("realized_value")
    parts = [part for each in realizations if (part := each.get("value")) is not None]
    if total is not None and sum(parts, Decimal(0)) != total:
        reader.report("realization-differs", field="total_realisasi", value=format_rupiah(total))


def _say_dates(package: Package, fields: PackageFields, reader: Reader) -> None:
    """When it happened. The schedule's dates are planned ones and are not used for it.

    A finished non-tender states no decision, only when the package was finished (tgl_selesai_nontender): that stands
    for the award, being the nearest later moment that is known.
    """
    _, announced = _first(package, ("tgl_pengumuman_tender", "tgl_pengumuman_nontender"), reader.moment)
    if announced is not None:
        fields["announced_at"] = announced
    if fields.get("status") is PackageStatus.COMPLETED:
        awarded = _earliest(
            package.rows(package.lists.finished), reader, "tgl_penetapan_pemenang", "tgl_selesai_nontender"
        )
        # The list of values knows the day only (recorded).
        awarded = awarded or _earliest(package.rows(package.lists.values), reader, "tgl_penetapan_pemenang")
        if awarded is not None:
            fields["awarded_at"] = awarded
    if (contracted := _earliest(package.rows(package.lists.contracts), reader, "tgl_kontrak")) is not None:
        fields["contracted_at"] = contracted
    if {"announced_at", "awarded_at", "contracted_at"} & fields.keys():
        fields["date_basis"] = DateBasis.ACTUAL
    spoken, created = _first(package, ("tgl_buat_paket",), reader.day)
    if spoken:
        fields["created_on"] = created
    spoken, finished = _first(package, ("tgl_selesai_paket", "tgl_selesai_nontender"), reader.day)
    if spoken:
        fields["finished_on"] = finished


def _earliest(rows: list[Row], reader: Reader, *names: str) -> datetime | None:
    moments = [moment for row in rows for name in names if (moment := reader.moment(row, name)) is not None]
    return min(moments, default=None)


def _say_awards(package: Package, fields: PackageFields, reader: Reader) -> None:
    """Who won. Where no list names a winner nothing is said, because rows of that list are known to be missing."""
    problems = len(reader.problems)
    awards = read_awards(package.rows(package.lists.values), package.rows(package.lists.contracts), reader)
    if awards is not None:
        fields["awards"] = awards
        for award in awards:
            if not has_price(award):
                reader.report("winner-without-amount", field="nama_penyedia", value=award["supplier_name"])
    elif len(reader.problems) == problems:
        reader.report("completed-without-winner")


def _source_ids(package: Package, reader: Reader) -> dict[str, str]:
    found = {name: text for name in _SOURCE_IDS if (text := _text(package, reader, name)[1]) is not None}
    contracts = [row for rows in package.by_list.values() for row in rows]
    numbers = sorted({text for row in contracts if (text := reader.text(row, "kontrak_id"))})
    return found | ({"kontrak_id": ";".join(numbers)} if numbers else {})
