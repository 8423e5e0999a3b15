"""What is asked: the same questions of every statistics route of the contract, and of the list of packages."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from peopled_rows import FIRST_YEAR, LAST_YEAR, UNTIL

PROVINCE = "35"
YEAR = LAST_YEAR - 1
LATELY = f"{UNTIL - timedelta(days=8):%Y-%m-%dT%H:%M:%SZ}"
LONG_AGO = f"{UNTIL - timedelta(days=270):%Y-%m-%dT%H:%M:%SZ}"
PREFIXES = ("/api/v1/statistics/", "/api/v1/rankings")

_PROVINCE, _YEAR = {"province": PROVINCE}, {"fiscal_year": YEAR}
QUESTIONS: dict[str, Mapping[str, Any]] = {
    "hub, a year": _YEAR,
    "province, a year": _PROVINCE | _YEAR,
    "hub, all years": {},
    "province by node, year": _PROVINCE | {"group_by": "node,fiscal_year"},
    "hub by node, year": {"group_by": "node,fiscal_year"},
    "year by province": _YEAR | {"group_by": "province"},
    "year by month": _YEAR | {"group_by": "month"},
    "province by month": _PROVINCE | {"group_by": "month"},
    "year by category, method": _YEAR | {"group_by": "category,method"},
    "year by institution, month": _YEAR | {"group_by": "institution,month"},
    "province, goods, by fund": _PROVINCE | {"category": "goods", "group_by": "fund_sources"},
    "province, year, compared": _PROVINCE | _YEAR | {"group_by": "institution", "compare": "previous_year"},
    "province as of 8 days ago": _PROVINCE | {"fiscal_year": LAST_YEAR, "as_of": LATELY},
    "hub as of 8 days ago": {"fiscal_year": LAST_YEAR, "as_of": LATELY},
    "hub as of 9 months ago": {"fiscal_year": LAST_YEAR, "as_of": LONG_AGO},
}


@dataclass(frozen=True, slots=True)
class Question:
    """One address to ask; `has_goal` where it is about a province or a year, as known now."""

    route: str
    name: str
    path: str
    has_goal: bool


def questions(contract: Mapping[str, Any]) -> list[Question]:
    """Every question that a route can be asked, once; routes are those of the contract."""
    found: dict[str, Question] = {}
    for template, operations in contract["paths"].items():
        if not template.startswith(PREFIXES) or "get" not in operations:
            continue
        given = operations["get"].get("parameters", [])
        parameters = {one["name"]: one for one in given if one["in"] == "query"}
        needed = {name: _some_value(one) for name, one in parameters.items() if one.get("required")}
        route = template.format(**{one["name"]: _some_value(one) for one in given if one["in"] == "path"})
        for name, wanted in QUESTIONS.items():
            if wanted.keys() - parameters.keys():
                continue
            asked = {**needed, **wanted}
            path = f"{route}?{urlencode(asked)}" if asked else route
            has_goal = bool({"province", "fiscal_year"} & asked.keys()) and "as_of" not in asked
            found.setdefault(path, Question(route.removeprefix("/api/v1/"), name, path, has_goal))
    return list(found.values())


def _some_value(parameter: Mapping[str, Any]) -> Any:
    """A value that a parameter which must be given may have."""
    if parameter["name"] == "fiscal_year":
        return YEAR
    schema = parameter["schema"]
    schema = schema.get("items", schema)
    for candidates in (schema.get("enum"), schema.get("examples"), parameter.get("examples")):
        if candidates:
            return next(iter(candidates))
    return schema.get("default", schema.get("minimum", "1"))


WALKING = "page after page"
_PARTS = ("ka", "ti", "ro", "mu", "sa", "le", "ni", "po", "da", "ru", "be", "go", "wi", "ha", "ma", "ju")
Ask = Callable[[random.Random], dict[str, Any]]


def _place(chance: random.Random) -> str:
    return "".join(chance.choice(_PARTS) for _ in range(3))


def lists(nodes: list[str], provinces: list[str], institutions: list[str], last_id: int) -> Iterator[tuple[str, Ask]]:
    """Pages of the list of packages: a name, and what is asked, another value each time."""

    def year(chance: random.Random) -> int:
        return chance.randint(FIRST_YEAR, LAST_YEAR)

    def week(chance: random.Random) -> dict[str, Any]:
        first = UNTIL - timedelta(days=chance.randint(30, 3000))
        return {"announced_from": first.isoformat(), "announced_before": (first + timedelta(days=7)).isoformat()}

    # No filter ever repeats its values on purpose: pages are not kept ready.
    yield "no filter", lambda _c: {}
    yield f"no filter, {WALKING}", lambda _c: {}
    yield "node", lambda c: {"node": c.choice(nodes)}
    yield "node, year", lambda c: {"node": c.choice(nodes), "fiscal_year": year(c)}
    yield "node, tenders that failed", lambda c: {"node": c.choice(nodes), "kind": "tender", "status": "failed"}
    yield "province", lambda c: {"province": c.choice(provinces)}
    yield "province, year", lambda c: {"province": c.choice(provinces), "fiscal_year": year(c)}
    yield (
        "province, tenders that failed",
        lambda c: {"province": c.choice(provinces), "kind": "tender", "status": "failed"},
    )
    yield "institution, kind", lambda c: {"institution": c.choice(institutions), "kind": "recorded"}
    yield "year, emergency", lambda c: {"fiscal_year": year(c), "kind": "emergency"}
    yield "category, method", lambda _c: {"category": "works", "method": "tender"}
    yield "value from 20 milliard", lambda c: {"value_min": 20_000_000_000 + c.randrange(10**6)}
    yield (
        "value from 20 milliard, year",
        lambda c: {"value_min": 20_000_000_000 + c.randrange(10**6), "fiscal_year": year(c)},
    )
    yield "announced in a week", week
    yield (
        "changed since yesterday",
        lambda c: {"changed_from": (UNTIL - timedelta(days=1, seconds=c.randrange(3600))).isoformat()},
    )
    yield f"withdrawn, {WALKING}", lambda _c: {"withdrawn": "true"}
    yield "q, a place", lambda c: {"q": _place(c)}
    yield "q, a thing and a place", lambda c: {"q": f"komputer {_place(c)}"}
    yield "q, two common words", lambda _c: {"q": "pengadaan kesehatan"}
    yield "q, a phrase", lambda _c: {"q": '"alat kesehatan"'}
    yield "q, no such word", lambda c: {"q": f"takada{c.randrange(10**6)}"}
    yield "q, a code", lambda c: {"q": str(10_000_000 + c.randint(1, last_id))}
    yield "q, without a word", lambda c: {"q": f"jembatan {_place(c)} -pengadaan"}
    yield "q, a place, in a province", lambda c: {"q": _place(c), "province": c.choice(provinces)}
    yield "q, two common words, node", lambda c: {"q": "pengadaan kesehatan", "node": c.choice(nodes)}
    yield "q, a common word, year, method", lambda c: {"q": "jembatan", "fiscal_year": year(c), "method": "contest"}
