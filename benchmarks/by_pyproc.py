"""One node collected by a script around the public SPSE client pyproc, as somebody would write it who wants these figures.

It reads the pages that Rakor reads, as far as the client knows them (histories of stages it does not), or, asked for
everything, all six of every package, as its `get_all_detil()` does; keeps the fields that Rakor shows, offers and
schedule among them; and writes them to PostgreSQL in a few batches.
"""

import json
import sys
import time
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
from storing import BATCH, SCHEMA, Read, agreed, as_json, store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Warnings of its own dependencies.
    from pyproc.lpse import (
        Lpse,
        LpseDetilPemenangBerkontrakNonTenderParser,
        LpseDetilPemenangBerkontrakParser,
        LpseDetilPemenangNonTenderParser,
        LpseDetilPemenangParser,
    )

PAGE_LENGTH = 100

# `get_pemenang_berkontrak()` (and `get_pemenang()` of non-tenders) give the cheapest winner alone; the parsers behind
# them give all, and a package's value is the sum over all its winners.
WINNERS = {"tender": LpseDetilPemenangParser, "non_tender": LpseDetilPemenangNonTenderParser}
CONTRACTED = {
    "tender": LpseDetilPemenangBerkontrakParser,
    "non_tender": LpseDetilPemenangBerkontrakNonTenderParser,
}


def list_rows(lpse: Lpse, kind: str, year: int) -> Iterator[list[Any]]:
    search = lpse.get_paket_tender if kind == "tender" else lpse.get_paket_non_tender
    start = 0
    while rows := search(start=start, length=PAGE_LENGTH, data_only=True, tahun=year, ascending=True):
        yield from rows
        start += len(rows)


def read_package(lpse: Lpse, kind: str, row: list[Any], *, everything: bool) -> Read:
    """One package and its winners, from the pages that have something to say at its stage."""
    code = row[0]
    detail = lpse.detil_paket_tender(code) if kind == "tender" else lpse.detil_paket_non_tender(code)
    announced = detail.get_pengumuman()
    schedule = detail.get_jadwal() or []
    word = "tender" if kind == "tender" else "paket"
    stage = announced[f"tahap_{word}_saat_ini"]
    is_completed = "sudah selesai" in stage.lower()
    is_failed = "gagal" in stage.lower()
    is_settled = is_completed or is_failed or "batal" in stage.lower()
    participants = (detail.get_peserta() or []) if is_settled or everything else []
    results = (detail.get_hasil_evaluasi() or []) if is_completed or is_failed or everything else []
    awards: list[dict[str, Any]] = []
    if is_completed or everything:
        winners = WINNERS[kind](lpse, code, all=True).get_detil() or []
        contracted = CONTRACTED[kind](lpse, code, all=True).get_detil() or []
        awards = merge(kind, code, winners, contracted)
    value, basis = agreed(awards) if is_completed else (None, None)
    plans = announced.get("rencana_umum_pengadaan") or []
    return {
        "kind": kind,
        "code": code,
        "name": announced[f"nama_{word}"],
        "labels": announced["label_paket"],
        "institution_name": announced.get("k/l/pd/instansi_lainnya"),
        "satker_name": announced.get("satuan_kerja"),
        "category_text": announced.get("jenis_pengadaan"),
        "method_text": announced.get("metode_pengadaan"),
        "evaluation_text": row[7] if kind == "tender" else announced.get("metode_evaluasi"),
        "contract_type": announced.get("jenis_kontrak") or announced.get("cara_pembayaran"),
        "locations": announced.get("lokasi_pekerjaan"),
        "status": "completed" if is_completed else "other",
        "stage": stage,
        "reason": announced.get("alasan_pembatalan") or announced.get("alasan_di_ulang"),
        "fiscal_years": announced.get("tahun_anggaran"),
        "fund_sources": [plan.get("sumber_dana") for plan in plans],
        "rup_codes": [plan.get("kode_rup") for plan in plans],
        "pagu": amount(announced.get("nilai_pagu_paket")),
        "hps": amount(announced.get("nilai_hps_paket")),
        "value": value,
        "value_basis": basis,
        "participants": counted(announced.get("peserta_tender") or announced.get("peserta_non_tender")),
        "created_on": announced.get("tanggal_pembuatan"),
        "offers": as_json(offers(participants, results)),
        "schedule": as_json(schedule),
    }, awards


def amount(given: Any) -> Decimal | None:
    """The client gives a float, and 0 for an empty cell as for a zero. Its shortest digits are the page's own."""
    return Decimal(repr(given)) if given else None


def merge(
    kind: str, code: str, winners: list[dict[str, Any]], contracted: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    contracts = {(row["nama_pemenang"], row["npwp"]): row for row in map(named, contracted)}
    awards = []
    for position, row in enumerate(map(named, winners), start=1):
        contract = contracts.get((row["nama_pemenang"], row["npwp"]), {})
        awards.append(
            {
                "kind": kind,
                "code": code,
                "position": position,
                "supplier_name": row["nama_pemenang"],
                "npwp": row["npwp"],
                "address": row["alamat"],
                "contract_value": amount(contract.get("harga_kontrak")),
                "negotiated_value": amount(row.get("hasil_negosiasi") or row.get("harga_negosiasi")),
                "corrected_value": amount(row.get("harga_terkoreksi") or row.get("penawaran_terkoreksi")),
                "bid_value": amount(row.get("harga_penawaran")),
                "pdn_value": amount(contract.get("nilai_pdn")),
                "umk_value": amount(contract.get("nilai_umk")),
            }
        )
    return awards


def named(row: dict[str, Any]) -> dict[str, Any]:
    """The contracts' table has another header for the winner's name."""
    return {**row, "nama_pemenang": row["nama_pemenang"] or row.get("nama_pemenang_berkontrak")}


def counted(given: Any) -> int | None:
    """The client makes a number of tenders' participants and leaves non-tenders' as text."""
    return given if isinstance(given, int) else int(given.split()[0]) if given else None


def offers(participants: list[dict[str, Any]], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every participant with the result of the same name; the client leaves both as rows of their tables."""
    by_name = {row["nama_peserta"].rsplit(" - ", maxsplit=1)[0]: row for row in results}
    return [
        {
            "supplier_name": row.get("nama_peserta"),
            "npwp": row.get("npwp"),
            "bid_value": row.get("harga_penawaran"),
            "corrected_value": row.get("harga_terkoreksi"),
            "negotiated_value": amount(result.get("hasil_negosiasi")),
            "score": result.get("skor_akhir"),
            "is_winner": result.get("pemenang"),
            "reason": result.get("alasan"),
        }
        for row in participants
        for result in (by_name.get(str(row.get("nama_peserta")), {}),)
    ]


def collect(options: dict[str, Any]) -> dict[str, Any]:
    lpse = Lpse(options["slug"])
    lpse.url = options["node_url"]
    count = 0
    with lpse, psycopg.connect(options["database_url"], autocommit=True) as connection:
        connection.execute(SCHEMA)
        for kind in ("tender", "non_tender"):
            rows = list(list_rows(lpse, kind, options["year"]))
            for first in range(0, len(rows), BATCH):
                read = [
                    read_package(lpse, kind, row, everything=options["everything"])
                    for row in rows[first : first + BATCH]
                ]
                store(connection, read)
            count += len(rows)
    return {"state": "completed", "counts": {"seen": count}}


def main() -> None:
    started = time.process_time()
    options = json.load(sys.stdin)
    if options:
        sys.stdout.write(json.dumps({**collect(options), "start_up": started}) + "\n")


if __name__ == "__main__":
    main()
