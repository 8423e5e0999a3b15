"""Reading one package's texts into typed values, and remembering what could not be read."""

import re
from datetime import date, datetime
from decimal import Decimal

from app.core.dates import DateUnreadable, TimeZone, parse_date, parse_moment
from app.core.money import AmountUnreadable, parse_rupiah
from app.core.problems import Problem
from app.core.text import clean_text
from app.core.vocabulary import PackageKind

NOTHING = frozenset({"", "-"})
_COUNT = re.compile(r"(\d{1,6})(?: peserta)?", re.IGNORECASE)
_SCORE = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,6})?")
_FULL_SCORE = Decimal(100)
_YEAR = re.compile(r"\b20\d{2}\b")


class Reader:
    """Reads for one package. What cannot be read is None and a problem, never a guess."""

    def __init__(self, kind: PackageKind, code: str) -> None:
        self.kind = kind
        self.code = code
        self.problems: list[Problem] = []

    def report(self, problem: str, *, field: str | None = None, value: str | None = None) -> None:
        shown = None if value is None else clean_text(value)
        self.problems.append(Problem(problem, package=self.code, kind=self.kind.value, field=field, value=shown))

    def amount(self, text: str, field: str) -> Decimal | None:
        """Rupiah; an empty cell or a dash states no amount and is no problem."""
        if text in NOTHING:
            return None
        try:
            amount = parse_rupiah(text)
        except AmountUnreadable:
            self.report("amount-unreadable", field=field, value=text)
            return None
        if amount < 0:
            self.report("amount-negative", field=field, value=text)
            return None
        return amount

    def day(self, text: str, field: str) -> date | None:
        if text in NOTHING:
            return None
        try:
            return parse_date(text)
        except DateUnreadable:
            self.report("date-unreadable", field=field, value=text)
            return None

    def moment(self, text: str, field: str, zone: TimeZone) -> datetime | None:
        """A moment on the node's own clock."""
        if text in NOTHING:
            return None
        try:
            return parse_moment(text, zone)
        except DateUnreadable:
            self.report("date-unreadable", field=field, value=text)
            return None

    def score(self, text: str, field: str) -> Decimal | None:
        """Points of a hundred, with a comma or a point before their decimals."""
        if text in NOTHING:
            return None
        score = Decimal(text.replace(",", ".")) if _SCORE.fullmatch(text) else None
        if score is None or score > _FULL_SCORE:
            self.report("score-unreadable", field=field, value=text)
            return None
        return score

    def count(self, text: str, field: str) -> int | None:
        """Read "5 peserta" or "5"."""
        if text in NOTHING:
            return None
        match = _COUNT.fullmatch(text)
        if match is None:
            self.report("count-unreadable", field=field, value=text)
            return None
        return int(match[1])


def years_in(text: str) -> list[int]:
    """The fiscal years a text names, earliest first."""
    return sorted({int(year) for year in _YEAR.findall(text)})
