"""Answer what was saved, with everything the figure rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.core.savings import DEFINITION, FORMULA_ID, FORMULA_VERSION, ratio
from app.kit.db import ReadSession
from app.statistics import queries
from app.statistics.queries import Coverage, Dimension, FigureFilter

FRESH_FOR = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class SavingsAnswer:
    """Savings per group and in total; `items` carry their keys first."""

    items: list[dict[str, Any]]
    total: dict[str, Any]
    coverage: Coverage
    formula: dict[str, Any]


async def savings(
    session: ReadSession, wanted: FigureFilter, group_by: Sequence[Dimension], *, now: datetime
) -> SavingsAnswer:
    """Compute savings by the published formula over the packages asked for."""
    groups, total = await queries.sum_savings(session, wanted, group_by)
    items = [{**{key: group[key] for key in group_by}, **figure(group)} for group in groups]
    if not group_by and total["packages"]:
        items = [figure(total)]
    return SavingsAnswer(
        items=items,
        total=figure(total),
        coverage=await queries.cover(session, wanted, fresh_since=now - FRESH_FOR),
        formula={"id": FORMULA_ID, "version": FORMULA_VERSION, "definition": DEFINITION},
    )


def figure(sums: Mapping[str, Any]) -> dict[str, Any]:
    """One savings figure from its sums: each block's sums are over exactly the packages it counts."""
    return {
        "packages": int(sums["packages"]),
        "completed": int(sums["completed"]),
        "by_pagu": _block(sums, "pagu"),
        "by_hps": _block(sums, "hps"),
        "left_out": {reason: int(sums[reason]) for reason in ("no_value", "no_pagu", "no_hps")},
        "basis": {
            basis: int(sums[f"basis_{basis}"]) for basis in ("contract", "negotiated", "corrected", "bid", "award")
        },
    }


def _block(sums: Mapping[str, Any], base: str) -> dict[str, Any]:
    total, value = (Decimal(sums[f"{base}_{part}"]).quantize(_SEN) for part in ("base", "value"))
    return {
        "packages": int(sums[f"{base}_packages"]),
        base: total,
        "value": value,
        "savings": total - value,
        "ratio": ratio(total - value, total),
    }


_SEN = Decimal("0.01")
