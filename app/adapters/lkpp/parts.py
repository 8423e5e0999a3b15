"""The parts of a package that are lists of their own: who took part, the stages, the realisations. Pure."""

from collections.abc import Sequence
from datetime import datetime

from app.adapters.lkpp.awards import agreed, by_supplier, supplier_of
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.rows import Row, whole_number
from app.adapters.lkpp.vocabulary import realization_type_of
from app.core.records import OfferFields, RealizationFields, StageFields
from app.kit.json_plain import plain_bytes

_LAST = "9999"


def read_offers(rows: Sequence[Row], reader: Reader) -> list[OfferFields]:
    """One per participant, in the order of their numbers (the order in which they registered)."""
    offers: list[tuple[tuple[bool, int, bytes], OfferFields]] = []
    for theirs in _by_participant(rows, reader):
        supplier = supplier_of(theirs[0], reader)
        number = whole_number(theirs[0].get("kd_peserta"))
        offer = OfferFields(supplier_name=supplier.name, npwp=supplier.npwp)
        bid = agreed(theirs, "nilai_penawaran", reader)
        offer["bid_value"] = bid.value
        if bid.known:
            offer["corrected_value"] = agreed(theirs, "nilai_terkoreksi", reader).value
        offer["is_winner"] = _is_winner(theirs)
        offer["reason"] = next((text for row in theirs if (text := reader.text(row, "alasan"))), None)
        offers.append(((number is None, number or 0, plain_bytes(theirs[0])), offer))
    return [offer for _, offer in sorted(offers, key=lambda numbered: numbered[0])]


def _by_participant(rows: Sequence[Row], reader: Reader) -> list[list[Row]]:
    """By the number they took part under; rows without one by supplier."""
    numbered: dict[int, list[Row]] = {}
    nameless: list[Row] = []
    for row in sorted(rows, key=plain_bytes):
        number = whole_number(row.get("kd_peserta"))
        if number is None:
            nameless.append(row)
        else:
            numbered.setdefault(number, []).append(row)
    return list(numbered.values()) + [theirs for _, theirs in by_supplier(nameless, reader)]


def _is_winner(rows: Sequence[Row]) -> bool | None:
    """Named as winner, before or after verification; None where nothing is said."""
    said = [whole_number(row.get(field)) for row in rows for field in ("pemenang", "pemenang_terverifikasi")]
    return None if all(flag is None for flag in said) else 1 in said


def read_schedule(rows: Sequence[Row], reader: Reader) -> list[StageFields]:
    """The stages in the order of time; of one stage that comes twice the later plan counts."""
    stages: dict[object, tuple[tuple[str, str, bytes], StageFields]] = {}
    for row in sorted(rows, key=plain_bytes):
        name = reader.text(row, "nama_tahapan") or reader.text(row, "nama_akt")
        if name is None:
            continue
        stage = StageFields(name=name)
        if "tgl_awal" in row:
            stage["starts_at"] = reader.moment(row, "tgl_awal")
        if "tgl_akhir" in row:
            stage["ends_at"] = reader.moment(row, "tgl_akhir")
        order = (_when(stage.get("starts_at")), _when(stage.get("ends_at")), plain_bytes(row))
        key = whole_number(row.get("dtj_id")) or plain_bytes(row)
        if key in stages:
            reader.report("duplicate-row", field="nama_tahapan", value=name)
            if stages[key][0] >= order:
                continue
        stages[key] = (order, stage)
    return [stage for _, stage in sorted(stages.values(), key=lambda ordered: ordered[0])]


def _when(moment: datetime | None) -> str:
    return _LAST if moment is None else moment.isoformat()


def read_realizations(rows: Sequence[Row], reader: Reader) -> list[RealizationFields]:
    """In the order of their dates. Of a realisation with a number of its own, that comes twice, the later one counts.

    Those of recorded packages have no number: equal rows are one row, all others are realisations of their own.
    """
    found: dict[object, tuple[tuple[str, bytes], RealizationFields]] = {}
    for row in sorted(rows, key=plain_bytes):
        supplier = supplier_of(row, reader, name="nama_pelaksana" if "nama_pelaksana" in row else "nama_penyedia")
        kind = reader.text(row, "jenis_realisasi")
        day = reader.day(row, "tgl_realisasi")
        realization = RealizationFields(
            type_text=None if kind is None else realization_type_of(kind),
            number=reader.text(row, "no_realisasi"),
            value=reader.amount(row, "nilai_realisasi"),
            realized_on=day,
            supplier_name=supplier.name or None,
            npwp=supplier.npwp,
            note=reader.text(row, "ket_realisasi") or reader.text(row, "dok_realisasi"),
        )
        order = (_LAST if day is None else day.isoformat(), plain_bytes(row))
        key = whole_number(row.get("rsk_id")) or plain_bytes(row)
        if key in found:
            reader.report("duplicate-row", field="rsk_id", value=key)
            if found[key][0] >= order:
                continue
        found[key] = (order, realization)
    return [realization for _, realization in sorted(found.values(), key=lambda ordered: ordered[0])]
