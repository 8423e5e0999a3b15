"""Who won and at what price, in the markup of SPSE 4.5: the winners' page and the page of their contracts."""

from collections.abc import Iterable, Sequence
from html import escape

from app.simulator.frames import package_title, page, tabs
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import SimulatedPackage, Supplier, Winner
from app.simulator.wording import rupiah


def winners(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """`pemenang`. Before the award the table has its head and no rows, as the recorded empty contract page does."""
    columns = ["Harga Penawaran", "Harga Terkoreksi"]
    if package.reverse_auction:
        columns.append("Hasil Reverse Auction")
    if not _can_hide_negotiation(package):
        columns.append("Harga Negosiasi" if package.old_code else "Hasil Negosiasi")
    rows = [(winner.supplier, [_cell(winner, column) for column in columns]) for winner in package.winners]
    return _award_page(node, package, "pemenang", columns, rows if package.evaluated else [], clock)


def _can_hide_negotiation(package: SimulatedPackage) -> bool:
    """Columns vary on real pages, yet the page must still tell what the truth counts."""
    all_contracted = all(winner.contract is not None for winner in package.winners)
    none_negotiated = all(winner.negotiated is None for winner in package.winners)
    return package.hides_negotiation and (all_contracted or none_negotiated)


def _cell(winner: Winner, column: str) -> str:
    match column:
        case "Harga Penawaran":
            return rupiah(winner.bid)
        case "Harga Terkoreksi":
            return rupiah(winner.corrected)
        case _:
            # What a reverse auction ended with is what was negotiated: both columns say the same.
            return f" {rupiah(winner.negotiated)} "


def contracts(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """`pemenangberkontrak`: only winners who have a contract; head and no rows when none has."""
    rows = [
        (winner.supplier, [rupiah(winner.contract), rupiah(winner.pdn), rupiah(winner.umk)])
        for winner in package.winners
        if winner.contract is not None and package.finished
    ]
    columns = ["Harga Kontrak", "Nilai PDN", "Nilai UMK"]
    return _award_page(node, package, "pemenangberkontrak", columns, rows, clock)


def _award_page(
    node: SimulatedNode,
    package: SimulatedPackage,
    tab: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Supplier, list[str]]],
    clock: str | None,
) -> str:
    heads = "".join(f"                    <th>{column}</th>\n" for column in columns)
    body = "".join(_award_row(supplier, cells) for supplier, cells in rows)
    facts = (
        (f"Nama {'Tender' if package.kind == 'tender' else 'Non Tender'}", escape(package.name)),
        ("Jenis Pengadaan", package.category),
        ("K/L/PD/Instansi Lainnya", escape(package.institution)),
        ("Satuan Kerja", escape(package.satker)),
        ("Pagu", rupiah(package.pagu)),
        ("HPS", rupiah(package.hps)),
    )
    described = "".join(
        f"""    <tr>
        <th class="bgwarning" width="20%">{label}</th>
        <td>{value}</td>
    </tr>
"""
        for label, value in facts
    )
    return page(
        node,
        package_title(package),
        f"""{tabs(package, tab)}
<div class="content">
    <table class="table table-sm">
{described}    <tr>
        <td colspan="2">
            <table class="table table-sm">
                <tr>
                    <th>Nama Pemenang</th>
                    <th>Alamat</th>
                    <th width="15%">NPWP</th>
{heads}                </tr>
{body}            </table>
        </td>
    </tr>
    </table>
</div>""",
        clock=clock,
    )


def _award_row(supplier: Supplier, cells: Iterable[str]) -> str:
    amounts = "".join(f"                  <td>{cell}</td>\n" for cell in cells)
    return f"""              <tr>
                  <td>{escape(supplier.name)}</td>
                  <td> <strong>{escape(supplier.street)}</strong> - {supplier.city} - {supplier.province}</td>
                  <td>
 {supplier.npwp}{" "}
</td>
{amounts}              </tr>
"""
