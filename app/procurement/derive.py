"""A package as it follows from its observations: pure, field by field, by one published precedence."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache
from typing import Any

from app.core.dates import TimeZone
from app.core.text import name_key
from app.core.vocabulary import DateBasis, Interface, PackageStatus, ValueBasis
from app.kit.json import dumps_canonical, iso_utc
from app.procurement.sources import interface_of

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What one source last said of a package; `withdrawn` when it no longer shows the package at all."""

    source: str
    fields: Fields
    withdrawn: bool = False


PRECEDENCE = (Interface.PUSH, Interface.INAPROC, Interface.SPSE, Interface.ISB, Interface.OCDS, Interface.HUB)
"""Which source is believed first, for every field it speaks of, while it shows the package; of several pushes by their
names, the hub's own schema first. Clocks of different sources are never compared."""

NODE_FIRST = (Interface.PUSH, Interface.SPSE, Interface.INAPROC, Interface.ISB, Interface.OCDS, Interface.HUB)
"""The same for what the node's own pages show first and in full: national services tell it later and with fewer words."""
NODE_FIELDS = ("labels", "fiscal_years", "schedule")
STATUS_FIELDS = ("status", "stage", "reason")
_SETTLED = frozenset({PackageStatus.COMPLETED, PackageStatus.FAILED, PackageStatus.CANCELLED})
_WORDS = {"category": "category_text", "method": "method_text"}

PLAIN_FIELDS = (
    "name",
    "institution_name",
    "satker_name",
    "category",
    "category_text",
    "method",
    "method_text",
    "evaluation_text",
    "qualification_text",
    "business_size",
    "self_managed_type",
    "contract_type",
    "description",
    "stage",
    "reason",
    "pagu",
    "hps",
    "realized_value",
    "participants",
    "bidders",
    "created_on",
    "finished_on",
)
DATE_FIELDS = ("announced_at", "awarded_at", "contracted_at")
LIST_FIELDS = ("labels", "locations", "fund_sources", "rup_codes", "offers", "realizations", "schedule")
AWARD_FIELDS = ("supplier_name", "npwp", "address")
BASIS_FIELDS = {basis: f"{basis}_value" for basis in ValueBasis}
SHARE_FIELDS = ("pdn_value", "umk_value")
_AMOUNTS = (*BASIS_FIELDS.values(), *SHARE_FIELDS)


def derive(observations: Iterable[Said], *, zone: TimeZone, institutions: Mapping[str, str]) -> dict[str, Any]:
    """Derive a package's state from the last observation of each source, its fields being decoded JSON.

    `institutions` maps names, and the kd_klpd that the register knows, to kd_klpd. The result has a key for every state column of `packages`, and `awards`;
    `withdrawn` is there (and true) only where no source shows the package any longer.
    """
    ranked = ranking(observations)
    spoken = ranked[0].fields if len(ranked) == 1 else {field: value for field, (value, _) in chosen(ranked).items()}

    get = spoken.get
    state: dict[str, Any] = {field: get(field) for field in PLAIN_FIELDS}
    for field in LIST_FIELDS:
        state[field] = get(field) or []
    state |= dates_of(ranked)
    state["source_ids"] = {
        name: value for said in reversed(ranked) for name, value in (said.fields.get("source_ids") or {}).items()
    }
    state["source"] = str(interface_of(ranked[0].source))
    state["status"] = get("status", str(PackageStatus.OTHER))
    state["fiscal_years"] = sorted(set(spoken["fiscal_years"]))
    state["fiscal_year"] = state["fiscal_years"][0]
    state["institution"] = institution_of(spoken, institutions)
    state |= facts_of(state, zone)

    awards: list[Fields] = get("awards") or []
    totals = _totals_of_one(awards[0], spoken) if len(awards) == 1 else _totals_of(awards, spoken)
    state |= totals
    basis = agreed_basis(state["status"], totals)
    state["value_basis"] = basis and str(basis)
    state["value"] = totals[BASIS_FIELDS[basis]] if basis else None
    state["awards"] = [award_state(position, award, basis) for position, award in enumerate(awards, start=1)]
    if all(said.withdrawn for said in ranked):
        state["withdrawn"] = True
    return state


def institution_of(spoken: Fields, institutions: Mapping[str, str]) -> str | None:
    """The buyer by its stated code if the register knows it, else by its name."""
    stated = institutions.get(spoken.get("institution") or "")
    return stated or institutions.get(spoken.get("institution_name") or "")


def ranking(observations: Iterable[Said], order: Sequence[Interface] = PRECEDENCE) -> list[Said]:
    """The most trusted source first; one that no longer shows the package is believed after all that do."""
    return sorted(
        observations, key=lambda said: (said.withdrawn, order.index(interface_of(said.source)), str(said.source))
    )


def chosen(ranked: Sequence[Said]) -> dict[str, tuple[Any, str]]:
    """What is believed of each field, and whose word it is.

    The most trusted source gives a field; a word that it does not know never outweighs one that another source knows. A
    status that ends a package goes before one that does not, for services tell of an end with delay; stage and reason
    follow the source of the status.
    """
    found: dict[str, tuple[Any, str]] = {}
    for said in reversed(ranked):
        unknown = {
            field
            for field in _WORDS
            if said.fields.get(field) == "other" and found.get(field, ("other",))[0] != "other"
        }
        left_out = unknown | {_WORDS[field] for field in unknown}
        found |= {field: (value, said.source) for field, value in said.fields.items() if field not in left_out}
    by_node = ranking(ranked, NODE_FIRST)
    for said in reversed(by_node):
        found |= {field: (said.fields[field], said.source) for field in NODE_FIELDS if field in said.fields}
    by_status = sorted(by_node, key=lambda said: (said.withdrawn, _unsettled(said)))
    for said in reversed(by_status):
        found |= {field: (said.fields[field], said.source) for field in STATUS_FIELDS if field in said.fields}
    return found


def _unsettled(said: Said) -> int:
    """0 for a source that states an end, 1 for one that states another status, 2 for one that knows none."""
    status = said.fields.get("status", PackageStatus.OTHER)
    return 0 if status in _SETTLED else 2 if status == PackageStatus.OTHER else 1


def dates_of(ranked: Sequence[Said]) -> dict[str, Any]:
    """The package's dates and their basis: where any source says when something happened, what was only planned is not
    mixed in.
    """
    if len(ranked) == 1 and (fields := ranked[0].fields).get("date_basis") is None:
        dates = {field: fields.get(field) for field in DATE_FIELDS}
        return {**dates, "date_basis": str(DateBasis.ACTUAL) if any(dates.values()) else None}
    for basis in (DateBasis.ACTUAL, DateBasis.SCHEDULED):
        stated = [said.fields for said in ranked if (said.fields.get("date_basis") or DateBasis.ACTUAL) == basis]
        dates = {
            field: next((moment for fields in stated if (moment := fields.get(field)) is not None), None)
            for field in DATE_FIELDS
        }
        if any(dates.values()):
            return {**dates, "date_basis": str(basis)}
    return {**dict.fromkeys(DATE_FIELDS), "date_basis": None}


def attribution(observations: Iterable[Said]) -> dict[str, str]:
    """Which source each field of the package was taken from."""
    ranked = ranking(observations)
    taken = {field: source for field, (_value, source) in chosen(ranked).items()}
    basis = dates_of(ranked)["date_basis"]
    for field in (*DATE_FIELDS, "date_basis"):
        taken.pop(field, None)
        for said in reversed(ranked):
            if said.fields.get(field) is not None and (said.fields.get("date_basis") or DateBasis.ACTUAL) == basis:
                taken[field] = said.source
    return dict(sorted(taken.items()))


COMPARED_FIELDS = ("status", "category", "method", "fiscal_years", "institution", "pagu", "hps", "realized_value")


def disagreements(observations: Iterable[Said]) -> dict[str, dict[str, Any]]:
    """Where sources state different things of one package: field → {source: what it states}."""
    ranked = ranking(said for said in observations if not said.withdrawn)
    found: dict[str, dict[str, Any]] = {}
    for field in (*COMPARED_FIELDS, *BASIS_FIELDS.values()):
        stated = {said.source: value for said in ranked if (value := _compared(field, said.fields)) is not None}
        if len({dumps_canonical(value) for value in stated.values()}) > 1:
            found[field] = stated
    return found


def _compared(field: str, fields: Fields) -> Any:
    """What a source states of a field that sources are compared by; a word it does not know states nothing."""
    if field in BASIS_FIELDS.values():
        return total_of(field, fields.get("awards") or [], fields)
    value = fields.get(field)
    if field == "fiscal_years":
        return min(value) if value else None
    return None if value == "other" else value


def total_of(field: str, awards: list[Fields], spoken: Fields) -> Decimal | None:
    """One amount of the whole package: the sum over its winners if every winner has it.

    A total that the source states for the package counts only where no winner states the amount: with some of several
    contracts missing, the stated total may be the sum of the others.
    """
    if not awards:
        stated = spoken.get(field)
        return None if stated is None else Decimal(stated)
    amounts = [award.get(field) for award in awards]
    if None not in amounts:
        return sum((Decimal(amount) for amount in amounts if amount is not None), Decimal(0))
    if any(amount is not None for amount in amounts):
        return None
    return total_of(field, [], spoken)


def _totals_of(awards: list[Fields], spoken: Fields) -> dict[str, Decimal | None]:
    return {field: total_of(field, awards, spoken) for field in _AMOUNTS}


def _totals_of_one(award: Fields, spoken: Fields) -> dict[str, Decimal | None]:
    """The same of a single winner, as most packages have it: what is stated for the winner, else for the package."""
    totals: dict[str, Decimal | None] = {}
    for field in _AMOUNTS:
        amount = award.get(field)
        if amount is None:
            amount = spoken.get(field)
        totals[field] = None if amount is None else Decimal(amount)
    return totals


def agreed_basis(status: str, totals: Mapping[str, Decimal | None]) -> ValueBasis | None:
    """The strongest basis on which a completed package has an amount; nothing else has a value."""
    if status != PackageStatus.COMPLETED:
        return None
    return next((basis for basis, field in BASIS_FIELDS.items() if totals[field] is not None), None)


def award_state(position: int, award: Fields, basis: ValueBasis | None) -> dict[str, Any]:
    """One winner as kept with the package; its value is on the package's basis, so that the winners add up to it."""
    amounts = {field: award.get(field) for field in _AMOUNTS}
    value = amounts[BASIS_FIELDS[basis]] if basis else None
    known = {field: award.get(field) for field in AWARD_FIELDS}
    return {"position": position, **known, "identity": identity_of(known), **amounts, "value": value}


def identity_of(award: Fields) -> str:
    """Public pages show the NPWP masked, so a supplier is known by the shown NPWP together with the name."""
    return f"{award['npwp'] or ''}|{name_key(award['supplier_name'])}"


FACT_FIELDS = (
    "announced_month",
    "awarded_month",
    "days_to_award",
    "days_to_contract",
    "is_repeated",
    "schedule_changes",
)
"""What figures count by and is stated by no source: it follows from the other fields."""


def facts_of(state: Fields, zone: TimeZone) -> dict[str, Any]:
    """Months and days on the node's own clock, whether the package was announced anew, how often its schedule moved.

    Days are calendar days: announced on the 1st and awarded on the 31st are 30. An order that cannot be (awarded before
    announced) gives a negative number, which figures leave out and say so.
    """
    announced, awarded, contracted = (_local(state[field], zone) for field in DATE_FIELDS)
    changes = [stage["changes"] for stage in state["schedule"] if stage.get("changes") is not None]
    return {
        "announced_month": _month(announced),
        "awarded_month": _month(awarded),
        "days_to_award": _days(announced, awarded),
        "days_to_contract": _days(awarded, contracted),
        "is_repeated": any(is_repeat(label) for label in state["labels"])
        or _is_later_version(state["source_ids"].get("versi_tender")),
        "schedule_changes": sum(changes) if changes else None,
    }


def is_repeat(label: str) -> bool:
    """Whether a badge says that a package was announced anew: "Tender Ulang", "Pengadaan Langsung Ulang".

    "Evaluasi Ulang" is not one of them: the offers are judged again, nobody is asked anew (FACTS 1.3).
    """
    words = label.casefold().split()
    return words[-1:] == ["ulang"] and words[0] != "evaluasi"


def _is_later_version(stated: Any) -> bool:
    text = str(stated or "")
    return text.isascii() and text.isdigit() and int(text[:9]) > 1


def _local(moment: str | None, zone: TimeZone) -> datetime | None:
    return None if moment is None else datetime.fromisoformat(moment).astimezone(_clock(zone))


def _month(local: datetime | None) -> str | None:
    return None if local is None else f"{local.year}-{local.month:02}"


def _days(earlier: datetime | None, later: datetime | None) -> int | None:
    return None if earlier is None or later is None else (later.date() - earlier.date()).days


@cache
def _clock(zone: TimeZone) -> tzinfo:
    return zone.info


def hash_of(content: Any) -> str:
    """Fingerprint of a meaning: equal amounts, moments and texts give equal hashes whatever their spelling."""
    return hash_of_canonical(dumps_canonical(content))


def hash_of_canonical(text: bytes) -> str:
    """The same of what has its canonical spelling already."""
    return hashlib.sha256(text).hexdigest()


def moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else iso_utc(moment)
