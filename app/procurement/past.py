"""Packages as the hub knew them at a past moment: what has not changed since as it is, the rest from kept versions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.kit.db import ReadSession
from app.kit.json import loads
from app.procurement.columns import UNSAID
from app.procurement.derive import Said, identity_of
from app.procurement.filtering import Conditions, PackageFilter, conditions_of
from app.procurement.finding import Range, find_ids, places_of, used
from app.procurement.queries import COLUMNS, DETAIL_COLUMNS, DOCUMENTS, read_packages

FEW = 200_000
"""So many changes since are looked through for every page; past that, packages themselves are, so many at a time."""
AT_ONCE = 2_000
"""Packages changed since that one read restores."""

# Only the last sighting is kept, and it may be later than the moment asked for.
UNSEEN = "CAST(NULL AS timestamptz) AS last_seen_at"
# A package as one of its versions says; where and what it is never changes.
_THEN = f"""
    CROSS JOIN LATERAL (
        SELECT v.state, v.version, v.at, v.observation_ids FROM package_versions v
        WHERE v.package_id = live.id AND v.at <= :as_of ORDER BY v.version DESC LIMIT 1
    ) AS last
    CROSS JOIN LATERAL jsonb_populate_record(live, CAST('{{{UNSAID}}}' AS jsonb) || last.state
        || jsonb_build_object('version', last.version, 'changed_at', last.at)) AS p
    JOIN nodes n ON n.id = p.node_id
"""  # noqa: S608 (a constant)
# The column is reckoned from the texts of today.
_SEARCH = "to_tsvector('simple', coalesce(p.name, '') || ' ' || p.code || ' ' || coalesce(p.satker_name, ''))"


async def read_past(
    session: ReadSession,
    wanted: PackageFilter,
    *,
    as_of: datetime,
    after: int | None,
    limit: int,
    loosely: str | None = None,
) -> tuple[list[dict[str, Any]], int | None]:
    """Packages of then by id, each with its awards of then; and the id up to which all was looked at, None being the end.

    It reads a bounded number of rows, so that fewer than `limit` may come while more are to follow.
    """
    start = after or 0
    places = await places_of(session, wanted)
    conditions = conditions_of(wanted, places, loosely=loosely)
    is_recent = await _is_recent(session, as_of)
    end = None if is_recent or wanted.node else await _window(session, start)
    unchanged = replace(conditions, parameters={**conditions.parameters, "as_of": as_of})
    ids, end = await find_ids(session, unchanged, Range(start, limit, end, also=("p.changed_at <= :as_of",)))
    lasting = conditions_of(wanted.lasting(), places)
    changed = await _changed(session, lasting, is_recent=is_recent, as_of=as_of, start=start, end=end)
    if len(changed) == AT_ONCE:
        end = changed[-1]
    found = await read_packages(session, [i for i in ids if end is None or i <= end], last_seen=UNSEEN)
    stated = conditions_of(wanted.without_suppliers(), places, loosely=loosely)
    found += await _restored(session, stated, wanted.supplier, changed, as_of=as_of)
    found.sort(key=lambda package: package["id"])
    return (found[:limit], found[limit - 1]["id"]) if len(found) > limit else (found, end)


async def _window(session: ReadSession, start: int) -> int | None:
    """Where most packages have changed since, so many ids are walked in one read."""
    last = await session.scalar(text("SELECT max(id) FROM packages"))
    return start + _WINDOW if last is not None and start + _WINDOW < last else None


_WINDOW = 20_000
"""Ids that one read walks where most packages have changed since."""


async def _is_recent(session: ReadSession, as_of: datetime) -> bool:
    # Numbers of the feed follow its moments closely enough to choose a way by them.
    statement = text("""
        SELECT at FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - CAST(:few AS bigint)
        ORDER BY seq DESC LIMIT 1
    """)
    before: datetime | None = await session.scalar(statement, {"few": FEW})
    return before is None or before <= as_of


async def _changed(
    session: ReadSession, lasting: Conditions, *, is_recent: bool, as_of: datetime, start: int, end: int | None
) -> list[int]:
    """Ids of packages that have changed since, in order: the first AT_ONCE of those that may be what is wanted."""
    conditions = list(lasting.by_columns)
    if is_recent:
        source = """
            (SELECT DISTINCT entity_id AS id FROM changes
             WHERE entity = 'package' AND at > :as_of AND entity_id > :start AND entity_id <= :end) AS c
        """
        source, selected = f"{source} JOIN packages p USING (id)" if conditions else source, "id"
    else:
        source, selected = "packages p", "p.id"
        conditions += ["p.id > :start", "p.id <= :end", "p.changed_at > :as_of", "p.first_seen_at <= :as_of"]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    statement = f"SELECT {selected} FROM {source} {where} ORDER BY 1 LIMIT :at_once"  # noqa: S608 (the same)
    bounds = {"start": start, "end": _LAST_ID if end is None else end}
    parameters = {**used(statement, lasting.parameters), **bounds, "as_of": as_of, "at_once": AT_ONCE}
    return list((await session.execute(text(statement), parameters)).scalars())


_LAST_ID = 2**63 - 1


async def _restored(
    session: ReadSession, conditions: Conditions, suppliers: Sequence[int], ids: list[int], *, as_of: datetime
) -> list[dict[str, Any]]:
    """What is wanted among packages that have changed since, as they were."""
    if not ids:
        return []
    stated = [condition.replace("p.search", _SEARCH) for condition in conditions.by_columns]
    where = f"WHERE {' AND '.join(stated)}" if stated else ""
    statement = f"""
        SELECT {COLUMNS}, {UNSEEN}, CAST(last.state -> 'awards' AS text) AS awards
        FROM unnest(CAST(:ids AS bigint[])) AS c (id) JOIN packages live USING (id) {_THEN} {where}
    """  # noqa: S608 (the same)
    parameters = {**used(statement, conditions.parameters), "ids": ids, "as_of": as_of}
    rows = (await session.execute(text(statement), parameters)).mappings()
    found = await _with_winners_of_then(session, [dict(row) for row in rows])
    if not suppliers:
        return found
    return [package for package in found if any(award["supplier_id"] in suppliers for award in package["awards"])]


async def _with_winners_of_then(session: ReadSession, packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Winners of a version have no row of their own; who they are follows from what is said of them."""
    for package in packages:
        package["awards"] = loads(package["awards"]) if package["awards"] else []
    awards = [award for package in packages for award in package["awards"]]
    statement = text("SELECT identity, id FROM suppliers WHERE identity = ANY(CAST(:identities AS text[]))")
    rows = await session.execute(statement, {"identities": sorted({identity_of(award) for award in awards})})
    known = {row.identity: row.id for row in rows}
    for award in awards:
        award["supplier_id"] = known.get(identity_of(award))
    return packages


async def find_past(session: ReadSession, node: str, kind: str, code: str, *, as_of: datetime) -> dict[str, Any] | None:
    """One package with all that was known of it then, and what each of its sources had said (`said`)."""
    statement = text(f"""
        SELECT {COLUMNS}, {UNSEEN}, {DETAIL_COLUMNS}, CAST(last.state -> 'awards' AS text) AS awards, last.observation_ids
        FROM packages live {_THEN} WHERE n.slug = :node AND live.kind = :kind AND live.code = :code
    """).columns(**DOCUMENTS)  # noqa: S608 (the same)
    parameters = {"node": node, "kind": kind, "code": code, "as_of": as_of}
    rows = [dict(row) for row in (await session.execute(statement, parameters)).mappings()]
    if not rows:
        return None
    (package,) = await _with_winners_of_then(session, rows)
    said = await session.execute(
        text("""
            SELECT source, CAST(fields AS text) AS fields, coalesce(withdrawn_at <= :as_of, false) AS withdrawn
            FROM observations WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY source
        """),
        {"ids": package.pop("observation_ids"), "as_of": as_of},
    )
    return {**package, "said": [Said(row.source, loads(row.fields), row.withdrawn) for row in said]}
