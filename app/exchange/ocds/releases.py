"""The releases of one contracting process: one for each version of its package. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.exchange.ocds.agreements import Agreements
from app.exchange.ocds.compiling import Compiling
from app.exchange.ocds.identity import release_id
from app.exchange.ocds.parties import Parties
from app.exchange.ocds.sections import State, add_bids, buyer_of, planning_of, tender_of
from app.exchange.ocds.stating import Object, Process, dates_of, without_gaps
from app.exchange.ocds.vocabulary import LANGUAGE
from app.exchange.ocds.withdrawing import take_back

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the package as everybody may see it, and when the hub recorded it."""

    number: int
    at: datetime
    state: State


def releases_of(process: Process, versions: Iterable[Version]) -> list[Object]:
    """The releases of these versions, which are all from the first one on: each is told apart from what came before it."""
    parties = Parties()
    made: list[Object] = []
    compiling: Compiling | None = None
    before: Object = {}
    date: datetime | None = None
    has_tendered = False
    for version in versions:
        # Merging goes by dates: the order of versions must be theirs, whatever the clocks of their writers.
        date = version.at if date is None else max(version.at, date + _TICK)
        said = _said(process, version, parties)
        if made:
            if compiling is None:
                compiling = Compiling(made)
                before = compiling.now
            take_back(before, said)
        release: Object = {
            "ocid": process.ocid,
            "id": release_id(process.ocid, version.number),
            "date": date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "tag": [],
            "initiationType": "tender",
            "language": LANGUAGE,
            **said,
        }
        after = release
        if compiling is not None:
            compiling.add(release)
            after = compiling.now
        release["tag"] = _tags(before, after, has_tendered=has_tendered)
        has_tendered = has_tendered or _is_announced(after)
        made.append(release)
        before = after
    return made


def _said(process: Process, version: Version, parties: Parties) -> Object:
    state, dates = version.state, dates_of(version.state, version.at)
    parties.begin()
    buyer = buyer_of(state, process, parties)
    tender = tender_of(state, process, parties, buyer, dates)
    bids = add_bids(state, parties, tender)
    agreements = Agreements(state, process, parties, dates)
    return without_gaps(
        parties=parties.all(),
        buyer=buyer,
        planning=planning_of(state, process),
        tender=tender,
        bids=bids,
        awards=agreements.awards,
        contracts=agreements.contracts,
    )


def _tags(before: Object, after: Object, *, has_tendered: bool) -> list[str]:
    """Which stages a release tells of, by what it changes. The first one announces whatever is there already."""
    tags = [
        *_planning_tags(before, after, has_tendered=has_tendered),
        *_tender_tags(before, after, has_tendered=has_tendered),
        *_tags_of_list("award", "Cancellation", before.get("awards"), after.get("awards"), {"cancelled"}),
        *_tags_of_list(
            "contract",
            "Termination",
            _unpaid(before.get("contracts")),
            _unpaid(after.get("contracts")),
            {"cancelled", "terminated"},
        ),
    ]
    paid, pays = _paid(before), _paid(after)
    if pays != paid:
        tags.append("implementationUpdate" if paid else "implementation")
    # What it changes may be said in no field of OCDS, or only of an organisation.
    return tags or ["tenderUpdate" if has_tendered else "planningUpdate"]


def _is_announced(release: Object) -> bool:
    return bool(release["tender"].get("status") != "planned")


def _planning_tags(before: Object, after: Object, *, has_tendered: bool) -> list[str]:
    if not before:
        return ["planning"]
    changed = before.get("planning") != after.get("planning")
    # Before anything is announced, the tender is part of the plan.
    is_plan = not has_tendered and not _is_announced(after) and _tender(before) != _tender(after)
    return ["planningUpdate"] if changed or is_plan else []


def _tender_tags(before: Object, after: Object, *, has_tendered: bool) -> list[str]:
    if not has_tendered:
        return ["tender"] if _is_announced(after) else []
    if _tender(before) == _tender(after):
        return []
    status = after["tender"].get("status")
    is_cancelled = status == "cancelled" and before["tender"].get("status") != status
    return ["tenderCancellation" if is_cancelled else "tenderUpdate"]


def _tender(release: Object) -> tuple[Any, Any]:
    return release.get("tender"), release.get("bids")


def _tags_of_list(
    stage: str, ended: str, before: list[Object] | None, after: list[Object] | None, ends: set[str]
) -> list[str]:
    if not after or before == after:
        return []
    if not before:
        return [stage]
    known = {item["id"]: item for item in before}
    has_ended = [
        item for item in after if item.get("status") in ends and known.get(item["id"], {}).get("status") not in ends
    ]
    others = [item for item in after if item not in has_ended and item != known.get(item["id"])]
    return [*([f"{stage}Update"] if others else []), *([f"{stage}{ended}"] if has_ended else [])]


def _unpaid(contracts: list[Object] | None) -> list[Object]:
    return [{name: value for name, value in one.items() if name != "implementation"} for one in contracts or []]


def _paid(release: Object) -> list[tuple[str, Any]]:
    return [(one["id"], one["implementation"]) for one in release.get("contracts") or [] if "implementation" in one]
