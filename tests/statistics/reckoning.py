"""Savings reckoned from records in plain Python, sharing nothing with the hub: what the API must equal to the sen."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

# The places that tests write about: node → hours ahead of UTC; name → (kd_klpd, region), None where nothing is known.
HOURS_AHEAD = {"surabaya": 7, "jatimprov": 7, "banjarmasinkota": 8, "jayapurakota": 9}
PLACES = {
    "Kota Surabaya": ("D181", "35.78"),
    "Pemerintah Provinsi Jawa Timur": ("D158", "35"),
    "Kota Banjarmasin": ("D214", "63.71"),
    "Kementerian Keuangan": ("K10", None),
    "Kota Khayalan": (None, None),
    None: (None, None),
}
BASES = ("contract", "negotiated", "corrected", "bid", "award")
TRUST = ("push", "inaproc", "spse", "isb", "ocds", "hub")
NODE_FIRST = ("push", "spse", "inaproc", "isb", "ocds", "hub")
ENDS = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Reckoned:
    """One package as the published rules make it of what was said."""

    keys: dict[str, Any]
    completed: bool
    pagu: Decimal | None
    hps: Decimal | None
    value: Decimal | None
    basis: str | None


def reckon(node: str, kind: str, said: dict[str, dict[str, Any]]) -> Reckoned:
    """`said` is the last word of each source."""
    facts: dict[str, Any] = {}
    for source in reversed(TRUST):
        words = said.get(source, {})
        # A word that a source does not know never outweighs one that another knows.
        facts |= {name: word for name, word in words.items() if word != "other" or facts.get(name) in {None, "other"}}
    for source in reversed(NODE_FIRST):
        facts |= {name: word for name, word in said.get(source, {}).items() if name == "fiscal_years"}
    statuses = [said[source]["status"] for source in NODE_FIRST if "status" in said.get(source, {})]
    statuses.sort(key=lambda status: 0 if status in ENDS else 2 if status == "other" else 1)
    if statuses:
        facts["status"] = statuses[0]
    institution, region = PLACES[facts.get("institution_name")]
    value, basis = _agreed(facts) if facts.get("status") == "completed" else (None, None)
    keys = {
        "node": node,
        "region": region,
        "institution": institution,
        "fiscal_year": min(facts["fiscal_years"]),
        "kind": kind,
        "category": facts.get("category"),
        "method": facts.get("method"),
        "month": _month(facts.get("awarded_at"), HOURS_AHEAD[node]),
        "province": region[:2] if region else None,
        "fund_sources": ",".join(sorted(set(facts.get("fund_sources") or []))) or None,
    }
    return Reckoned(keys, facts.get("status") == "completed", facts.get("pagu"), facts.get("hps"), value, basis)


def _agreed(facts: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    winners = facts.get("awards") or []
    for basis in BASES:
        amounts = [winner[name] for winner in winners if winner.get(name := f"{basis}_value") is not None]
        if amounts and len(amounts) == len(winners):
            return sum(amounts, Decimal(0)), basis
        if not amounts and facts.get(name := f"{basis}_value") is not None:
            return facts[name], basis
    return None, None


def _month(moment: datetime | None, hours: int) -> str | None:
    return None if moment is None else f"{moment.replace(tzinfo=None) + timedelta(hours=hours):%Y-%m}"


def matches(package: Reckoned, filters: dict[str, list[Any]]) -> bool:
    return all(package.keys[name] in wanted for name, wanted in filters.items())


def savings(packages: list[Reckoned], filters: dict[str, list[Any]], group_by: tuple[str, ...]) -> dict[str, Any]:
    """Items in the order of their keys, unknown last, and the total."""
    counted = [p for p in packages if p.keys["kind"] in {"tender", "non_tender"} and matches(p, filters)]
    groups: dict[tuple[Any, ...], list[Reckoned]] = defaultdict(list)
    for package in counted:
        groups[tuple(package.keys[name] for name in group_by)].append(package)
    ordered = sorted(groups, key=lambda key: [(part is None, part) for part in key])
    items = [{**dict(zip(group_by, key, strict=True)), **figure(groups[key])} for key in ordered]
    return {"items": items, "total": figure(counted)}


def figure(packages: list[Reckoned]) -> dict[str, Any]:
    valued = [p for p in packages if p.value is not None]
    return {
        "packages": len(packages),
        "completed": sum(p.completed for p in packages),
        "by_pagu": _block("pagu", [(p.pagu, p.value) for p in valued if p.pagu is not None]),
        "by_hps": _block("hps", [(p.hps, p.value) for p in valued if p.hps is not None]),
        "left_out": {
            "no_value": sum(p.completed and p.value is None for p in packages),
            "no_pagu": sum(p.pagu is None for p in valued),
            "no_hps": sum(p.hps is None for p in valued),
        },
        "basis": {basis: sum(p.basis == basis for p in packages) for basis in BASES},
    }


def _block(name: str, pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    base, value = (sum((pair[n] for pair in pairs), Decimal(0)) for n in (0, 1))
    return {
        "packages": len(pairs),
        name: base,
        "value": value,
        "savings": base - value,
        "ratio": rounded(Fraction(base - value) / Fraction(base)) if base else None,
    }


def rounded(ratio: Fraction) -> Decimal:
    """Six decimals, half away from zero, in whole numbers only."""
    millionths, rest = divmod(abs(ratio.numerator) * 10**6, ratio.denominator)
    millionths += 2 * rest >= ratio.denominator
    return Decimal(millionths if ratio >= 0 else -millionths).scaleb(-6)
