"""Winners and their amounts, from the pages *pemenang* and *pemenang berkontrak*. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from app.adapters.spse.kinds import DetailPage
from app.adapters.spse.markup import Grid, PackagePage, text_of
from app.adapters.spse.matching import Party, pair, party
from app.adapters.spse.reading import Reader
from app.core.records import AwardFields

AmountField = Literal["bid_value", "corrected_value", "negotiated_value", "contract_value", "pdn_value", "umk_value"]
Column = Literal["supplier_name", "address", "npwp"] | AmountField

_AMOUNTS: tuple[AmountField, ...] = (
    "bid_value",
    "corrected_value",
    "negotiated_value",
    "contract_value",
    "pdn_value",
    "umk_value",
)
_PRICES: tuple[AmountField, ...] = ("contract_value", "negotiated_value", "corrected_value", "bid_value")

# Headers in `name_key` form. The columns vary between nodes and methods; a reverse auction's result is what was agreed.
COLUMNS: dict[str, Column] = {
    "nama pemenang": "supplier_name",
    "nama pemenang berkontrak": "supplier_name",
    "pemenang": "supplier_name",
    "nama penyedia": "supplier_name",
    "nama peserta": "supplier_name",
    "alamat": "address",
    "npwp": "npwp",
    "harga penawaran": "bid_value",
    "nilai penawaran": "bid_value",
    "penawaran": "bid_value",
    "harga terkoreksi": "corrected_value",
    "penawaran terkoreksi": "corrected_value",
    "nilai terkoreksi": "corrected_value",
    "hasil negosiasi": "negotiated_value",
    "harga negosiasi": "negotiated_value",
    "nilai negosiasi": "negotiated_value",
    "harga kontrak": "contract_value",
    "nilai kontrak": "contract_value",
    "nilai pdn": "pdn_value",
    "nilai umk": "umk_value",
}
_REVERSE_AUCTION = "reverse auction"
_STRONGEST: dict[DetailPage, AmountField] = {
    DetailPage.WINNERS: "negotiated_value",
    DetailPage.CONTRACTED: "contract_value",
}
_LABEL_OF: dict[AmountField, str] = {"negotiated_value": "Hasil Negosiasi", "contract_value": "Harga Kontrak"}


def read_winners(markup: PackagePage, page: DetailPage, reader: Reader) -> list[AwardFields] | None:
    """The rows of the page's winner table; None when its shape is not known, so that it says nothing."""
    tables = [grid for grid in markup.grids if "supplier_name" in _columns_of(grid).values()]
    if not tables:
        if any(grid.rows for grid in markup.grids):
            headers = "; ".join(" | ".join(grid.headers) for grid in markup.grids)
            reader.report("detail-drift", field=f"{page}: Nama Pemenang", value=headers)
            return None
        return []
    rows: list[AwardFields] = []
    for grid in tables:
        read = _read_grid(grid, page, reader)
        if read is None:
            return None
        rows += read
    return _one_per_winner(rows, reader)


def _columns_of(grid: Grid) -> dict[int, Column]:
    """What stands where. The result of a reverse auction comes last: it counts where no negotiation is stated."""
    columns: dict[int, Column] = {}
    auctions: dict[int, Column] = {}
    for position, header in enumerate(grid.headers):
        if header in COLUMNS:
            columns[position] = COLUMNS[header]
        elif _REVERSE_AUCTION in header:
            auctions[position] = "negotiated_value"
    return columns | auctions


def _read_grid(grid: Grid, page: DetailPage, reader: Reader) -> list[AwardFields] | None:
    columns = _columns_of(grid)
    rows = [[text_of(cell) for cell in row] for row in grid.rows if len(row) > 1]  # One cell alone is a remark.
    if any(len(row) != len(grid.headers) for row in rows):
        _refuse_rows(rows, page, reader)
        return None
    amounts = not rows or _has_strongest(grid, columns, rows, page, reader)
    winners = [_read_winner(row, columns, page, reader, amounts=amounts) for row in rows if any(row)]
    if any(not winner["supplier_name"] for winner in winners):
        _refuse_rows(rows, page, reader)
        return None
    return winners


def _refuse_rows(rows: list[list[str]], page: DetailPage, reader: Reader) -> None:
    """One winner left out would make the sum over all of them wrong: then the whole table says nothing."""
    reader.report("row-unreadable", field=page.value, value=" / ".join(" | ".join(row) for row in rows))


def _has_strongest(
    grid: Grid, columns: dict[int, Column], rows: list[list[str]], page: DetailPage, reader: Reader
) -> bool:
    """Whether the amounts may be used: without the strongest column a weaker one would pass for what was agreed.

    For winners it may honestly be missing (nothing was negotiated). Money under a header that we do not know may be any
    of them under a new name, and then none can be trusted to be the strongest.
    """
    strongest = _STRONGEST[page]
    strange = [
        grid.headers[position]
        for position in range(len(grid.headers))
        if position not in columns and any(row[position].casefold().startswith("rp") for row in rows)
    ]
    if strange:
        reader.report("detail-drift", field=f"{page}: {', '.join(strange)}", value=" | ".join(grid.headers))
        return False
    if strongest in columns.values() or page is DetailPage.WINNERS:
        return True
    reader.report("detail-drift", field=f"{page}: {_LABEL_OF[strongest]}", value=" | ".join(grid.headers))
    return False


def _read_winner(
    texts: list[str], columns: dict[int, Column], page: DetailPage, reader: Reader, *, amounts: bool
) -> AwardFields:
    winner = AwardFields(supplier_name="")
    for position, column in columns.items():
        text = texts[position]
        if column == "supplier_name":
            winner["supplier_name"] = winner["supplier_name"] or text
        elif column == "address":
            winner["address"] = text or None
        elif column == "npwp":
            winner["npwp"] = text or None
        elif amounts and winner.get(column) is None:
            winner[column] = _price_or_share(column, text, f"{page}: {column}", reader)
    return winner


def _price_or_share(column: AmountField, text: str, field: str, reader: Reader) -> Decimal | None:
    """A share of zero is a share; a price of zero is none that was agreed."""
    amount = reader.amount(text, field)
    if amount == 0 and column in _PRICES:
        reader.report("amount-zero", field=field, value=text)
        return None
    return amount


def _one_per_winner(rows: Iterable[AwardFields], reader: Reader) -> list[AwardFields]:
    """Several rows of one winner are parts of one award and are added up; the very same row twice is one."""
    winners: dict[Party, AwardFields] = {}
    read: set[frozenset[tuple[str, object]]] = set()
    for row in rows:
        content = frozenset(row.items())
        if content in read:
            reader.report("duplicate-row", field="pemenang", value=row["supplier_name"])
            continue
        read.add(content)
        first = winners.setdefault(_party(row), row)
        if first is not row:
            winners[_party(row)] = _added(first, row)
    return list(winners.values())


def _added(one: AwardFields, other: AwardFields) -> AwardFields:
    total = one.copy()
    for amount in _AMOUNTS:
        if amount in one and amount in other:
            total[amount] = _sum(one[amount], other[amount])
    return total


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """A sum with an unknown part is unknown."""
    return None if one is None or other is None else one + other


def merge_awards(winners: list[AwardFields] | None, contracted: list[AwardFields] | None) -> list[AwardFields] | None:
    """Give every winner the contract that is theirs; None when neither page spoke.

    A contract belongs to the winner of the same name and NPWP, else to the only one of that NPWP, else to the only one
    of that name, else to the only winner there is. Contracts of nobody stand as awards of their own.
    """
    if winners is None or contracted is None:
        return winners if contracted is None else contracted
    awards = [_without_contract(winner) for winner in winners]
    pairs = pair([_party(winner) for winner in winners], [_party(contract) for contract in contracted])
    if not pairs and len(awards) == len(contracted) == 1:
        pairs = {0: 0}
    for theirs, ours in pairs.items():
        awards[ours] = _with_contract(awards[ours], contracted[theirs])
    return awards + [contract for position, contract in enumerate(contracted) if position not in pairs]


def _party(award: AwardFields) -> Party:
    return party(award["supplier_name"], award.get("npwp"))


def _without_contract(winner: AwardFields) -> AwardFields:
    """The page of contracts was read, so a winner who is not on it has none."""
    award = winner.copy()
    award["contract_value"] = None
    return award


def _with_contract(winner: AwardFields, contract: AwardFields) -> AwardFields:
    award = winner.copy()
    award.update(contract)
    award["supplier_name"] = winner["supplier_name"]
    award["npwp"] = winner.get("npwp") or contract.get("npwp")
    award["address"] = winner.get("address") or contract.get("address")
    return award


def contract_total(awards: list[AwardFields]) -> Decimal | None:
    """The sum of the contracts there are; None when there is none."""
    values = [value for award in awards if (value := award.get("contract_value")) is not None]
    return sum(values, Decimal(0)) if values else None


def has_price(award: AwardFields) -> bool:
    return any(award.get(price) is not None for price in _PRICES)
