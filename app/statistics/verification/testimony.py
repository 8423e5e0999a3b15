"""Facts of a package from what its sources said last: the published rules of precedence, written a second time.

- The most trusted source that speaks of a field gives it, even if it says that there is none; a source that no longer
  shows the package is asked after all that do. Sources of one rank are asked by their names.
- A word that a source does not know (“other”) never outweighs one that another knows.
- Of status, years, badges and schedule the node's own pages come before national services; a status that ends a package
  goes before one that does not, and that before one nobody knows.
- Where any source says when something happened, dates that were only planned do not count.
- An amount is the sum over the winners if all have it, and what is stated for the package if none has it.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias, TypeVar

from msgspec import UNSET, Struct, UnsetType

from app.statistics.verification.facts import Facts, Won, each_once, in_one_order, supplier_of

_Said = TypeVar("_Said")
Amount = Decimal | None
Maybe: TypeAlias = _Said | UnsetType | None
"""Said, said to be none, or not spoken of."""


class Winner(Struct, gc=False):
    supplier_name: str
    npwp: str | None = None
    contract_value: Amount = None
    negotiated_value: Amount = None
    corrected_value: Amount = None
    bid_value: Amount = None
    award_value: Amount = None
    pdn_value: Amount = None
    umk_value: Amount = None


class Stage(Struct, gc=False):
    changes: int | None = None


class Words(Struct, gc=False):
    """What one observation says, as far as figures rest on it."""

    fiscal_years: list[int] | UnsetType = UNSET
    status: str | UnsetType = UNSET
    category: Maybe[str] = UNSET
    method: Maybe[str] = UNSET
    fund_sources: Maybe[list[str]] = UNSET
    rup_codes: Maybe[list[str]] = UNSET
    labels: Maybe[list[str]] = UNSET
    schedule: Maybe[list[Stage]] = UNSET
    business_size: Maybe[str] = UNSET
    pagu: Maybe[Decimal] = UNSET
    hps: Maybe[Decimal] = UNSET
    realized_value: Maybe[Decimal] = UNSET
    contract_value: Maybe[Decimal] = UNSET
    negotiated_value: Maybe[Decimal] = UNSET
    corrected_value: Maybe[Decimal] = UNSET
    bid_value: Maybe[Decimal] = UNSET
    award_value: Maybe[Decimal] = UNSET
    pdn_value: Maybe[Decimal] = UNSET
    umk_value: Maybe[Decimal] = UNSET
    participants: Maybe[int] = UNSET
    bidders: Maybe[int] = UNSET
    awards: Maybe[list[Winner]] = UNSET
    announced_at: datetime | None = None
    awarded_at: datetime | None = None
    contracted_at: datetime | None = None
    date_basis: str | None = None
    source_ids: dict[str, Any] | None = None


class Statement(NamedTuple):
    """The last word of one source; `gone` when it no longer shows the package."""

    source: str
    gone: bool
    words: Words


TRUST = ("push", "inaproc", "spse", "isb", "ocds", "hub")
NODE_FIRST = ("push", "spse", "inaproc", "isb", "ocds", "hub")
ENDS = frozenset({"completed", "failed", "cancelled"})
BASES = ("contract", "negotiated", "corrected", "bid", "award")
"""What a value may rest on, strongest first."""


def facts_from(statements: Sequence[Statement], *, kind: str, institution: str | None, clock: tzinfo) -> Facts | None:
    """The facts that follow, or none if no source shows the package any longer or none names a year.

    Whose package it is follows from the register too, so the institution is given.
    """
    if all(statement.gone for statement in statements):
        return None
    ranked = [said.words for said in _by_rank(statements, TRUST)]
    by_node = [said.words for said in _by_rank(statements, NODE_FIRST)]
    years = _spoken(by_node, "fiscal_years")
    if not years:
        return None
    status = _status(statements)
    winners: list[Winner] = _spoken(ranked, "awards") or []
    totals = {basis: _total(f"{basis}_value", winners, ranked) for basis in BASES}
    basis = next((basis for basis in BASES if totals[basis] is not None), None) if status == "completed" else None
    announced, awarded, contracted, date_basis = _dates(ranked, clock)
    return Facts(
        fiscal_year=min(years),
        kind=kind,
        institution=institution,
        category=_known_word(ranked, "category"),
        method=_known_word(ranked, "method"),
        fund_sources=each_once(_spoken(ranked, "fund_sources")),
        announced_month=_month(announced),
        awarded_month=_month(awarded),
        days_to_award=_days(announced, awarded),
        days_to_contract=_days(awarded, contracted),
        date_basis=date_basis,
        status=status,
        pagu=_spoken(ranked, "pagu"),
        hps=_spoken(ranked, "hps"),
        value=totals[basis] if basis else None,
        value_basis=basis,
        realized_value=_spoken(ranked, "realized_value"),
        pdn_value=_total("pdn_value", winners, ranked),
        umk_value=_total("umk_value", winners, ranked),
        participants=_spoken(ranked, "participants"),
        bidders=_spoken(ranked, "bidders"),
        business_size=_spoken(ranked, "business_size"),
        is_repeated=_is_repeated(_spoken(by_node, "labels") or [], ranked),
        schedule_changes=_changes(_spoken(by_node, "schedule") or []),
        is_contracted=totals["contract"] is not None or contracted is not None,
        is_planned=bool(_spoken(ranked, "rup_codes")),
        awards=in_one_order(
            Won(supplier_of(won.npwp, won.supplier_name), getattr(won, f"{basis}_value") if basis else None)
            for won in winners
        ),
    )


def _by_rank(
    statements: Sequence[Statement], order: tuple[str, ...], before: Callable[[Statement], int] = lambda _said: 0
) -> Sequence[Statement]:
    if len(statements) == 1:
        return statements
    return sorted(
        statements,
        key=lambda said: (said.gone, before(said), order.index(said.source.split(":")[0]), said.source),
    )


def _spoken(ranked: Sequence[Words], field: str) -> Any:
    for words in ranked:
        if (value := getattr(words, field)) is not UNSET:
            return value
    return None


def _known_word(ranked: Sequence[Words], field: str) -> str | None:
    said = [word for words in ranked if (word := getattr(words, field)) is not UNSET]
    return next((word for word in said if word != "other"), said[0] if said else None)


def _status(statements: Sequence[Statement]) -> str:
    def openness(said: Statement) -> int:
        return 0 if said.words.status in ENDS else 2 if said.words.status in {UNSET, "other"} else 1

    found: str | None = _spoken([said.words for said in _by_rank(statements, NODE_FIRST, openness)], "status")
    return found or "other"


def _total(amount: str, winners: Sequence[Winner], ranked: Sequence[Words]) -> Amount:
    known = [stated for winner in winners if (stated := getattr(winner, amount)) is not None]
    if not known:
        of_package: Amount = _spoken(ranked, amount)
        return of_package
    return sum(known, Decimal(0)) if len(known) == len(winners) else None


_DATES = ("announced_at", "awarded_at", "contracted_at")


def _dates(
    ranked: Sequence[Words], clock: tzinfo
) -> tuple[datetime | None, datetime | None, datetime | None, str | None]:
    """Announced, awarded, contracted, on the node's clock, and whether they happened or were planned."""
    for basis in ("actual", "scheduled"):
        told = [words for words in ranked if (words.date_basis or "actual") == basis]
        announced, awarded, contracted = (
            next((moment.astimezone(clock) for words in told if (moment := getattr(words, field)) is not None), None)
            for field in _DATES
        )
        if announced or awarded or contracted:
            return announced, awarded, contracted, basis
    return None, None, None, None


def _month(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.year}-{moment.month:02}"


def _days(earlier: datetime | None, later: datetime | None) -> int | None:
    return None if earlier is None or later is None else later.date().toordinal() - earlier.date().toordinal()


_ANNOUNCED_ANEW = re.compile(r"\s*(?!evaluasi\s)(.*\s)?ulang\s*", re.IGNORECASE | re.DOTALL)
"""“Tender Ulang”, “Pengadaan Langsung Ulang”; where offers are judged again (“Evaluasi Ulang”), nobody is asked anew."""


def _is_repeated(labels: Sequence[str], ranked: Sequence[Words]) -> bool:
    """By a badge of its own, or because it says to be a later version of a tender."""
    if any(_ANNOUNCED_ANEW.fullmatch(label) for label in labels):
        return True
    ids = [words.source_ids for words in ranked if words.source_ids and "versi_tender" in words.source_ids]
    version = str(ids[0]["versi_tender"]) if ids else ""
    return re.fullmatch("[0-9]+", version) is not None and int(version[:9]) > 1


def _changes(schedule: Sequence[Stage]) -> int | None:
    """How often stages were moved, if the schedule says so of any."""
    stated = [stage.changes for stage in schedule if stage.changes is not None]
    return sum(stated) if stated else None
