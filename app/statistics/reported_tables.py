"""What nodes state of themselves: every statement stays, the last one counts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, Integer, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Amount = Numeric(20, 2)


class ReportedFigures(Base):
    """One statement of a node's totals of a fiscal year. Append-only: the highest revision is what it states now."""

    __tablename__ = "reported_figures"
    __table_args__ = (
        UniqueConstraint("node_id", "fiscal_year", "revision"),
        CheckConstraint("fiscal_year BETWEEN 2000 AND 2100", name="fiscal_year"),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("least(packages, pagu, hps, value) >= 0", name="not_negative"),
        CheckConstraint("num_nonnulls(packages, pagu, hps, value, savings) > 0", name="states_something"),
        CheckConstraint("savings_base IN ('pagu', 'hps')", name="savings_base"),
        CheckConstraint("role IN ('node', 'province')", name="role"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"))
    fiscal_year: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    packages: Mapped[int | None] = mapped_column(Integer)
    pagu: Mapped[Decimal | None] = mapped_column(Amount)
    hps: Mapped[Decimal | None] = mapped_column(Amount)
    value: Mapped[Decimal | None] = mapped_column(Amount)
    savings: Mapped[Decimal | None] = mapped_column(Amount)
    savings_base: Mapped[str | None] = mapped_column(Text)
    kinds: Mapped[dict[str, Any]] = mapped_column(JSONB)
    source_document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    stated_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    caller: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
