"""What the hub knows of each endpoint's health: its circuit now, every probe, and the hours they sum up to."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Moment = TIMESTAMP(timezone=True)

HEALTH_STATES = ("unknown", "ok", "failing", "open")


class EndpointHealth(Base):
    """The circuit of one endpoint, and what its last probes said. `next_probe_at` is also what probers claim it by.

    `latency_ms` is that of the last probe that went well; `moved_to` is where the node answers instead of its address.
    """

    __tablename__ = "endpoint_health"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in HEALTH_STATES)})", name="state"),
        CheckConstraint("(state = 'open') = (opened_at IS NOT NULL)", name="opened_at"),
    )

    endpoint_id: Mapped[int] = mapped_column(ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default=text("'unknown'"))
    consecutive_failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    recovered_at: Mapped[datetime | None] = mapped_column(Moment)
    next_probe_at: Mapped[datetime] = mapped_column(Moment)
    last_probe_at: Mapped[datetime | None] = mapped_column(Moment)
    last_ok_at: Mapped[datetime | None] = mapped_column(Moment)
    last_failure: Mapped[str | None] = mapped_column(Text)
    last_failure_at: Mapped[datetime | None] = mapped_column(Moment)
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    software_version: Mapped[str | None] = mapped_column(Text)
    certificate_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    moved_to: Mapped[str | None] = mapped_column(Text)


class Probe(Base):
    """One question to one endpoint: are you there, are you what you say? Append-only; it outlives its endpoint."""

    __tablename__ = "probes"
    __table_args__ = (
        CheckConstraint("ok = (failure IS NULL)", name="failure"),
        Index("ix_probes_node_id", "node_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"))
    endpoint_id: Mapped[int] = mapped_column(BigInteger)
    interface: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    ok: Mapped[bool] = mapped_column(Boolean)
    failure: Mapped[str | None] = mapped_column(Text)
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    software_version: Mapped[str | None] = mapped_column(Text)
    certificate_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    detail: Mapped[str | None] = mapped_column(Text)


class ProbeHour(Base):
    """The probes of one endpoint in one hour, summed up; latencies are those of probes that went well."""

    __tablename__ = "probe_hours"
    __table_args__ = (Index("ix_probe_hours_hour", "hour", postgresql_using="brin"),)

    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    probes: Mapped[int] = mapped_column(Integer)
    ok: Mapped[int] = mapped_column(Integer)
    latency_sum_ms: Mapped[int] = mapped_column(BigInteger)
    latency_max_ms: Mapped[int] = mapped_column(Integer)
