"""Writing a batch: packages, observations with their raw answers, versions with their changes, awards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.kit.db import WriteSession
from app.procurement import raw, statements
from app.procurement.columns import AWARD_COLUMNS, STATE_COLUMNS
from app.procurement.copying import columns_text, copy_rows, escaped, escaped_json
from app.procurement.entries import Entry, Sender, differs, same_observation
from app.procurement.preparing import State


async def number(session: WriteSession, entries: list[Entry], sender: Sender) -> None:
    """Give all new rows their ids at once, so that each table can be copied in one go."""
    fresh: list[Entry] = []
    said: list[Entry] = []
    for entry in entries:
        if entry.known is not None:
            entry.package_id = entry.known.id
        else:
            fresh.append(entry)
        if (observed := same_observation(entry, sender.source)) is not None:
            entry.observation_id = observed.id
        else:
            said.append(entry)
    if said:
        ids = (await session.execute(statements.TAKE_IDS, {"packages": len(fresh), "observations": len(said)})).one()
        for entry, package_id in zip(fresh, ids.packages or (), strict=True):
            entry.package_id = package_id
        for entry, observation_id in zip(said, ids.observations, strict=True):
            entry.observation_id = observation_id


_BOOKKEEPING = ("id", "version", "state_hash", "changed_at", "withdrawn")
_NEW = ("first_seen_at", "node_id", "kind", "code")


async def store_packages(session: WriteSession, sender: Sender, entries: list[Entry], now: datetime) -> None:
    moment = now.isoformat()

    def row(entry: Entry, state: State) -> str:
        withdrawn = "t" if state.withdrawn else "f"
        return f"{entry.package_id}\t{entry.version}\t{state.hash}\t{moment}\t{withdrawn}\t{state.columns}"

    if fresh := [(entry, state) for entry in entries if entry.known is None and (state := entry.state)]:
        rows = (
            f"{row(entry, state)}\t{moment}\t{sender.node_id}\t{entry.record.kind}\t{escaped(entry.record.code)}"
            for entry, state in fresh
        )
        await copy_rows(session, "packages", (*_BOOKKEEPING, *STATE_COLUMNS, *_NEW), rows)
    if changed := [(entry, state) for entry in entries if entry.known and differs(entry) and (state := entry.state)]:
        await session.execute(statements.MAKE_ROOM_FOR_CHANGED)
        rows = (row(entry, state) for entry, state in changed)
        await copy_rows(session, "changed_packages", (*_BOOKKEEPING, *STATE_COLUMNS), rows)
        await session.execute(statements.UPDATE_PACKAGES)


_OBSERVATION_COLUMNS = (
    "id", "package_id", "source_at", "said_at", "submission_row", "is_current", "content_hash", "fields",
    "received_at", "last_seen_at", "source", "run_id", "submission_id", "parser_version",
)  # fmt: skip


async def store_observations(session: WriteSession, sender: Sender, entries: list[Entry], now: datetime) -> None:
    same = [entry for entry in entries if same_observation(entry, sender.source)]
    fresh = [entry for entry in entries if not same_observation(entry, sender.source)]
    arrived_at = sender.arrival(now)
    if same:
        seen_again = {
            "ids": [entry.observation_id for entry in same],
            "moments": [entry.record.source_at for entry in same],
            "said": [entry.said_at for entry in same],
            "current": [entry.is_current for entry in same],
        }
        await session.execute(statements.TOUCH_OBSERVATIONS, {**seen_again, "seen_at": arrived_at})
    replaced = [seen.id for entry in fresh if entry.is_current and (seen := entry.observed(sender.source))]
    if replaced:
        await session.execute(statements.RETIRE_OBSERVATIONS, {"ids": replaced})
    if not fresh:
        return
    by_all = columns_text(
        (arrived_at, arrived_at, str(sender.source), sender.run_id, sender.submission_id, sender.parser_version)
    )

    def row(entry: Entry) -> str:
        record = entry.record
        # A record that lacks a part gives way to a whole one, even to one that its source made earlier.
        source_at = None if entry.is_partial else record.source_at
        place = record.row if sender.is_push else None
        said = columns_text((entry.observation_id, entry.package_id, source_at, entry.said_at, place, entry.is_current))
        return f"{said}\t{entry.content_hash}\t{escaped_json(entry.prepared.content)}\t{by_all}"

    await copy_rows(session, "observations", _OBSERVATION_COLUMNS, map(row, fresh))
    await raw.keep_answers(session, [(entry.observation_id, answer) for entry in fresh for answer in entry.record.raw])


async def store_versions(session: WriteSession, sender: Sender, entries: list[Entry], now: datetime) -> None:
    """A version and its entry of the feed for every package that differs from before."""
    news = sorted((entry for entry in entries if differs(entry)), key=lambda entry: entry.package_id)
    if not news:
        return
    moment = now.isoformat()
    versions = (
        f"{entry.package_id}\t{entry.version}\t{moment}\t{columns_text([_observations_of(entry, sender)])}"
        f"\t{escaped_json(state.text)}"
        for entry in news
        if (state := entry.state)
    )
    await copy_rows(session, "package_versions", ("package_id", "version", "at", "observation_ids", "state"), versions)
    changes = (
        f"{moment}\tpackage\t{entry.package_id}\t{entry.version}\t{'withdrawn' if state.withdrawn else 'upsert'}"
        for entry in news
        if (state := entry.state)
    )
    await copy_rows(session, "changes", ("at", "entity", "entity_id", "version", "op"), changes)


def _observations_of(entry: Entry, sender: Sender) -> list[int]:
    """The observations this state follows from: the new one in place of the one it replaces."""
    known = entry.known.observations.items() if entry.known else ()
    if not entry.is_current:
        return sorted(seen.id for _source, seen in known)
    return sorted({entry.observation_id, *(seen.id for source, seen in known if source != sender.source)})


async def store_awards(session: WriteSession, entries: list[Entry]) -> None:
    """The winners of every package that differs from before, in the place of those it had."""
    news = [(entry, state) for entry in entries if differs(entry) and (state := entry.state)]
    if known := [entry.package_id for entry, _state in news if entry.known]:
        await session.execute(statements.DELETE_AWARDS, {"ids": known})
    wanted = {
        identity: award
        for _entry, state in news
        for (identity, _columns), award in zip(state.awards, state.fields["awards"], strict=True)
    }
    if wanted:
        ids = await _know_suppliers(session, wanted)
        rows = (
            f"{entry.package_id}\t{ids[identity]}\t{columns}"
            for entry, state in news
            for identity, columns in state.awards
        )
        await copy_rows(session, "awards", ("package_id", "supplier_id", *AWARD_COLUMNS), rows)


async def _know_suppliers(session: WriteSession, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """The ids of suppliers by identity; those not met before are put on their list."""
    found = await session.execute(statements.FIND_SUPPLIERS, {"identities": list(wanted)})
    known = {row.identity: row.id for row in found}
    if missing := sorted(wanted.keys() - known.keys()):
        given = {
            "identities": missing,
            "names": [wanted[identity]["supplier_name"] for identity in missing],
            "npwps": [wanted[identity]["npwp"] for identity in missing],
        }
        known |= {row.identity: row.id for row in await session.execute(statements.INSERT_SUPPLIERS, given)}
        # Whom another node's writer has put there meanwhile.
        if met := list(wanted.keys() - known.keys()):
            found = await session.execute(statements.FIND_SUPPLIERS, {"identities": met})
            known |= {row.identity: row.id for row in found}
    return known
