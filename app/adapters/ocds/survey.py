"""To which kind, year and code the releases of one contracting process belong: one release alone may not say. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.adapters.ocds.reading import Object, child, children, moment_of, text_of
from app.adapters.ocds.vocabulary import kind_of
from app.core.dates import TimeZone
from app.core.text import CodeUnreadable, canonical_code
from app.core.vocabulary import PackageKind

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_PREFIX_PARTS = 3
_FISCAL_YEARS = range(2000, 2101)


@dataclass(slots=True)
class Facts:
    """What is known of one process so far. Later releases overrule earlier ones, a stronger sign a weaker one."""

    kind: PackageKind | None = None
    kind_at: datetime = _BEFORE_ALL
    budget_years: tuple[int, ...] = ()
    budget_at: datetime = _BEFORE_ALL
    published_at: datetime | None = None
    first_at: datetime | None = None
    tender_id: str | None = None

    def learn(self, release: Object, zone: TimeZone) -> None:
        at = moment_of(release.get("date"), zone)
        order = at or _BEFORE_ALL
        tender = child(release, "tender")
        kind = kind_of(text_of(tender, "procurementMethodDetails"), text_of(tender, "procurementMethod"))
        if kind is not None and (order, kind) >= (self.kind_at, self.kind or ""):
            self.kind, self.kind_at = kind, order
        years = budget_years(release, zone)
        if years and (order, years) >= (self.budget_at, self.budget_years):
            self.budget_years, self.budget_at = years, order
        published = moment_of(tender.get("datePublished"), zone) or moment_of(
            child(tender, "tenderPeriod").get("startDate"), zone
        )
        self.published_at = _earlier(self.published_at, published)
        self.first_at = _earlier(self.first_at, at)
        if (named := text_of(tender, "id")) is not None:
            self.tender_id = min(self.tender_id or named, named)

    def years(self, zone: TimeZone) -> tuple[int, ...]:
        """The fiscal years: of the budget, else of the announcement, else of the first release."""
        if self.budget_years:
            return self.budget_years
        moment = self.published_at or self.first_at
        year = None if moment is None else moment.astimezone(zone.info).year
        return () if year not in _FISCAL_YEARS or year is None else (year,)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def budget_years(release: Object, zone: TimeZone) -> tuple[int, ...]:
    """The years of planning.budget.period, both ends included; () where it has none or an absurd one."""
    period = child(release, "planning", "budget", "period")
    start = moment_of(period.get("startDate"), zone)
    end = moment_of(period.get("endDate"), zone) or start
    start = start or end
    if start is None or end is None:
        return ()
    first, last = start.astimezone(zone.info).year, end.astimezone(zone.info).year
    return tuple(range(first, last + 1)) if first in _FISCAL_YEARS and first <= last <= first + 10 else ()


def releases_in(row: Object) -> Iterator[Object]:
    """The releases that a row of the feed holds: itself, or those of a record."""
    compiled = row.get("compiledRelease")
    if isinstance(compiled, dict):
        yield compiled
    elif isinstance(row.get("releases"), list):
        yield from children(row, "releases")
    else:
        yield row


@dataclass(slots=True)
class Survey:
    """All that was learnt from one feed. `has_parts` tells whether any process is spread over several rows."""

    zone: TimeZone
    facts: dict[str, Facts] = field(default_factory=dict)
    has_parts: bool = False
    is_complete: bool = False

    def learn(self, row: Object) -> None:
        known = self.facts.setdefault(str(row.get("ocid")), Facts())
        for release in releases_in(row):
            known.learn(release, self.zone)


def facts_of(row: Object, zone: TimeZone) -> Facts:
    facts = Facts()
    for release in releases_in(row):
        facts.learn(release, zone)
    return facts


def code_of(ocid: object, tender_id: str | None) -> str | None:
    """The package's code: what follows the publisher's prefix in the ocid if it is a number, as SPSE's codes are.

    `ocds-20h3g7-12482010` is the tender 12482010 (ICW's feed, recorded); other publishers put their own ids there, and
    SPSE's into tender.id if anywhere.
    """
    parts = ocid.split("-", _PREFIX_PARTS - 1) if isinstance(ocid, str) else []
    tail = parts[-1] if len(parts) == _PREFIX_PARTS and parts[0] == "ocds" else None
    candidates = (tail, tender_id) if tail and tail.isdecimal() else (tender_id, tail)
    for text in candidates:
        try:
            return canonical_code(text or "")
        except CodeUnreadable:
            continue
    return None
