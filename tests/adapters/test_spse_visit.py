"""Visits to SPSE nodes that move, expire, refuse and break, over real HTTP."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qs

import pytest

from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import Endpoint, NodeContractBroken, NodeRefused, NodeUnreachable
from app.adapters.spse.index import read_row
from app.core.dates import TimeZone
from app.core.vocabulary import DateBasis, Interface, PackageKind, PackageStatus
from app.kit.http import GuardedClient
from tests.adapters.loopback import POLICY, a_visit, entries_of, index_of, scripted_node
from tests.adapters.spse_replies import LISTS, a_row, as_list, reply, rows

TENDER = PackageKind.TENDER
CODE = "90000001007"
LISTING = "/rekaan/lelang"
INDEX = "/rekaan/dt/lelang"
ANNOUNCEMENT = f"/rekaan/lelang/{CODE}/pengumumanlelang"
SCHEDULE = f"/rekaan/lelang/{CODE}/jadwal"
HISTORIES = ["/rekaan/jadwal/70000002007/history", "/rekaan/jadwal/70000004007/history"]
PARTICIPANTS = f"/rekaan/lelang/{CODE}/peserta"
EVALUATION = f"/rekaan/evaluasi/{CODE}/hasil"
WINNERS = f"/rekaan/evaluasi/{CODE}/pemenang"
CONTRACTED = f"/rekaan/evaluasi/{CODE}/pemenangberkontrak"
ONE_ROW = as_list([a_row()])


@asynccontextmanager
async def a_node():
    """A node with one completed tender."""
    async with scripted_node() as node:
        node.on(LISTING, reply("lelang.html"))
        node.on(INDEX, ONE_ROW)
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html"))
        node.on(SCHEDULE, reply("tender_jadwal.html"))
        for history in HISTORIES:
            node.on(history, reply("jadwal_riwayat.html"))
        node.on(PARTICIPANTS, reply("tender_peserta_selesai.html"))
        node.on(EVALUATION, reply("tender_hasil.html"))
        node.on(WINNERS, reply("tender_pemenang.html"))
        node.on(CONTRACTED, reply("tender_pemenangberkontrak.html"))
        yield node


async def the_record(node):
    """The record of the node's tender, looked up without its list."""
    async with a_visit(node.base_url) as visit:
        return await visit.detail(read_row(TENDER, a_row()))


def problems_of(record):
    return [(problem.code, problem.field) for problem in record.problems]


async def test_a_completed_tender_is_put_together_from_its_row_and_pages():
    async with a_node() as node, a_visit(node.base_url) as visit:
        [entry] = await entries_of(visit, TENDER, 2025)
        record = await visit.detail(entry)

    assert problems_of(record) == []
    assert (record.kind, record.code) == (TENDER, CODE)
    assert record.fields["status"] is PackageStatus.COMPLETED
    assert record.fields["contract_value"] == Decimal("1400000000.50")
    assert record.fields["evaluation_text"] == "Harga Terendah Sistem Gugur"
    assert [award["contract_value"] for award in record.fields["awards"]] == [
        Decimal("890000000.00"),
        Decimal("510000000.50"),
    ]
    assert record.fields["announced_at"] == datetime(2025, 3, 4, 0, 0, tzinfo=UTC)
    assert record.fields["date_basis"] is DateBasis.SCHEDULED
    assert [len(stage.get("revisions", [])) for stage in record.fields["schedule"]] == [0, 2, 0, 2, 0, 0]
    assert (record.fields["participants"], record.fields["bidders"], len(record.fields["offers"])) == (12, 3, 12)
    assert [offer["supplier_name"] for offer in record.fields["offers"] if offer.get("is_winner")] == [
        "PT CONTOH SATU",
        "CV. Contoh Dua",
    ]
    assert [raw.page for raw in record.raw] == [
        "index",
        "pengumuman",
        "jadwal",
        "riwayat-b",
        "riwayat-d",
        "peserta",
        "hasil",
        "pemenang",
        "pemenangberkontrak",
    ]
    assert b"90000001007" in record.raw[0].body
    assert record.raw[1].body.decode() == reply("tender_pengumuman.html")


async def test_the_list_is_asked_as_a_browser_asks_it():
    async with a_node() as node, a_visit(node.base_url) as visit:
        await index_of(visit, TENDER, 2025)

    method, target, headers, body = node.asked[1]
    form = parse_qs(body, keep_blank_values=True)
    assert (method, target) == ("POST", f"{INDEX}?tahun=2025")
    assert headers["x-requested-with"] == "XMLHttpRequest"
    assert headers["referer"] == f"{node.base_url}/lelang"
    assert form["authenticityToken"] == ["c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"]
    assert form["columns[15][data]"] == ["15"]


async def test_what_a_node_says_of_itself_is_kept():
    async with a_node() as node, a_visit(f"{node.base_url}/") as visit:
        await index_of(visit, TENDER, 2025)

    assert visit.facts.software_version == "4.5u20250321"
    assert visit.facts.time_zone is TimeZone.WITA
    assert visit.facts.base_url == node.base_url


@pytest.mark.parametrize("script", ['d.authenticityToken="abcdef0123"', "authenticityToken : 'abcdef0123'"])
async def test_the_token_is_found_however_the_script_is_written(script):
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(LISTING, f"<script>{script}</script>")
        await index_of(visit, TENDER, 2025)

    assert "authenticityToken=abcdef0123" in node.asked[1][3]


async def test_without_a_script_the_token_is_in_the_cookie():
    cookie = {"set-cookie": "SPSE_SESSION=f00d-___AT=abcdef0123&___TS=1&___ID=x; Path=/"}
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(LISTING, (200, "<p>Contoh</p>", cookie))
        await index_of(visit, TENDER, 2025)

    assert "authenticityToken=abcdef0123" in node.asked[1][3]


@pytest.mark.parametrize("target", ["/rekaan/lelang", "/rekaan", "/rekaan/"])
async def test_an_old_address_leads_to_the_new_one_which_is_then_used(target):
    async with a_node() as node:
        old = node.base_url.replace("/rekaan", "/eproc4")
        node.on("/eproc4/lelang", (302, "", {"location": target}))
        node.on("/rekaan", "<p>Beranda</p>")
        node.on("/rekaan/", "<p>Beranda</p>")
        async with a_visit(old) as visit:
            [entry] = await entries_of(visit, TENDER, 2025)
            record = await visit.detail(entry)

    assert visit.facts.base_url == node.base_url
    assert record.raw[1].url == f"{node.base_url}/lelang/{CODE}/pengumumanlelang"
    assert node.paths().count("/eproc4/lelang") == 1


@pytest.mark.parametrize("stale", [reply("login.html"), (403, reply("ditolak.html"))])
async def test_an_expired_session_is_begun_anew_once(stale):
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(INDEX, stale, ONE_ROW)
        entries = await entries_of(visit, TENDER, 2025)

    assert len(entries) == 1
    assert node.paths()[:4] == [LISTING, INDEX, LISTING, INDEX]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (reply("login.html"), NodeContractBroken),
        ((403, reply("ditolak.html")), NodeRefused),
        ((403, "forbidden"), NodeRefused),
        ("<title>Just a moment...</title>", NodeRefused),
        ((503, "<script src='/cdn-cgi/challenge-platform/x'></script>"), NodeRefused),
        (reply("kesalahan.html"), NodeUnreachable),
        ((500, reply("kesalahan.html")), NodeUnreachable),
        ((429, "slower"), NodeUnreachable),
        ((404, "gone"), NodeContractBroken),
        ('{"error": "x"}', NodeContractBroken),
        ('{"data": {}}', NodeContractBroken),
        ("", NodeContractBroken),
    ],
)
async def test_a_list_that_does_not_answer_says_who_must_act(answer, failure):
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(INDEX, answer)
        with pytest.raises(failure):
            await index_of(visit, TENDER, 2025)

    assert node.paths().count(LISTING) <= 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("<p>Selamat datang</p>", NodeContractBroken),
        ((404, "x"), NodeContractBroken),
        ((403, reply("ditolak.html")), NodeRefused),
        (reply("kesalahan.html"), NodeUnreachable),
        ((302, "", {"location": "http://10.0.0.1/lelang"}), NodeRefused),
        ((302, "", {"location": "/rekaan/lelang"}), NodeContractBroken),
    ],
)
async def test_a_node_that_does_not_open_says_who_must_act(answer, failure):
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(LISTING, answer)
        with pytest.raises(failure):
            await index_of(visit, TENDER, 2025)


async def test_nobody_at_home_is_unreachable():
    async with a_node() as node:
        base_url = node.base_url
    async with a_visit(base_url) as visit:
        with pytest.raises(NodeUnreachable):
            await index_of(visit, TENDER, 2025)


async def test_packages_looked_up_at_once_share_one_session():
    entry = read_row(TENDER, a_row())
    async with a_node() as node, a_visit(node.base_url) as visit:
        records = await asyncio.gather(*(visit.detail(entry) for _ in range(4)))

    assert node.paths().count(LISTING) == 1
    assert all(record.fields == records[0].fields for record in records)


async def test_an_old_version_is_asked_by_get():
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(LISTING, reply("lelang.html").replace("v4.5u20250321", "v4.3u20191101"))
        await index_of(visit, TENDER, 2025)

    method, target, _, _ = node.asked[1]
    assert method == "GET"
    assert target.startswith(f"{INDEX}?tahun=2025&draw=1")


async def test_the_oldest_version_is_asked_by_get_and_without_a_token():
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(LISTING, "<div id=footer>Aplikasi SPSE v4.2u20180101</div>")
        entries = await entries_of(visit, TENDER, 2025)

    assert len(entries) == 1
    assert all(method == "GET" for method, _, _, _ in node.asked)
    assert not any("authenticityToken" in target for _, target, _, _ in node.asked)


async def test_a_node_that_takes_no_post_is_asked_by_get():
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(INDEX, (405, ""), ONE_ROW)
        entries = await entries_of(visit, TENDER, 2025)

    assert len(entries) == 1
    assert [method for method, _, _, _ in node.asked[1:]] == ["POST", "GET", "GET", "GET"]


async def test_one_page_that_is_gone_is_a_problem_of_its_package():
    async with a_node() as node:
        node.on(WINNERS, reply("tidak_ditemukan.html"))
        record = await the_record(node)

    assert problems_of(record) == [("detail-missing", "pemenang")]
    assert [award["contract_value"] for award in record.fields["awards"]] == [
        Decimal("510000000.50"),
        Decimal("890000000.00"),
    ]


async def test_without_its_announcement_only_the_row_speaks():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, (500, reply("kesalahan.html")))
        record = await the_record(node)

    assert problems_of(record) == [("detail-missing", "pengumuman")]
    assert record.fields["name"] == "Pembangunan Jembatan Contoh & Jalan Rekaan"
    assert not {"pagu", "hps", "awards"}.intersection(record.fields)


async def test_one_sick_package_after_another_is_a_sick_node():
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(ANNOUNCEMENT, reply("kesalahan.html"))
        entry = read_row(TENDER, a_row())
        await visit.detail(entry)
        await visit.detail(entry)
        with pytest.raises(NodeUnreachable):
            await visit.detail(entry)


async def test_a_refused_detail_page_stops_the_visit():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, (403, reply("ditolak.html")))
        with pytest.raises(NodeRefused):
            await the_record(node)


async def test_a_detail_page_behind_an_expired_session_is_fetched_again():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, reply("login.html"), reply("tender_pengumuman.html"))
        record = await the_record(node)

    assert problems_of(record) == []
    assert node.paths().count(LISTING) == 2


async def test_a_page_of_another_package_is_not_used():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html").replace(f"<strong>{CODE}", "<strong>90000009007"))
        record = await the_record(node)

    assert problems_of(record) == [("code-mismatch", "pengumuman")]
    assert "pagu" not in record.fields


async def test_a_page_that_may_be_cut_off_is_not_used():
    async with a_node() as node:
        whole = reply("tender_pemenang.html")
        node.on(WINNERS, (200, whole[: whole.index("CV. Contoh Dua")], {"content-length": None}))
        record = await the_record(node)

    assert problems_of(record) == [("detail-missing", "pemenang")]


async def test_the_announcements_stage_wins_over_the_row():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html").replace(">Tender Sudah Selesai<", ">Tender Batal<"))
        record = await the_record(node)

    assert record.fields["status"] is PackageStatus.CANCELLED
    assert "awards" not in record.fields
    assert WINNERS not in node.paths()


async def test_an_unknown_stage_leaves_the_rows_word():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html").replace(">Tender Sudah Selesai<", ">Tertunda<"))
        record = await the_record(node)

    assert record.fields["status"] is PackageStatus.COMPLETED
    assert record.fields["stage"] == "Tertunda"


async def test_unknown_words_everywhere_are_other_and_reported():
    row = a_row(_3="Tertunda", _6="Undian", _8="Sihir - TA 2025")
    text = reply("tender_pengumuman.html")
    for known, unknown in (
        (">Tender Sudah Selesai<", ">Tertunda<"),
        (">Pekerjaan Konstruksi<", ">Sihir<"),
        (">Tender - Pasca", ">Undian - Pasca"),
    ):
        text = text.replace(known, unknown)
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(ANNOUNCEMENT, text)
        record = await visit.detail(read_row(TENDER, row))

    assert [problem.code for problem in record.problems] == ["status-unknown", "category-unknown", "method-unknown"]
    assert record.fields["category_text"] == "Sihir"


async def test_without_a_year_anywhere_the_year_is_reported():
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html").replace("Tahun Anggaran", "Tahun"))
        record = await visit.detail(read_row(TENDER, a_row(_8="Pekerjaan Konstruksi")))

    assert problems_of(record) == [("fiscal-year-unreadable", None)]
    assert "fiscal_years" not in record.fields


async def test_a_contract_value_that_the_list_states_otherwise_is_reported():
    async with a_node() as node, a_visit(node.base_url) as visit:
        record = await visit.detail(read_row(TENDER, a_row(_10="Rp. 1.400.000.000,51")))

    assert problems_of(record) == [("contract-value-differs", "nilai kontrak")]


async def test_completed_without_winner_and_a_winner_without_amount_are_reported():
    async with a_node() as node:
        node.on(WINNERS, reply("tender_pemenangberkontrak_kosong.html"))
        node.on(CONTRACTED, reply("tender_pemenangberkontrak_kosong.html"))
        without_winner = await the_record(node)
        text = reply("tender_pemenang.html")
        node.on(WINNERS, text.replace("Rp. 520.000.000,00", "-"))
        without_amount = await the_record(node)

    assert [problem.code for problem in without_winner.problems] == ["completed-without-winner"]
    assert without_winner.fields["awards"] == []
    assert [(problem.code, problem.value) for problem in without_amount.problems] == [
        ("winner-without-amount", "CV. Contoh Dua")
    ]


async def test_participants_are_counted_on_their_page_where_the_announcement_is_silent():
    row = rows("dt_lelang.json")[2]
    text = reply("tender_pengumuman.html").replace("Peserta Tender", "Pendaftar").replace("/jadwal", "/lain")
    text = text.replace(CODE, row[0])
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(f"/rekaan/lelang/{row[0]}/pengumumanlelang", text.replace(">Tender Sudah Selesai<", ">Masa Sanggah<"))
        node.on(f"/rekaan/lelang/{row[0]}/peserta", reply("tender_peserta.html"))
        record = await visit.detail(read_row(TENDER, row))

    assert problems_of(record) == []
    assert record.fields["participants"] == 3
    assert record.fields["status"] is PackageStatus.RUNNING


async def test_a_detail_page_without_end_is_lost_and_not_read():
    async with a_node() as node:
        node.on(WINNERS, "<div class=content>" + "<ul><li>" * 100_000)
        record = await the_record(node)

    assert problems_of(record) == [("detail-missing", "pemenang")]


async def test_a_schedule_is_on_the_clock_of_its_own_page():
    async with a_node() as node:
        node.on(SCHEDULE, reply("tender_jadwal.html").replace("<span>WITA</span>", "<span>WIT</span>"))
        other_clock = await the_record(node)
        node.on(SCHEDULE, reply("tender_jadwal.html").replace("<span>WITA</span>", ""))
        nodes_clock = await the_record(node)
        node.on(LISTING, reply("lelang.html").replace("<span>WITA</span>", ""))
        registers_clock = await the_record(node)

    assert other_clock.fields["announced_at"] == datetime(2025, 3, 3, 23, 0, tzinfo=UTC)
    assert nodes_clock.fields["announced_at"] == datetime(2025, 3, 4, 0, 0, tzinfo=UTC)
    assert registers_clock.fields["announced_at"] == datetime(2025, 3, 4, 1, 0, tzinfo=UTC)


async def test_without_a_link_there_is_no_schedule_to_ask_for():
    async with a_node() as node:
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html").replace("/jadwal", "/lain"))
        record = await the_record(node)

    assert problems_of(record) == []
    assert SCHEDULE not in node.paths()
    assert not {"schedule", "announced_at", "date_basis"}.intersection(record.fields)


async def test_one_history_that_is_lost_costs_no_more_requests_and_no_schedule():
    async with a_node() as node:
        node.on(HISTORIES[0], reply("tidak_ditemukan.html"))
        record = await the_record(node)

    assert problems_of(record) == [("detail-missing", "riwayat")]
    assert HISTORIES[1] not in node.paths()
    assert len(record.fields["schedule"]) == 6
    assert not any("revisions" in stage for stage in record.fields["schedule"])


@pytest.mark.parametrize("answer", [(403, reply("ditolak.html")), (404, "x"), reply("login.html")])
async def test_histories_that_are_never_to_be_had_stop_no_visit_and_are_given_up(answer):
    entry = read_row(TENDER, a_row())
    async with a_node() as node, a_visit(node.base_url) as visit:
        node.on(HISTORIES[0], answer)
        records = [await visit.detail(entry) for _ in range(5)]

    assert all(problems_of(record) == [("detail-missing", "riwayat")] for record in records)
    assert all(record.fields["bidders"] == 3 for record in records)
    assert node.paths().count(HISTORIES[0]) <= 6
    assert HISTORIES[1] not in node.paths()


async def test_a_challenge_in_the_place_of_a_history_stops_the_visit():
    async with a_node() as node:
        node.on(HISTORIES[0], (403, "<title>Just a moment...</title>"))
        with pytest.raises(NodeRefused):
            await the_record(node)


async def test_a_schedule_that_changed_its_shape_says_nothing():
    async with a_node() as node:
        node.on(SCHEDULE, reply("tender_jadwal.html").replace(">Mulai<", ">Dari<"))
        record = await the_record(node)

    assert problems_of(record) == [("detail-drift", "jadwal: Mulai")]
    assert not {"schedule", "announced_at", "date_basis"}.intersection(record.fields)


@pytest.mark.parametrize(
    ("path", "answer", "problem"),
    [
        (PARTICIPANTS, reply("tidak_ditemukan.html"), ("detail-missing", "peserta")),
        (EVALUATION, reply("login.html"), ("detail-missing", "hasil")),
        (
            EVALUATION,
            reply("tender_hasil.html").replace("Nama Peserta", "Nama"),
            ("detail-drift", "hasil: Nama Peserta"),
        ),
        (EVALUATION, reply("tender_hasil.html").replace(CODE, "90000009007"), ("code-mismatch", "hasil")),
    ],
)
async def test_offers_are_told_whole_or_not_at_all(path, answer, problem):
    async with a_node() as node:
        node.on(path, answer)
        record = await the_record(node)

    assert problems_of(record) == [problem]
    assert not {"offers", "bidders"}.intersection(record.fields)
    assert len(record.fields["awards"]) == 2


async def test_pages_without_a_tab_cost_no_request():
    text = reply("tender_pengumuman.html")
    for tab in ("hasil", "pemenangberkontrak"):
        text = text.replace(f"/rekaan/evaluasi/{CODE}/{tab}", "#")
    async with a_node() as node:
        node.on(ANNOUNCEMENT, text)
        record = await the_record(node)

    assert problems_of(record) == []
    assert not {EVALUATION, CONTRACTED}.intersection(node.paths())
    assert record.fields["bidders"] == 3


@pytest.mark.parametrize(
    ("stage", "pages"),
    [
        ("Masa Sanggah", [SCHEDULE]),
        ("Tender Batal", [SCHEDULE, PARTICIPANTS]),
        ("Tender Gagal", [SCHEDULE, PARTICIPANTS, EVALUATION]),
    ],
)
async def test_a_package_is_asked_for_what_it_can_have(stage, pages):
    async with a_node() as node:
        node.on(ANNOUNCEMENT, reply("tender_pengumuman.html").replace(">Tender Sudah Selesai<", f">{stage}<"))
        await the_record(node)

    assert node.paths() == [LISTING, ANNOUNCEMENT, pages[0], *HISTORIES, *pages[1:]]


RECORDS = {
    PackageKind.RECORDED: (
        "/rekaan/pencatatan",
        "/rekaan/dt/nonspk",
        "/rekaan/pencatatan/pengumumannonspk",
        "/rekaan/pencatatan/pengumumannonspkpemenang",
        ("pencatatan_pengumuman.html", "pencatatan_realisasi.html"),
    ),
    PackageKind.SELF_MANAGED: (
        "/rekaan/swakelola",
        "/rekaan/dt/swakelola",
        "/rekaan/swakelola/90000031007/pengumuman",
        "/rekaan/swakelola/pengumumanswakelolapelaksana/90000031007",
        ("swakelola_pengumuman.html", "swakelola_pelaksana.html"),
    ),
    PackageKind.EMERGENCY: (
        "/rekaan/darurat",
        "/rekaan/dt/darurat-list",
        "/rekaan/darurat/pengumumandarurat",
        "/rekaan/darurat/pengumumandaruratpemenang",
        ("darurat_pengumuman.html", "darurat_pemenang.html"),
    ),
}


@asynccontextmanager
async def a_node_with(kind):
    """A node with one package of a kind that nobody competes for."""
    listing, index, announcement, realizations, (announced, realized) = RECORDS[kind]
    async with scripted_node() as node:
        node.on(listing, reply("lelang.html"))
        node.on(index, as_list(rows(LISTS[kind])[:1]))
        node.on(announcement, reply(announced))
        node.on(realizations, reply(realized))
        yield node


@pytest.mark.parametrize("kind", RECORDS)
async def test_every_kind_is_listed_and_read_with_two_pages(kind):
    listing, index, announcement, realizations, _ = RECORDS[kind]
    async with a_node_with(kind) as node, a_visit(node.base_url) as visit:
        [entry] = await entries_of(visit, kind, 2025)
        record = await visit.detail(entry)

    assert problems_of(record) == []
    assert node.paths() == [listing, index, index, index, announcement, realizations]
    assert all(headers["referer"].endswith(listing) for _, _, headers, _ in node.asked[1:])
    assert [raw.page for raw in record.raw] == ["index", "pengumuman", "realisasi"]
    assert record.fields["pagu"] > 0
    assert record.fields["realized_value"] is not None
    assert "awards" not in record.fields
    assert "hps" not in record.fields


async def test_a_recorded_package_is_put_together_from_its_row_and_pages():
    async with a_node_with(PackageKind.RECORDED) as node, a_visit(node.base_url) as visit:
        [entry] = await entries_of(visit, PackageKind.RECORDED, 2025)
        fields = (await visit.detail(entry)).fields

    assert entry.settled
    assert (fields["status"], fields["stage"]) == (PackageStatus.COMPLETED, "Paket Sudah Selesai")
    assert (fields["pagu"], fields["realized_value"]) == (Decimal("20392000.00"), Decimal("495000.50"))
    assert fields["finished_on"] == date(2025, 4, 10)
    assert len(fields["realizations"]) == 3


async def test_a_running_self_managed_package_tells_its_realisations_too():
    async with a_node_with(PackageKind.SELF_MANAGED) as node, a_visit(node.base_url) as visit:
        [entry] = await entries_of(visit, PackageKind.SELF_MANAGED, 2025)
        fields = (await visit.detail(entry)).fields

    assert not entry.settled
    assert fields["status"] is PackageStatus.RUNNING
    assert fields["self_managed_type"] == 4
    assert fields["realized_value"] == Decimal("800000.00")


async def test_an_emergency_package_has_a_method_that_is_known_and_no_problem():
    async with a_node_with(PackageKind.EMERGENCY) as node, a_visit(node.base_url) as visit:
        [entry] = await entries_of(visit, PackageKind.EMERGENCY, 2025)
        record = await visit.detail(entry)

    assert problems_of(record) == []
    assert record.fields["method_text"] == "Darurat"
    assert record.code == "41007"


async def test_realisations_that_are_lost_leave_what_is_known_of_them():
    async with a_node_with(PackageKind.RECORDED) as node, a_visit(node.base_url) as visit:
        node.on(RECORDS[PackageKind.RECORDED][3], reply("kesalahan.html"))
        record = await visit.detail(read_row(PackageKind.RECORDED, a_row(PackageKind.RECORDED)))

    assert problems_of(record) == [("detail-missing", "realisasi")]
    assert not {"realized_value", "realizations", "finished_on"}.intersection(record.fields)


async def test_a_killed_listing_goes_on_where_it_stopped():
    def page_of(start):
        return as_list([a_row(_0=str(number)) for number in range(1, 251)][start : start + 100])

    async with a_node() as node:
        node.on(INDEX, page_of(0))
        async with a_visit(node.base_url) as visit:
            async for page in visit.index(TENDER, 2025):
                position = page.position
                break
        node.on(INDEX, page_of(90), page_of(189), page_of(249), as_list([a_row(_0="250")]))
        async with a_visit(node.base_url) as visit:
            numbers = [int(e.code) async for page in visit.index(TENDER, 2025, resume=position) for e in page.entries]

    assert numbers == list(range(91, 251))


async def probed(base_url):
    async with GuardedClient(POLICY) as client:
        return await ADAPTERS[Interface.SPSE].probe(client, Endpoint(Interface.SPSE, base_url, TimeZone.WIB))


async def test_a_probe_is_one_request_and_says_what_answered():
    async with a_node() as node:
        facts = await probed(node.base_url)

    assert node.paths() == [LISTING]
    assert (facts.software_version, facts.time_zone, facts.base_url) == ("4.5u20250321", TimeZone.WITA, node.base_url)


async def test_a_probe_of_an_old_address_says_where_the_node_is_now():
    async with a_node() as node:
        node.on("/eproc4/lelang", (301, "", {"location": "/rekaan/lelang"}))
        facts = await probed(node.base_url.replace("/rekaan", "/eproc4"))

    assert facts.base_url == node.base_url


async def test_a_probe_knows_an_old_version_that_has_no_token():
    async with a_node() as node:
        node.on(LISTING, "<div id=footer>Aplikasi SPSE v4.2u20180101</div>")
        facts = await probed(node.base_url)

    assert facts.software_version == "4.2u20180101"


COOKIE = {"set-cookie": "SPSE_SESSION=f00d-___AT=abcdef0123&___TS=1&___ID=x; Path=/"}


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("<p>Selamat datang</p>", NodeContractBroken),
        ((200, "<p>Selamat datang</p>", COOKIE), NodeContractBroken),
        ((200, reply("login.html"), COOKIE), NodeContractBroken),
        ((200, reply("kesalahan.html"), COOKIE), NodeUnreachable),
        ((200, reply("ditolak.html"), COOKIE), NodeRefused),
        ("<title>Just a moment...</title>", NodeRefused),
        ((403, "x"), NodeRefused),
        ((404, "x"), NodeContractBroken),
        ((500, "x"), NodeUnreachable),
        ((429, "x"), NodeUnreachable),
        ((302, "", {"location": "http://10.0.0.1/lelang"}), NodeRefused),
    ],
)
async def test_a_probe_is_not_deceived(answer, failure):
    async with a_node() as node:
        node.on(LISTING, answer)
        with pytest.raises(failure):
            await probed(node.base_url)


async def test_a_probe_of_nobody_is_unreachable():
    async with a_node() as node:
        base_url = node.base_url
    with pytest.raises(NodeUnreachable):
        await probed(base_url)
