"""From rows to contenders: for each ranking what a node's indicator is computed from, and what the rules judge."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.core.ranking import Number
from app.core.ranking_samples import Days, Shares, sen
from app.core.ranking_table import Contender
from app.core.savings import ratio
from app.statistics.measures import Grain
from app.statistics.rankings.queries import Row

SEN = Decimal("0.01")
FACTS: Mapping[str, tuple[str, str]] = {
    "pagu": ("pagu_known", "packages"),
    "institution": ("institution_known", "packages"),
    "hps": ("sold_hps_known", "sold_packages"),
    "category": ("sold_category_known", "sold_packages"),
    "method": ("sold_method_known", "sold_packages"),
    "announced_at": ("sold_announced_known", "sold_packages"),
    "value": ("sold_value_known", "sold_completed"),
}
"""What completeness asks of packages: of how many a fact is known, and of how many it is expected."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A contender, the packages its indicator rests on, and the sums as they are published."""

    contender: Contender
    packages: int | None
    basis: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Data:
    """All that rankings of one fiscal year are computed from, by the ids of nodes."""

    cells: Mapping[Grain, Mapping[int, Sequence[Row]]] = field(default_factory=dict)
    days: Mapping[int, Row] = field(default_factory=dict)
    conditions: Mapping[int, Mapping[str, bool | None]] = field(default_factory=dict)
    read_in_part: frozenset[int] = frozenset()

    def rows(self, node: int, *grains: Grain) -> Sequence[Row]:
        """The node's sums by the first of these grains that were asked for."""
        grain = next(grain for grain in (*grains, *self.cells) if grain in self.cells)
        return self.cells[grain].get(node, ())

    def year_read(self, node: int) -> int:
        return 0 if node in self.read_in_part else 1


def by_node(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["node_id"]].append(row)
    return dict(found)


def total(rows: Sequence[Row], name: str) -> int:
    return int(sum(row[name] for row in rows))


def amount(rows: Sequence[Row], name: str) -> Decimal:
    """A sum of money: whole sen are added."""
    return Decimal(sum(sen(row[name]) for row in rows)) * SEN


def savings(data: Data, node: int) -> Ready:
    """By pagu; the numerator is what was saved."""
    rows = data.rows(node, Grain.AWARDED)
    counted, completed = total(rows, "sold_pagu_packages"), total(rows, "sold_completed")
    left_out = {reason: total(rows, f"sold_{reason}") for reason in ("no_value", "no_pagu")}
    pagu, value = (amount(rows, f"sold_pagu_{part}") for part in ("base", "value"))
    hps, hps_value = (amount(rows, f"sold_hps_{part}") for part in ("base", "value"))
    cells = [(sen(row["sold_pagu_base"]), sen(row["sold_pagu_value"])) for row in rows]
    facts: dict[str, Number | None] = {
        "year_read": data.year_read(node),
        "counted_packages": counted,
        "left_out_share": _share(sum(left_out.values()), completed),
        "pagu": pagu,
    }
    basis = {
        "numerator": pagu - value,
        "denominator": pagu,
        "value": value,
        "completed": completed,
        "left_out": left_out,
        "by_hps": {
            "packages": total(rows, "sold_hps_packages"),
            "hps": hps,
            "value": hps_value,
            "savings": hps - hps_value,
            "ratio": ratio(hps - hps_value, hps),
        },
    }
    return Ready(Contender(Shares(tuple((base - agreed, base) for base, agreed in cells)), facts), counted, basis)


def competition(data: Data, node: int) -> Ready:
    """The numerator counts single bids, the denominator tenders with known bidders."""
    rows = data.rows(node, Grain.ANNOUNCED)
    known, completed = total(rows, "tender_bidders_known"), total(rows, "tender_completed")
    bidders = total(rows, "tender_bidders")
    cells = tuple((int(row["tender_single_bid"]), int(row["tender_bidders_known"])) for row in rows)
    facts: dict[str, Number | None] = {
        "year_read": data.year_read(node),
        "bidders_known": known,
        "bidders_known_share": _share(known, completed),
    }
    basis = {
        "numerator": total(rows, "tender_single_bid"),
        "denominator": known,
        "completed": completed,
        "left_out": {"no_bidders": completed - known},
        "bidders": bidders,
        "bidders_mean": ratio(Decimal(bidders), Decimal(known)),
    }
    return Ready(Contender(Shares(cells), facts), known, basis)


def timeliness(data: Data, node: int) -> Ready:
    """The median of days; there is no ratio, and so no numerator."""
    rows, taken = data.rows(node, Grain.ANNOUNCED), data.days.get(node, {})
    days = Days.of(zip(taken.get("days") or (), taken.get("packages") or (), strict=True))
    completed, impossible, planned = (
        total(rows, "tender_completed"),
        int(taken.get("impossible", 0)),
        int(taken.get("not_actual", 0)),
    )
    facts: dict[str, Number | None] = {
        "year_read": data.year_read(node),
        "dated_tenders": days.packages,
        "dated_share": _share(days.packages, completed),
    }
    known = days.packages > 0
    basis = {
        "median_days": Decimal(days.percentile(5)).scaleb(-1) if known else None,
        "p90_days": Decimal(days.percentile(9)).scaleb(-1) if known else None,
        "completed": completed,
        "left_out": {
            "out_of_order": impossible,
            "not_actual": planned,
            "no_dates": completed - days.packages - impossible - planned,
        },
    }
    return Ready(Contender(days, facts), days.packages, basis)


def completeness(data: Data, node: int) -> Ready:
    """The numerator counts known facts, the denominator expected ones."""
    rows = [
        {**row, "sold_value_known": row["sold_completed"] - row["sold_no_value"]}
        for row in data.rows(node, Grain.ANNOUNCED)
    ]
    facts_of = {
        name: {"known": total(rows, known), "expected": total(rows, expected)}
        for name, (known, expected) in FACTS.items()
    }
    cells = tuple(
        (
            int(sum(row[known] for known, _expected in FACTS.values())),
            int(sum(row[expected] for _known, expected in FACTS.values())),
        )
        for row in rows
    )
    sample, packages = Shares(cells), total(rows, "packages")
    basis = {"numerator": sample.part, "denominator": sample.base, "facts": facts_of}
    facts: dict[str, Number | None] = {"year_read": data.year_read(node), "packages": packages}
    return Ready(Contender(sample, facts), packages, basis)


def readiness(data: Data, node: int) -> Ready:
    """The numerator counts conditions met, the denominator those that can be judged; there are no packages behind it."""
    conditions = data.conditions.get(node, {})
    judged = [met for met in conditions.values() if met is not None]
    told = {name: "not_judged" if met is None else "met" if met else "not_met" for name, met in conditions.items()}
    basis = {"numerator": sum(judged), "denominator": len(judged), "conditions": told}
    facts: dict[str, Number | None] = {"judged_conditions": len(judged)}
    return Ready(Contender(Shares(((sum(judged), len(judged)),)), facts), None, basis)


GATHERED: Mapping[str, Callable[[Data, int], Ready]] = {
    "savings": savings,
    "competition": competition,
    "timeliness": timeliness,
    "completeness": completeness,
    "readiness": readiness,
}


def _share(part: int, base: int) -> Decimal | None:
    # Not rounded: what falls short of a threshold by a millionth of a millionth falls short.
    return Decimal(part) / Decimal(base) if base else None
