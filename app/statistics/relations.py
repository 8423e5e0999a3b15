"""The rows that figures are summed from, as SQL: the summaries as they are, or as they were at a past moment.

"As known then" is what is known now, less what has changed since, plus what that was: every sum of this room adds up, so
a past moment costs as much as has happened after it, however large the hub is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.procurement.columns import UNSAID
from app.procurement.filtering import FUND_SOURCES
from app.statistics.measures import GRAIN_COLUMNS, Grain, measured
from app.statistics.questions import Dimension, FigureFilter

# The same column names in summaries and packages, so that a filter can stand in every branch. What is unknown is '' in the
# one and null in the other, and matches no filter in either.
_CONDITIONS = {
    "fiscal_year": "fiscal_year = ANY(CAST(:fiscal_year AS integer[]))",
    "province": "institution IN (SELECT kd_klpd FROM institutions WHERE left(region, 2) = ANY(CAST(:province AS text[])))",
    "region": "institution IN (SELECT kd_klpd FROM institutions WHERE region = ANY(CAST(:region AS text[])))",
    "institution": "institution = ANY(CAST(:institution AS text[]))",
    "node": "node_id IN (SELECT id FROM nodes WHERE slug = ANY(CAST(:node AS text[])))",
    "kind": "kind = ANY(CAST(:kind AS text[]))",
    "category": "category = ANY(CAST(:category AS text[]))",
    "method": "method = ANY(CAST(:method AS text[]))",
}
_TRADE = {"category", "method", "fund_sources"}

COLUMNS = {
    Dimension.NODE: "n.slug",
    Dimension.REGION: "i.region",
    Dimension.PROVINCE: "left(i.region, 2)",
    Dimension.INSTITUTION: "nullif(s.institution, '')",
    Dimension.FISCAL_YEAR: "s.fiscal_year",
    Dimension.KIND: "s.kind",
    Dimension.CATEGORY: "nullif(s.category, '')",
    Dimension.METHOD: "nullif(s.method, '')",
    Dimension.MONTH: "nullif(s.month, '')",
    Dimension.FUND_SOURCES: "nullif(s.fund_sources, '')",
}

# Of a package as it was: what figures count by, and nothing of its long texts.
_FACTS = (
    "id", "node_id", "fiscal_year", "kind", "institution", "category", "method", "fund_sources", "announced_month",
    "awarded_month", "withdrawn", "status", "pagu", "hps", "value", "value_basis", "contract_value", "contracted_at",
    "pdn_value", "umk_value", "realized_value", "participants", "bidders", "is_repeated", "schedule_changes", "date_basis",
    "business_size", "rup_codes", "days_to_award", "days_to_contract",
)  # fmt: skip
_MOVED = """
    affected AS MATERIALIZED (
        SELECT p.id FROM (SELECT DISTINCT entity_id FROM changes WHERE entity = 'package' AND at > :as_of) AS c
        -- Node and kind of a package never change: who is not asked for now was not asked for then.
        JOIN packages p ON p.id = c.entity_id AND p.kind = ANY(CAST(:kinds AS text[])) {of_nodes}
    ),
    moved AS MATERIALIZED (
        SELECT -1 AS sign, NULL::jsonb AS awards, {now} FROM affected JOIN packages p ON p.id = affected.id
        UNION ALL
        SELECT 1, last.state -> 'awards', {then} FROM affected JOIN packages p ON p.id = affected.id
        CROSS JOIN LATERAL (
            SELECT v.state FROM package_versions v WHERE v.package_id = p.id AND v.at <= :as_of
            ORDER BY v.version DESC LIMIT 1
        ) AS last
        CROSS JOIN LATERAL jsonb_populate_record(p, CAST('{unsaid}' AS jsonb) || last.state) AS past
    )
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where figures are read from: the tables before SELECT, the rows themselves, and what both take."""

    tables: str
    rows: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the rows of every kind have in common: filters, the kinds a figure is about, the moment, what is told apart."""

    wanted: FigureFilter
    kinds: tuple[str, ...]
    told_apart: frozenset[Dimension]
    month: Grain
    as_of: datetime | None

    @property
    def grain(self) -> Grain:
        """The coarsest sums that tell apart what is asked for."""
        used = {str(dimension) for dimension in self.told_apart} | {name for name, _values in self.wanted.given()}
        if used & _TRADE and ("month" in used or "fund_sources" in used):
            return Grain.ANNOUNCED_TRADE if self.month == Grain.ANNOUNCED else Grain.AWARDED_TRADE
        if "month" in used:
            return self.month
        return Grain.TRADE if used & _TRADE else Grain.PLACE

    @property
    def is_coarse(self) -> bool:
        """Whether node, year, kind and institution are enough: histograms and suppliers are kept by no more than these."""
        return self.grain == Grain.PLACE

    def parameters(self) -> dict[str, Any]:
        given: dict[str, Any] = {name: list(values) for name, values in self.wanted.given()}
        given["kinds"] = list(self.kinds)
        return given if self.as_of is None else {**given, "as_of": self.as_of}

    def where(self, alias: str = "") -> str:
        conditions = [_CONDITIONS[name] for name, _values in self.wanted.given()]
        conditions.append("kind = ANY(CAST(:kinds AS text[]))")
        return " AND ".join(f"{alias}{condition}" for condition in conditions)

    def tables(self) -> list[str]:
        """What has changed since the moment asked for, as it is now (−1) and as it was then (+1)."""
        if self.as_of is None:
            return []
        now = ", ".join(f"p.{column}" for column in _FACTS)
        then = ", ".join(f"past.{column}" for column in _FACTS)
        of_nodes = f"AND p.{_CONDITIONS['node']}" if self.wanted.node else ""
        return [_MOVED.format(now=now, then=then, of_nodes=of_nodes, unsaid=f"{{{UNSAID}}}")]

    def rows(self, selected: str) -> Rows:
        tables = self.tables()
        return Rows(f"WITH {', '.join(tables)}" if tables else "", selected, self.parameters())


def _kept(grain: Grain) -> str:
    """The key of a grain as columns over packages: what it does not tell apart is '*'."""
    columns = GRAIN_COLUMNS[grain]
    month = next((column for column in columns if column.endswith("_month")), None)
    return ", ".join(
        (
            "node_id", "fiscal_year", "kind", "coalesce(institution, '') AS institution",
            *(f"coalesce({name}, '') AS {name}" if name in columns else f"'*' AS {name}" for name in ("category", "method")),
            f"{FUND_SOURCES} AS fund_sources" if "fund_sources" in columns else "'*' AS fund_sources",
            f"coalesce({month}, '') AS month" if month else "'*' AS month",
        )
    )  # fmt: skip


_KEY = "node_id, fiscal_year, kind, institution, category, method, fund_sources, month"


def summed_rows(scope: Scope, measures: Iterable[str]) -> Rows:
    """Sums by group, in the coarsest grain that will do."""
    names = tuple(measures)
    rows = f"""
        SELECT {_KEY}, {", ".join(names)} FROM package_summaries
        WHERE grain = '{scope.grain}' AND {scope.where()}
    """  # noqa: S608 (names and conditions are constants of this room)
    if scope.as_of is not None:
        rows += f"""
            UNION ALL SELECT {_kept(scope.grain)}, {", ".join(measured(name) for name in names)}
            FROM moved AS p WHERE NOT withdrawn AND {scope.where()} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        """  # noqa: S608 (the same)
    return scope.rows(rows)


_TAKEN = """
    CROSS JOIN LATERAL (VALUES ('award', days_to_award), ('contract', days_to_contract),
                               ('whole', days_to_award + days_to_contract)) AS taken (span, days)
"""
_SOLD = "NOT withdrawn AND status = 'completed' AND kind IN ('tender', 'non_tender')"


def duration_rows(scope: Scope) -> Rows:
    """How many packages took so many days: `span, date_basis, days, packages` by group."""
    days = "taken.span, coalesce(date_basis, '') AS date_basis, taken.days"
    counted = f"{_SOLD} AND taken.days IS NOT NULL AND {scope.where()}"
    if scope.is_coarse:
        rows = f"""
            SELECT node_id, fiscal_year, kind, institution, '*' AS category, '*' AS method, '*' AS fund_sources, '*' AS month,
                   span, date_basis, days, packages
            FROM duration_summaries WHERE {scope.where()}
        """  # noqa: S608 (the same)
    else:
        rows = f"SELECT {_kept(scope.grain)}, {days}, 1 AS packages FROM packages p {_TAKEN} WHERE {counted}"  # noqa: S608
    if scope.as_of is not None:
        rows += f" UNION ALL SELECT {_kept(scope.grain)}, {days}, sign FROM moved p {_TAKEN} WHERE {counted}"  # noqa: S608
    return scope.rows(rows)


def supplier_rows(scope: Scope, *, everywhere: bool = False) -> Rows:
    """What suppliers won: `supplier_id, awards, valued, value` by group; `everywhere` is all there is, unfiltered."""
    where = "true" if everywhere else scope.where()
    if scope.is_coarse or everywhere:
        key = (
            "node_id, fiscal_year, kind, institution, '*' AS category, '*' AS method, '*' AS fund_sources, '*' AS month"
        )
        rows = f"SELECT {key}, supplier_id, awards, valued, value FROM supplier_summaries WHERE {where}"  # noqa: S608
    else:
        rows = f"""
            SELECT p.*, a.supplier_id, 1 AS awards, (a.value IS NOT NULL)::integer AS valued, a.value
            FROM (SELECT id, {_kept(scope.grain)} FROM packages p WHERE {_SOLD} AND {where}) AS p
            JOIN awards a ON a.package_id = p.id
        """  # noqa: S608 (the same)
        rows = f"SELECT {_KEY}, supplier_id, awards, valued, value FROM ({rows}) AS won"  # noqa: S608
    if scope.as_of is not None:
        grain = Grain.PLACE if everywhere else scope.grain
        rows += f"""
            UNION ALL SELECT {_KEY}, won.supplier_id, sign, sign * (won.value IS NOT NULL)::integer, sign * won.value
            FROM (SELECT id, sign, awards, {_kept(grain)} FROM moved p WHERE {_SOLD} AND {where}) AS m
            CROSS JOIN LATERAL (
                SELECT a.supplier_id, a.value FROM awards a WHERE m.sign = -1 AND a.package_id = m.id
                UNION ALL
                SELECT r.id, CAST(e.award ->> 'value' AS numeric) FROM jsonb_array_elements(m.awards) AS e (award)
                JOIN suppliers r ON m.sign = 1 AND r.identity = e.award ->> 'identity'
            ) AS won
        """  # noqa: S608 (the same)
    return scope.rows(rows)


def joins(group_by: Iterable[Dimension]) -> str:
    """The tables that name what rows are grouped by."""
    used = set(group_by)
    node = "JOIN nodes n ON n.id = s.node_id" if Dimension.NODE in used else ""
    places = {Dimension.REGION, Dimension.PROVINCE}
    return f"{node} LEFT JOIN institutions i ON i.kd_klpd = s.institution" if used & places else node
