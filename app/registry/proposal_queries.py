"""Questions about proposals, and the register in the form in which lists are held against it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.kit.db import ReadSession
from app.registry.proposal_errors import ProposalNotFound
from app.registry.proposal_rules import Draft, Earlier, ProposalState, What
from app.registry.proposal_sides import KnownInstitution, KnownNode, KnownRegion, Register, Subject
from app.registry.proposal_tables import RegisterProposal
from app.registry.tables import Institution, InstitutionAlias, Node, Region


@dataclass(frozen=True, slots=True)
class ProposalFilter:
    """Which proposals are asked for; None means "any"."""

    state: str | None = None
    subject: str | None = None


async def list_proposals(
    session: ReadSession, wanted: ProposalFilter, *, before: int | None, limit: int
) -> Sequence[RegisterProposal]:
    """Proposals, newest first."""
    query = select(RegisterProposal).order_by(RegisterProposal.id.desc()).limit(limit)
    if wanted.state is not None:
        query = query.where(RegisterProposal.state == wanted.state)
    if wanted.subject is not None:
        query = query.where(RegisterProposal.subject == wanted.subject)
    if before is not None:
        query = query.where(RegisterProposal.id < before)
    return (await session.scalars(query)).all()


async def get_proposal(session: ReadSession, proposal_id: int) -> RegisterProposal:
    found = await session.get(RegisterProposal, proposal_id, populate_existing=True)
    if found is None:
        raise ProposalNotFound(proposal_id)
    return found


async def list_earlier(session: ReadSession, subject: Subject) -> list[Earlier]:
    """The proposals that a new reading of a list has to do with: open ones, and those that were dismissed."""
    rows = await session.scalars(
        select(RegisterProposal)
        .where(
            RegisterProposal.subject == subject,
            RegisterProposal.state.in_((ProposalState.OPEN, ProposalState.DISMISSED)),
        )
        .order_by(RegisterProposal.id)
    )
    return [Earlier(row.id, ProposalState(row.state), draft_of(row)) for row in rows]


def draft_of(row: RegisterProposal) -> Draft:
    return Draft(Subject(row.subject), row.key, What(row.what), row.current, row.proposed)


async def read_register(session: ReadSession) -> Register:
    """The whole register in plain values: some thousand short rows."""
    given = await _names_given_by_lists(session)
    nodes = await session.execute(select(Node.slug, Node.name, Node.kd_lpse, Node.state, Node.edited))
    institutions = await session.execute(select(Institution.kd_klpd, Institution.name, Institution.region))
    aliases = await session.execute(select(InstitutionAlias.key, InstitutionAlias.kd_klpd))
    regions = await session.execute(select(Region.code, Region.name, Region.type))
    return Register(
        nodes=[
            KnownNode(
                row.slug,
                row.name,
                row.kd_lpse,
                row.state,
                # A name that came from a list follows the list; whoever changed it since has the last word.
                is_named_here="name" in row.edited and given.get(str(row.kd_lpse)) != row.name,
            )
            for row in nodes
        ],
        institutions=[KnownInstitution(*row) for row in institutions],
        aliases={row.key: row.kd_klpd for row in aliases},
        regions=[KnownRegion(*row) for row in regions],
        kept_apart=await _kept_apart(session),
    )


async def _names_given_by_lists(session: ReadSession) -> dict[str, str]:
    """The name that was last accepted for each kd_lpse."""
    rows = await session.execute(
        select(RegisterProposal.key, RegisterProposal.proposed["name"].astext.label("name"))
        .where(
            RegisterProposal.subject == Subject.NODE,
            RegisterProposal.what.in_((What.NEW, What.RENAME)),
            RegisterProposal.state == ProposalState.ACCEPTED,
        )
        .order_by(RegisterProposal.decided_at, RegisterProposal.id)
    )
    return {row.key: row.name for row in rows}


async def _kept_apart(session: ReadSession) -> frozenset[tuple[int, str]]:
    """Numbers that a person refused to give to a node of the same name."""
    rows = await session.execute(
        select(RegisterProposal.key, RegisterProposal.proposed["node"].astext.label("node")).where(
            RegisterProposal.what == What.KD_LPSE, RegisterProposal.state == ProposalState.DISMISSED
        )
    )
    return frozenset((int(row.key), row.node) for row in rows)
