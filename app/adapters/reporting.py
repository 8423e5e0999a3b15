"""Remembering what was wrong with one package, and reading what every source writes alike. Pure."""

from decimal import Decimal

from app.core.dates import TimeZone
from app.core.money import MAX_AMOUNT
from app.core.problems import Problem
from app.core.text import clean_text
from app.core.vocabulary import PackageKind

_CENT = Decimal("0.01")


class Reporter:
    """Reads for one package. What cannot be read is None and a problem, never a guess."""

    def __init__(self, kind: PackageKind, code: str, zone: TimeZone) -> None:
        self.kind = kind
        self.code = code
        self.zone = zone
        self.problems: list[Problem] = []

    def report(self, problem: str, *, field: str | None = None, value: object = None) -> None:
        """Note a problem once."""
        shown = None if value is None else clean_text(str(value))
        found = Problem(problem, package=self.code, kind=self.kind.value, field=field, value=shown)
        if found not in self.problems:
            self.problems.append(found)

    def exact(self, amount: object, field: str) -> Decimal | None:
        """A JSON number as rupiah, exactly as stated: more than two decimals are not rounded, below zero is nothing."""
        if (
            isinstance(amount, int | Decimal)
            and not isinstance(amount, bool)
            and (exact := Decimal(amount)).is_finite()
        ):
            if exact < 0:
                self.report("amount-negative", field=field, value=amount)
                return None
            if exact <= MAX_AMOUNT and exact == exact.quantize(_CENT):
                return exact.quantize(_CENT)
        self.report("amount-unreadable", field=field, value=amount)
        return None
