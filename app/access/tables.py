"""Keys, hashed at rest; secrets of sources; and the audit trail."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class AccessKey(Base):
    """One key. Only its SHA-256 is kept: the secret has 256 random bits, so a slow hash would add nothing."""

    __tablename__ = "access_keys"
    __table_args__ = (CheckConstraint("role IN ('province', 'node', 'reader')", name="role"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    last_used_on: Mapped[date | None] = mapped_column(Date)


class AccessKeyNode(Base):
    """A node that a key of the role `node` speaks for."""

    __tablename__ = "access_key_nodes"

    key_id: Mapped[int] = mapped_column(ForeignKey("access_keys.id", ondelete="CASCADE"), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"), primary_key=True, index=True)


class FormerSecret(Base):
    """A secret that a key had before it was rotated; it opens as much as the key does, until it ends."""

    __tablename__ = "access_former_secrets"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("access_keys.id", ondelete="CASCADE"), index=True)
    ends_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class Credential(Base):
    """A secret by which the hub asks a source, such as a Bearer token. Write-only: nothing shows it again."""

    __tablename__ = "credentials"
    __table_args__ = (CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="name"),)

    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class AuditEntry(Base):
    """One administrative act. Append-only; each entry carries the hash of the one before it.

    `actor` is the caller's id; an entry without one was sealed before the trail named actors.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    key_id: Mapped[int | None] = mapped_column(ForeignKey("access_keys.id"))
    actor: Mapped[str | None] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditSeal(Base):
    """How many entries the trail must have, and the last one's hash: one row, moved by the database with every entry."""

    __tablename__ = "audit_seal"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
