"""Exports that are prepared: what was asked for, how far it has come, and the file in pieces where all machines see it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Moment = TIMESTAMP(timezone=True)
STATES = ("queued", "preparing", "ready", "failed")


class PreparedExport(Base):
    """One export as a file. `key` is equal for equal exports; `attempt` fences a worker that was thought dead."""

    __tablename__ = "prepared_exports"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'preparing', 'ready', 'failed')", name="state"),
        CheckConstraint("(state IN ('ready', 'failed')) = (finished_at IS NOT NULL)", name="finished_at"),
        CheckConstraint("state <> 'ready' OR num_nonnulls(moment, rows, length, sha256) = 4", name="ready"),
        # The same export asked for twice is one job, also by two who ask at the same moment.
        Index("uq_prepared_exports_waiting", "key", unique=True, postgresql_where=text("finished_at IS NULL")),
        Index("ix_prepared_exports_key", "key", "finished_at"),
        Index("ix_prepared_exports_expires_at", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    dataset: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(Text)
    question: Mapped[dict[str, Any]] = mapped_column(JSONB)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    file_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    moment: Mapped[datetime | None] = mapped_column(Moment)
    cursor: Mapped[str | None] = mapped_column(Text)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    length: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class ExportPiece(Base):
    """One piece of a file; all but the last are of one size. `stored_at` finds pieces of attempts that broke off."""

    __tablename__ = "export_pieces"

    file_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
    piece: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime] = mapped_column(Moment)
