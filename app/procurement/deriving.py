"""Packages of a batch derived from all that their sources said, and what a person should notice about them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from app.core.problems import Problem
from app.kit.db import WriteSession
from app.procurement.derive import (
    DATE_FIELDS,
    LIST_FIELDS,
    PLAIN_FIELDS,
    Said,
    disagreements,
    institution_of,
)
from app.procurement.entries import Entry, Observed, Receipt, Sender
from app.procurement.preparing import State, state_of
from app.registry.service import known_institutions, match_institutions


async def derive_states(
    session: WriteSession, sender: Sender, entries: list[Entry], receipt: Receipt, now: datetime
) -> None:
    """Give each entry the state that follows for its package, or none where nothing can have changed."""
    observed = [_observed_with(entry, sender) for entry in entries]
    receipt.institutions = institutions = await institutions_in(session, observed)
    far_ahead = (now + FAR_AHEAD).date().isoformat()
    for entry, said in zip(entries, observed, strict=True):
        if _is_as_it_was(entry, sender, said, institutions):
            institution = entry.known.institution if entry.known else None
        else:
            entry.state = _foreseen(entry, said, institutions)
            entry.state = entry.state or state_of(said, zone=sender.time_zone, institutions=institutions)
            institution = entry.state.fields["institution"]
        receipt.note(entry.position, _noticed(entry, sender, said, far_ahead, institution))


def _foreseen(entry: Entry, said: Sequence[Said], institutions: Mapping[str, str]) -> State | None:
    """The state that was derived ahead, if this record is all that is said and the register knows its institution so."""
    alone = entry.prepared.alone
    if alone is None or len(said) != 1 or said[0].fields is not entry.fields:
        return None
    return alone if alone.fields["institution"] == institution_of(entry.fields, institutions) else None


def _is_as_it_was(entry: Entry, sender: Sender, said: Sequence[Said], institutions: Mapping[str, str]) -> bool:
    """Whether the only source of a package says of it what it said before, and the register knows its institution as before."""
    known, before = entry.known, entry.observed(sender.source)
    if known is None or before is None or len(said) != 1 or before.content_hash != entry.content_hash:
        return False
    return not before.withdrawn and known.institution == institution_of(said[0].fields, institutions)


async def institutions_in(session: WriteSession, observed: Iterable[Sequence[Said]]) -> dict[str, str]:
    """kd_klpd by all the names and codes that any source of the packages states, as far as the register knows them."""
    fields = [said.fields for every in observed for said in every]
    names = {name for one in fields if (name := one.get("institution_name"))}
    codes = {code for one in fields if (code := one.get("institution"))}
    known = await known_institutions(session, codes)
    return await match_institutions(session, names) | {code: code for code in known}


FAR_AHEAD = timedelta(days=366)
"""A date beyond this is kept as stated, and reported: contracts are planned months ahead, not years."""


def _noticed(
    entry: Entry, sender: Sender, said: Sequence[Said], far_ahead: str, institution: str | None
) -> Iterator[Problem]:
    """What a person should know of a record that is otherwise fine."""
    record, fields = entry.record, entry.fields

    def problem(code: str, field: str, value: str | None = None) -> Problem:
        return Problem(code, kind=record.kind, package=record.code, field=field, value=value)

    for name in ("created_on", "finished_on", *DATE_FIELDS):
        moment = fields.get(name)
        if moment is not None and moment[:10] > far_ahead:
            yield problem("date-in-future", name, moment)
    before = entry.observed(sender.source)
    if before is not None and entry.is_current and (vanished := _vanished(entry, sender, before)):
        yield problem("field-vanished", ", ".join(vanished))
    named = fields.get("institution") or fields.get("institution_name")
    if named and institution is None:
        yield problem("institution-unknown", "institution", named)
    if len(said) > 1 and entry.is_current:
        for field, stated in disagreements(said).items():
            shown = "; ".join(f"{source}: {value}" for source, value in stated.items())
            yield problem("sources-disagree", field, shown)


def _observed_with(entry: Entry, sender: Sender) -> list[Said]:
    """What each source says of the package once this record is taken in."""
    known = entry.known.observations if entry.known else {}
    others = [
        Said(source, seen.fields, seen.withdrawn)
        for source, seen in known.items()
        if source != sender.source or not entry.is_current
    ]
    return [*others, Said(sender.source, entry.fields)] if entry.is_current else others


def _vanished(entry: Entry, sender: Sender, before: Observed) -> list[str]:
    """Fields that the source used to fill and now is silent about. Of a push anything may be meant so, and is reported."""
    if before.content_hash == entry.content_hash:
        return []
    watched = sorted(before.fields) if sender.is_push else (*PLAIN_FIELDS, *DATE_FIELDS, *LIST_FIELDS)
    return [field for field in watched if before.fields.get(field) and field not in entry.fields]
