"""Reading the values of one compiled release, and remembering what could not be read. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from app.adapters.reporting import Reporter
from app.core.dates import TimeZone
from app.core.text import clean_text

Object = Mapping[str, Any]

_RUPIAH = "IDR"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARS = range(1990, 2101)


def child(parent: Object, *names: str) -> Object:
    """The object under a path of names; an empty one where there is none."""
    for name in names:
        found = parent.get(name)
        parent = found if isinstance(found, dict) else {}
    return parent


def children(parent: Object, name: str) -> list[Object]:
    """The objects of a list, without whatever else stands in it."""
    found = parent.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text_of(parent: Object, name: str) -> str | None:
    """A text that says something; an id may be written as a number."""
    value = parent.get(name)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    return clean_text(value) or None if isinstance(value, str) else None


def moment_of(value: object, zone: TimeZone) -> datetime | None:
    """A date-time as RFC 3339 writes it; one without an offset, or a day alone, is on the node's clock."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if _DAY.fullmatch(text):
            moment = datetime.combine(date.fromisoformat(text), time(), zone.info)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=zone.info) if moment.tzinfo is None else moment
        # Some moments have no counterpart in UTC: they lie before the first or behind the last one.
        return moment if moment.astimezone(UTC).year in _YEARS else None
    except (ValueError, OverflowError):
        return None


class Reader(Reporter):
    """Reads the compiled release of one package."""

    def amount(self, parent: Object, name: str, field: str) -> Decimal | None:
        """The amount of a Value object, in rupiah. One in another currency is no amount here, and is not converted."""
        value = parent.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.report("amount-unreadable", field=field, value=value)
            return None
        amount = value.get("amount")
        if amount is None:
            return None
        # `currency` may be left out; a publisher of Indonesian procurement means rupiah then.
        currency = value.get("currency")
        if currency is not None and currency != _RUPIAH:
            self.report("currency-foreign", field=field, value=f"{currency} {amount}")
            return None
        return self.exact(amount, field)

    def price(self, parent: Object, name: str, field: str) -> Decimal | None:
        """What somebody asked or agreed to: zero is none."""
        amount = self.amount(parent, name, field)
        if amount == 0:
            self.report("amount-zero", field=field, value=amount)
            return None
        return amount

    def moment(self, parent: Object, name: str, field: str) -> datetime | None:
        value = parent.get(name)
        if value is None:
            return None
        moment = moment_of(value, self.zone)
        if moment is None:
            self.report("date-unreadable", field=field, value=value)
        return moment

    def count(self, parent: Object, name: str, field: str) -> int | None:
        value = parent.get(name)
        if isinstance(value, Decimal) and abs(value) < 1_000_000 and value == int(value):
            value = int(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000):
            return value
        self.report("count-unreadable", field=field, value=value)
        return None
