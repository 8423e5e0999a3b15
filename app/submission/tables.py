"""Submissions, their bodies as received, what was wrong with them, and the answers that keys are remembered by."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Moment = TIMESTAMP(timezone=True)
Code = Text(collation="C")
COUNTS = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate")
"""What becomes of rows. Each row has one outcome, so seen is the sum of the others, always."""


class Submission(Base):
    """One pushed batch: who sent what, how far it has come, and what became of its rows.

    `position` says how many units (rows, or packages put together from several rows) are taken in; `attempt` fences a
    worker that was thought dead, `idle_attempts` counts those in a row that got nowhere. `shrunk` marks a complete list that lacked so many packages that a person must decide.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'processing', 'completed', 'failed')", name="state"),
        CheckConstraint(
            "seen = new + changed + unchanged + superseded + rejected + duplicate", name="every_row_has_one_outcome"
        ),
        CheckConstraint("(state IN ('completed', 'failed')) = (finished_at IS NOT NULL)", name="finished_at"),
        CheckConstraint("NOT complete OR (fiscal_year IS NOT NULL AND kind IS NOT NULL)", name="complete"),
        Index("ix_submissions_node_id", "node_id", "id"),
        Index("ix_submissions_unfinished", "id", postgresql_where=text("state IN ('received', 'processing')")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    schema: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    encoding: Mapped[str] = mapped_column(Text)
    charset: Mapped[str | None] = mapped_column(Text)
    fiscal_year: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str | None] = mapped_column(Text)
    complete: Mapped[bool] = mapped_column(Boolean)
    dry_run: Mapped[bool] = mapped_column(Boolean)
    columns: Mapped[dict[str, str]] = mapped_column(JSONB)
    caller: Mapped[str] = mapped_column(Code)
    caller_name: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(Code)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    length: Mapped[int] = mapped_column(BigInteger)
    body_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    state: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    idle_attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    new: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    superseded: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rejected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    duplicate: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    withdrawn: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    shrunk: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    problems: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    problem_codes: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    received_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class SubmissionBody(Base):
    """One piece of a body, exactly as received (still compressed if it came so). `stored_at` finds pieces of uploads that broke off."""

    __tablename__ = "submission_bodies"

    body_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    piece: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime] = mapped_column(Moment)


class SubmissionProblem(Base):
    """One thing wrong with one row, where it stands, and the row itself as it came."""

    __tablename__ = "submission_problems"
    __table_args__ = (Index("ix_submission_problems_submission_id", "submission_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    row: Mapped[int] = mapped_column(BigInteger)
    pointer: Mapped[str | None] = mapped_column(Text)
    cell: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    package: Mapped[str | None] = mapped_column(Text)
    field: Mapped[str | None] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    original: Mapped[str | None] = mapped_column(Text)


class IdempotencyKey(Base):
    """What a caller's Idempotency-Key was answered, to the byte. Written in the transaction of its effect."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(Code, primary_key=True)
    key: Mapped[str] = mapped_column(Code, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime] = mapped_column(Moment)


class SubmissionWithdrawal(Base):
    """A person's decision on a complete list that shrank: what it lacked is withdrawn, or was given back later."""

    __tablename__ = "submission_withdrawals"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    decided_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(Code)
    reason: Mapped[str] = mapped_column(Text)
    packages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    undone_by: Mapped[str | None] = mapped_column(Code)
