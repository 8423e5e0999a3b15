"""Participants, their offers and how these were judged: read by column, or not at all."""

from decimal import Decimal

import pytest

from app.adapters.spse.markup import PackagePage
from app.adapters.spse.offers import bidders_among, merge_offers, read_evaluation, read_participants
from tests.adapters.spse_replies import a_reader, page

AWARDED, ANONYMOUS = "tender_peserta_selesai.html", "tender_peserta.html"
RESULT, SCORED = "tender_hasil.html", "seleksi_hasil.html"
READERS = {AWARDED: read_participants, ANONYMOUS: read_participants, RESULT: read_evaluation, SCORED: read_evaluation}


def read(name, **changes):
    """What the table says, and its problems with their fields."""
    reader = a_reader()
    offers = READERS[name](page(name, changes=changes), reader)
    return offers, [(problem.code, problem.field) for problem in reader.problems]


def merged(participants, evaluation):
    reader = a_reader()
    offers = merge_offers(participants, evaluation, reader)
    return offers, [(problem.code, problem.field) for problem in reader.problems]


def test_before_the_award_participants_have_a_number_and_no_names():
    offers, problems = read(ANONYMOUS)

    assert problems == []
    assert (offers.count, offers.listed) == (3, None)
    assert bidders_among(offers) is None


def test_after_the_award_participants_have_names_and_offers():
    offers, problems = read(AWARDED)

    assert problems == []
    assert offers.count == 12
    assert offers.listed[0] == {
        "supplier_name": "PT CONTOH SATU",
        "npwp": "01*1**1****11**1",
        "bid_value": Decimal("900000000.00"),
        "corrected_value": Decimal("899000000.25"),
    }
    assert offers.listed[-1]["bid_value"] is None
    assert bidders_among(offers) == 3


def test_a_page_without_rows_says_that_nobody_takes_part():
    text = page(ANONYMOUS, changes={"<tbody>": "</table><table>"})
    reader = a_reader()

    offers = read_participants(text, reader)

    assert (offers.count, offers.listed, reader.problems) == (0, [], [])


def test_an_offer_of_zero_is_no_offer():
    offers, problems = read(AWARDED, **{"Rp. 1.480.000.000,00": "Rp. 0,00"})

    assert problems == []
    assert offers.listed[2]["bid_value"] is None
    assert bidders_among(offers) == 2


def test_with_an_offer_that_cannot_be_read_the_number_of_bidders_is_unknown():
    offers, problems = read(AWARDED, **{"Rp. 1.480.000.000,00": "1,48 M"})

    assert problems == [("amount-unreadable", "peserta: bid_value")]
    assert offers.listed[2]["bid_value"] is None
    assert bidders_among(offers) is None


def test_without_a_column_of_bids_the_number_of_bidders_is_unknown():
    text = "<div class=content><table><tr><th>No</th><th>Nama Peserta</th></tr><tr><td>1</td><td>CV Contoh</td></tr></table>"
    reader = a_reader()

    offers = read_participants(PackagePage(text), reader)

    assert offers.listed == [{"supplier_name": "CV Contoh"}]
    assert bidders_among(offers) is None


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        (AWARDED, {"Nama Peserta": "Peserta Terdaftar"}, ("detail-drift", "peserta: Nama Peserta")),
        (AWARDED, {"Harga Penawaran": "Tawaran"}, ("detail-drift", "peserta: tawaran")),
        (AWARDED, {"<th>NPWP</th>": "<th>NPWP</th><th>Alamat</th>"}, ("row-unreadable", "peserta")),
        (AWARDED, {'<th width="10">No</th><th>Nama Peserta</th>': "<th>Nama Peserta</th><th>No</th>"}, ("row-unreadable", "peserta")),
        (AWARDED, {"<th>Nama Peserta</th><th>NPWP</th><th>Harga Penawaran</th>": "<th>Harga Penawaran</th><th>NPWP</th><th>Nama Peserta</th>"}, ("row-unreadable", "peserta")),
        (RESULT, {"Nama Peserta": "Peserta Terdaftar"}, ("detail-drift", "hasil: Nama Peserta")),
        (RESULT, {"<th>P</th><th>PT</th>": "<th>PN</th><th>PT</th>"}, ("detail-drift", "hasil: pn")),
        (RESULT, {"<th>P</th><th>PK</th>": "<th>PM</th><th>PK</th>"}, ("detail-drift", "hasil: pm")),
        (RESULT, {"<th>K</th>": "<th>P</th>"}, ("detail-drift", "hasil: P")),
        (RESULT, {"<th>K</th>": "<th>P</th>", "<th>P</th><th>PT</th>": "<th>K</th><th>PT</th>"}, ("detail-drift", "hasil: P")),
        (RESULT, {"<th>T</th><th>P</th>": "<th>P</th><th>T</th>"}, ("detail-drift", "hasil: P")),
        (RESULT, {"<th>PT</th>": "<th>B</th>"}, ("detail-drift", "hasil: b")),
        (RESULT, {"<th>H</th><th>P</th><th>PK</th>": "<th>SA</th><th>PT</th><th>PK</th>"}, ("detail-drift", "hasil: sa, pt")),
        (RESULT, {"<th>Alasan</th>": ""}, ("row-unreadable", "hasil")),
    ],
)  # fmt: skip
def test_a_table_of_another_shape_says_nothing_and_names_what_failed(name, changes, problem):
    offers, problems = read(name, **changes)

    assert offers is None
    assert problems == [problem]


def test_the_result_tells_who_won_and_why_others_did_not():
    offers, problems = read(RESULT)

    assert problems == []
    assert offers.listed[0] == {
        "supplier_name": "PT CONTOH SATU",
        "npwp": "01*1**1****11**1",
        "bid_value": Decimal("900000000.00"),
        "corrected_value": Decimal("899000000.25"),
        "negotiated_value": Decimal("890000000.00"),
        "is_winner": True,
        "reason": None,
    }
    assert [offer["is_winner"] for offer in offers.listed] == [True, True, False]
    assert offers.listed[2]["supplier_name"] == "PT. Rekaan - Maju"
    assert offers.listed[2]["npwp"] == "03*3**3****33**3"
    assert offers.listed[2]["reason"] == "Metode pelaksanaan tidak memenuhi syarat (contoh)"


def test_consultants_are_compared_by_points():
    offers, problems = read(SCORED)

    assert problems == []
    assert [offer["score"] for offer in offers.listed] == [Decimal("92.2"), Decimal("76.64")]
    assert [offer["is_winner"] for offer in offers.listed] == [True, False]
    assert offers.listed[1]["reason"] is None


@pytest.mark.parametrize("text", ["120", "sembilan", "92.2.2", "-5"])
def test_a_score_that_is_none_is_empty_and_reported(text):
    offers, problems = read(SCORED, **{"<td>92.2</td>": f"<td>{text}</td>"})

    assert offers.listed[0]["score"] is None
    assert problems == [("score-unreadable", "hasil: score")]


@pytest.mark.parametrize(
    ("mark", "is_winner"),
    [
        ('<img src="/x/star.gif?v=2">', True),
        ('<i class="fa fa-check text-success"></i>', True),
        ('<i class="fa fa-close"></i>', False),
        ('<i class="fa fa-times"></i>', False),
        ('<i class="fa fa-minus"></i>', None),
        ("", False),
    ],
)
def test_every_icon_has_its_meaning(mark, is_winner):
    row = '<i class="fa fa-minus"></i></td><td></td><td></td>'

    offers, problems = read(RESULT, **{row: f'<i class="fa fa-minus"></i></td><td>{mark}</td><td></td>'})

    assert problems == []
    assert offers.listed[2]["is_winner"] is is_winner


def test_a_criterion_that_we_do_not_know_is_no_drift():
    offers, problems = read(RESULT, **{"<th>K</th>": "<th>Kriteria Baru</th>"})

    assert problems == []
    assert offers.count == 3


def test_one_p_alone_is_what_its_cells_show():
    bids, _ = read(RESULT, **{"<th>P</th><th>PK</th>": "<th>V</th><th>PK</th>"})
    winners, _ = read(RESULT, **{"<th>P</th><th>PT</th>": "<th>Penawaran</th><th>PT</th>"})

    assert bids.listed[0]["bid_value"] == Decimal("900000000.00")
    assert "is_winner" not in bids.listed[0]
    assert winners.listed[0]["bid_value"] == Decimal("900000000.00")
    assert winners.listed[0]["is_winner"] is True


def test_an_auctions_result_counts_where_nothing_was_negotiated():
    offers, _ = read(RESULT, **{"<th>PT</th><th>HN</th>": "<th>HN</th><th>RA</th>"})

    assert offers.listed[0]["negotiated_value"] == Decimal("899000000.25")
    auction, _ = read(RESULT, **{"<th>HN</th>": "<th>RA</th>"})
    assert auction.listed[0]["negotiated_value"] == Decimal("890000000.00")


def test_offers_and_results_of_one_supplier_are_put_together():
    offers, problems = merged(read(AWARDED)[0], read(RESULT)[0])

    assert problems == []
    assert len(offers.listed) == offers.count == 12
    assert offers.listed[1] == {
        "supplier_name": "CV. Contoh Dua",
        "npwp": "02*2**2****22**2",
        "bid_value": Decimal("520000000.00"),
        "corrected_value": Decimal("520000000.00"),
        "negotiated_value": None,
        "is_winner": True,
        "reason": None,
    }
    assert "is_winner" not in offers.listed[3]
    assert bidders_among(offers) == 3


def test_a_bid_that_the_two_pages_state_differently_is_reported_and_the_participants_page_goes_first():
    result, _ = read(RESULT, **{"Rp. 900.000.000,00": "Rp. 900.000.000,01"})

    offers, problems = merged(read(AWARDED)[0], result)

    assert problems == [("pages-disagree", "peserta, hasil: bid_value")]
    assert offers.listed[0]["bid_value"] == Decimal("900000000.00")


def test_a_bid_that_only_the_result_states_is_taken_from_it():
    participants, _ = read(AWARDED, **{"<td>Rp. 900.000.000,00</td>": "<td></td>"})

    offers, problems = merged(participants, read(RESULT)[0])

    assert problems == []
    assert offers.listed[0]["bid_value"] == Decimal("900000000.00")


def test_where_neither_page_tells_all_bids_the_number_of_bidders_is_unknown():
    participants, _ = read(AWARDED, **{"Rp. 1.480.000.000,00": "1,48 M"})
    result, _ = read(RESULT, **{"Rp. 1.480.000.000,00": "1,48 M"})

    offers, _ = merged(participants, result)

    assert len(offers.listed) == 12
    assert bidders_among(offers) is None


def test_a_result_of_nobody_stands_by_itself_and_is_reported():
    result, _ = read(RESULT, **{"PT. Rekaan - Maju - 03*3**3****33**3": "PT Orang Lain - 66*6**6****66**6"})

    offers, problems = merged(read(AWARDED)[0], result)

    assert problems == [("pages-disagree", "peserta, hasil: Nama Peserta")]
    assert [offer["supplier_name"] for offer in offers.listed][-1] == "PT Orang Lain"


def test_the_result_alone_names_the_bidders_where_participants_are_strangers():
    offers, problems = merged(read(ANONYMOUS)[0], read(RESULT)[0])

    assert problems == []
    assert [offer["supplier_name"] for offer in offers.listed] == [
        "PT CONTOH SATU",
        "CV. Contoh Dua",
        "PT. Rekaan - Maju",
    ]


def test_pages_that_name_nobody_make_no_offers():
    assert merged(read(ANONYMOUS)[0], None) == (None, [])
    assert merged(None, None) == (None, [])


def test_thousands_of_offers_are_put_together_in_no_time():
    head = "<div class=content><table><tr><th>No</th><th>Nama Peserta</th><th>P</th></tr>"
    rows = "".join(f"<tr><td>{n}</td><td>CV {n} - {n:06}</td><td>Rp. {n},00</td></tr>" for n in range(1, 4_000))
    one, other = (read_evaluation(PackagePage(head + rows), a_reader()) for _ in range(2))

    offers, problems = merged(one, other)

    assert problems == []
    assert bidders_among(offers) == 3_999
