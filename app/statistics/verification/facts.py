"""What figures rest on, of one package: the same few facts, whichever source they were read from."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from app.core.text import name_key


class Won(NamedTuple):
    """One award. A supplier is known by the shown NPWP together with the name."""

    supplier: str
    value: Decimal | None


class Facts(NamedTuple):
    """One package that counts, that is: one which at least one source still shows.

    Months are YYYY-MM and days are calendar days, both on the node's own clock.
    """

    fiscal_year: int
    kind: str
    institution: str | None
    category: str | None
    method: str | None
    fund_sources: tuple[str, ...]
    announced_month: str | None
    awarded_month: str | None
    days_to_award: int | None
    days_to_contract: int | None
    date_basis: str | None
    status: str
    pagu: Decimal | None
    hps: Decimal | None
    value: Decimal | None
    value_basis: str | None
    realized_value: Decimal | None
    pdn_value: Decimal | None
    umk_value: Decimal | None
    participants: int | None
    bidders: int | None
    business_size: str | None
    is_repeated: bool
    schedule_changes: int | None
    is_contracted: bool
    """Whether the amount of a contract, or the day on which it was signed, is known."""
    is_planned: bool
    """Whether it names a plan (RUP)."""
    awards: tuple[Won, ...]


def each_once(names: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(sorted(set(names or ())))


def in_one_order(awards: Iterable[Won]) -> tuple[Won, ...]:
    """Awards are the same whatever their order."""
    return tuple(sorted(awards, key=lambda won: (won.supplier, won.value is None, won.value or 0)))


def supplier_of(npwp: str | None, name: str) -> str:
    return f"{npwp or ''}|{name_key(name)}"
