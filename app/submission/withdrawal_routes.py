"""Decisions on complete lists that shrank, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.web import AnyCaller
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading, Writing
from app.procurement.errors import NothingToWithdraw, WithdrawalNotFound
from app.submission import withdrawing
from app.submission.errors import SubmissionNotFound
from app.submission.schemas import SubmissionWithdrawalCreate, SubmissionWithdrawalRead

router = APIRouter(tags=["submission"])

SubmissionId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get(
    "/submissions/{id}/withdrawal",
    response_model=SubmissionWithdrawalRead,
    responses=problems.responses(SubmissionNotFound, KeyMissing, KeyInvalid, NotAllowed),
)
async def get_submission_withdrawal(session: Reading, caller: AnyCaller, id: SubmissionId) -> Response:  # noqa: A002 (the API's word)
    """What a confirmation would withdraw: packages that a complete list which shrank does not show."""
    return ExactJSON(_read(await withdrawing.preview_withdrawal(session, caller, id), dry_run=True))


@router.post(
    "/submissions/{id}/withdrawal",
    response_model=SubmissionWithdrawalRead,
    responses=problems.responses(SubmissionNotFound, NothingToWithdraw, KeyMissing, KeyInvalid, NotAllowed),
)
async def confirm_submission_withdrawal(
    session: Writing,
    caller: AnyCaller,
    now: Now,
    id: SubmissionId,  # noqa: A002 (the API's word)
    wanted: SubmissionWithdrawalCreate,
) -> Response:
    """Withdraw what a complete list no longer shows. It is audited, and DELETE gives everything back."""
    if wanted.dry_run:
        return ExactJSON(_read(await withdrawing.preview_withdrawal(session, caller, id), dry_run=True))
    decision = await withdrawing.confirm_withdrawal(session, caller, id, reason=wanted.reason, now=now)
    return ExactJSON(_read(decision, dry_run=False))


@router.delete(
    "/submissions/{id}/withdrawal",
    response_model=SubmissionWithdrawalRead,
    responses=problems.responses(SubmissionNotFound, WithdrawalNotFound, KeyMissing, KeyInvalid, NotAllowed),
)
async def undo_submission_withdrawal(session: Writing, caller: AnyCaller, now: Now, id: SubmissionId) -> Response:  # noqa: A002 (the API's word)
    """Undo a confirmed withdrawal: its packages count again."""
    return ExactJSON(_read(await withdrawing.undo_withdrawal(session, caller, id, now=now), dry_run=False))


def _read(found: withdrawing.Withdrawal, *, dry_run: bool) -> SubmissionWithdrawalRead:
    return SubmissionWithdrawalRead(
        submission=found.submission_id,
        dry_run=dry_run,
        packages=len(found.packages),
        withdrawn=found.withdrawn,
        decided_at=found.decided_at,
        sample=[{"kind": kind, "code": code} for kind, code in found.packages[:100]],
    )
