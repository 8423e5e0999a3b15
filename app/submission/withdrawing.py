"""A person's decision on a complete list that shrank: what it lacks is withdrawn, audited, and can be given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.access.audit import record_act
from app.access.callers import Caller
from app.access.permissions import Act, require
from app.core.dates import TimeZone
from app.kit.db import ReadSession, WriteSession, take_turns, write_for_node
from app.procurement.entries import Sender
from app.procurement.errors import NothingToWithdraw, WithdrawalNotFound
from app.procurement.service import restore_packages, withdraw_packages
from app.registry.tables import Node
from app.submission.absence import Key, find_missing
from app.submission.errors import SubmissionNotFound
from app.submission.intake import find_schema
from app.submission.queries import find_submission
from app.submission.tables import Submission, SubmissionWithdrawal


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a decision is about, and how many packages it changed."""

    submission_id: int
    packages: Sequence[Key]
    withdrawn: int
    decided_at: datetime | None = None


async def preview_withdrawal(session: ReadSession, caller: Caller, submission_id: int) -> Withdrawal:
    """What would be withdrawn: packages that this complete list lacks and that were not stated again since."""
    submission, _node, sender = await _get(session, caller, submission_id)
    return Withdrawal(submission_id, await _missing(session, submission, sender), withdrawn=0)


async def confirm_withdrawal(
    session: WriteSession, caller: Caller, submission_id: int, *, reason: str, now: datetime
) -> Withdrawal:
    """Withdraw what a complete list lacks, because a person says that it is really gone."""
    submission, node, sender = await _get(session, caller, submission_id)
    await take_turns(session, f"absence:{node.id}")
    await write_for_node(session, node.id)
    missing = await _missing(session, submission, sender)
    if not missing:
        raise NothingToWithdraw(submission_id)
    withdrawn = await withdraw_packages(session, sender, missing, now=now)
    decision = await session.get(SubmissionWithdrawal, submission_id)
    if decision is None:
        decision = SubmissionWithdrawal(submission_id=submission_id)
        session.add(decision)
    decision.decided_at, decision.decided_by, decision.reason = now, caller.id, reason
    decision.packages = [{"kind": kind, "code": code} for kind, code in missing]
    decision.undone_at = decision.undone_by = None
    await _count(session, submission_id, withdrawn)
    details = {"reason": reason, "packages": len(missing), "node": node.slug, "fiscal_year": submission.fiscal_year}
    subject = f"submission {submission_id}"
    await record_act(session, caller=caller, act="withdrawal.confirmed", subject=subject, details=details, now=now)
    return Withdrawal(submission_id, missing, withdrawn, now)


async def undo_withdrawal(session: WriteSession, caller: Caller, submission_id: int, *, now: datetime) -> Withdrawal:
    """Give back what a decision withdrew: the packages count again until complete lists agree otherwise."""
    _submission, node, sender = await _get(session, caller, submission_id)
    await take_turns(session, f"absence:{node.id}")
    await write_for_node(session, node.id)
    decision = await session.get(SubmissionWithdrawal, submission_id)
    if decision is None or decision.undone_at is not None:
        raise WithdrawalNotFound(submission_id)
    keys: list[Key] = [(item["kind"], item["code"]) for item in decision.packages]
    restored = await restore_packages(session, sender, keys, now=now)
    decision.undone_at, decision.undone_by = now, caller.id
    await _count(session, submission_id, -restored)
    details = {"packages": restored, "node": node.slug}
    subject = f"submission {submission_id}"
    await record_act(session, caller=caller, act="withdrawal.undone", subject=subject, details=details, now=now)
    return Withdrawal(submission_id, keys, restored, now)


async def _get(session: ReadSession, caller: Caller, submission_id: int) -> tuple[Submission, Node, Sender]:
    require(caller, Act.DECIDE_WITHDRAWAL)
    found = await find_submission(session, submission_id)
    if found is None:
        raise SubmissionNotFound(submission_id)
    submission = found[0]
    node = await session.get_one(Node, submission.node_id)
    schema = find_schema(submission.schema)
    source = schema.source if schema else "push"
    sender = Sender(
        node.id, TimeZone(node.time_zone), source, schema.parser_version if schema else "", submission_id=submission_id
    )
    return submission, node, sender


async def _missing(session: ReadSession, submission: Submission, sender: Sender) -> list[Key]:
    if not submission.shrunk:
        return []
    return [found.key for found in await find_missing(session, submission, sender.source)]


async def _count(session: WriteSession, submission_id: int, more: int) -> None:
    await session.execute(
        text("UPDATE submissions SET withdrawn = greatest(0, withdrawn + :more) WHERE id = :id"),
        {"more": more, "id": submission_id},
    )
