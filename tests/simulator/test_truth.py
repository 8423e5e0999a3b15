import re
from decimal import Decimal

import pytest
from selectolax.lexbor import LexborHTMLParser

from app.simulator import award_pages, pages
from app.simulator.packages import Supplier, Winner
from app.simulator.truth import as_json, value_of
from tests.simulator.worlds import YEARS, a_province, a_world

SUPPLIER = Supplier("CV Contoh", "00*0**0****00**0", "Jl. Contoh", "Contoh (Kota)", "Provinsi Contoh")


def amounts(**stated):
    return Winner(SUPPLIER, **{basis: Decimal(amount) for basis, amount in stated.items()})


def a_completed(*winners, **changes):
    world = a_world()
    package = next(iter(world.everything("contoh", "tender").values()))
    return world.amend("contoh", "tender", package.code, status="completed", winners=winners, **changes)


@pytest.mark.parametrize(
    ("winners", "expected"),
    [
        ([amounts(contract="10.05", bid="9")], (Decimal("10.05"), "contract")),
        ([amounts(contract="10", negotiated="8"), amounts(contract="0.60")], (Decimal("10.60"), "contract")),
        ([amounts(contract="10", negotiated="8"), amounts(negotiated="7", bid="9")], (Decimal("15.00"), "negotiated")),
        (
            [amounts(contract="10", corrected="6"), amounts(negotiated="7", corrected="5")],
            (Decimal("11.00"), "corrected"),
        ),
        ([amounts(bid="6")], (Decimal("6.00"), "bid")),
        ([amounts(bid="6"), amounts()], None),
        ([amounts(contract="6"), amounts(negotiated="5")], None),
        ([amounts()], None),
        ([], None),
    ],
)
def test_the_value_follows_the_first_basis_that_every_winner_has(winners, expected):
    assert value_of(a_completed(*winners)) == expected


@pytest.mark.parametrize("status", ["running", "failed", "cancelled", "no_schedule"])
def test_only_a_completed_package_has_a_value(status):
    world = a_world()
    code = next(iter(world.everything("contoh", "tender")))

    package = world.amend("contoh", "tender", code, status=status, winners=(amounts(contract="1"),))

    assert value_of(package) is None


def test_a_small_world_is_counted_as_by_hand():
    world = a_world(years=(2025,), tenders=(4, 4), non_tenders=(1, 1))
    codes = list(world.everything("contoh", "tender"))
    hundred, ninety = Decimal(100), Decimal(90)
    common = {"status": "completed", "pagu": hundred, "hps": ninety, "fiscal_years": (2025,)}
    world.amend("contoh", "tender", codes[0], **common, winners=(amounts(contract="80.40"),))
    world.amend("contoh", "tender", codes[1], **{**common, "hps": None}, winners=(amounts(bid="120"),))
    world.amend("contoh", "tender", codes[2], **{**common, "pagu": None}, winners=(amounts(negotiated="50"),))
    world.amend("contoh", "tender", codes[3], **common, winners=())

    truth = world.truth("contoh", 2025)["kinds"]["tender"]

    assert truth["by_pagu"] == {
        "packages": 2, "pagu": Decimal(200), "value": Decimal("200.40"), "savings": Decimal("-0.40"),
    }  # fmt: skip
    assert truth["by_hps"] == {
        "packages": 2, "hps": Decimal(180), "value": Decimal("130.40"), "savings": Decimal("49.60"),
    }  # fmt: skip
    assert truth["left_out"] == {"no_value": 1, "no_pagu": 1, "no_hps": 1}
    assert truth["basis"] == {"contract": 1, "negotiated": 1, "corrected": 0, "bid": 1}
    assert (truth["packages"], truth["completed"]) == (4, 4)


def test_the_kinds_and_statuses_add_up_to_the_whole():
    world = a_province()

    for slug in world.nodes:
        truth = world.truth(slug, 2025)
        kinds = truth["kinds"].values()
        assert truth["packages"] == sum(kind["packages"] for kind in kinds) == sum(truth["statuses"].values())
        assert truth["by_pagu"]["savings"] == sum(kind["by_pagu"]["savings"] for kind in kinds)
        assert truth["completed"] == sum(truth["basis"].values()) + truth["left_out"]["no_value"]


def test_truth_leaves_as_text_with_two_decimals():
    truth = as_json(a_world().truth("contoh", 2025))

    assert re.fullmatch(r"\d+\.\d\d", truth["by_pagu"]["pagu"])
    assert isinstance(truth["packages"], int)


def rupiah_in(text):
    """Read an amount off a page, knowing nothing of how it was written there."""
    digits = text.replace("Rp.", "").replace(".", "").replace(",", ".").strip()
    return Decimal(digits) if digits else None


def table_rows(html):
    """The winners' table of a page as dictionaries by the heads of its columns."""
    table = LexborHTMLParser(html).css("div.content table table")[-1]
    heads = [head.text(strip=True) for head in table.css("th")]
    return [
        dict(zip(heads, [cell.text(strip=True) for cell in row.css("td")], strict=True))
        for row in table.css("tr")
        if row.css("td")
    ]


def read_off_the_pages(world, package):
    """The value of a package by the pages alone: pagu, HPS, value."""
    node = world.node(package.slug)
    announced = LexborHTMLParser(pages.announcement(node, package)).css("div.content th.bgwarning")
    labels = {
        head.text(strip=True): head.next.next.text(strip=True) for head in announced if head.next and head.next.next
    }
    rows = table_rows(award_pages.winners(node, package))
    contracts = {row["Nama Pemenang"]: row["Harga Kontrak"] for row in table_rows(award_pages.contracts(node, package))}
    value = None
    for column in (
        "Harga Kontrak",
        "Hasil Negosiasi",
        "Harga Negosiasi",
        "Hasil Reverse Auction",
        "Harga Terkoreksi",
        "Harga Penawaran",
    ):
        cells = [
            contracts.get(row["Nama Pemenang"], "") if column == "Harga Kontrak" else row.get(column, "")
            for row in rows
        ]
        if cells and all(cells):
            value = sum(rupiah_in(cell) for cell in cells)
            break
    return rupiah_in(labels["Nilai Pagu Paket"]), rupiah_in(labels["Nilai HPS Paket"]), value


def test_the_pages_tell_what_the_truth_counts():
    world = a_province()

    for slug in list(world.nodes)[:15]:
        for year in YEARS:
            read = [
                read_off_the_pages(world, package)
                for kind in ("tender", "non_tender")
                for package in world.packages(slug, year, kind)
                if package.stage.endswith("Sudah Selesai")
            ]
            truth = world.truth(slug, year)
            assert truth["completed"] == len(read)
            assert truth["left_out"]["no_value"] == sum(value is None for _, _, value in read)
            assert truth["by_pagu"]["savings"] == sum(pagu - value for pagu, _, value in read if pagu and value)
            assert truth["by_hps"]["savings"] == sum(hps - value for _, hps, value in read if hps and value)
