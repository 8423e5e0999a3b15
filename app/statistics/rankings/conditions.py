"""What makes a node ready: each condition met, not met, or not to be judged because nobody has ever looked."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.core.ranking_formulas import READINESS
from app.statistics.rankings.queries import Row

_LIMITS = READINESS.parameters or {}
PROBED_FOR = timedelta(days=int(_LIMITS["probes_within_days"]))
FRESH_FOR = timedelta(hours=int(_LIMITS["fresh_within_hours"]))
_VERSION = re.compile(r"(\d+)\.(\d+)")

Conditions = Mapping[str, bool | None]


def judge_readiness(
    states: Sequence[Row], readings: Mapping[int, Row], fiscal_year: int, *, now: datetime
) -> dict[int, Conditions]:
    """The conditions of each node by name; None is not judged."""
    return {
        state["node_id"]: {
            "reachable": not state["is_failing"] if state["is_known"] else None,
            "steady": _is_steady(state["probes"], state["ok"]),
            "fresh": _is_fresh(readings.get(state["node_id"]), now),
            "version_current": _is_current(state["software_version"]),
            **{
                f"year_read_{year}": _was_read(readings.get(state["node_id"]), year)
                for year in range(fiscal_year, fiscal_year - int(_LIMITS["years"]), -1)
            },
        }
        for state in states
    }


def _is_steady(probes: int, ok: int) -> bool | None:
    if probes < _LIMITS["probes_at_least"]:
        return None
    return ok >= _LIMITS["probes_ok_at_least"] * probes


def _is_fresh(reading: Row | None, now: datetime) -> bool | None:
    if reading is None:
        return None
    return reading["newest"] is not None and reading["newest"] >= now - FRESH_FOR


def _is_current(version: str | None) -> bool | None:
    """By the first two numbers of what the node's pages say, such as 4.5u20250321."""
    stated, least = _VERSION.match(version or ""), _VERSION.match(str(_LIMITS["version_at_least"]))
    assert least is not None
    return _numbers(stated) >= _numbers(least) if stated else None


def _numbers(version: re.Match[str]) -> tuple[int, int]:
    return int(version[1]), int(version[2])


def _was_read(reading: Row | None, fiscal_year: int) -> bool | None:
    if reading is None or fiscal_year not in reading["asked"]:
        return None
    return fiscal_year in reading["read"]
