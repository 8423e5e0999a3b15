"""Runs and their working lists, what a list last said of each package, and the budgets of hosts."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Float, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Code = Text(collation="C")
Moment = TIMESTAMP(timezone=True)

RUN_STATES = ("queued", "running", "completed", "incomplete", "drift", "failed", "cancelled")


class RunBatch(Base):
    """One call that collects all nodes of a province."""

    __tablename__ = "run_batches"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    province: Mapped[str] = mapped_column(Code, ForeignKey("regions.code"))
    fiscal_years: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    requested_at: Mapped[datetime] = mapped_column(Moment)


class Run(Base):
    """One attempt to collect a node's packages of one fiscal year. `attempt` fences every page commit."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in RUN_STATES)})", name="state"),
        CheckConstraint("seen = new + changed + unchanged + superseded + rejected + duplicate", name="conservation"),
        CheckConstraint("origin IN ('request', 'batch', 'schedule')", name="origin"),
        Index("ix_runs_node_id", "node_id", "id"),
        Index("ix_runs_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_runs_unfinished", "id", postgresql_where=text("state IN ('queued', 'running')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("run_batches.id"))
    fiscal_year: Mapped[int] = mapped_column(Integer)
    interface: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    full: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    origin: Mapped[str] = mapped_column(Text, server_default=text("'request'"))
    requested_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    listed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    seen: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    new: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    changed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    superseded: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rejected: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    duplicate: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    withdrawn: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    requests: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    problems: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class RunList(Base):
    """How far a run has read the list of one kind."""

    __tablename__ = "run_lists"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[str] = mapped_column(Text)
    is_complete: Mapped[bool] = mapped_column(Boolean)


class RunItem(Base):
    """One package that the list of a run showed; `outcome` stays null until it is recorded. Removed when the run ends.

    `lpse` is the kd_lpse that the source states for the package, 0 where it belongs to the node that was asked.
    """

    __tablename__ = "run_items"
    __table_args__ = (
        Index("ix_run_items_pending", "run_id", "kind", "code", postgresql_where=text("outcome IS NULL")),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Code, primary_key=True)
    lpse: Mapped[int] = mapped_column(Integer, primary_key=True, server_default=text("0"))
    row: Mapped[list[Any] | dict[str, Any]] = mapped_column(JSONB)
    fingerprint: Mapped[str] = mapped_column(Code)
    settled: Mapped[bool] = mapped_column(Boolean)
    outcome: Mapped[str | None] = mapped_column(Text)


class Sighting(Base):
    """What a node's list last said of a package, and when its details were last read.

    `missing_runs` counts the complete runs in a row that no longer listed it, `missing_run_id` is the last of them.
    `parts` holds what each fiscal year's lists told of a package that is put together from several.
    """

    __tablename__ = "sightings"

    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    interface: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Code, primary_key=True)
    lpse: Mapped[int] = mapped_column(Integer, primary_key=True, server_default=text("0"))
    fiscal_years: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    fingerprint: Mapped[str] = mapped_column(Code)
    settled: Mapped[bool] = mapped_column(Boolean)
    detailed_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    missing_runs: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    missing_run_id: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    parts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class RunWithdrawal(Base):
    """A person's decision on a list that shrank: what it no longer showed is withdrawn, or was given back later."""

    __tablename__ = "run_withdrawals"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    decided_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("access_keys.id"))
    reason: Mapped[str] = mapped_column(Text)
    packages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("access_keys.id"))


class CollectionPlan(Base):
    """When a node's fiscal year is due to be asked again by one interface, and when to be read in full."""

    __tablename__ = "collection_plans"

    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True)
    interface: Mapped[str] = mapped_column(Text, primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(Integer, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Moment)
    full_due_at: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    noted_at: Mapped[datetime] = mapped_column(Moment)


class RunProblem(Base):
    """One thing that was wrong with one record of a run, or with the run itself."""

    __tablename__ = "run_problems"
    __table_args__ = (Index("ix_run_problems_run_id", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    code: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    package: Mapped[str | None] = mapped_column(Text)
    field: Mapped[str | None] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class HostBudget(Base):
    """When the next request to a host may leave; all workers of all machines reserve their slots here."""

    __tablename__ = "host_budgets"

    host: Mapped[str] = mapped_column(Code, primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Moment)
    paused_until: Mapped[datetime | None] = mapped_column(Moment)
    strikes: Mapped[float] = mapped_column(Float, server_default=text("0"))


class HostLease(Base):
    """How many requests to a host one worker may have under way, or that it waits, and since when; expires by itself."""

    __tablename__ = "host_leases"

    host: Mapped[str] = mapped_column(Code, primary_key=True)
    holder: Mapped[str] = mapped_column(Code, primary_key=True)
    places: Mapped[int] = mapped_column(Integer)
    wanted: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
