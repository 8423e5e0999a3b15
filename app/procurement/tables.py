"""Packages, what each source said of them, their awards, versions and changes, raw answers, and summaries."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus, ValueBasis
from app.kit.db import Base
from app.procurement.filtering import facets_of

Code = Text(collation="C")
Moment = TIMESTAMP(timezone=True)
Money = Numeric(20, 2)


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's xid8: the id of the writing transaction, which orders the change feed without gaps."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


CURRENT_TRANSACTION = text("pg_current_xact_id()")


def _one_of(column: str, words: type[Any]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Package(Base):
    """One procurement process, as it follows from the last observation of each source."""

    __tablename__ = "packages"
    __table_args__ = (
        UniqueConstraint("node_id", "kind", "code"),
        _one_of("kind", PackageKind),
        _one_of("status", PackageStatus),
        _one_of("category", Category),
        _one_of("method", Method),
        _one_of("value_basis", ValueBasis),
        _one_of("date_basis", DateBasis),
        CheckConstraint("fiscal_year BETWEEN 2000 AND 2100", name="fiscal_year"),
        CheckConstraint("value IS NULL OR (status = 'completed' AND value_basis IS NOT NULL)", name="value"),
        CheckConstraint(
            "least(pagu, hps, value, contract_value, negotiated_value, corrected_value, bid_value) >= 0", name="amounts"
        ),
        Index("ix_packages_fiscal_year", "fiscal_year", "id"),
        Index("ix_packages_institution", "institution", "fiscal_year", "id"),
        Index("ix_packages_node_year", "node_id", "fiscal_year", "id"),
        Index("ix_packages_search", "search", postgresql_using="gin"),
        # One index for every filter of few values and any of them together: where few packages are wanted.
        Index("ix_packages_facets", text(facets_of()), postgresql_using="gin"),
        # Updates rewrite rows of the same size; room on the page keeps them there.
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Code)
    name: Mapped[str | None] = mapped_column(Text)
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    institution: Mapped[str | None] = mapped_column(Code, ForeignKey("institutions.kd_klpd"))
    institution_name: Mapped[str | None] = mapped_column(Text)
    satker_name: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    category_text: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    method_text: Mapped[str | None] = mapped_column(Text)
    evaluation_text: Mapped[str | None] = mapped_column(Text)
    qualification_text: Mapped[str | None] = mapped_column(Text)
    business_size: Mapped[str | None] = mapped_column(Text)
    self_managed_type: Mapped[int | None] = mapped_column(Integer)
    contract_type: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    locations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text)
    stage: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    fiscal_year: Mapped[int] = mapped_column(Integer)
    fiscal_years: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    fund_sources: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rup_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    pagu: Mapped[Decimal | None] = mapped_column(Money)
    hps: Mapped[Decimal | None] = mapped_column(Money)
    value: Mapped[Decimal | None] = mapped_column(Money)
    value_basis: Mapped[str | None] = mapped_column(Text)
    contract_value: Mapped[Decimal | None] = mapped_column(Money)
    negotiated_value: Mapped[Decimal | None] = mapped_column(Money)
    corrected_value: Mapped[Decimal | None] = mapped_column(Money)
    bid_value: Mapped[Decimal | None] = mapped_column(Money)
    award_value: Mapped[Decimal | None] = mapped_column(Money)
    pdn_value: Mapped[Decimal | None] = mapped_column(Money)
    umk_value: Mapped[Decimal | None] = mapped_column(Money)
    realized_value: Mapped[Decimal | None] = mapped_column(Money)
    participants: Mapped[int | None] = mapped_column(Integer)
    bidders: Mapped[int | None] = mapped_column(Integer)
    announced_at: Mapped[datetime | None] = mapped_column(Moment)
    awarded_at: Mapped[datetime | None] = mapped_column(Moment)
    contracted_at: Mapped[datetime | None] = mapped_column(Moment)
    date_basis: Mapped[str | None] = mapped_column(Text)
    announced_month: Mapped[str | None] = mapped_column(Code)
    awarded_month: Mapped[str | None] = mapped_column(Code)
    days_to_award: Mapped[int | None] = mapped_column(Integer)
    days_to_contract: Mapped[int | None] = mapped_column(Integer)
    is_repeated: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    schedule_changes: Mapped[int | None] = mapped_column(Integer)
    created_on: Mapped[date | None] = mapped_column(Date)
    finished_on: Mapped[date | None] = mapped_column(Date)
    offers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    realizations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    schedule: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    source_ids: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    source: Mapped[str] = mapped_column(Text)
    withdrawn: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    version: Mapped[int] = mapped_column(Integer)
    state_hash: Mapped[str] = mapped_column(Code)
    first_seen_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('simple', coalesce(name, '') || ' ' || code || ' ' || coalesce(satker_name, ''))",
            persisted=True,
        ),
    )


# Of what belongs to a package, references are not foreign keys: those are looked up and locked row by row, for as much as
# writing the row itself costs. Triggers see to them a statement at a time (migrations af00push, bf00guard).


class Observation(Base):
    """What one source said of one package at one time. Append-only; the last one of each source is current.

    `withdrawn_at` says since when the source no longer shows the package at all. Of what was pushed, `received_at` is the
    arrival of its submission and `said_at` the moment by which it counts: the sender's own time, else the last arrival.
    """

    __tablename__ = "observations"
    __table_args__ = (
        Index("uq_observations_current", "package_id", "source", unique=True, postgresql_where=text("is_current")),
        Index("ix_observations_package_id", "package_id"),
        {"postgresql_with": {"fillfactor": "90"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    package_id: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(Code)
    source_at: Mapped[datetime | None] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    said_at: Mapped[datetime | None] = mapped_column(Moment)
    run_id: Mapped[int | None] = mapped_column(BigInteger)
    submission_id: Mapped[int | None] = mapped_column(BigInteger)
    submission_row: Mapped[int | None] = mapped_column(Integer)
    parser_version: Mapped[str] = mapped_column(Text)
    is_current: Mapped[bool] = mapped_column(Boolean)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    xid: Mapped[int] = mapped_column(TransactionId, server_default=CURRENT_TRANSACTION)


class Supplier(Base):
    """A winner. Public pages show the NPWP masked, so identity is the shown NPWP together with the name."""

    __tablename__ = "suppliers"
    __table_args__ = (Index("ix_suppliers_name", text("to_tsvector('simple', name)"), postgresql_using="gin"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    identity: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(Text)
    npwp: Mapped[str | None] = mapped_column(Text)


class Award(Base):
    """One winner of one package, with the amounts stated for it."""

    __tablename__ = "awards"

    package_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    supplier_id: Mapped[int] = mapped_column(BigInteger, index=True)
    supplier_name: Mapped[str] = mapped_column(Text)
    npwp: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    value: Mapped[Decimal | None] = mapped_column(Money)
    contract_value: Mapped[Decimal | None] = mapped_column(Money)
    negotiated_value: Mapped[Decimal | None] = mapped_column(Money)
    corrected_value: Mapped[Decimal | None] = mapped_column(Money)
    bid_value: Mapped[Decimal | None] = mapped_column(Money)
    award_value: Mapped[Decimal | None] = mapped_column(Money)
    pdn_value: Mapped[Decimal | None] = mapped_column(Money)
    umk_value: Mapped[Decimal | None] = mapped_column(Money)


class PackageVersion(Base):
    """One state of a package as it followed from its observations. Append-only."""

    __tablename__ = "package_versions"

    package_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)
    observation_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    at: Mapped[datetime] = mapped_column(Moment)
    xid: Mapped[int] = mapped_column(TransactionId, server_default=CURRENT_TRANSACTION)


class Change(Base):
    """One entry of the feed, ordered by (epoch, xid, seq); a restored database begins a new epoch.

    What changed of a package is the version of that number; of a node, a run or reported figures it is `state`, written
    by triggers of their own tables. `entity_id` is the thing's id, `node_id` is null for packages.
    """

    __tablename__ = "changes"
    __table_args__ = (
        CheckConstraint("op IN ('upsert', 'withdrawn', 'retired')", name="op"),
        CheckConstraint("entity IN ('package', 'node', 'run', 'reported_figures')", name="entity"),
        Index("ix_changes_feed", "epoch", "xid", "seq"),
        Index("ix_changes_packages", "entity_id", "version", postgresql_where=text("entity = 'package'")),
        Index("ix_changes_others", "entity", "entity_id", "seq", postgresql_where=text("entity <> 'package'")),
        Index("ix_changes_nodes", "node_id", "seq", postgresql_where=text("entity <> 'package'")),
        # "As known then" begins with what has changed since; a feed that only grows is in the order of its moments.
        Index("ix_changes_at", "at", postgresql_using="brin", postgresql_with={"pages_per_range": 16}),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(TransactionId, server_default=CURRENT_TRANSACTION)
    epoch: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    at: Mapped[datetime] = mapped_column(Moment)
    entity: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int | None] = mapped_column(Integer)
    op: Mapped[str] = mapped_column(Text)
    node_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class FeedEpoch(Base):
    """A stretch of the feed within which transactions are numbered by one cluster. `place` is cluster and database."""

    __tablename__ = "feed_epochs"

    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(Moment)


raw_answer_ids = Sequence("raw_answer_ids", metadata=Base.metadata)

raw_answers = Table(
    "raw_answers",
    Base.metadata,
    Column("fetched_on", Date, primary_key=True),
    Column("id", BigInteger, raw_answer_ids, server_default=raw_answer_ids.next_value(), primary_key=True),
    Column("observation_id", BigInteger, nullable=False, index=True),
    Column("page", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("length", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    postgresql_partition_by="RANGE (fetched_on)",
    comment="Answers as they came, zlib-compressed, one partition a month; sha256 and length are of the answer itself.",
)
