"""Which packages are asked for, and what each filter means in SQL over `p`: a package as it is, or as it was.

Figures count by the same definitions (counting.py), so that a link can name exactly the packages behind one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.procurement.counting import COUNTED_IN, SMALL


class Fact(StrEnum):
    """What may be known of a package or not."""

    INSTITUTION = "institution"
    REGION = "region"
    CATEGORY = "category"
    METHOD = "method"
    ANNOUNCED_MONTH = "announced_month"
    AWARDED_MONTH = "awarded_month"
    FUND_SOURCES = "fund_sources"
    PAGU = "pagu"
    HPS = "hps"
    VALUE = "value"
    REALIZED_VALUE = "realized_value"
    PARTICIPANTS = "participants"
    BIDDERS = "bidders"
    PDN_VALUE = "pdn_value"
    UMK_VALUE = "umk_value"
    SCHEDULE = "schedule"
    DAYS_TO_AWARD = "days_to_award"
    DAYS_TO_CONTRACT = "days_to_contract"
    BUSINESS_SIZE = "business_size"
    RUP_CODES = "rup_codes"
    CONTRACT = "contract"


_KNOWN = {fact: f"p.{fact} IS NOT NULL" for fact in Fact} | {
    Fact.REGION: "p.institution <> ALL(CAST(:without_region AS text[]))",
    Fact.FUND_SOURCES: "cardinality(p.fund_sources) > 0",
    Fact.SCHEDULE: "p.schedule_changes IS NOT NULL",
    Fact.RUP_CODES: "cardinality(p.rup_codes) > 0",
    Fact.CONTRACT: "(p.contract_value IS NOT NULL OR p.contracted_at IS NOT NULL)",
}
# Written out where NOT (…) would be null, or read worse by the planner.
_UNKNOWN = {fact: f"p.{fact} IS NULL" for fact in Fact} | {
    Fact.REGION: "(p.institution IS NULL OR p.institution = ANY(CAST(:without_region AS text[])))",
    Fact.FUND_SOURCES: "cardinality(p.fund_sources) = 0",
    Fact.SCHEDULE: "p.schedule_changes IS NULL",
    Fact.RUP_CODES: "cardinality(p.rup_codes) = 0",
    Fact.CONTRACT: "(p.contract_value IS NULL AND p.contracted_at IS NULL)",
}

FUND_SOURCES = """
    CASE cardinality(p.fund_sources) WHEN 0 THEN '' WHEN 1 THEN p.fund_sources[1] ELSE (
        SELECT string_agg(DISTINCT source COLLATE "C", ',' ORDER BY source COLLATE "C")
        FROM unnest(p.fund_sources) AS source) END COLLATE "C"
"""
"""All fund sources of a package as one word: distinct, sorted, joined by commas."""


@dataclass(frozen=True, slots=True)
class PackageFilter:
    """Which packages are asked for; None and empty mean "any". Values of one field are alternatives.

    All of `known` must be known, all of `unknown` must not, and all of `counted_in` must count: those are no alternatives.
    """

    node: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    province: tuple[str, ...] = ()
    institution: tuple[str, ...] = ()
    fiscal_year: tuple[int, ...] = ()
    kind: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    value_basis: tuple[str, ...] = ()
    date_basis: tuple[str, ...] = ()
    announced_month: tuple[str, ...] = ()
    awarded_month: tuple[str, ...] = ()
    fund_sources: tuple[str, ...] = ()
    supplier: tuple[int, ...] = ()
    known: tuple[Fact, ...] = ()
    unknown: tuple[Fact, ...] = ()
    counted_in: tuple[str, ...] = ()
    value_min: Decimal | None = None
    value_max: Decimal | None = None
    pagu_min: Decimal | None = None
    pagu_max: Decimal | None = None
    bidders_min: int | None = None
    bidders_max: int | None = None
    days_to_award_min: int | None = None
    days_to_award_max: int | None = None
    days_to_contract_min: int | None = None
    days_to_contract_max: int | None = None
    announced_from: datetime | None = None
    announced_before: datetime | None = None
    awarded_from: datetime | None = None
    awarded_before: datetime | None = None
    changed_from: datetime | None = None
    repeated: bool | None = None
    schedule_moved: bool | None = None
    small_business: bool | None = None
    withdrawn: bool | None = None
    q: str | None = None

    def lasting(self) -> "PackageFilter":
        """Only what never changes of a package: whoever fails it now has always done so."""
        return PackageFilter(node=self.node, kind=self.kind)

    def without_suppliers(self) -> "PackageFilter":
        """The same, asked of states whose winners are words and no rows."""
        return replace(self, supplier=())


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, as the rows of packages say it; None is everywhere."""

    nodes: tuple[int, ...] | None = None
    institutions: tuple[str, ...] | None = None
    without_region: tuple[str, ...] = ()
    """Institutions that no government has."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """One condition said so that an index finds what it holds for, and said so that a row is only looked at."""

    finding: str
    looking: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of `p`: all of it by columns; or what an index may find, and the rest."""

    by_columns: list[str]
    indexed: list[Indexed]
    rest: list[str]
    parameters: dict[str, Any]
    year: str | None
    """The condition of a single fiscal year, whose index leads to its packages in the order of their ids."""
    of_nodes_and_years: bool
    """Whether nothing else is asked for than one index of columns says."""


def conditions_of(wanted: PackageFilter, places: Places, *, loosely: str | None = None) -> Conditions:
    """Both ways of saying a filter. `loosely` widens its search to all that might be masked (see `without_negations`)."""
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) not in {None, ()}}
    columns = {name: LOOSELY if name == "q" and loosely is not None else _CONDITIONS[name] for name in given}
    parameters = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    if loosely is not None:
        parameters["loosely"] = loosely
    if "fund_sources" in given:
        parameters["fund_sources"] = _as_sets(wanted.fund_sources)
    for name, among in (("nodes", places.nodes), ("institutions", places.institutions)):
        if among is not None:
            columns[name] = _PLACES[name]
            parameters[name] = list(among)
    columns |= {f"known {fact}": _KNOWN[fact] for fact in wanted.known}
    columns |= {f"unknown {fact}": _UNKNOWN[fact] for fact in wanted.unknown}
    columns |= {f"counted in {name}": COUNTED_IN[name] for name in wanted.counted_in}
    if Fact.REGION in (*wanted.known, *wanted.unknown):
        parameters["without_region"] = list(places.without_region)
    # What is true is looked at; what is asked to be true, no index is asked for.
    indexed = {
        name: Indexed(finding, f"({columns[name]}) IS TRUE")
        for name, finding in _FINDING.items()
        if name in columns and not (name == "q" and loosely is not None)
    }
    whole, partly = _facets_asked(wanted, places)
    for place, (name, words) in enumerate((*whole.items(), *partly.items())):
        parameters[f"facets_{place}"] = words
        finding = f"{_FACETS} && CAST(:facets_{place} AS text[])"
        indexed[name] = Indexed(finding, columns.get(name, "true"))
    return Conditions(
        by_columns=list(columns.values()),
        indexed=list(indexed.values()),
        rest=[condition for name, condition in columns.items() if name not in indexed],
        parameters=parameters,
        year=columns["fiscal_year"] if len(wanted.fiscal_year) == 1 else None,
        of_nodes_and_years="nodes" in columns and not columns.keys() - {"nodes", "fiscal_year"},
    )


def facets_of(prefix: str = "") -> str:
    """What packages are looked up by where few are wanted: one word for each, of columns that begin with `prefix`.

    An expression index has to be asked in the very words it was made with.
    """
    named = {
        "n": f"{prefix}node_id::text",
        "y": f"{prefix}fiscal_year::text",
        "k": f"{prefix}kind",
        "s": f"{prefix}status",
        "i": f"coalesce({prefix}institution, '')",
        "c": f"coalesce({prefix}category, '')",
        "m": f"coalesce({prefix}method, '')",
        "a": f"coalesce({prefix}announced_month, '')",
        "w": f"coalesce({prefix}awarded_month, '')",
        "v": f"coalesce(length(trunc({prefix}value)::text)::text, '')",
        "p": f"coalesce(length(trunc({prefix}pagu)::text)::text, '')",
    }
    words = [f"'{letter}' || {text}" for letter, text in named.items()]
    words += [f"nullif('{letter}' || {prefix}{name}::text, '{letter}false')" for letter, name in _FLAGS.items()]
    return f"(ARRAY[{', '.join(words)}])"


_FLAGS = {"g": "withdrawn", "r": "is_repeated"}
_FACETS = facets_of("p.")
_LETTERS = {
    "fiscal_year": "y",
    "kind": "k",
    "status": "s",
    "category": "c",
    "method": "m",
    "announced_month": "a",
    "awarded_month": "w",
}
_LETTERS_OF_UNKNOWN = {
    Fact.INSTITUTION: "i",
    Fact.CATEGORY: "c",
    Fact.METHOD: "m",
    Fact.ANNOUNCED_MONTH: "a",
    Fact.AWARDED_MONTH: "w",
    Fact.VALUE: "v",
    Fact.PAGU: "p",
}
_MOST_DIGITS = 18


def _facets_asked(wanted: PackageFilter, places: Places) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Words of which a package must have one: by the condition that they say in full, and those that say a part of one."""
    whole: dict[str, list[str]] = {}
    for name, letter in _LETTERS.items():
        if values := getattr(wanted, name):
            whole[name] = [f"{letter}{value}" for value in dict.fromkeys(values)]
    if places.nodes is not None:
        whole["nodes"] = [f"n{node}" for node in places.nodes]
    if places.institutions is not None:
        whole["institutions"] = [f"i{institution}" for institution in places.institutions]
    for fact in wanted.unknown:
        if fact in _LETTERS_OF_UNKNOWN:
            whole[f"unknown {fact}"] = [_LETTERS_OF_UNKNOWN[fact]]
    if Fact.REGION in wanted.unknown:
        whole[f"unknown {Fact.REGION}"] = ["i", *(f"i{institution}" for institution in places.without_region)]
    if wanted.withdrawn:
        whole["withdrawn"] = ["gtrue"]
    if wanted.repeated:
        whole["repeated"] = ["rtrue"]
    partly = {
        "length of value": _lengths("v", wanted.value_min, wanted.value_max),
        "length of pagu": _lengths("p", wanted.pagu_min, wanted.pagu_max),
        "month announced": _months("a", wanted.announced_from, wanted.announced_before),
        "month awarded": _months("w", wanted.awarded_from, wanted.awarded_before),
    }
    return whole, {name: words for name, words in partly.items() if words}


_MOST_MONTHS = 36


def _months(letter: str, start: datetime | None, before: datetime | None) -> list[str]:
    """The months that moments of a range may have on any node's clock; nothing where that tells little apart."""
    if start is None or before is None or before - start > timedelta(days=31 * _MOST_MONTHS):
        return []
    first = (start - _A_DAY if start.year > 1 else start).replace(day=1)
    last = before + _A_DAY if before.year < _LAST_YEAR else before
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    numbers = range(first.year * 12 + first.month - 1, first.year * 12 + first.month - 1 + max(count, 1))
    return [f"{letter}{number // 12}-{number % 12 + 1:02}" for number in numbers]


_A_DAY = timedelta(days=1)
_LAST_YEAR = 9999


def _lengths(letter: str, least: Decimal | None, most: Decimal | None) -> list[str]:
    """How many digits an amount between the two may have before its point; nothing where that tells little apart."""
    first = 1 if least is None else len(str(int(least)))
    last = _MOST_DIGITS if most is None else len(str(int(most)))
    return [f"{letter}{digits}" for digits in range(first, last + 1)] if last - first <= _MOST_DIGITS // 2 else []


_Q = "p.search @@ websearch_to_tsquery('simple', :q)"
# Text in which something might be masked: an address, seven digits, or signs beyond ASCII that may stand for either.
LOOSELY = """(p.search @@ websearch_to_tsquery('simple', :q) OR (
    (coalesce(p.name, '') || ' ' || coalesce(p.satker_name, '')) ~ '@|&|[^\\x01-\\x7f]|([0-9][^0-9]*){7}'
    AND (CAST(:loosely AS text) = 'T' OR p.search @@ CAST(NULLIF(CAST(:loosely AS text), 'T') AS tsquery))
))"""
_PLACES = {
    "nodes": "p.node_id = ANY(CAST(:nodes AS bigint[]))",
    "institutions": "p.institution = ANY(CAST(:institutions AS text[]))",
}

_CONDITIONS = {
    "fiscal_year": "p.fiscal_year = ANY(CAST(:fiscal_year AS integer[]))",
    "kind": "p.kind = ANY(CAST(:kind AS text[]))",
    "status": "p.status = ANY(CAST(:status AS text[]))",
    "category": "p.category = ANY(CAST(:category AS text[]))",
    "method": "p.method = ANY(CAST(:method AS text[]))",
    "value_basis": "p.value_basis = ANY(CAST(:value_basis AS text[]))",
    "date_basis": "p.date_basis = ANY(CAST(:date_basis AS text[]))",
    "announced_month": "p.announced_month = ANY(CAST(:announced_month AS text[]))",
    "awarded_month": "p.awarded_month = ANY(CAST(:awarded_month AS text[]))",
    "fund_sources": f"({FUND_SOURCES}) = ANY(CAST(:fund_sources AS text[]))",
    "supplier": "p.id IN (SELECT package_id FROM awards WHERE supplier_id = ANY(CAST(:supplier AS bigint[])))",
    "value_min": "p.value >= :value_min",
    "value_max": "p.value <= :value_max",
    "pagu_min": "p.pagu >= :pagu_min",
    "pagu_max": "p.pagu <= :pagu_max",
    "bidders_min": "p.bidders >= :bidders_min",
    "bidders_max": "p.bidders <= :bidders_max",
    "days_to_award_min": "p.days_to_award >= :days_to_award_min",
    "days_to_award_max": "p.days_to_award <= :days_to_award_max",
    "days_to_contract_min": "p.days_to_contract >= :days_to_contract_min",
    "days_to_contract_max": "p.days_to_contract <= :days_to_contract_max",
    "announced_from": "p.announced_at >= :announced_from",
    "announced_before": "p.announced_at < :announced_before",
    "awarded_from": "p.awarded_at >= :awarded_from",
    "awarded_before": "p.awarded_at < :awarded_before",
    "changed_from": "p.changed_at >= :changed_from",
    "repeated": "p.is_repeated = :repeated",
    "schedule_moved": "(p.schedule_changes > 0) = :schedule_moved",
    "small_business": f"({SMALL}) = :small_business",
    "withdrawn": "p.withdrawn = :withdrawn",
    "q": _Q,
}

# What an index finds besides facets. Whatever changes a package stands in the feed, at that very moment.
_FINDING = {
    "q": _Q,
    "supplier": _CONDITIONS["supplier"],
    "changed_from": "p.id IN (SELECT entity_id FROM changes WHERE entity = 'package' AND at >= :changed_from)",
}


def _as_sets(stated: tuple[str, ...]) -> list[str]:
    """Each as it was written, for a source's own word may hold a comma, and as a set in order."""
    sets = [",".join(sorted({part.strip() for part in one.split(",") if part.strip()})) for one in stated]
    return sorted({*stated, *sets} - {""})
