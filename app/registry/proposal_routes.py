"""Proposals for the register over HTTP: public reads; deciding needs the province's key."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StrictBool

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act
from app.access.web import Permitted
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading, Writing
from app.kit.web.schema import DEFAULT_PAGE, After, Input, Limit, Message, Page, Schema
from app.registry import proposal_queries, proposals
from app.registry.errors import NodeAlreadyRegistered
from app.registry.proposal_errors import DismissalUnexplained, ProposalClosed, ProposalNotFound, ProposalOutdated
from app.registry.proposal_rules import ProposalState, What
from app.registry.proposal_sides import Subject

router = APIRouter()
ProposalId = Annotated[int, Path(ge=1, lt=2**63, examples=[1])]


class ProposalRead(Schema):
    """What a master list says otherwise than the register, and what became of it."""

    id: int
    subject: Subject
    key: Annotated[str, Field(description="kd_lpse of a node, kd_klpd of an institution.", examples=["999"])]
    what: Annotated[What, Field(description="kd_lpse is a number for a node that the register knows by name only.")]
    current: Annotated[
        dict[str, Any] | None,
        Field(
            description="What the register says; of something new, who bears its name already (same_name), else null.",
            examples=[{"node": "contoh", "name": "LPSE Kabupaten Contoh"}],
        ),
    ]
    proposed: Annotated[
        dict[str, Any],
        Field(description="What the register would say.", examples=[{"name": "LPSE Kabupaten Contoh Raya"}]),
    ]
    source: Annotated[
        str,
        Field(description="The list.", examples=["https://isb.lkpp.go.id/isb-2/api/satudata/MasterLPSE"]),
    ]
    first_seen_at: datetime
    last_seen_at: Annotated[datetime, Field(description="When the list last implied it.")]
    state: Annotated[
        ProposalState, Field(description="obsolete was decided by nobody: the list or the register moved on.")
    ]
    decided_at: datetime | None
    reason: str | None


class DecisionCreate(Input):
    """What a person says to a proposal."""

    decision: proposals.Decision
    reason: Annotated[
        str | None,
        Field(
            max_length=1000,
            description="Needed to dismiss. It is public.",
            examples=["LPSE ini sudah bergabung dengan LPSE provinsi."],
        ),
    ] = None
    dry_run: Annotated[StrictBool, Field(description="Only say whether it could be done.")] = False


class DecisionRead(Schema):
    """A decision, carried out or only tried."""

    dry_run: bool
    decision: proposals.Decision
    follows: Annotated[Message, Field(description="What follows from it, and what is left to do.")]
    proposal: ProposalRead


@router.get(
    "/register-proposals",
    response_model=Page[ProposalRead],
    tags=["registry"],
    responses=problems.responses(CursorInvalid),
)
async def list_register_proposals(
    session: Reading,
    state: Annotated[ProposalState | None, Query(description="Only proposals that stand so.")] = None,
    subject: Annotated[Subject | None, Query(description="Only proposals about these.")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List what master lists propose for the register, newest first. Nothing of it holds before a person accepts it."""
    key = decode_cursor(after, int)
    wanted = proposal_queries.ProposalFilter(state, subject)
    found = await proposal_queries.list_proposals(session, wanted, before=key[0] if key else None, limit=limit + 1)
    items = [ProposalRead.model_validate(row) for row in found[:limit]]
    return ExactJSON(Page(items=items, next=encode_cursor(items[-1].id) if len(found) > limit else None))


@router.get(
    "/register-proposals/{id}",
    response_model=ProposalRead,
    tags=["registry"],
    responses=problems.responses(ProposalNotFound),
)
async def get_register_proposal(session: Reading, id: ProposalId) -> Response:  # noqa: A002 (the API's word)
    """One proposal: what the list says, what the register said, and what was decided."""
    return ExactJSON(ProposalRead.model_validate(await proposal_queries.get_proposal(session, id)))


@router.post(
    "/register-proposals/{id}/decision",
    response_model=DecisionRead,
    tags=["registry"],
    responses=problems.responses(
        ProposalNotFound,
        ProposalClosed,
        ProposalOutdated,
        NodeAlreadyRegistered,
        DismissalUnexplained,
        KeyMissing,
        KeyInvalid,
        NotAllowed,
    ),
)
async def decide_register_proposal(
    caller: Annotated[Caller, Permitted(Act.KEEP_REGISTER)],
    session: Writing,
    now: Now,
    id: ProposalId,  # noqa: A002 (the API's word)
    wanted: DecisionCreate,
) -> Response:
    """Accept a proposal, which changes the register, or dismiss it with a reason. It is audited.

    New institutions and names make packages findable only when these are read again.
    """
    decided = await proposals.decide(
        session, id, wanted.decision, caller=caller, reason=wanted.reason, now=now, dry_run=wanted.dry_run
    )
    return ExactJSON(
        DecisionRead(
            dry_run=decided.dry_run,
            decision=wanted.decision,
            follows=Message(**decided.follows),
            proposal=ProposalRead.model_validate(decided.proposal),
        )
    )
