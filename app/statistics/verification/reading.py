"""The three sources that figures are recomputed from, read a piece of a node's packages at a time.

Every statement reaches its rows package by package through an index (LATERAL … OFFSET 0), whatever the planner knows of
the tables or does not know yet.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct, ValidationError
from msgspec.json import Decoder
from sqlalchemy import Row, text

from app.kit.db import ReadSession
from app.statistics.verification.facts import Facts, Won, each_once, in_one_order, supplier_of
from app.statistics.verification.testimony import Statement, Words, facts_from

SOURCES = ("observations", "versions", "packages")

Piece = Mapping[str, Mapping[int, Facts | None]]
"""For each source what it tells of the packages of a piece, by their ids: none of those that count nowhere."""

# Columns in the order of the facts, which end with the awards.
# Every package of a node is in exactly one piece. All three columns stand in the comparison, so that only the index over
# them can begin where the last piece ended; by another, each piece would read its way through packages of other nodes.
_PACKAGES = text("""
    SELECT id, withdrawn, fiscal_year, kind, institution, category, method, fund_sources, announced_month, awarded_month,
           days_to_award, days_to_contract, date_basis, status, pagu, hps, value, value_basis, realized_value, pdn_value,
           umk_value, participants, bidders, business_size, is_repeated, schedule_changes,
           contract_value IS NOT NULL OR contracted_at IS NOT NULL AS is_contracted, rup_codes <> '{}' AS is_planned
    FROM packages
    WHERE node_id = :node AND (node_id, fiscal_year, id) > (:node, :fiscal_year, :id)
    ORDER BY node_id, fiscal_year, id LIMIT :limit
""")
_AWARDS = text("""
    SELECT a.package_id, a.value, (SELECT s.identity FROM suppliers s WHERE s.id = a.supplier_id) AS supplier
    FROM unnest(CAST(:packages AS bigint[])) AS piece (package_id)
    CROSS JOIN LATERAL (
        SELECT package_id, supplier_id, value FROM awards WHERE package_id = piece.package_id OFFSET 0
    ) AS a
""")
_OBSERVATIONS = text("""
    SELECT o.package_id, o.source, o.withdrawn_at IS NOT NULL AS gone, CAST(o.fields AS text) AS fields
    FROM unnest(CAST(:packages AS bigint[])) AS piece (package_id)
    CROSS JOIN LATERAL (
        SELECT package_id, source, withdrawn_at, fields FROM observations
        WHERE package_id = piece.package_id AND is_current OFFSET 0
    ) AS o
""")
_VERSIONS = text("""
    SELECT last.package_id, CAST(last.state AS text) AS state
    FROM unnest(CAST(:packages AS bigint[])) AS piece (package_id)
    CROSS JOIN LATERAL (
        SELECT package_id, state FROM package_versions WHERE package_id = piece.package_id ORDER BY version DESC LIMIT 1
    ) AS last
""")


async def pieces(session: ReadSession, node: int, clock: tzinfo, size: int) -> AsyncIterator[Piece]:
    """What the sources tell of a node's packages, so many packages at a time."""
    after = {"fiscal_year": 0, "id": 0}
    while packages := (await session.execute(_PACKAGES, {"node": node, "limit": size, **after})).all():
        wanted = {"packages": [package.id for package in packages]}
        awards = (await session.execute(_AWARDS, wanted)).all()
        observations = (await session.execute(_OBSERVATIONS, wanted)).all()
        versions = (await session.execute(_VERSIONS, wanted)).all()
        yield {
            "observations": _told_by_observations(packages, observations, clock),
            "versions": _told_by_versions(packages, versions),
            "packages": _told_by_packages(packages, awards),
        }
        after = {"fiscal_year": packages[-1].fiscal_year, "id": packages[-1].id}


class _Award(Struct, gc=False):
    supplier_name: str
    npwp: str | None = None
    value: Decimal | None = None


class _State(Struct, gc=False):
    """A version's state, as far as figures rest on it."""

    fiscal_year: int
    status: str
    awards: list[_Award]
    institution: str | None = None
    category: str | None = None
    method: str | None = None
    fund_sources: list[str] | None = None
    rup_codes: list[str] | None = None
    announced_month: str | None = None
    awarded_month: str | None = None
    days_to_award: int | None = None
    days_to_contract: int | None = None
    date_basis: str | None = None
    pagu: Decimal | None = None
    hps: Decimal | None = None
    value: Decimal | None = None
    value_basis: str | None = None
    contract_value: Decimal | None = None
    contracted_at: str | None = None
    realized_value: Decimal | None = None
    pdn_value: Decimal | None = None
    umk_value: Decimal | None = None
    participants: int | None = None
    bidders: int | None = None
    business_size: str | None = None
    is_repeated: bool = False
    schedule_changes: int | None = None
    withdrawn: bool = False


_words, _state = Decoder(Words), Decoder(_State)
_Read = TypeVar("_Read")


def _read(decoder: Decoder[_Read], document: str) -> _Read | None:
    """What cannot be read tells nothing, and is found by what is missing then."""
    try:
        return decoder.decode(document)
    except ValidationError:
        return None


_FUND_SOURCES = Facts._fields.index("fund_sources")


def _told_by_packages(packages: Sequence[Row[Any]], awards: Sequence[Row[Any]]) -> dict[int, Facts | None]:
    won: dict[int, list[Won]] = defaultdict(list)
    for award in awards:
        won[award.package_id].append(Won(award.supplier or "nobody", award.value))
    told: dict[int, Facts | None] = {}
    for package in packages:
        columns: list[Any] = list(package[2:])
        columns[_FUND_SOURCES] = each_once(package.fund_sources)
        told[package.id] = None if package.withdrawn else Facts._make((*columns, in_one_order(won[package.id])))
    return told


def _told_by_versions(packages: Sequence[Row[Any]], versions: Sequence[Row[Any]]) -> dict[int, Facts | None]:
    states = {version.package_id: _read(_state, version.state) for version in versions}
    told: dict[int, Facts | None] = {}
    for package in packages:
        state = states.get(package.id)
        told[package.id] = None if state is None or state.withdrawn else _facts_of(state, package.kind)
    return told


def _facts_of(state: _State, kind: str) -> Facts:
    return Facts(
        fiscal_year=state.fiscal_year,
        kind=kind,
        institution=state.institution,
        category=state.category,
        method=state.method,
        fund_sources=each_once(state.fund_sources),
        announced_month=state.announced_month,
        awarded_month=state.awarded_month,
        days_to_award=state.days_to_award,
        days_to_contract=state.days_to_contract,
        date_basis=state.date_basis,
        status=state.status,
        pagu=state.pagu,
        hps=state.hps,
        value=state.value,
        value_basis=state.value_basis,
        realized_value=state.realized_value,
        pdn_value=state.pdn_value,
        umk_value=state.umk_value,
        participants=state.participants,
        bidders=state.bidders,
        business_size=state.business_size,
        is_repeated=state.is_repeated,
        schedule_changes=state.schedule_changes,
        is_contracted=state.contract_value is not None or state.contracted_at is not None,
        is_planned=bool(state.rup_codes),
        awards=in_one_order(Won(supplier_of(won.npwp, won.supplier_name), won.value) for won in state.awards),
    )


def _told_by_observations(
    packages: Sequence[Row[Any]], observations: Sequence[Row[Any]], clock: tzinfo
) -> dict[int, Facts | None]:
    said: dict[int, list[Statement]] = defaultdict(list)
    for observation in observations:
        if (words := _read(_words, observation.fields)) is not None:
            said[observation.package_id].append(Statement(observation.source, observation.gone, words))
    return {
        package.id: facts_from(said[package.id], kind=package.kind, institution=package.institution, clock=clock)
        for package in packages
    }
