"""Reading the values of a hub's documents, and remembering what could not be read. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from app.adapters.reporting import Reporter
from app.core.text import HIDDEN_CHARACTERS, clean_text

Document = dict[str, Any]
Word = TypeVar("Word", bound=StrEnum)

_HIDDEN = re.compile(f"[{HIDDEN_CHARACTERS}]")
_YEARS = range(2000, 2101)
_MOST = 1_000_000
_SCORE = Decimal("0.01")


class Reader(Reporter):
    """Reads the document of one package. A key that is not there is not spoken of."""

    has_lost_amount = False
    """Whether something was stated as agreed that could not be read."""

    def each(
        self, names: Sequence[str], document: Document, read: Callable[[Any, str], Any], within: str = ""
    ) -> dict[str, Any]:
        """Those of the named values that are there; null is "none"."""
        place = f"{within}." if within else ""
        return {
            name: None if document[name] is None else read(document[name], f"{place}{name}")
            for name in names
            if name in document
        }

    def text(self, value: Any, field: str) -> str | None:
        """To the letter, unless it holds what no reader can see: then as a source of our own would have written it."""
        if not isinstance(value, str):
            self.report("detail-drift", field=field, value=value)
            return None
        return clean_text(value) or None if _HIDDEN.search(value) else value

    def name(self, part: Document, field: str) -> str:
        value = part.get("supplier_name")
        return (self.text(value, field) if value is not None else None) or ""

    def texts(self, value: Any, field: str) -> list[str]:
        if not isinstance(value, list):
            self.report("detail-drift", field=field, value=value)
            return []
        return [text for one in value if (text := self.text(one, field)) is not None]

    def ids(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            return {}
        return {name: text for name, one in value.items() if (text := self.text(one, "source_ids")) is not None}

    def amount(self, value: Any, field: str) -> Decimal | None:
        """One that figures rest on."""
        amount = self.exact(value, field)
        self.has_lost_amount = self.has_lost_amount or amount is None
        return amount

    def side_amount(self, value: Any, field: str) -> Decimal | None:
        return self.exact(value, field)

    def score(self, value: Any, field: str) -> Decimal | None:
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value < _MOST:
            return Decimal(value).quantize(_SCORE)
        self.report("score-unreadable", field=field, value=value)
        return None

    def count(self, value: Any, field: str) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
            return value
        self.report("count-unreadable", field=field, value=value)
        return None

    def years(self, value: Any) -> list[int]:
        stated = value if isinstance(value, list) else []
        years = [year for year in stated if isinstance(year, int) and year in _YEARS]
        if len(years) != len(stated):
            self.report("fiscal-year-unreadable", field="fiscal_years", value=value)
        return years

    def moment(self, value: Any, field: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            pass
        self.report("date-unreadable", field=field, value=value)
        return None

    def day(self, value: Any, field: str) -> date | None:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.report("date-unreadable", field=field, value=value)
            return None

    def word(self, value: Any, words: type[Word], field: str) -> Word | None:
        """A word of the vocabulary; one that a newer hub has and this one does not know is `other`."""
        if value is None:
            return None
        if value in set(words):
            return words(value)
        self.report(f"{field}-unknown", field=field, value=value)
        return words("other")

    def parts(self, document: Document, field: str) -> list[Document] | None:
        """A list of objects; None where it is not spoken of, or is none."""
        value = document.get(field)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(part, dict) for part in value):
            return value
        self.report("detail-drift", field=field, value=value)
        self.has_lost_amount = self.has_lost_amount or field == "awards"
        return None
