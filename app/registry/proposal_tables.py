"""What master lists propose for the register, and what a person decided on it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Moment = TIMESTAMP(timezone=True)


class RegisterProposal(Base):
    """One difference between a master list and the register. `key` is a kd_lpse or a kd_klpd.

    `current` is what the register said, null where it knows nothing of the kind; an obsolete one was closed by nobody.
    """

    __tablename__ = "register_proposals"
    __table_args__ = (
        CheckConstraint("subject IN ('node', 'institution')", name="subject"),
        CheckConstraint("what IN ('new', 'rename', 'kd_lpse')", name="what"),
        CheckConstraint("state IN ('open', 'accepted', 'dismissed', 'obsolete')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("state <> 'dismissed' OR reason IS NOT NULL", name="reason"),
        Index(
            "ix_register_proposals_open",
            "subject",
            "key",
            "what",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text(collation="C"))
    what: Mapped[str] = mapped_column(Text)
    current: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    proposed: Mapped[dict[str, Any]] = mapped_column(JSONB)
    source: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text, server_default=text("'open'"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("access_keys.id"))
    reason: Mapped[str | None] = mapped_column(Text)
