"""From a figure to the packages behind it: the address of exactly those that a group counts."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from app.kit.json import iso_utc
from app.statistics.figures import Statistic
from app.statistics.measures import Grain
from app.statistics.questions import Dimension, Question

PACKAGES = "/api/v1/packages"


def packages_link(statistic: Statistic, question: Question, group: Iterable[tuple[Dimension, Any]] = ()) -> str | None:
    """Where the packages of a group are listed; None where there can be none.

    A part of a figure is the same address with the words of the answer's `explain.parts` after an `&`.
    """
    asked: dict[str, list[str]] = {name: [str(value) for value in values] for name, values in question.wanted.given()}
    asked["kind"] = [kind for kind in asked.get("kind", statistic.kinds) if kind in statistic.kinds]
    unknown: list[str] = []
    for dimension, value in group:
        name = _parameter(statistic, dimension)
        if value is None:
            unknown.append("region" if dimension == Dimension.PROVINCE else name)
        elif dimension == Dimension.PROVINCE and "region" in asked:
            pass  # The regions asked for are narrower already.
        else:
            asked[name] = [str(value)]
    if not asked["kind"]:
        return None
    words = [(name, value) for name, values in asked.items() for value in values]
    words += [("unknown", name) for name in unknown]
    words.append(("withdrawn", "false"))
    if question.as_of is not None:
        words.append(("as_of", _moment(question.as_of)))
    return f"{PACKAGES}?{urlencode(words)}"


def _parameter(statistic: Statistic, dimension: Dimension) -> str:
    if dimension == Dimension.MONTH:
        return "awarded_month" if statistic.month == Grain.AWARDED else "announced_month"
    return str(dimension)


def _moment(moment: datetime) -> str:
    return iso_utc(moment)
