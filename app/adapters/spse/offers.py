"""Who took part and what they offered, from the pages *peserta* and *hasil evaluasi*. Pure.

No real page with offers was recorded: its columns and icons are those that public consumers of SPSE 4.5 rely on. A
participants' page from before the award is recorded; it names nobody ("Peserta 1").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborNode

from app.adapters.spse.kinds import DetailPage
from app.adapters.spse.markup import Grid, PackagePage, text_of
from app.adapters.spse.matching import pair, party
from app.adapters.spse.reading import Reader
from app.core.money import format_rupiah
from app.core.records import OfferFields

_NAME = "nama peserta"
_ANONYMOUS = re.compile(r"peserta \d{1,5}", re.IGNORECASE)
_NPWP_BEHIND_NAME = re.compile(r"(.*\S) - ([\d*.\-]{5,30})")
_WINNER_OR_BID = "p"
"""Stands twice among the headers of *hasil*: first *penawaran*, then *pemenang*."""

Price = Literal["bid_value", "corrected_value", "negotiated_value"]
Column = Literal["supplier_name", "npwp", "score", "is_winner", "reason", "auction", "ignored"] | Price
_PRICES: tuple[Price, ...] = ("bid_value", "corrected_value", "negotiated_value")

_PARTICIPANTS: dict[str, Column] = {
    "no": "ignored",
    _NAME: "supplier_name",
    "npwp": "npwp",
    "harga penawaran": "bid_value",
    "nilai penawaran": "bid_value",
    "penawaran": "bid_value",
    "harga terkoreksi": "corrected_value",
    "nilai terkoreksi": "corrected_value",
    "penawaran terkoreksi": "corrected_value",
}
# K, B, A, T and H say which evaluation was passed; SK, SB, ST and SH are parts of the score; V and PK are later steps.
_EVALUATION: dict[str, Column] = _PARTICIPANTS | {
    "pt": "corrected_value",
    "hn": "negotiated_value",
    "hasil negosiasi": "negotiated_value",
    "ra": "auction",
    "reverse auction": "auction",
    "sa": "score",
    "skor akhir": "score",
    "pemenang": "is_winner",
    "alasan": "reason",
    **dict.fromkeys(("k", "b", "a", "t", "h", "sk", "sb", "st", "sh", "v", "pk"), "ignored"),
}


@dataclass(frozen=True, slots=True)
class Offers:
    """The rows of one page. `listed` is None where it names nobody yet; `tells_bids` when every bid is stated or known to be none."""

    count: int
    listed: list[OfferFields] | None
    tells_bids: bool


def read_participants(page: PackagePage, reader: Reader) -> Offers | None:
    """The table of *peserta*; None when its shape is not known."""
    table = _table(page, DetailPage.PARTICIPANTS, reader)
    if table is None:
        return None
    grid, rows = table
    columns = {
        position: _PARTICIPANTS[header] for position, header in enumerate(grid.headers) if header in _PARTICIPANTS
    }
    names = [row[grid.headers.index(_NAME)].text for row in rows]
    if rows and all(_ANONYMOUS.fullmatch(name) for name in names):
        return Offers(len(rows), None, tells_bids=False)
    return _read_offers(grid, rows, columns, DetailPage.PARTICIPANTS, reader)


def read_evaluation(page: PackagePage, reader: Reader) -> Offers | None:
    """The table of *hasil evaluasi*; None when its shape is not known."""
    table = _table(page, DetailPage.EVALUATION, reader)
    if table is None:
        return None
    grid, rows = table
    columns = {position: _EVALUATION[header] for position, header in enumerate(grid.headers) if header in _EVALUATION}
    doubled = _bid_and_winner(grid, rows)
    if doubled is None:
        reader.report("detail-drift", field=f"{DetailPage.EVALUATION}: P", value=" | ".join(grid.headers))
        return None
    return _read_offers(grid, rows, columns | doubled, DetailPage.EVALUATION, reader)


_ICONS = frozenset({"i", "img"})


class _Mark(Enum):
    """What the icon in a cell says."""

    STAR = "star.gif"
    YES = "fa-check"
    NO = "fa-close"
    VOID = "fa-minus"


class _Cell(NamedTuple):
    text: str
    mark: _Mark | None

    @property
    def is_money(self) -> bool:
        return self.text.casefold().startswith("rp")


def _icons_in(node: LexborNode) -> Iterator[LexborNode]:
    """The icons of a cell, in their order. A selector would cost ten times as much, and a page has a hundred cells."""
    waiting = list(node.iter())
    waiting.reverse()
    while waiting:
        child = waiting.pop()
        if child.tag in _ICONS:
            yield child
        waiting.extend(reversed(list(child.iter())))


def _read_cell(node: LexborNode) -> _Cell:
    mark = None
    for icon in _icons_in(node):
        attributes = icon.attributes
        if (attributes.get("src") or "").partition("?")[0].endswith(_Mark.STAR.value):
            mark = _Mark.STAR
        for word in (attributes.get("class") or "").split():
            mark = _MARKS.get(word, mark)
    return _Cell(text_of(node), mark)


_GOOD = (_Mark.STAR, _Mark.YES)
_MARKS = {mark.value: mark for mark in _Mark} | {"fa-times": _Mark.NO}


def _table(page: PackagePage, detail: DetailPage, reader: Reader) -> tuple[Grid, list[list[_Cell]]] | None:
    grid = next((grid for grid in page.grids if _NAME in grid.headers), None)
    if grid is None:
        headers = "; ".join(" | ".join(grid.headers) for grid in page.grids)
        reader.report("detail-drift", field=f"{detail}: Nama Peserta", value=headers)
        return None
    rows = [[_read_cell(cell) for cell in row] for row in grid.rows if len(row) > 1]  # One cell alone is a remark.
    name = grid.headers.index(_NAME)
    if any(len(row) != len(grid.headers) or not _is_name(row[name].text) for row in rows):
        reader.report("row-unreadable", field=detail.value, value=_shown(rows))
        return None
    return grid, rows


def _is_name(text: str) -> bool:
    """Whether this can be somebody's name, and not another column that moved here."""
    return any(letter.isalpha() for letter in text) and not text.casefold().startswith("rp.")


def _shown(rows: list[list[_Cell]]) -> str:
    return " / ".join(" | ".join(cell.text for cell in row) for row in rows)


def _bid_and_winner(grid: Grid, rows: list[list[_Cell]]) -> dict[int, Column] | None:
    """Which P is the bid and which the winner. One P alone is what its cells show; None when they show something else."""
    places = [position for position, header in enumerate(grid.headers) if header == _WINNER_OR_BID]
    money = [any(row[place].is_money for row in rows) for place in places]
    marks = [any(row[place].mark is not None for row in rows) for place in places]
    match places:
        case []:
            return {}
        case [alone]:
            if money[0] and marks[0]:
                return None
            return {alone: "bid_value"} if money[0] else {alone: "is_winner"} if marks[0] else {}
        case [bid, winner]:
            return None if marks[0] or money[1] else {bid: "bid_value", winner: "is_winner"}
        case _:
            return None


def _read_offers(
    grid: Grid, rows: list[list[_Cell]], columns: dict[int, Column], detail: DetailPage, reader: Reader
) -> Offers | None:
    """The rows by their columns. Money or a winner's star where neither belongs could be any column under a new name."""
    doubled = {position for position, header in enumerate(grid.headers) if header == _WINNER_OR_BID}
    strange = [
        header
        for position, header in enumerate(grid.headers)
        if position not in doubled and any(_is_strange(row[position], columns.get(position)) for row in rows)
    ]
    if strange:
        reader.report("detail-drift", field=f"{detail}: {', '.join(strange)}", value=" | ".join(grid.headers))
        return None
    before = len(reader.problems)
    offers = [_read_offer(row, columns, detail, reader) for row in rows]
    tells_bids = "bid_value" in columns.values() and len(reader.problems) == before
    return Offers(len(rows), offers, tells_bids)


def _is_strange(cell: _Cell, column: Column | None) -> bool:
    if cell.is_money:
        return column in {None, "ignored", "score", "is_winner"}
    if column is None:
        return cell.mark is _Mark.STAR
    return cell.mark in _GOOD and (column in _PRICES or column in {"score", "auction"})


def _read_offer(row: list[_Cell], columns: dict[int, Column], detail: DetailPage, reader: Reader) -> OfferFields:
    offer = OfferFields(supplier_name="")
    auction: Decimal | None = None
    for position, column in columns.items():
        cell = row[position]
        match column:
            case "supplier_name":
                _read_name(cell.text, offer)
            case "npwp":
                offer["npwp"] = cell.text or None
            case "score":
                offer["score"] = reader.score(cell.text, f"{detail}: score")
            case "is_winner":
                offer["is_winner"] = None if cell.mark is _Mark.VOID else cell.mark in _GOOD
            case "reason":
                offer["reason"] = cell.text if cell.text not in {"", "-"} else None
            case "auction":
                auction = _price(cell.text, f"{detail}: reverse auction", reader)
            case "bid_value" | "corrected_value" | "negotiated_value":
                offer[column] = _price(cell.text, f"{detail}: {column}", reader)
            case "ignored":
                pass
    if auction is not None and offer.get("negotiated_value") is None:
        offer["negotiated_value"] = auction  # As on the winners' page, an auction's result is what was agreed.
    return offer


def _read_name(text: str, offer: OfferFields) -> None:
    """Read "PT Contoh - 01*2**3" or a name alone; a name may hold a dash itself."""
    match = _NPWP_BEHIND_NAME.fullmatch(text)
    offer["supplier_name"] = match[1] if match else text
    if match:
        offer["npwp"] = match[2]


def _price(text: str, field: str, reader: Reader) -> Decimal | None:
    """Zero stands for no offer on these pages, and is therefore no problem."""
    return reader.amount(text, field) or None


def merge_offers(participants: Offers | None, evaluation: Offers | None, reader: Reader) -> Offers | None:
    """Give every participant the result that is theirs; None where neither page names anybody.

    The participants' page has the first word on what was offered. Results of nobody stand as offers of their own.
    """
    first = participants if participants is not None and participants.listed is not None else None
    if first is None or evaluation is None or first.listed is None or evaluation.listed is None:
        return first or (evaluation if evaluation is not None and evaluation.listed is not None else None)
    merged = [offer.copy() for offer in first.listed]
    pairs = pair(
        [party(offer["supplier_name"], offer.get("npwp")) for offer in first.listed],
        [party(offer["supplier_name"], offer.get("npwp")) for offer in evaluation.listed],
    )
    for position, result in enumerate(evaluation.listed):
        if position in pairs:
            _add_result(merged[pairs[position]], result, reader)
        else:
            reader.report("pages-disagree", field="peserta, hasil: Nama Peserta", value=result["supplier_name"])
            merged.append(result)
    return Offers(first.count, merged, first.tells_bids or evaluation.tells_bids)


def _add_result(offer: OfferFields, result: OfferFields, reader: Reader) -> None:
    for price in _PRICES:
        ours, theirs = offer.get(price), result.get(price)
        if ours is not None and theirs is not None and ours != theirs:
            value = f"{offer['supplier_name']}: {format_rupiah(ours)}, {format_rupiah(theirs)}"
            reader.report("pages-disagree", field=f"peserta, hasil: {price}", value=value)
    known = {name: value for name, value in offer.items() if value is not None}
    offer.update(result)
    offer.update(known)  # type: ignore[typeddict-item]  # The offer's own values back again.


def bidders_among(offers: Offers) -> int | None:
    """How many made an offer; None where the pages do not tell it of everybody."""
    if offers.listed is None or not offers.tells_bids:
        return None
    return sum(1 for offer in offers.listed if offer.get("bid_value") is not None)
