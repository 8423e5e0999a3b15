"""The one door: canonical records in; observations, packages, versions and changes out, in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.core.records import PackageRecord
from app.core.vocabulary import PackageKind
from app.kit.db import WriteSession, take_turns
from app.procurement import statements
from app.procurement.derive import Said
from app.procurement.deriving import derive_states, institutions_in
from app.procurement.entries import Entry, Known, Outcome, Receipt, Sender, differs, find_known, same_observation
from app.procurement.preparing import Prepared, prepare, state_of
from app.procurement.sorting import admit
from app.procurement.storing import number, store_awards, store_observations, store_packages, store_versions


async def record_packages(
    session: WriteSession, sender: Sender, records: Sequence[PackageRecord | Prepared], *, now: datetime
) -> Receipt:
    """Keep each record as the last observation of its source, derive its package, append a version where it differs.

    All writers of one node take turns. Within a source a record counts by the source's own time, else by arrival: an
    older one is kept and counted `superseded`. A record that lacks a part its source has never replaces a whole one.
    Of a submission a row without a time arrived with all others of it; rows of one package tie by what they say.
    """
    receipt = Receipt(outcomes=[Outcome.REJECTED] * len(records))
    prepared = prepare(records)
    await take_turns(session, f"node:{sender.node_id}")
    known = await find_known(session, sender.node_id, sender.source, _wanted(prepared))
    entries = admit(prepared, known, sender, receipt, sender.arrival(now))

    await derive_states(session, sender, entries, receipt, now)
    await number(session, entries, sender)
    await store_packages(session, sender, entries, now)
    await store_observations(session, sender, entries, now)
    await store_versions(session, sender, entries, now)
    await store_awards(session, entries)
    for entry in entries:
        receipt.outcomes[entry.position] = _outcome(entry, sender)
    return receipt


def _wanted(prepared: Sequence[Prepared]) -> dict[tuple[str, str], Prepared | None]:
    """What is asked for; where a batch says several things of one package, all that is known of it is needed."""
    wanted: dict[tuple[str, str], Prepared | None] = {}
    for one in prepared:
        if one.refusal is None:
            wanted[one.key] = None if one.key in wanted else one
    return wanted


async def confirm_packages(
    session: WriteSession, sender: Sender, keys: Sequence[tuple[str, str]], *, now: datetime
) -> None:
    """Note that a source still shows these (kind, code) packages exactly as last time."""
    if keys:
        await session.execute(
            statements.CONFIRM_OBSERVATIONS,
            {
                "node_id": sender.node_id,
                "source": sender.source,
                "kinds": [kind for kind, _ in keys],
                "codes": [code for _, code in keys],
                "now": now,
            },
        )


async def withdraw_packages(
    session: WriteSession, sender: Sender, keys: Iterable[tuple[str, str]], *, now: datetime
) -> int:
    """Note that a source no longer shows these (kind, code) packages; the answer is how many that is news of.

    A package that no source shows any longer is withdrawn: it gets a version and a tombstone in the feed, counts in no
    figure, and comes back by itself when a source shows it again.
    """
    return await _set_withdrawn(session, sender, keys, withdrawn=True, now=now)


async def restore_packages(
    session: WriteSession, sender: Sender, keys: Iterable[tuple[str, str]], *, now: datetime
) -> int:
    """Undo a withdrawal: what the source said last counts again. The answer is how many that is news of."""
    return await _set_withdrawn(session, sender, keys, withdrawn=False, now=now)


async def derive_again(
    session: WriteSession, sender: Sender, *, after: int, limit: int, now: datetime
) -> tuple[int | None, int]:
    """Derive a node's packages anew from what was said of them: its clock, a name's institution or a rule has changed.

    Takes the next `limit` packages behind the id `after`; the answer is the last one's id (None when there was none),
    and how many differ from before. Those get a version, like after any other news.
    """
    await take_turns(session, f"node:{sender.node_id}")
    rows = (
        await session.execute(statements.NEXT_PACKAGES, {"node_id": sender.node_id, "after": after, "limit": limit})
    ).all()
    known = await find_known(session, sender.node_id, sender.source, {(row.kind, row.code): None for row in rows})
    found = [
        (key, package, [Said(source, seen.fields, seen.withdrawn) for source, seen in package.observations.items()])
        for key, package in sorted(known.items())
        if package.observations
    ]
    entries = await _derive_known(session, sender, found, now)
    return (rows[-1].id if rows else None), sum(differs(entry) for entry in entries)


async def _set_withdrawn(
    session: WriteSession, sender: Sender, keys: Iterable[tuple[str, str]], *, withdrawn: bool, now: datetime
) -> int:
    await take_turns(session, f"node:{sender.node_id}")
    known = await find_known(session, sender.node_id, sender.source, dict.fromkeys(keys))
    found: list[tuple[tuple[str, str], Known, list[Said]]] = []
    observation_ids: list[int] = []
    for key, package in sorted(known.items()):
        mine = package.observations.get(sender.source)
        if mine is None or mine.withdrawn == withdrawn:
            continue
        observation_ids.append(mine.id)
        said = [
            Said(source, seen.fields, withdrawn if source == sender.source else seen.withdrawn)
            for source, seen in package.observations.items()
        ]
        found.append((key, package, said))
    at = sender.arrival(now) if withdrawn else None
    await session.execute(statements.WITHDRAW_OBSERVATIONS, {"ids": observation_ids, "at": at})
    await _derive_known(session, sender, found, now)
    return len(found)


async def _derive_known(
    session: WriteSession, sender: Sender, found: Sequence[tuple[tuple[str, str], Known, list[Said]]], now: datetime
) -> list[Entry]:
    """Derive and store packages of which no source says anything new."""
    institutions = await institutions_in(session, [said for _key, _package, said in found])
    entries: list[Entry] = []
    for (kind, code), package, said in found:
        nothing = Prepared(PackageRecord(PackageKind(kind), code, {}), {}, "", "")
        state = state_of(said, zone=sender.time_zone, institutions=institutions)
        entries.append(Entry(len(entries), nothing, package, is_current=False, package_id=package.id, state=state))
    await store_packages(session, sender, entries, now)
    await store_versions(session, sender, entries, now)
    await store_awards(session, entries)
    return entries


def _outcome(entry: Entry, sender: Sender) -> Outcome:
    if entry.known is None:
        return Outcome.NEW
    if not entry.is_current:
        return Outcome.SUPERSEDED
    if same_observation(entry, sender.source) is not None and not differs(entry):
        return Outcome.UNCHANGED
    return Outcome.CHANGED
