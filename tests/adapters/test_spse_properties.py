"""Whatever a stranger sends, parsing ends, raises nothing of its own, and states no amount that was not written."""

import json
import re
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.protocol import IndexEntry
from app.adapters.spse.announcement import read_announcement
from app.adapters.spse.index import NoRows, fingerprint, parse_list, read_row, row_bytes, row_fields
from app.adapters.spse.kinds import KINDS, DetailPage
from app.adapters.spse.markup import MAX_PAGE_LENGTH, PackagePage, PageUnreadable
from app.adapters.spse.offers import Offers, bidders_among, merge_offers, read_evaluation, read_participants
from app.adapters.spse.pages import is_package_page, named_code
from app.adapters.spse.reading import Reader
from app.adapters.spse.realizations import read_realizations
from app.adapters.spse.record import Found, combine
from app.adapters.spse.schedule import planned_dates, read_history, read_schedule
from app.adapters.spse.vocabulary import category_of, method_of, self_managed_type_of, status_of
from app.adapters.spse.winners import merge_awards, read_winners
from app.core.dates import TimeZone
from app.core.money import parse_rupiah
from app.core.problems import PROBLEM_KINDS, Problem
from app.core.text import clean_text
from app.core.vocabulary import SAVING_KINDS, PackageKind
from tests.adapters.spse_replies import a_row, reply

KIND = st.sampled_from(sorted(KINDS))
CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["Tender Batal", "Rp. 5,00", "5 M", "X - TA 2025,2026", "90000001007", "<span class=badge>a<b>"]),
    st.lists(st.integers(), max_size=2),
)
TAGS = [
    "table",
    "tbody",
    "tr",
    "th",
    "td",
    "div class=content",
    "span class=badge",
    "ul class=nav-tabs",
    "a href=/1/x",
    "li",
    "th colspan=2",
    "a href=/jadwal/1/history",
]
PIECE = st.one_of(
    st.sampled_from(
        [f"<{tag}>" for tag in TAGS] + ["</table>", "</tr>", "</td>", "</th>", "</div>", "<!--", "<script>"]
    ),
    st.sampled_from(
        ["Kode Tender", "Nama Pemenang", "Nama Peserta", "NPWP", "Pagu", "HPS", "Harga Kontrak", "Hasil Negosiasi"]
    ),
    st.sampled_from(["P", "PT", "SA", "Alasan", "Tahap", "Mulai", "Sampai", "Perubahan", "Tanggal Edit", "Keterangan"]),
    st.sampled_from(["Jenis Realisasi", "Nilai Realisasi", "Tanggal Realisasi", "Nilai Total Realisasi", "10-04-2026"]),
    st.sampled_from(["<i class='fa fa-check'>", "<img src=star.gif>", "1 kali perubahan", "CV A - 01*2", "99,5"]),
    st.sampled_from(["Rp. 1.000,00", "Rp. 1,5 M", "-", "2 peserta", "31 Februari 2025", "APBD 2025", "&nbsp;", "\x00"]),
    st.text(max_size=8),
)
RUPIAH = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,18})(?:,[0-9]{1,2})?")
PAGE = st.lists(PIECE, max_size=60).map(lambda pieces: "<div class=content><table>" + "".join(pieces))


def read_everything(text, kind):
    """What the adapter does with the pages of a package, all of them being this one."""
    page = PackagePage(text)
    reader = Reader(kind, "1")
    is_package_page(page)
    named_code(page)
    spec = KINDS[kind]
    found = Found(row_fields(read_row(kind, a_row(kind)), reader), read_announcement(page, spec, reader))
    if DetailPage.WINNERS in spec.pages:
        found.schedule = read_schedule(page, spec, TimeZone.WIB, reader)
        read_history(page, TimeZone.WIB, reader)
        found.participants, found.evaluation = read_participants(page, reader), read_evaluation(page, reader)
        found.winners = read_winners(page, DetailPage.WINNERS, reader)
        found.contracted = read_winners(page, DetailPage.CONTRACTED, reader)
    else:
        found.realizations = read_realizations(page, reader)
    return combine(found, reader), reader


def amounts_in(value):
    """Every amount anywhere in a record."""
    if isinstance(value, Decimal):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from amounts_in(part)


@given(PAGE, KIND)
def test_no_page_breaks_the_parsers(text, kind):
    fields, reader = read_everything(text, kind)

    assert all(amount >= 0 for amount in amounts_in(fields))
    assert {problem.code for problem in reader.problems} <= set(PROBLEM_KINDS)
    json.dumps([problem.value for problem in reader.problems], ensure_ascii=False).encode()


@given(st.text(max_size=300), KIND)
def test_no_text_breaks_the_parsers(text, kind):
    read_everything(text, kind)


MUTILATED = {
    "tender_pengumuman.html": PackageKind.TENDER,
    "tender_pemenang.html": PackageKind.TENDER,
    "tender_peserta_selesai.html": PackageKind.TENDER,
    "tender_hasil.html": PackageKind.TENDER,
    "tender_jadwal.html": PackageKind.TENDER,
    "jadwal_riwayat.html": PackageKind.TENDER,
    "pencatatan_realisasi.html": PackageKind.RECORDED,
    "swakelola_pengumuman.html": PackageKind.SELF_MANAGED,
}


@pytest.mark.parametrize("name", MUTILATED)
@settings(max_examples=40)
@given(data=st.data())
def test_a_mutilated_page_breaks_nothing_and_states_no_amount_that_was_not_written(name, data):
    text = reply(name)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 400)))
    mutilated = text[:start] + data.draw(st.text(max_size=5)) + text[end:]

    fields, _ = read_everything(mutilated, MUTILATED[name])

    # A control character inside a number is seen by nobody who reads the page.
    written = {parse_rupiah(amount) for amount in RUPIAH.findall(clean_text(mutilated))}
    listed = set(amounts_in({"contract_value": fields.get("contract_value")}))
    assert set(amounts_in(fields)) - listed <= written


@given(KIND, st.one_of(CELL, st.lists(CELL, max_size=20)))
def test_no_row_breaks_the_list(kind, row):
    outcome = read_row(kind, row)

    if isinstance(outcome, Problem):
        assert outcome.code in {"row-unreadable", "code-unreadable"}
    else:
        reader = Reader(kind, outcome.code)
        row_fields(outcome, reader)
        assert int(outcome.code) > 0
        assert json.loads(row_bytes(outcome.row)) == outcome.row
        assert fingerprint(outcome.row) == outcome.fingerprint


@given(KIND, st.lists(CELL, min_size=16, max_size=16), st.integers(1, 10**18 - 1))
def test_a_row_with_a_code_is_an_entry_whatever_else_it_holds(kind, row, code):
    spec = KINDS[kind]
    cells = [str(code), *row[1 : spec.columns]]
    cells[spec.row.years] = "Jasa Lainnya - TA 2025" if kind in SAVING_KINDS else "2025"
    cells[spec.row.status] = "Paket Sudah Selesai"

    entry = read_row(kind, cells)

    if isinstance(entry, IndexEntry):
        assert entry.code == str(code)
        assert entry.settled
        row_fields(entry, Reader(kind, entry.code))
    else:
        # A method or a category that stands in another cell than its own.
        assert entry.field.startswith("kolom")


@given(st.text(max_size=200))
def test_no_answer_breaks_the_list(text):
    try:
        parse_list(text)
    except NoRows:
        json.loads(text)


@given(st.text(max_size=60))
def test_no_words_break_the_vocabulary(text):
    status_of(text), category_of(text), method_of(text), self_managed_type_of(text)


AWARD = st.builds(
    lambda name, npwp, value: {"supplier_name": name, "npwp": npwp, "contract_value": value},
    st.sampled_from(["PT A", "pt a", "CV B", "C"]),
    st.sampled_from([None, "1", "2"]),
    st.one_of(st.none(), st.integers(0, 100)),
)


@given(st.lists(AWARD, max_size=4), st.lists(AWARD, max_size=4))
def test_merging_loses_and_invents_no_contract(winners, contracted):
    merged = merge_awards(winners, contracted)

    values = [award["contract_value"] for award in merged if award["contract_value"] is not None]
    assert sorted(values) == sorted(
        award["contract_value"] for award in contracted if award["contract_value"] is not None
    )
    assert max(len(winners), len(contracted)) <= len(merged) <= len(winners) + len(contracted)


STAGES = st.lists(
    st.builds(
        lambda name, starts: {"name": name, "starts_at": starts},
        st.sampled_from(["Pengumuman Tender", "Penetapan Pemenang", "Penandatanganan Kontrak", "Masa Sanggah", "x"]),
        st.one_of(st.none(), st.datetimes()),
    ),
    max_size=8,
)


@given(STAGES)
def test_planned_dates_are_starts_of_stages_and_carry_their_basis(stages):
    dates = dict(planned_dates(stages))

    assert (dates.pop("date_basis", None) is None) == (not dates)
    assert set(dates.values()) <= {stage["starts_at"] for stage in stages if stage["starts_at"] is not None}


OFFER = st.builds(
    lambda name, npwp, bid: {"supplier_name": name, "npwp": npwp, "bid_value": bid},
    st.sampled_from(["PT A", "pt a", "CV B", "C"]),
    st.sampled_from([None, "1", "2"]),
    st.one_of(st.none(), st.integers(1, 100).map(Decimal)),
)
OFFERS = st.lists(OFFER, max_size=5).map(lambda listed: Offers(len(listed), listed, tells_bids=True))


@given(OFFERS, OFFERS)
def test_merging_offers_loses_nobody_and_invents_no_bid(participants, evaluation):
    merged = merge_offers(participants, evaluation, Reader(PackageKind.TENDER, "1"))

    names = [offer["supplier_name"] for offer in merged.listed]
    stated = [offer["bid_value"] for offers in (participants, evaluation) for offer in offers.listed]
    assert names[: participants.count] == [offer["supplier_name"] for offer in participants.listed]
    assert participants.count <= len(names) <= participants.count + evaluation.count
    assert {offer["bid_value"] for offer in merged.listed} <= set(stated)
    assert 0 <= bidders_among(merged) <= len(names)


MONSTERS = {
    "too long": "x" * (MAX_PAGE_LENGTH + 1),
    "nested lists": "<ul><li>" * 100_000,
    "nested tables": "<table><tr><td>" * 60_000,
    "nested fonts": "".join(f"<font size={size}>" for size in range(60_000)),
    "closed by nobody": "<div></x>" * 100_000,
    "attributes": "<div " + " ".join(f"a{number}=1" for number in range(90_000)) + ">",
}


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monster_is_refused_at_once(name):
    began = time.process_time()

    with pytest.raises(PageUnreadable):
        PackagePage("<div class=content>" + MONSTERS[name])

    assert time.process_time() - began < 1


def test_a_long_honest_page_is_read():
    rows = "".join(f"<tr><td>{number}</td><td nowrap>Peserta {number}</td></tr>" for number in range(9_000))

    page = PackagePage(f"<div class=content><table><tr><th>No</th><th>Nama Peserta</th></tr>{rows}</table></div>")

    assert read_participants(page, Reader(max(KINDS), "1")).count == 9_000


def test_badges_inside_badges_are_cut_with_care():
    fields, _ = read_everything(
        "<div class=content><table><tr><th>Nama Tender</th><td>A"
        + "<span class=badge>B<span class=badge>C</span></span>" * 30
        + "</td></tr></table></div>",
        max(KINDS),
    )

    assert fields["name"].startswith("A")
    assert "B C" in fields["labels"]
