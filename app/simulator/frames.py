"""What stands around every page: head, tabs, footer with version and the node's clock, and the pages that say no."""

import time
from datetime import UTC, datetime, timedelta
from html import escape

from app.simulator.nodes import ZONE_HOURS, SimulatedNode
from app.simulator.packages import SimulatedPackage
from app.simulator.wording import long_moment

SOFTWARE = "SPSE v4.5u20250321"
"""The version that every page recorded in 2026 names."""

NOT_FOUND = "Halaman yang dituju tidak ditemukan"
TABS = ("pengumuman", "peserta", "hasil", "pemenang", "pemenangberkontrak")


def local_clock(node: SimulatedNode) -> str:
    """The wall clock of the node now, as its footer shows it."""
    now = datetime.fromtimestamp(time.time(), tz=UTC) + timedelta(hours=ZONE_HOURS[node.zone])
    return long_moment(now)


def page(node: SimulatedNode, title: str, body: str, *, clock: str | None = None) -> str:
    """A whole page; `clock` replaces the time of the footer, so that two renderings can be compared."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<title>LPSE  - {title} </title>
        <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
        <meta name="apple-mobile-web-app-capable" content="yes">
        <meta http-equiv="X-UA-Compatible" content="IE=edge">
        <meta name="viewport" content="width=1024">
</head>
<body class="">
<div class="navbar navbar-primary fixed-top">
   <div class="container-fluid">
        <div class="navbar-header">{title}</div>
         <div class="navbar-nav ml-auto" style="margin-right: 10px;">
             <a href="#" onclick="return closeWindow('quit');"><i class="fa fa-times fa-lg white"> </i></a>
         </div>
     </div>
</div>
<div id="border-popup-wrapper">
    <div id="main">
{body}
    </div>
</div>
 <div id="footer">
     <div class="container-fluid">
         <div id="footerInfo">
             <div id="infoLeft" class="float-left">
                 <span id="realtime">{clock or local_clock(node)}</span> <span>{node.zone}</span>{" "}
             </div>
             <div id="infoRight">
                 <p>&copy; 2006-2026 Lembaga Kebijakan Pengadaan Barang/Jasa Pemerintah (<a href="http://www.lkpp.go.id/" target="_blank">LKPP</a>)</p>
                 <p><a href="https://inaproc.id/aplikasi#spse45" target="_blank">Aplikasi {SOFTWARE}</a></p>
                 <p>Simulasi: semua paket, penyedia dan angka pada halaman ini rekaan.</p>
             </div>
         </div>
     </div>
 </div>
</body>
</html>
"""


def package_title(package: SimulatedPackage) -> str:
    return "Informasi Tender" if package.kind == "tender" else "Informasi Paket"


def tab_path(package: SimulatedPackage, tab: str) -> str:
    """Where a page of the package stands, counted from the root of the host, as the links of real pages are."""
    is_tender = package.kind == "tender"
    listing, evaluation = ("lelang", "evaluasi") if is_tender else ("nontender", "evaluasinontender")
    match tab:
        case "pengumuman":
            return f"/{package.slug}/{listing}/{package.code}/{'pengumumanlelang' if is_tender else 'pengumumanpl'}"
        case "peserta" | "jadwal":
            return f"/{package.slug}/{listing}/{package.code}/{tab}"
        case _:
            return f"/{package.slug}/{evaluation}/{package.code}/{tab}"


def visible_tabs(package: SimulatedPackage) -> tuple[str, ...]:
    """A package that is not awarded yet has only its announcement and its participants."""
    if package.finished:
        return TABS
    return TABS[:4] if package.evaluated else TABS[:2]


_TAB_TITLES = {
    "pengumuman": "Pengumuman",
    "peserta": "Peserta",
    "hasil": "Hasil Evaluasi",
    "pemenang": "Pemenang",
    "pemenangberkontrak": "Pemenang Berkontrak",
}


def tabs(package: SimulatedPackage, active: str) -> str:
    items = "\n".join(
        f"""    <li class="nav-item">
        <a class="nav-link {" active " if tab == active else ""}" href="{tab_path(package, tab)}">{_TAB_TITLES[tab]}</a>
    </li>"""
        for tab in visible_tabs(package)
    )
    return f"""<ul class="nav nav-tabs" role="tablist">
{items}
</ul>"""


def listing_page(node: SimulatedNode, kind_word: str, index: str, year: str, years: list[int], token: str) -> str:
    """The page on which people browse; its inline script carries the token that the index asks for."""
    options = "".join(
        f'<option value="{offered}"{" selected" if str(offered) == year else ""}>{offered}</option>'
        for offered in years
    )
    base = f"/{node.slug}"
    return page(
        node,
        f"{kind_word} {escape(node.institution_name)}",
        f"""<div class="content">
<form id="cari" method="get">
    <select name="kategoriId" class="form-control"><option value="">Semua Kategori</option></select>
    <select name="tahun" class="form-control"><option value="">Semua Tahun</option>{options}</select>
    <select name="instansiId" class="form-control"><option value="">Semua Instansi</option></select>
</form>
<table id="tbl{index}" class="table table-sm">
    <thead><tr><th>Kode</th><th>Nama Paket</th><th>K/L/PD/Instansi Lainnya</th><th>Tahap</th><th>HPS</th></tr></thead>
    <tbody></tbody>
</table>
</div>
<script type="text/javascript">
$(document).ready(function () {{
    $('#tbl{index}').DataTable({{
        "processing": true, "serverSide": true, "order": [],
        "ajax": {{
            "url": "{base}/dt/{index}?tahun={escape(year)}", "type": "POST",
            "data": function (d) {{
                d.authenticityToken = '{token}';
            }}
        }}
    }});
}});
</script>""",
    )


def home_page(node: SimulatedNode) -> str:
    base = f"/{node.slug}"
    return page(
        node,
        f"LPSE {escape(node.institution_name)}",
        f"""<div class="content"><h1>LPSE {escape(node.institution_name)}</h1>
<p><a href="{base}/lelang">Tender</a> <a href="{base}/nontender">Non Tender</a>
<a href="{base}/pencatatan">Pencatatan</a> <a href="{base}/swakelola">Swakelola</a> <a href="{base}/darurat">Darurat</a></p></div>""",
    )


def notice(node: SimulatedNode, title: str, sentence: str) -> str:
    return page(node, title, f'<div class="content"><h1>{title}</h1>\n<p>{sentence}</p></div>')


def not_found_page(node: SimulatedNode) -> str:
    """Real nodes say it with status 200: public clients look for the sentence only after looking at the status."""
    return notice(node, "Informasi", NOT_FOUND)


def refused_page(reason: str) -> str:
    """Small as the real one: clients take an answer below 200 bytes for a failure."""
    return f"<html><head><title>403</title></head><body><h1>Akses Ditolak!</h1><p>{reason}</p></body></html>"


def error_page(code: str) -> str:
    return (
        "<html><head><title>Terjadi Kesalahan</title></head><body><h1>OPPS!</h1>"
        f"<p>Maaf, terjadi error pada aplikasi SPSE.</p><p>Kode Error: {code}</p></body></html>"
    )


def too_many_page() -> str:
    return "<html><head><title>429 Too Many Requests</title></head><body><h1>429 Too Many Requests</h1></body></html>"


def login_page(node: SimulatedNode) -> str:
    """What stands in the place of JSON when the session is over."""
    return notice(node, "Login", "Sesi Anda telah berakhir, silakan muat ulang halaman.")
