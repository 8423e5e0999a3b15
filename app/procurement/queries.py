"""Questions to the shared schema: lists with filters, one package, its history, the answers behind it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from app.kit.db import ReadSession
from app.kit.json import loads
from app.procurement.derive import Said

COLUMNS = """
    p.id, n.slug AS node, p.kind, p.code, p.name, p.labels, p.institution, p.institution_name, p.satker_name,
    p.category, p.category_text, p.method, p.method_text, p.evaluation_text, p.qualification_text, p.business_size,
    p.self_managed_type, p.contract_type, p.locations, p.status,
    p.stage, p.reason, p.withdrawn, p.fiscal_year, p.fiscal_years, p.fund_sources, p.rup_codes, p.pagu, p.hps, p.value,
    p.value_basis, p.contract_value, p.negotiated_value, p.corrected_value, p.bid_value, p.award_value, p.pdn_value,
    p.umk_value, p.realized_value, p.participants, p.bidders, p.announced_at, p.awarded_at, p.contracted_at,
    p.date_basis, p.announced_month, p.awarded_month, p.days_to_award, p.days_to_contract, p.is_repeated,
    p.schedule_changes, p.created_on, p.finished_on, p.first_seen_at, p.changed_at, p.version, p.source
"""
LAST_SEEN = """
    (SELECT max(o.last_seen_at) FROM observations o WHERE o.package_id = p.id AND o.is_current) AS last_seen_at
"""


async def without_negations(session: ReadSession, q: str) -> str | None:
    """What must stand in a text that is searched for, where more is said than that: "T" is nothing; None is no more.

    Who may exclude packages by words that are hidden from them could ask for these one by one.
    """
    if "-" not in q:
        return None
    statement = text(
        "SELECT querytree(wanted) FROM websearch_to_tsquery('simple', :q) AS wanted WHERE wanted::text LIKE '%!%'"
    )
    stated = await session.scalar(statement, {"q": q})
    return None if stated is None else stated or "T"


async def read_packages(
    session: ReadSession, ids: Sequence[int], *, last_seen: str = LAST_SEEN, awards: bool = True
) -> list[dict[str, Any]]:
    """The packages of these ids in their order, each with its awards unless nobody wants them."""
    if not ids:
        return []
    statement = f"""
        SELECT {COLUMNS}, {last_seen} FROM packages p JOIN nodes n ON n.id = p.node_id
        WHERE p.id = ANY(CAST(:ids AS bigint[])) ORDER BY p.id
    """  # noqa: S608 (columns are constants of this room)
    rows = (await session.execute(text(statement), {"ids": list(ids)})).mappings()
    packages = [dict(row) for row in rows]
    return await with_awards(session, packages) if awards else packages


DOCUMENTS = dict.fromkeys(("offers", "realizations", "schedule", "source_ids"), JSONB())
# When anything was last heard of it, by whatever source: nothing that is shown of a package changes at another time.
HEARD_OF = """
    (SELECT max(greatest(o.received_at, o.last_seen_at, o.withdrawn_at)) FROM observations o WHERE o.package_id = p.id)
    AS heard_of_at
"""
# What a list of packages leaves out, because it is long.
DETAIL_COLUMNS = "p.description, p.offers, p.realizations, p.schedule, p.source_ids"


async def find_package(session: ReadSession, node: str, kind: str, code: str) -> dict[str, Any] | None:
    """One package with all that is known of it, what each of its sources last said (`said`), and when (`heard_of_at`)."""
    statement = f"""
        SELECT {COLUMNS}, {LAST_SEEN}, {HEARD_OF}, {DETAIL_COLUMNS} FROM packages p JOIN nodes n ON n.id = p.node_id
        WHERE n.slug = :node AND p.kind = :kind AND p.code = :code
    """  # noqa: S608 (the same)
    parameters = {"node": node, "kind": kind, "code": code}
    rows = (await session.execute(text(statement).columns(**DOCUMENTS), parameters)).mappings()
    found = await with_awards(session, [dict(row) for row in rows])
    if not found:
        return None
    said = await session.execute(
        text("""
            SELECT source, CAST(fields AS text) AS fields, withdrawn_at IS NOT NULL AS withdrawn FROM observations
            WHERE package_id = :id AND is_current ORDER BY source
        """),
        {"id": found[0]["id"]},
    )
    return {**found[0], "said": [Said(row.source, loads(row.fields), row.withdrawn) for row in said]}


async def with_awards(session: ReadSession, packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = await session.execute(
        text("""
            SELECT package_id, supplier_id, supplier_name, npwp, address, value, contract_value, negotiated_value,
                   corrected_value, bid_value, award_value, pdn_value, umk_value
            FROM awards WHERE package_id = ANY(CAST(:ids AS bigint[])) ORDER BY package_id, position
        """),
        {"ids": [package["id"] for package in packages]},
    )
    awards: dict[int, list[dict[str, Any]]] = {}
    for row in rows.mappings():
        awards.setdefault(row["package_id"], []).append(dict(row))
    return [{**package, "awards": awards.get(package["id"], [])} for package in packages]


async def list_versions(
    session: ReadSession, package_id: int, *, after: int | None, limit: int
) -> Sequence[dict[str, Any]]:
    """The states of a package, first to last, as decoded JSON."""
    rows = await session.execute(
        text("""
            SELECT version, CAST(state AS text) AS state, observation_ids, at FROM package_versions
            WHERE package_id = :package_id AND version > CAST(:after AS bigint) ORDER BY version LIMIT :limit
        """),
        {"package_id": package_id, "after": after or 0, "limit": limit},
    )
    return [{**row, "state": loads(row["state"])} for row in rows.mappings()]


async def list_observations(session: ReadSession, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What sources said, and which raw answers stand behind it."""
    rows = await session.execute(
        text("""
            SELECT o.id, o.source, o.source_at, o.received_at, o.last_seen_at, o.run_id, o.submission_id, o.submission_row,
                   o.content_hash, o.parser_version
            FROM observations o WHERE o.id = ANY(CAST(:ids AS bigint[])) ORDER BY o.id
        """),
        {"ids": list(ids)},
    )
    found: dict[int, dict[str, Any]] = {row["id"]: {**row, "answers": []} for row in rows.mappings()}
    answers = await session.execute(
        text("""
            SELECT observation_id, page, url, encode(sha256, 'hex') AS sha256, length, media_type, fetched_at
            FROM raw_answers WHERE observation_id = ANY(CAST(:ids AS bigint[])) ORDER BY id
        """),
        {"ids": list(found)},
    )
    for row in answers.mappings():
        answer = dict(row)
        found[answer.pop("observation_id")]["answers"].append(answer)
    return found
