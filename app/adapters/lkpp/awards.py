"""Who won and for how much, from the list of values and the list of contracts. Pure.

No two lists agree on an id of the supplier, and rows come doubled, so that this is decided as an auditor would: equal
rows are one; rows of one supplier that contradict each other are not added up, and the amount they differ in is
unknown; where an amount is unknown, none that is weaker may pass for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from app.adapters.lkpp.reading import Amount, Reader
from app.adapters.lkpp.rows import Row, whole_number, without_place
from app.core.money import format_rupiah
from app.core.records import AwardFields
from app.core.text import name_key
from app.kit.json_plain import plain_bytes

Price = Literal["contract_value", "negotiated_value", "corrected_value", "bid_value"]
Share = Literal["pdn_value", "umk_value"]

# Strongest first; an amount that is stated but unknown silences those after it.
PRICES: dict[Price, str] = {
    "contract_value": "nilai_kontrak",
    "negotiated_value": "nilai_negosiasi",
    "corrected_value": "nilai_terkoreksi",
    "bid_value": "nilai_penawaran",
}
SHARES: dict[Share, str] = {"pdn_value": "nilai_pdn_kontrak", "umk_value": "nilai_umk_kontrak"}
_CONTRACT_MARKS = ("kontrak_id", "sppbj_id", "no_sppbj", "no_kontrak")
NPWP = ("npwp_penyedia", "npwp_16_penyedia", "npwp16_penyedia", "npwp_penyedia_16", "npwp_pelaksana")
"""The spellings of one field, by list."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier as one row names them."""

    number: int | None
    npwp: str | None
    name: str

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What they are known by, best first. An NPWP that is hidden or all zeros names nobody."""
        digits = "".join(filter(str.isalnum, self.npwp or ""))
        found = [("number", str(self.number)) if self.number is not None else None]
        found.append(("npwp", digits) if digits.strip("0") and "*" not in (self.npwp or "") else None)
        found.append(("name", name_key(self.name)) if self.name else None)
        return tuple(key for key in found if key is not None)

    def contradicts(self, other: "Supplier") -> bool:
        """Whether two who share a name are two by their numbers."""
        return self.number is not None and other.number is not None and self.number != other.number


@dataclass(slots=True)
class _Winner:
    supplier: Supplier
    fields: AwardFields


@dataclass(slots=True)
class _Contracts:
    """What the contracts of one supplier come to; `known` is false where one of them could not be read."""

    supplier: Supplier
    amounts: list[AwardFields] = field(default_factory=list)
    known: bool = True

    @property
    def total(self) -> Decimal | None:
        return _sum([amounts.get("contract_value") for amounts in self.amounts]) if self.known else None


def supplier_of(row: Row, reader: Reader, *, name: str = "nama_penyedia") -> Supplier:
    npwp = next((text for spelling in NPWP if (text := reader.text(row, spelling))), None)
    return Supplier(whole_number(row.get("kd_penyedia")), npwp, reader.text(row, name) or "")


def read_awards(values: Sequence[Row], contracts: Sequence[Row], reader: Reader) -> list[AwardFields] | None:
    """One award per supplier; None when the lists name no winner, or one that cannot be told from the others."""
    winners = _winners(values, reader)
    signed = _contracts(contracts, reader)
    if winners is None or signed is None:
        return None
    _join(winners, signed, reader)
    awards = [winner.fields for winner in winners]
    awards.sort(key=lambda award: (name_key(award["supplier_name"]), award.get("npwp") or "", str(award)))
    return awards or None


def read_signed(contracts: Sequence[Row], reader: Reader) -> AwardFields | None:
    """What the contracts of a package come to over all suppliers; None where one of them cannot be told."""
    signed = _contracts(contracts, reader)
    if not signed or not all(each.known and each.total is not None for each in signed):
        return None
    total = AwardFields(contract_value=_sum([each.total for each in signed]))
    amounts = [amounts for each in signed for amounts in each.amounts]
    for share in SHARES:
        if all(amount.get(share) is not None for amount in amounts):
            total[share] = _sum([amount[share] for amount in amounts])
    return total


def by_supplier(
    rows: Iterable[Row], reader: Reader, *, name: str = "nama_penyedia"
) -> list[tuple[Supplier, list[Row]]]:
    """Gather rows by supplier; a row that knows less of its supplier joins the only one whom it can mean."""
    named = sorted(((supplier_of(row, reader, name=name), plain_bytes(row), row) for row in rows), key=_best_known)
    gathered: list[tuple[Supplier, list[Row]]] = []
    for supplier, _, row in named:
        same = next((found for key in supplier.keys if len(found := _known_by(key, supplier, gathered)) == 1), None)
        if same:
            same[0][1].append(row)
        else:
            gathered.append((supplier, [row]))
    return gathered


def _best_known(named: tuple[Supplier, bytes, Row]) -> tuple[bool, bool, bytes]:
    supplier, content, _ = named
    return supplier.number is None, not any(kind == "npwp" for kind, _ in supplier.keys), content


def _known_by(
    key: tuple[str, str], supplier: Supplier, gathered: Iterable[tuple[Supplier, list[Row]]]
) -> list[tuple[Supplier, list[Row]]]:
    return [each for each in gathered if key in each[0].keys and not supplier.contradicts(each[0])]


def agreed(rows: Sequence[Row], source: str, reader: Reader, *, is_price: bool = True) -> Amount:
    """One amount from rows that should say the same. A row without it contradicts nobody."""
    read = [reader.price(row, source) if is_price else reader.stated(row, source) for row in rows]
    if not all(amount.known for amount in read):
        return Amount(None, known=False)
    stated = sorted({amount.value for amount in read if amount.value is not None})
    if len(stated) > 1:
        reader.report("rows-disagree", field=source, value=" / ".join(format_rupiah(value) for value in stated))
        return Amount(None, known=False)
    return Amount(stated[0] if stated else None)


def _winners(rows: Sequence[Row], reader: Reader) -> list[_Winner] | None:
    # A finished package without a winner has a row too, in which everything is null (recorded).
    spoken = [row for row in rows if supplier_of(row, reader).keys or _states_money(row)]
    winners: list[_Winner] = []
    for supplier, theirs in by_supplier(spoken, reader):
        if not supplier.name:
            # One winner left out would make the sum over all of them wrong.
            reader.report("row-unreadable", field="nama_penyedia", value=plain_bytes(theirs[0]).decode())
            return None
        if len({plain_bytes(without_place(row)) for row in theirs}) > 1:
            reader.report("duplicate-row", field="nama_penyedia", value=supplier.name)
        winners.append(_Winner(supplier, _award(supplier, theirs, reader)))
    return winners


def _states_money(row: Row) -> bool:
    return any(row.get(source) is not None for source in (*PRICES.values(), *SHARES.values()))


def _award(supplier: Supplier, rows: Sequence[Row], reader: Reader) -> AwardFields:
    award = AwardFields(supplier_name=supplier.name, npwp=supplier.npwp)
    for price, source in PRICES.items():
        if not all(source in row for row in rows):
            reader.report("detail-drift", field=source, value=supplier.name)
            break
        amount = agreed(rows, source, reader)
        award[price] = amount.value
        if not amount.known:
            break
    _add_shares(award, rows, reader)
    return award


def _add_shares(award: AwardFields, rows: Sequence[Row], reader: Reader) -> None:
    for share, source in SHARES.items():
        if any(source in row for row in rows):
            award[share] = agreed(rows, source, reader, is_price=False).value


def _contracts(rows: Sequence[Row], reader: Reader) -> list[_Contracts] | None:
    """What each supplier signed. Several contracts of one supplier add up, the versions of one contract do not."""
    current = [found for versions in _by_contract(rows, reader) if (found := _current(versions, reader))]
    stating = {plain_bytes(rows[0]): (amount, rows) for amount, rows in current}
    signed: list[_Contracts] = []
    for supplier, theirs in by_supplier([rows[0] for _, rows in current], reader):
        if not supplier.name:
            reader.report("row-unreadable", field="nama_penyedia", value=plain_bytes(theirs[0]).decode())
            return None
        contracts = _Contracts(supplier)
        for amount, rows_of_one in (stating[plain_bytes(row)] for row in theirs):
            contracts.known = contracts.known and amount.known
            award = AwardFields(supplier_name=supplier.name, npwp=supplier.npwp, contract_value=amount.value)
            _add_shares(award, rows_of_one, reader)
            contracts.amounts.append(award)
        signed.append(contracts)
    return signed


def _by_contract(rows: Sequence[Row], reader: Reader) -> list[list[Row]]:
    """Rows of one contract: by its id; without one by its letter of appointment or its number; at last by the supplier."""
    gathered: list[list[tuple[dict[str, str], Supplier, Row]]] = []
    for row in sorted(rows, key=lambda row: (row.get("kontrak_id") is None, plain_bytes(row))):
        marks = {name: text for name in _CONTRACT_MARKS if (text := reader.text(row, name))}
        known = (marks, supplier_of(row, reader), row)
        same = next((each for each in gathered if any(_is_one_contract(known[:2], other[:2]) for other in each)), None)
        if same is None:
            gathered.append([known])
        else:
            same.append(known)
    return [[row for _, _, row in found] for found in gathered]


def _is_one_contract(one: tuple[dict[str, str], Supplier], other: tuple[dict[str, str], Supplier]) -> bool:
    """The first mark that both have decides; two contracts of two suppliers may have one number, but never one id."""
    mark = next((name for name in _CONTRACT_MARKS if name in one[0] and name in other[0]), None)
    shares = set(one[1].keys) & set(other[1].keys)
    if mark is None:
        return bool(shares)
    is_anybody = not one[1].keys or not other[1].keys
    return one[0][mark] == other[0][mark] and (mark == "kontrak_id" or bool(shares) or is_anybody)


def _current(versions: Sequence[Row], reader: Reader) -> tuple[Amount, list[Row]] | None:
    """The amount of the latest version (*adendum*) that states one; None when none does."""
    by_version: dict[int, list[Row]] = {}
    for row in versions:
        by_version.setdefault(whole_number(row.get("versi_addendum")) or 0, []).append(row)
    for version in sorted(by_version, reverse=True):
        amount = agreed(by_version[version], PRICES["contract_value"], reader)
        if amount.value is not None or not amount.known:
            return amount, by_version[version]
    return None


def _join(winners: list[_Winner], signed: list[_Contracts], reader: Reader) -> None:
    """Give every winner the contracts that are theirs.

    They are found by the supplier's number, NPWP or name, and where there is one winner and one party to contracts, by
    that. Contracts of somebody else are an award of their own where a winner has none (the next in rank may have
    signed); where all winners have theirs, they are told and not added.
    """
    left = list(signed)
    for winner in winners:
        theirs = next((each for each in left if _is_same(winner.supplier, each.supplier, signed, winners)), None)
        if theirs is None and len(winners) == len(signed) == 1:
            theirs = signed[0]
        if theirs is not None:
            left.remove(theirs)
            _add_contracts(winner, theirs, reader)
    everyone_has = bool(winners) and all(winner.fields.get("contract_value") is not None for winner in winners)
    for stranger in left:
        if everyone_has:
            shown = stranger.supplier.name if stranger.total is None else format_rupiah(stranger.total)
            reader.report("rows-disagree", field=PRICES["contract_value"], value=f"{stranger.supplier.name}: {shown}")
        else:
            winners.append(_Winner(stranger.supplier, _signed_award(stranger)))


def _is_same(one: Supplier, other: Supplier, signed: Sequence[_Contracts], winners: Sequence[_Winner]) -> bool:
    """Whether they share what names nobody else here."""
    return not one.contradicts(other) and any(
        sum(key in each.supplier.keys for each in signed) == sum(key in each.supplier.keys for each in winners) == 1
        for key in set(one.keys) & set(other.keys)
    )


def _add_contracts(winner: _Winner, contracts: _Contracts, reader: Reader) -> None:
    award = winner.fields
    stated = award.get("contract_value")
    if stated is not None:
        if contracts.total is not None and contracts.total != stated:
            reader.report("contract-value-differs", field=PRICES["contract_value"], value=format_rupiah(stated))
        return
    if not contracts.known:
        for price in PRICES:
            award.pop(price, None)
    else:
        award.update(_signed_award(contracts))
        award["supplier_name"], award["npwp"] = winner.supplier.name, winner.supplier.npwp or award.get("npwp")


def _signed_award(contracts: _Contracts) -> AwardFields:
    award = AwardFields(supplier_name=contracts.supplier.name, npwp=contracts.supplier.npwp)
    award["contract_value"] = contracts.total
    for share in SHARES:
        if all(share in amounts for amounts in contracts.amounts):
            award[share] = _sum([amounts[share] for amounts in contracts.amounts])
    return award


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """A sum with an unknown part is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def has_price(award: AwardFields) -> bool:
    return any(award.get(price) is not None for price in PRICES)
