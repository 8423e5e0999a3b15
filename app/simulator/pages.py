"""What SPSE 4.5 says of a package before its award and of those who took part: announcement, participants, evaluation."""

import re
from html import escape
from itertools import count
from zlib import crc32

from app.simulator.frames import package_title, page, tab_path, tabs
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import Participant, SimulatedPackage, Winner
from app.simulator.qualification import requirements
from app.simulator.wording import long_date, rupiah


def _row(label: str, value: str) -> str:
    return f"""        <tr>
            <th class="bgwarning">{label}</th>
            <td colspan="3">{value}</td>
        </tr>
"""


_CELL = re.compile(rb"(<td[^>]*>)[^<]+(</td>)")


def blanked(body: bytes, every: int) -> bytes:
    """The page with every nth cell of its tables empty; cells that hold markup stay."""
    place = count(1)
    return _CELL.sub(lambda cell: cell[1] + cell[2] if next(place) % every == 0 else cell[0], body)


def badge_markup(package: SimulatedPackage) -> str:
    """Badges behind the name. Tenders quote the class with apostrophes and write a repetition with two spaces."""
    if package.kind == "non_tender":
        return "".join(f' <span class="badge badge-warning">{badge}</span>' for badge in package.badges)
    return "".join(
        f" <span class='badge {' ' if badge.endswith('Ulang') else ''}badge-warning'>{badge}</span>"
        for badge in package.badges
    )


def announcement(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """`pengumumanlelang` or `pengumumanpl`. An amount that is unknown leaves its label and an empty cell."""
    is_tender = package.kind == "tender"
    word = "Tender" if is_tender else "Paket"
    method = (
        f"{package.method} - {package.qualification} - {package.evaluation}"
        if package.qualification
        else package.method
    )
    plan = "".join(
        f"""    <tr>
        <td class="text-center">{item.code}</td>
        <td>{escape(item.name)}</td>
        <td>{item.fund}</td>
    </tr>
"""
        for item in package.plan
    )
    funds = "".join(
        f" {fund} {year}&nbsp;&nbsp;&nbsp;"
        for year in package.fiscal_years
        for fund in dict.fromkeys(item.fund for item in package.plan)
    )
    places = "".join(f"             <li>{escape(place)}</li>\n" for place in package.locations)
    digest = f"{crc32(package.code.encode()):08x}" * 20
    return page(
        node,
        package_title(package),
        f"""{tabs(package, "pengumuman")}
<div class="content" style="margin-bottom: 42px">
    <table class="table table-sm table-bordered">
        <tbody><tr>
            <th class="bgwarning" width="200">Kode {word}</th>
            <td colspan="3"><strong>{package.code}</strong></td>
        </tr>
        <tr>
            <th class="bgwarning">Nama {word}</th>
            <td colspan="3"><strong>{escape(package.name)}
</strong>{badge_markup(package)}</td>
        </tr>
{_row("Alasan di ulang", escape(package.reason_retried)) if package.reason_retried else ""}\
{_row("Alasan Pembatalan", escape(package.reason_cancelled)) if package.reason_cancelled else ""}\
        <tr>
            <th class="bgwarning">Rencana Umum Pengadaan</th>
            <td colspan="3">
<table class="table table-sm" style="margin-bottom:0.1rem">
    <tbody><tr>
        <th width="120" class="text-center">Kode RUP</th>
        <th>Nama Paket</th>
        <th width="200">Sumber Dana</th>
    </tr>
{plan}</tbody></table>
            </td>
        </tr>
        <tr>
            <th class="bgwarning">Uraian Singkat Pekerjaan</th>
            <td colspan="3">
                <a href="/{package.slug}/dl/{digest}" title=" "><i class="fa fa-download"></i>&nbsp;Uraian Contoh.pdf</a>
            </td>
        </tr>
{_row("Tanggal Pembuatan", long_date(package.created_on))}\
{_row(f"Tahap {word} Saat Ini", f'<a href="{tab_path(package, "jadwal")}" target="_blank">{package.stage}</a>')}\
{_row("K/L/PD/Instansi Lainnya", f" {escape(package.institution)} ")}\
{_row("Satuan Kerja", escape(package.satker))}\
{_row("Jenis Pengadaan", package.category)}\
{_row("Metode Pengadaan", method)}\
{_row("Khusus Orang Asli Papua (OAP)", "  Tidak ")}\
{_row("Tahun Anggaran", funds)}\
        <tr>
            <th class="bgwarning" width="200">Nilai Pagu Paket</th>
            <td>{rupiah(package.pagu)}</td>
            <th class="bgwarning" width="200">Nilai HPS Paket</th>
            <td>{rupiah(package.hps)}</td>
        </tr>
{_row("Jenis Kontrak", package.contract_type)}\
       <tr>
           <th class="bgwarning" width="200">Lokasi Pekerjaan</th>
           <td colspan="3"><ul>
{places}           </ul>
           </td>
       </tr>
{_row("Kualifikasi Usaha", package.business_size) if is_tender else ""}\
{_weights(package)}\
{_row("Syarat Kualifikasi", requirements(package))}\
{_row(f"Peserta {'Tender' if is_tender else 'Non Tender'}", f"{package.registered} peserta")}\
    </tbody></table>
</div>""",
        clock=clock,
    )


def _weights(package: SimulatedPackage) -> str:
    if package.evaluation not in {"Kualitas dan Biaya", "Sistem Nilai"}:
        return ""
    return """        <tr>
            <th class="bgwarning">Bobot Teknis</th>
            <td>70.0</td>
            <th class="bgwarning">Bobot Biaya</th>
            <td>30.0</td>
        </tr>
"""


def participants(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """`peserta`: numbered strangers before the award, names and offers afterwards."""
    head, rows = "", []
    if package.evaluated:
        head = "<th>NPWP</th><th>Harga Penawaran</th><th>Harga Terkoreksi</th>"
        rows = [
            f'<td nowrap="nowrap">{escape(one.supplier.name)}</td><td>{one.supplier.npwp}</td>'
            f"<td>{rupiah(one.bid)}</td><td>{rupiah(one.corrected)}</td>"
            for one in package.participants
        ]
    else:
        rows = [
            f'<td nowrap="nowrap">\n            Peserta {number}\n        </td>'
            for number in range(1, package.registered + 1)
        ]
    body = "".join(f"    <tr>\n        <td>{number}</td>{row}\n    </tr>\n" for number, row in enumerate(rows, start=1))
    return page(
        node,
        package_title(package),
        f"""{tabs(package, "peserta")}
<div class="content">
<table class="table table-sm">
    <thead>
    <tr>
        <th width="10">No</th>
        <th>Nama Peserta</th>{head}
    </tr>
    </thead>
    <tbody>
{body}    </tbody>
</table>
</div>""",
        clock=clock,
    )


_CHECK, _MINUS = '<i class="fa fa-check"></i>', '<i class="fa fa-minus"></i>'
_EVALUATION_HEADS = ("No", "Nama Peserta", "K", "A", "T", "P", "PT", "HN", "H", "P", "PK", "Alasan")
_SCORED_HEADS = (*_EVALUATION_HEADS[:5], "ST", *_EVALUATION_HEADS[5:8], "SH", "SA", *_EVALUATION_HEADS[8:])
"""Where consultants are compared by points, three columns more."""


def evaluation(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """`hasil`: a table of abbreviations in which P stands twice; no rows before the evaluation is public."""
    is_scored = package.method == "Seleksi"
    heads = "".join(f"<th>{head}</th>" for head in (_SCORED_HEADS if is_scored else _EVALUATION_HEADS))
    won = {winner.supplier: winner for winner in package.winners}
    rows = "".join(
        _evaluation_row(package, number, one, won.get(one.supplier))
        for number, one in enumerate(package.participants if package.evaluated else (), start=1)
    )
    return page(
        node,
        package_title(package),
        f"""{tabs(package, "hasil")}
<div class="content">
<table class="table table-sm">
    <tr>{heads}</tr>
{rows}</table>
</div>""",
        clock=clock,
    )


def _evaluation_row(package: SimulatedPackage, number: int, one: Participant, winner: Winner | None) -> str:
    offered = _CHECK if one.bid is not None else _MINUS
    points = "85.5" if one.bid is not None else ""
    scores = [f"<td>{points}</td>"] * 2 if package.method == "Seleksi" else ["", ""]
    star = f'<img src="/{package.slug}/public/images/star.gif"/>'
    return (
        f"    <tr><td>{number}</td><td>{escape(one.supplier.name)} - {one.supplier.npwp}</td>"
        f"<td>{offered}</td><td>{offered}</td><td>{offered}</td>{scores[0]}"
        f"<td>{rupiah(one.bid)}</td><td>{rupiah(one.corrected)}</td>"
        f"<td>{rupiah(winner.negotiated if winner else None)}</td>{''.join(scores)}<td>{offered}</td>"
        f"<td>{star if winner else ''}</td><td>{star if winner and winner.contract is not None else ''}</td><td></td></tr>\n"
    )
