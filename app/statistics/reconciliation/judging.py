"""Sets a statement against what is computed: pure, by the published populations, gaps and tolerance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import Any

from app.core.savings import ratio
from app.core.vocabulary import SAVING_KINDS, PackageKind
from app.statistics.reconciliation.queries import SUMS, Sums
from app.statistics.reported import TOTALS, Totals

Amount = Decimal | int
"""Rupiah, or a number of packages."""

TOLERANCE = Decimal("0.01")
"""Of what is computed: a gap up to this share is close."""


class Population(StrEnum):
    """Which packages a node may have meant; the published formula says what each of them is."""

    COMPLETED = "completed"
    ALL = "all"


class Verdict(StrEnum):
    """How a reported figure stands to the computed one, best first."""

    EQUAL = "equal"
    CLOSE = "close"
    DIFFERS = "differs"
    NOT_COMPUTED = "not_computed"
    NOT_REPORTED = "not_reported"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
# Sums of sums of rupiah, and what is divided by a sen, have more digits than the usual 28.
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class Gap:
    """One total on both sides; None is not known there. `gap` is reported − computed, `ratio` its share of computed."""

    reported: Amount | None
    computed: Amount | None
    gap: Amount | None
    ratio: Decimal | None
    verdict: Verdict | None


Gaps = Mapping[str, Gap]
"""One gap for each of the reported totals, by name."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A statement, or its part on one kind, against both populations; `judged_by` is the one that fits better."""

    gaps: Mapping[Population, Gaps]
    savings_base: str
    judged_by: Population | None
    verdict: Verdict


def savings_base(stated: Totals, named: str | None) -> str:
    """What savings are counted against: as the node names it, else pagu, or HPS where only HPS is stated."""
    return named or ("hps" if stated.pagu is None and stated.hps is not None else "pagu")


def compare(
    stated: Totals | None, sums: Mapping[str, Sums], base: str, kinds: Sequence[str] = tuple(PackageKind)
) -> Comparison:
    """Set what is stated against the sums per kind; `kinds` are the ones that the statement is about.

    No statement at all still shows what is computed. Sums are empty where the hub knows no package of the node and year.
    """
    with localcontext(_EXACT):
        computed = {population: computed_of(population, sums, base, kinds) for population in Population}
        gaps = {
            population: {
                name: gap_of(name, None if stated is None else getattr(stated, name), amounts[name]) for name in TOTALS
            }
            for population, amounts in computed.items()
        }
    if stated is None:
        return Comparison(gaps, base, None, Verdict.NOT_REPORTED)
    judged = {population: worst for population in Population if (worst := _worst(gaps[population].values()))}
    if not judged:
        return Comparison(gaps, base, None, Verdict.NOT_COMPUTED)
    best = min(judged, key=lambda population: _RANK[judged[population]])
    return Comparison(gaps, base, best, judged[best])


def _worst(gaps: Iterable[Gap]) -> Verdict | None:
    return max((gap.verdict for gap in gaps if gap.verdict is not None), key=_RANK.__getitem__, default=None)


def computed_of(
    population: Population, sums: Mapping[str, Sums], base: str, kinds: Sequence[str]
) -> dict[str, Amount | None]:
    """What the hub computes for one population of the kinds asked about; None where nothing is known of an amount."""
    if not sums:
        return dict.fromkeys(TOTALS)
    sold = _added(sums, [kind for kind in kinds if kind in SAVING_KINDS])
    carried = _added(sums, [kind for kind in kinds if kind not in SAVING_KINDS])
    can_save = any(kind in SAVING_KINDS for kind in kinds)
    savings = (
        _known(sold[f"{base}_base"] - sold[f"{base}_value"], sold[f"{base}_packages"], sold["completed"])
        if can_save
        else None
    )
    if population is Population.ALL:
        both = {name: sold[name] + carried[name] for name in sold}
        return {
            "packages": int(both["packages"]),
            "pagu": _known(both["pagu"], both["pagu_known"], both["packages"]),
            # Counted as known only of kinds that should have one; a sum is known all the same.
            "hps": _known(both["hps"], both["hps"] + both["hps_known"], both["packages"]),
            "value": _known(
                sold["value"] + carried["realized"], both["spent_packages"], sold["completed"] + carried["carried"]
            ),
            "savings": savings,
        }
    # Of a kind that cannot save, realisation is not kept by status: its completed packages have no value of their own.
    ended = sold if can_save else carried
    return {
        "packages": int(ended["completed"]),
        # Nothing counts the completed ones whose pagu is known: a sum is, and so is that of those that have a value too.
        "pagu": _known(ended["pagu_completed"], ended["pagu_completed"] + ended["pagu_packages"], ended["completed"]),
        "hps": _known(ended["hps_completed"], ended["hps_completed"] + ended["hps_packages"], ended["completed"]),
        "value": _known(ended["value"], ended["value_known"], ended["completed"]) if can_save else None,
        "savings": savings,
    }


def _added(sums: Mapping[str, Sums], kinds: Sequence[str]) -> dict[str, Any]:
    rows = [sums[kind] for kind in kinds if kind in sums]
    return {name: sum((Decimal(row[name]) for row in rows), Decimal(0)) for name in SUMS}


def _known(amount: Decimal, known: Decimal, packages: Decimal) -> Decimal | None:
    """An amount of no packages is zero; one that none of several packages has is not known."""
    return None if packages and not known else _money(amount)


def _money(amount: Amount) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def gap_of(name: str, reported: Amount | None, computed: Amount | None) -> Gap:
    """One total's gap, its share of the computed and what that is by the published tolerance."""
    if reported is not None:
        reported = int(reported) if name == "packages" else _money(reported)
    if reported is None or computed is None:
        return Gap(reported, computed, None, None, None)
    exact = Decimal(reported) - Decimal(computed)
    # Rupiah are compared as rupiah: many nodes state whole ones.
    is_equal = exact == 0 if name == "packages" else abs(exact) < 1
    is_close = abs(exact) <= TOLERANCE * abs(Decimal(computed))
    verdict = Verdict.EQUAL if is_equal else Verdict.CLOSE if is_close else Verdict.DIFFERS
    gap = int(exact) if name == "packages" else exact
    return Gap(reported, computed, gap, ratio(exact, Decimal(computed)), verdict)


@dataclass(frozen=True, slots=True)
class GrandGap:
    """One total over all rows of which both sides are known."""

    rows: int
    reported: Amount
    computed: Amount
    gap: Amount
    ratio: Decimal | None


def add_up(comparisons: Sequence[Comparison]) -> dict[Population, dict[str, GrandGap]]:
    """The totals of many rows, each over the rows of which both sides are known."""
    with localcontext(_EXACT):
        return {
            population: {name: _grand([row.gaps[population][name] for row in comparisons]) for name in TOTALS}
            for population in Population
        }


def _grand(gaps: Sequence[Gap]) -> GrandGap:
    sides = [(gap.reported, gap.computed) for gap in gaps if gap.reported is not None and gap.computed is not None]
    reported, computed = sum(one for one, _ in sides), sum(other for _, other in sides)
    gap = reported - computed
    return GrandGap(len(sides), reported, computed, gap, ratio(Decimal(gap), Decimal(computed)))
