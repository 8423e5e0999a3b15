"""What SPSE 4.5 says of recorded, self-managed and emergency packages: the announcement and what was realised."""

from html import escape

from app.simulator.frames import page
from app.simulator.nodes import Kind, SimulatedNode
from app.simulator.packages import Realization, SimulatedPackage
from app.simulator.wording import long_date, rupiah

SELF_MANAGED_TYPES = {
    1: "K/L/PD Penanggung Jawab Anggaran",
    2: "K/L/PD Lain",
    3: "Organisasi Masyarakat",
    4: "Kelompok Masyarakat",
}
_TITLES: dict[Kind, str] = {
    "recorded": "Informasi Paket",
    "self_managed": "Informasi Swakelola",
    "emergency": "Informasi Pengadaan Darurat",
}


def announcement_path(package: SimulatedPackage) -> str:
    match package.kind:
        case "recorded":
            return f"/{package.slug}/pencatatan/pengumumannonspk?id={package.code}"
        case "self_managed":
            return f"/{package.slug}/swakelola/{package.code}/pengumuman"
        case _:
            return f"/{package.slug}/darurat/pengumumandarurat?id={package.code}"


def realization_path(package: SimulatedPackage) -> str:
    match package.kind:
        case "recorded":
            return f"/{package.slug}/pencatatan/pengumumannonspkpemenang?id={package.code}"
        case "self_managed":
            return f"/{package.slug}/swakelola/pengumumanswakelolapelaksana/{package.code}"
        case _:
            return f"/{package.slug}/darurat/pengumumandaruratpemenang?id={package.code}"


def _tabs(package: SimulatedPackage, *, announced: bool) -> str:
    second = "Pelaksana Swakelola" if package.kind == "self_managed" else "Pemenang Berkontrak"
    first_class, second_class = (" active ", "") if announced else ("", " active ")
    return f"""<ul class="nav nav-tabs" role="tablist">
<li class="nav-item">
    <a class="nav-link {first_class}" href="{announcement_path(package)}" >Pengumuman</a>
</li>
<li class="nav-item">
    <a class="nav-link {second_class}" href="{realization_path(package)}">{second}</a>
</li>
</ul>"""


def _row(label: str, value: str, *, columns: int = 3) -> str:
    return f"""        <tr>
            <th class="bgwarning">{label}</th>
            <td colspan="{columns}" >{value}</td>
        </tr>
"""


def recording(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """The announcement. Neither page states the status: only the list does."""
    word = "Swakelola" if package.kind == "self_managed" else "Paket"
    facts = [_row("Tanggal Pembuatan", long_date(package.created_on))]
    if package.reason_cancelled:
        facts.append(_row("Alasan Pembatalan", escape(package.reason_cancelled)))
    facts += [
        _row(_institution_label(package), escape(package.institution)),
        _row("Satuan Kerja", escape(package.satker)),
    ]
    if package.kind == "self_managed":
        facts.append(_row("Tipe Pelaksana Swakelola", SELF_MANAGED_TYPES[package.self_managed_type or 1]))
    else:
        facts += [_row("Jenis Pengadaan", package.category), _row("Metode Pengadaan", f"{package.method} ")]
    facts += [_row("Tahun Anggaran", _funds(package)), _row("Nilai Pagu Paket", rupiah(package.pagu))]
    return page(
        node,
        _TITLES[package.kind],
        f"""{_tabs(package, announced=True)}
<div class="content">
    <table class="table table-sm table-bordered">
        <tr>
            <th class="bgwarning" width="200">Kode {word}</th>
            <td colspan="3" ><strong>{package.code}</strong></td>
        </tr>
        <tr>
            <th class="bgwarning">Nama {word}</th>
            <td colspan="3" ><strong>{escape(package.name)}</strong></td>
        </tr>
{_plan(package)}{"".join(facts)}    </table>
</div>""",
        clock=clock,
    )


def _institution_label(package: SimulatedPackage) -> str:
    return "K/L/PD" if package.kind == "self_managed" else "K/L/PD/Instansi Lainnya"


def _plan(package: SimulatedPackage) -> str:
    """An emergency was planned by nobody."""
    if not package.plan:
        return ""
    rows = "".join(
        f"""                    <tr>
                        <td>{item.code}</td>
                        <td>{escape(item.name)}</td>
                        <td>{item.fund}</td>
                    </tr>
"""
        for item in package.plan
    )
    return f"""        <tr>
            <th class="bgwarning">Rencana Umum Pengadaan</th>
            <td colspan="3">
                <table class="table table-sm" style="margin-bottom:0.1rem">
                    <tr>
                        <th width="120">Kode RUP</th>
                        <th>Nama Paket</th>
                        <th width="200">Sumber Dana</th>
                    </tr>
{rows}                </table>
            </td>
        </tr>
"""


def _funds(package: SimulatedPackage) -> str:
    if package.kind == "emergency":
        return ", ".join(str(year) for year in package.fiscal_years)
    gap = "&nbsp;" if package.kind == "self_managed" else "&nbsp;&nbsp;&nbsp;"
    return "".join(f" {item.fund} {year}{gap}" for year in package.fiscal_years for item in package.plan)


def realization(node: SimulatedNode, package: SimulatedPackage, *, clock: str | None = None) -> str:
    """What was paid, to whom, and the totals. As on real pages a row opens inside the row before it."""
    if package.kind == "self_managed":
        kind_fact = _row("Tipe Pelaksana", f"{SELF_MANAGED_TYPES[package.self_managed_type or 1]} ", columns=4)
        shares = ""
    else:
        kind_fact = _row("Metode Pengadaan", f"{package.method} ", columns=4)
        shares = _row("Nilai PDN", rupiah(package.pdn), columns=4) + _row("Nilai UMK", rupiah(package.umk), columns=4)
    rows = "".join(_payment(package, number, one) for number, one in enumerate(package.realizations, start=1))
    return page(
        node,
        _TITLES[package.kind],
        f"""{_tabs(package, announced=False)}
<div class="content">
    <table class="table table-sm">
{_row("Nama Paket", escape(package.name), columns=4)}\
{kind_fact}\
{_row(_institution_label(package), escape(package.institution), columns=4)}\
{_row("Satuan Kerja", escape(package.satker), columns=4)}\
{_row("Nilai Pagu Paket", rupiah(package.pagu), columns=4)}\
{_row("Nilai Total Realisasi", rupiah(package.realized), columns=4)}\
{shares}\
{_row("Tanggal Paket Selesai", long_date(package.finished_on) if package.finished_on else "", columns=4)}\
    </table>
    <tr>
        <td colspan="2">
            <div class="bs-callout bs-callout-info"><strong>Realisasi</strong></div>
            <table class="table table-sm">
                <tr>
                    <th width="30">No.</th>
                    <th>Jenis Realisasi</th>
                    <th>Nilai Realisasi</th>
                    <th>Tanggal Realisasi</th>
                </tr>
{rows}            </table>
        </td>
    </tr>
</div>""",
        clock=clock,
    )


def _payment(package: SimulatedPackage, number: int, one: Realization) -> str:
    return f"""                <tr>
                    <td align="center">{number}</td>
                    <td>
{one.type_text}
                    </td>
                    <td>{rupiah(one.value)}</td>
                    <td>{one.realized_on:%d-%m-%Y}</td>
                    <tr>
                        <td></td>
                        <td colspan="3">
{_paid_to(package, one)}                        </td>
                    </tr>
                </tr>
"""


def _paid_to(package: SimulatedPackage, one: Realization) -> str:
    supplier = one.paid_to
    if supplier is None:
        return ""
    who = "Nama Pelaksana" if package.kind == "self_managed" else "Nama Penyedia"
    npwp = f" {supplier.npwp} \n" if supplier.npwp else ""
    return f"""                            <table class="table table-sm table-bordered">
                                <thead>
                                <tr>
                                    <th width="5">No</th>
                                    <th>{who}</th>
                                    <th>NPWP</th>
                                    <th>Email</th>
                                    <th>Telp</th>
                                    <th>Alamat</th>
                                </tr>
                                </thead>
                                <tbody>
                                    <tr>
                                        <td>1</td>
                                        <td>{escape(supplier.name)}</td>
                                        <td>
{npwp}</td>
                                        <td></td>
                                        <td></td>
                                        <td>{escape(supplier.street)} {supplier.city} {supplier.province}</td>
                                    </tr>
                                </tbody>
                            </table>
"""
