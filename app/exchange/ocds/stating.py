"""Small ways of stating things as OCDS does: amounts, moments of a day, lists and objects without anything empty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.core.dates import TimeZone
from app.core.vocabulary import DateBasis
from app.exchange.ocds.identity import PackageName
from app.exchange.ocds.vocabulary import CURRENCY

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Process:
    """What of a package never changes, or is the register's: its name, its ocid, its node's clock, its buyer's name there."""

    name: PackageName
    ocid: str
    zone: TimeZone
    institution: str | None = None
    institution_name: str | None = None


@dataclass(frozen=True, slots=True)
class Dates:
    """When it was announced, awarded and signed, and whether that happened or was only scheduled."""

    announced: str | None
    awarded: str | None
    signed: str | None
    basis: str | None


def dates_of(state: Mapping[str, Any], at: datetime) -> Dates:
    """The dates of a version that was recorded then. What was only scheduled is told once its day has come, as such."""
    basis = state["date_basis"]

    def come(moment: str | None) -> str | None:
        if moment is None or basis == DateBasis.ACTUAL or datetime.fromisoformat(moment) <= at:
            return moment
        return None

    return Dates(come(state["announced_at"]), come(state["awarded_at"]), come(state["contracted_at"]), basis)


def rupiah(amount: Decimal | int | None) -> Object | None:
    return None if amount is None else {"amount": amount, "currency": CURRENCY}


def without_gaps(**fields: Any) -> Object:
    """The fields that say something: OCDS leaves out what is not known."""
    return {name: value for name, value in fields.items() if value is not None and value not in _EMPTY}


_EMPTY: tuple[Any, ...] = ("", [], {})


def begin_of(day: date, zone: TimeZone) -> str:
    """A day is no moment: its beginning on the node's clock."""
    return datetime.combine(day, time(), zone.info).isoformat()


def end_of(day: date, zone: TimeZone) -> str:
    return datetime.combine(day, time(23, 59, 59), zone.info).isoformat()


class Ids:
    """Ids within one list: what comes again gets a number behind it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        identifier, count = wanted, 1
        while identifier in self._taken:
            count += 1
            identifier = f"{wanted}-{count}"
        self._taken.add(identifier)
        return identifier


def text_of(stated: Any) -> str | None:
    """A text that says something."""
    return stated.strip() or None if isinstance(stated, str) else None


def first_known(amounts: Iterable[Decimal | int | None]) -> Decimal | int | None:
    return next((amount for amount in amounts if amount is not None), None)
