"""What cannot stand in the shared schema, judged before anything is written: one bad record never spoils its batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.money import MAX_AMOUNT
from app.core.problems import Problem
from app.core.records import PackageRecord
from app.core.text import is_storable

YEARS = range(2000, 2101)


def refusal(record: PackageRecord) -> Problem | None:
    """Why a record cannot be kept at all, or None."""

    def problem(code: str, field: str, value: object) -> Problem:
        return Problem(code, kind=record.kind, package=record.code, field=field, value=str(value))

    years = record.fields.get("fiscal_years") or []
    if not years or any(year not in YEARS for year in years):
        return problem("fiscal-year-unreadable", "fiscal_years", years)
    for field, value in _leaves(record.fields):
        match value:
            case Decimal() if not value.is_finite() or abs(value) > MAX_AMOUNT:
                return problem("amount-too-large", field, value)
            case Decimal() if value < 0:
                return problem("amount-negative", field, value)
            case str() if not is_storable(value):
                return problem("text-unstorable", field, value.encode("utf-8", "replace").decode().replace("\x00", "�"))
            case _:
                pass
    for field, total in _totals(record.fields.get("awards") or []).items():
        if total > MAX_AMOUNT:
            return problem("amount-too-large", f"awards.{field}", total)
    return None


def has_plain_amounts(fields: Mapping[str, Any]) -> bool:
    """Whether years and amounts are beyond doubt at first sight: nearly always. `refusal` judges the others."""
    years = fields.get("fiscal_years")
    awards = fields.get("awards")
    return (
        bool(years)
        and all(year in YEARS for year in years or ())
        and _are_plain(fields.values())
        and (not awards or len(awards) == 1 or all(total <= MAX_AMOUNT for total in _totals(awards).values()))
    )


def _is_plain(value: Any) -> bool:
    match value:
        case Decimal():
            # A comparison with NaN is an error of its own.
            return value.is_finite() and 0 <= value <= MAX_AMOUNT
        case dict():
            return _are_plain(value.values())
        case list():
            return _are_plain(value)
        case _:
            return False


_LOOKED_INTO = frozenset({Decimal, dict, list, tuple})


def _are_plain(values: Iterable[Any]) -> bool:
    # Nearly all values are texts and numbers, of which nothing is asked here; a generator would cost more than the look.
    for value in values:  # noqa: SIM110
        if type(value) in _LOOKED_INTO and not _is_plain(value):
            return False
    return True


def _totals(awards: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """The sums over the winners: a package states them in columns of the same size as one amount."""
    totals: dict[str, Decimal] = {}
    for award in awards:
        for field, value in award.items():
            if isinstance(value, Decimal):
                totals[field] = totals.get(field, Decimal(0)) + value
    return totals


def _leaves(value: Any, field: str = "") -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for name, item in value.items():
                yield from _leaves(item, f"{field}.{name}" if field else name)
        case list() | tuple():
            for item in value:
                yield from _leaves(item, field)
        case _:
            yield field, value
