"""Winners and contracts: who gets which amount, and when a table says nothing."""

from decimal import Decimal

import pytest

from app.adapters.spse.kinds import DetailPage
from app.adapters.spse.winners import contract_total, merge_awards, read_winners
from tests.adapters.spse_replies import a_reader, codes, page

WINNERS, CONTRACTED = DetailPage.WINNERS, DetailPage.CONTRACTED


def winners_of(name="tender_pemenang.html", detail=WINNERS, **changes):
    reader = a_reader()
    return read_winners(page(name, **changes), detail, reader), codes(reader)


def an_award(name="PT Contoh", npwp="01*1", **amounts):
    return {"supplier_name": name, "npwp": npwp, **{key: Decimal(value) for key, value in amounts.items()}}


def test_every_winner_is_read_with_address_and_masked_npwp():
    winners, problems = winners_of()

    assert problems == []
    assert winners == [
        {
            "supplier_name": "PT CONTOH SATU",
            "address": "Jl. Rekaan 1 - Rekaan (Kab.) - Provinsi Contoh",
            "npwp": "01*1**1****11**1",
            "bid_value": Decimal("900000000.00"),
            "corrected_value": Decimal("899000000.25"),
            "negotiated_value": Decimal("890000000.00"),
        },
        {
            "supplier_name": "CV. Contoh Dua",
            "address": "Jl. Rekaan 2 - Rekaan (Kab.) - Provinsi Contoh",
            "npwp": "02*2**2****22**2",
            "bid_value": Decimal("520000000.00"),
            "corrected_value": Decimal("520000000.00"),
            "negotiated_value": None,
        },
    ]


def test_contracts_go_to_their_winners_in_whatever_order():
    winners, _ = winners_of()
    contracted, problems = winners_of("tender_pemenangberkontrak.html", CONTRACTED)

    awards = merge_awards(winners, contracted)

    assert problems == []
    assert [(award["supplier_name"], award["contract_value"]) for award in awards] == [
        ("PT CONTOH SATU", Decimal("890000000.00")),
        ("CV. Contoh Dua", Decimal("510000000.50")),
    ]
    assert (awards[0]["pdn_value"], awards[0]["umk_value"]) == (Decimal("800000000.00"), None)
    assert contract_total(awards) == Decimal("1400000000.50")


def test_headers_without_rows_are_no_contract_yet():
    contracted, problems = winners_of("tender_pemenangberkontrak_kosong.html", CONTRACTED)

    assert (contracted, problems) == ([], [])
    assert merge_awards([an_award(bid_value="5")], contracted)[0]["contract_value"] is None


def test_a_page_that_did_not_speak_leaves_the_contract_unsaid():
    assert "contract_value" not in merge_awards([an_award(bid_value="5")], None)[0]
    assert merge_awards(None, None) is None


@pytest.mark.parametrize("header", ["Reverse Auction", "Harga Reverse Auction", "HARGA NEGOSIASI"])
def test_a_reverse_auction_is_what_was_agreed(header):
    winners, problems = winners_of(changes={"Hasil Negosiasi": header})

    assert problems == []
    assert winners[0]["negotiated_value"] == Decimal("890000000.00")


def test_a_stated_negotiation_goes_before_a_reverse_auction_wherever_its_column_stands():
    before, _ = winners_of(changes={"Harga Terkoreksi": "Harga Reverse Auction"})
    without, _ = winners_of(
        changes={"Harga Terkoreksi": "Harga Reverse Auction", "Rp. 890.000.000,00": "-"}  # nothing stated for the first
    )

    assert before[0]["negotiated_value"] == Decimal("890000000.00")
    assert without[0]["negotiated_value"] == Decimal("899000000.25")


@pytest.mark.parametrize(
    ("name", "detail", "price", "column"),
    [
        ("tender_pemenang.html", WINNERS, "Rp. 890.000.000,00", "negotiated_value"),
        ("tender_pemenangberkontrak.html", CONTRACTED, None, "contract_value"),
    ],
)
def test_a_price_of_zero_is_none_that_was_agreed(name, detail, price, column):
    stated, _ = winners_of(name, detail)
    price = price or f"Rp. {stated[0][column]:,.2f}".translate(str.maketrans(",.", ".,")).replace("Rp,", "Rp.")

    winners, problems = winners_of(name, detail, changes={price: "Rp. 0,00"})

    assert winners[0][column] is None
    assert set(problems) == {"amount-zero"}


@pytest.mark.parametrize("header", ["Harga Penawaran", "Harga Terkoreksi"])
def test_any_price_under_a_new_name_is_drift(header):
    winners, problems = winners_of(changes={header: "Harga Lain"})

    assert problems == ["detail-drift"]
    assert not any("bid_value" in winner or "negotiated_value" in winner for winner in winners)


def test_a_table_without_negotiation_is_honest():
    changes = {"<th>Hasil Negosiasi</th>": "<th>Catatan</th>", "Rp. 890.000.000,00": "baik"}

    winners, problems = winners_of(changes=changes)

    assert problems == []
    assert "negotiated_value" not in winners[0]
    assert winners[0]["corrected_value"] == Decimal("899000000.25")


def test_money_under_an_unknown_header_silences_the_weaker_amounts():
    winners, problems = winners_of(changes={"Hasil Negosiasi": "Harga Sepakat"})

    assert problems == ["detail-drift"]
    assert [set(winner) for winner in winners] == [{"supplier_name", "address", "npwp"}] * 2


@pytest.mark.parametrize("header", ["Nama Pemenang", "Harga Kontrak"])
def test_a_mandatory_column_that_is_gone_is_drift(header):
    contracted, problems = winners_of("tender_pemenangberkontrak.html", CONTRACTED, changes={header: "Lain"})

    assert problems == ["detail-drift"]
    assert not any("contract_value" in award for award in contracted or [])


def test_an_unreadable_price_is_empty_and_reported():
    winners, problems = winners_of(changes={"Rp. 890.000.000,00": "Rp. 0,89 M"})

    assert problems == ["amount-unreadable"]
    assert winners[0]["negotiated_value"] is None


def test_the_same_row_twice_counts_once():
    row = "<tr><td>A</td><td>B</td><td>C</td><td>Rp. 5,00</td><td></td><td></td></tr>"

    contracted, problems = winners_of(
        "tender_pemenangberkontrak_kosong.html", CONTRACTED, changes={"        </tr>\n\n": f"</tr>{row}{row}"}
    )

    assert problems == ["duplicate-row"]
    assert [award["contract_value"] for award in contracted] == [Decimal("5.00")]


def test_several_contracts_of_one_winner_are_added_up():
    row = "<tr><td>A</td><td>B</td><td>C</td><td>Rp. {},00</td><td></td><td></td></tr>"
    both = row.format(5) + row.format(7)

    contracted, problems = winners_of(
        "tender_pemenangberkontrak_kosong.html", CONTRACTED, changes={"        </tr>\n\n": f"</tr>{both}"}
    )

    assert problems == []
    assert [award["contract_value"] for award in contracted] == [Decimal("12.00")]


@pytest.mark.parametrize(
    "row",
    ["<tr><td>A</td><td>B</td></tr>", "<tr><td></td><td>B</td><td>C</td><td>Rp. 5,00</td><td></td><td></td></tr>"],
)
def test_a_row_that_cannot_be_read_silences_the_table(row):
    good = "<tr><td>A</td><td>B</td><td>C</td><td>Rp. 5,00</td><td></td><td></td></tr>"

    contracted, problems = winners_of(
        "tender_pemenangberkontrak_kosong.html", CONTRACTED, changes={"        </tr>\n\n": f"</tr>{good}{row}"}
    )

    assert (contracted, problems) == (None, ["row-unreadable"])


def test_a_remark_over_all_columns_is_no_winner():
    remark = "<tr><td colspan=6>Belum ada pemenang</td></tr>"

    contracted, problems = winners_of(
        "tender_pemenangberkontrak_kosong.html", CONTRACTED, changes={"        </tr>\n\n": f"</tr>{remark}"}
    )

    assert (contracted, problems) == ([], [])


def test_a_contract_finds_its_winner_by_npwp_then_by_name_then_as_the_only_one():
    one, two = an_award("PT Satu", "1"), an_award("PT Dua", "2")

    by_npwp = merge_awards([one, two], [an_award("PT. Lain", "2", contract_value="5")])
    by_name = merge_awards([one, two], [an_award("pt  satu", None, contract_value="5")])
    alone = merge_awards([one], [an_award("KSO Satu", "9", contract_value="5")])

    assert [award["contract_value"] for award in by_npwp] == [None, 5]
    assert [award["contract_value"] for award in by_name] == [5, None]
    assert [(award["supplier_name"], award["contract_value"]) for award in alone] == [("PT Satu", 5)]


def test_a_contract_of_nobody_stands_alone():
    awards = merge_awards([an_award("A", "1"), an_award("B", "2")], [an_award("C", "3", contract_value="5")])

    assert [(award["supplier_name"], award["contract_value"]) for award in awards] == [
        ("A", None),
        ("B", None),
        ("C", 5),
    ]


def test_a_name_that_two_winners_share_decides_nothing():
    awards = merge_awards([an_award("A", "1"), an_award("A", "2")], [an_award("A", None, contract_value="5")])

    assert [award["contract_value"] for award in awards] == [None, None, 5]
