"""Each figure from its sums: what it is over, what it divides, what it leaves out, and which packages stand behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.formulas import Formula
from app.core.formulas_of_figures import ABSORPTION, COMPETITION, COVERAGE, PACKAGES, PDN_UMK, SAVINGS, TIMELINESS
from app.core.savings import ratio
from app.core.vocabulary import SAVING_KINDS, PackageKind, PackageStatus, ValueBasis
from app.statistics.measures import Grain

Sums = Mapping[str, Any]
Figure = dict[str, Any]

_ALL_KINDS = tuple(str(kind) for kind in PackageKind)
_SAVING_KINDS = tuple(str(kind) for kind in SAVING_KINDS)
_CARRIED_KINDS = tuple(kind for kind in _ALL_KINDS if kind not in _SAVING_KINDS)
_SEN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Statistic:
    """One kind of figure: its published formula, the sums it needs, and how they become the figure.

    `parts` says for each number of the figure how the list of the group's packages is narrowed down to those behind it.
    """

    formula: Formula
    kinds: tuple[str, ...]
    month: Grain
    measures: tuple[str, ...]
    figure: Callable[[Sums], Figure]
    parts: Mapping[str, str]
    needs_spans: bool = False
    needs_suppliers: bool = False
    """Whether it shows percentiles or suppliers, which do not add up: they come as `spans` and `suppliers` of the sums."""


def _amount(value: Any) -> Decimal:
    return Decimal(value).quantize(_SEN)


def _share(part: Any, base: Any) -> Decimal | None:
    return ratio(Decimal(part), Decimal(base))


# Savings


def savings(sums: Sums) -> Figure:
    """Each block's sums are over exactly the packages it counts."""
    return {
        "packages": sums["packages"],
        "completed": sums["completed"],
        "by_pagu": _block(sums, "pagu"),
        "by_hps": _block(sums, "hps"),
        "left_out": {reason: sums[reason] for reason in ("no_value", "no_pagu", "no_hps")},
        "basis": {str(basis): sums[f"basis_{basis}"] for basis in ValueBasis},
    }


def _block(sums: Sums, base: str) -> Figure:
    total, value = _amount(sums[f"{base}_base"]), _amount(sums[f"{base}_value"])
    return {
        "packages": sums[f"{base}_packages"],
        base: total,
        "value": value,
        "savings": total - value,
        "ratio": ratio(total - value, total),
    }


# Packages


def packages(sums: Sums) -> Figure:
    """Counts and amounts by status; an amount covers the packages of which it is known."""
    return {
        "packages": sums["packages"],
        "by_status": {
            str(status): {
                "packages": sums[status],
                "pagu": _amount(sums[f"pagu_{status}"]),
                "hps": _amount(sums[f"hps_{status}"]),
            }
            for status in PackageStatus
        },
        "pagu": sum((_amount(sums[f"pagu_{status}"]) for status in PackageStatus), Decimal(0)),
        "hps": sum((_amount(sums[f"hps_{status}"]) for status in PackageStatus), Decimal(0)),
        "value": _amount(sums["value"]),
        "repeated": sums["repeated"],
        "left_out": {
            "no_pagu": sums["packages"] - sums["pagu_known"],
            "no_hps": sums["contestable"] - sums["hps_known"],
            "no_value": sums["sold"] - sums["value_known"],
        },
    }


# Competition


def competition(sums: Sums) -> Figure:
    """Participants, bidders, who won and how much of it, and how many procurements came to nothing."""
    ended_badly = sums["failed"] + sums["cancelled"]
    return {
        "packages": sums["packages"],
        "completed": sums["completed"],
        "failed": sums["failed"],
        "cancelled": sums["cancelled"],
        "failed_share": _share(ended_badly, ended_badly + sums["completed"]),
        "repeated": sums["repeated"],
        "repeated_share": _share(sums["repeated"], sums["packages"]),
        "participants": {
            "packages": sums["participants_known"],
            "sum": sums["participants"],
            "mean": _share(sums["participants"], sums["participants_known"]),
        },
        "bidders": {
            "packages": sums["bidders_known"],
            "sum": sums["bidders"],
            "mean": _share(sums["bidders"], sums["bidders_known"]),
            "single": sums["single_bid"],
            "single_share": _share(sums["single_bid"], sums["bidders_known"]),
        },
        "suppliers": _spread(sums.get("suppliers")),
        "left_out": {
            "no_participants": sums["completed"] - sums["participants_known"],
            "no_bidders": sums["completed"] - sums["bidders_known"],
        },
    }


def _spread(won: Sums | None) -> Figure:
    found = won or dict.fromkeys(
        ("suppliers", "new", "awards", "valued", "value", "squares", "top_1", "top_5", "top_10"), 0
    )
    value = Decimal(found["value"])
    return {
        "distinct": found["suppliers"],
        "new": found["new"],
        "awards": found["awards"],
        "valued_awards": found["valued"],
        "value": _amount(value),
        "hhi": _share(found["squares"], value * value),
        **{f"{top}_share": _share(found[top], value) for top in ("top_1", "top_5", "top_10")},
    }


# Timeliness

SPANS = ("award", "contract", "whole")
_NO_DAYS: Figure = {"packages": 0, "median": None, "p90": None}


def timeliness(sums: Sums) -> Figure:
    """Days of each span by actual dates; what was only scheduled stands apart."""
    spans = sums.get("spans") or {}

    def days(span: str, basis: str) -> Figure:
        found = spans.get((span, basis))
        return {name: found[name] for name in _NO_DAYS} if found else dict(_NO_DAYS)

    def left_out(span: str) -> Figure:
        known = [found for (name, _basis), found in spans.items() if name == span]
        out_of_order = sum(found["out_of_order"] for found in known)
        return {
            "unknown": sums["completed"] - out_of_order - sum(found["packages"] for found in known),
            "out_of_order": out_of_order,
        }

    return {
        "packages": sums["packages"],
        "completed": sums["completed"],
        **{span: days(span, "actual") for span in SPANS},
        "scheduled": {span: days(span, "scheduled") for span in SPANS},
        "schedule": {
            "packages": sums["schedule_known"],
            "moved": sums["schedule_moved"],
            "moved_share": _share(sums["schedule_moved"], sums["schedule_known"]),
            "changes": sums["schedule_changes"],
        },
        "left_out": {span: left_out(span) for span in SPANS},
    }


# Absorption


def absorption(sums: Sums) -> Figure:
    """Realisation against pagu of packages that are carried out without a competition on the node."""
    return {
        "packages": sums["packages"],
        "carried": sums["carried"],
        "absorbed": {
            "packages": sums["absorbed_packages"],
            "pagu": _amount(sums["absorbed_pagu"]),
            "realized": _amount(sums["absorbed_value"]),
            "remaining": _amount(sums["absorbed_pagu"]) - _amount(sums["absorbed_value"]),
            "ratio": _share(sums["absorbed_value"], sums["absorbed_pagu"]),
        },
        "realized": _amount(sums["realized"]),
        "left_out": {
            "not_carried": sums["packages"] - sums["carried"],
            "no_realized": sums["no_realized"],
            "no_pagu": sums["realized_no_pagu"],
        },
    }


# PDN and UMK

UMK_THRESHOLD = Decimal("0.40")


def pdn_umk(sums: Sums) -> Figure:
    """What of the spending is domestic product and what goes to small business."""
    umk_base, umk_value = _amount(sums["umk_base"]), _amount(sums["umk_value"])
    share = ratio(umk_value, umk_base)
    return {
        "packages": sums["packages"],
        "spent": {"packages": sums["spent_packages"], "value": _amount(sums["spent"])},
        "pdn": {
            "packages": sums["pdn_packages"],
            "spent": _amount(sums["pdn_base"]),
            "value": _amount(sums["pdn_value"]),
            "share": _share(sums["pdn_value"], sums["pdn_base"]),
        },
        "umk": {
            "packages": sums["umk_packages"],
            "spent": umk_base,
            "value": umk_value,
            "share": share,
            "threshold": UMK_THRESHOLD,
            "to_threshold": (UMK_THRESHOLD * umk_base - umk_value).quantize(_SEN) if umk_base else None,
            "reaches_threshold": None if share is None else umk_value >= UMK_THRESHOLD * umk_base,
        },
        "reserved": {
            "packages": sums["reserved_packages"],
            "small": sums["reserved_small"],
            "small_share": _share(sums["reserved_small"], sums["reserved_packages"]),
        },
        "left_out": {
            "no_spending": sums["packages"] - sums["spent_packages"],
            "no_pdn": sums["spent_packages"] - sums["pdn_packages"],
            "no_umk": sums["spent_packages"] - sums["umk_packages"],
        },
    }


# Coverage

_KNOWN = {
    "pagu": ("pagu_known", "packages"),
    "hps": ("hps_known", "contestable"),
    "value": ("value_known", "sold"),
    "institution": ("institution_known", "packages"),
    "category": ("category_known", "packages"),
    "method": ("method_known", "packages"),
    "announced_month": ("announced_known", "packages"),
    "awarded_month": ("awarded_known", "sold"),
    "participants": ("participants_known", "sold"),
    "bidders": ("bidders_known", "sold"),
    "schedule": ("schedule_known", "contestable"),
    "rup_codes": ("planned", "packages"),
}
"""A fact, how many packages have it, and how many should."""


def coverage(sums: Sums) -> Figure:
    """Of how many packages each fact is known, of how many that should have it."""
    return {
        "packages": sums["packages"],
        "completed": sums["completed"],
        "known": {
            fact: {"packages": sums[known], "of": sums[base], "share": _share(sums[known], sums[base])}
            for fact, (known, base) in _KNOWN.items()
        },
        "scheduled_dates": sums["scheduled_dates"],
    }


def _counted(**parts: str) -> dict[str, str]:
    """Parts of a figure by the sums that their packages count in; `__` stands for the dot of a part's name."""
    return {part.replace("__", "."): f"counted_in={measure}" for part, measure in parts.items()}


STATISTICS: dict[str, Statistic] = {
    "savings": Statistic(
        formula=SAVINGS,
        kinds=_SAVING_KINDS,
        month=Grain.AWARDED,
        measures=(
            "packages", "completed", "pagu_packages", "pagu_base", "pagu_value", "hps_packages", "hps_base", "hps_value",
            "no_value", "no_pagu", "no_hps", *(f"basis_{basis}" for basis in ValueBasis),
        ),
        figure=savings,
        parts=_counted(
            completed="completed",
            by_pagu="pagu_packages",
            by_hps="hps_packages",
            left_out__no_value="no_value",
            left_out__no_pagu="no_pagu",
            left_out__no_hps="no_hps",
            **{f"basis__{basis}": f"basis_{basis}" for basis in ValueBasis},
        ),
    ),
    "packages": Statistic(
        formula=PACKAGES,
        kinds=_ALL_KINDS,
        month=Grain.ANNOUNCED,
        measures=(
            "packages", *(str(status) for status in PackageStatus), *(f"pagu_{status}" for status in PackageStatus),
            *(f"hps_{status}" for status in PackageStatus), "value", "repeated", "pagu_known", "hps_known", "value_known",
            "contestable", "sold",
        ),
        figure=packages,
        parts=_counted(
            **{f"by_status__{status}": str(status) for status in PackageStatus},
            pagu="pagu_known",
            repeated="repeated",
            left_out__no_hps="no_hps_known",
            left_out__no_value="no_value_known",
        )
        | {"hps": "known=hps", "value": "known=value", "left_out.no_pagu": "unknown=pagu"},
    ),
    "competition": Statistic(
        formula=COMPETITION,
        kinds=_SAVING_KINDS,
        month=Grain.ANNOUNCED,
        measures=(
            "packages", "completed", "failed", "cancelled", "repeated", "participants_known", "participants",
            "bidders_known", "bidders", "single_bid",
        ),
        figure=competition,
        parts=_counted(
            completed="completed",
            failed="failed",
            cancelled="cancelled",
            repeated="repeated",
            participants="participants_known",
            bidders="bidders_known",
            bidders__single="single_bid",
            suppliers="sold",
            left_out__no_participants="no_participants",
            left_out__no_bidders="no_bidders",
        ),
        needs_suppliers=True,
    ),
    "timeliness": Statistic(
        formula=TIMELINESS,
        kinds=_SAVING_KINDS,
        month=Grain.ANNOUNCED,
        measures=("packages", "completed", "schedule_known", "schedule_moved", "schedule_changes"),
        figure=timeliness,
        parts=_counted(
            completed="completed",
            schedule="schedule_known",
            schedule__moved="schedule_moved",
            **{span: f"{span}_days_actual" for span in SPANS},
            **{f"scheduled__{span}": f"{span}_days_scheduled" for span in SPANS},
            **{f"left_out__{span}__unknown": f"{span}_days_unknown" for span in SPANS},
            **{f"left_out__{span}__out_of_order": f"{span}_days_out_of_order" for span in SPANS},
        ),
        needs_spans=True,
    ),
    "absorption": Statistic(
        formula=ABSORPTION,
        kinds=_CARRIED_KINDS,
        month=Grain.ANNOUNCED,
        measures=(
            "packages", "carried", "absorbed_packages", "absorbed_pagu", "absorbed_value", "realized", "no_realized",
            "realized_no_pagu",
        ),
        figure=absorption,
        parts=_counted(
            carried="carried",
            absorbed="absorbed_packages",
            left_out__not_carried="not_carried",
            left_out__no_realized="no_realized",
            left_out__no_pagu="realized_no_pagu",
        ),
    ),
    "pdn-umk": Statistic(
        formula=PDN_UMK,
        kinds=_ALL_KINDS,
        month=Grain.ANNOUNCED,
        measures=(
            "packages", "spent_packages", "spent", "pdn_packages", "pdn_base", "pdn_value", "umk_packages", "umk_base",
            "umk_value", "reserved_packages", "reserved_small",
        ),
        figure=pdn_umk,
        parts=_counted(
            spent="spent_packages",
            pdn="pdn_packages",
            umk="umk_packages",
            reserved="reserved_packages",
            reserved__small="reserved_small",
            left_out__no_spending="no_spending",
            left_out__no_pdn="no_pdn",
            left_out__no_umk="no_umk",
        ),
    ),
    "coverage": Statistic(
        formula=COVERAGE,
        kinds=_ALL_KINDS,
        month=Grain.ANNOUNCED,
        measures=tuple(
            dict.fromkeys(("packages", "completed", "scheduled_dates", *(name for pair in _KNOWN.values() for name in pair)))
        ),
        figure=coverage,
        parts=_counted(
            completed="completed",
            scheduled_dates="scheduled_dates",
            **{f"known__{fact}": known for fact, (known, _base) in _KNOWN.items()},
        ),
    ),
}  # fmt: skip
