"""The register's tables: regions, institutions and their names, nodes, endpoints, and how fresh each node is."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.db import Base

Code = Text(collation="C")
Moment = TIMESTAMP(timezone=True)


class Region(Base):
    """A province, regency or city with its Kemendagri code (35, 35.78)."""

    __tablename__ = "regions"
    __table_args__ = (CheckConstraint("type IN ('provinsi', 'kabupaten', 'kota')", name="type"),)

    code: Mapped[str] = mapped_column(Code, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(Code, ForeignKey("regions.code"), index=True)


class Institution(Base):
    """A K/L/PD that buys."""

    __tablename__ = "institutions"

    kd_klpd: Mapped[str] = mapped_column(Code, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Code, ForeignKey("regions.code"), index=True)


class InstitutionAlias(Base):
    """A name under which sources mention an institution, in the form names are compared by."""

    __tablename__ = "institution_aliases"

    key: Mapped[str] = mapped_column(Code, primary_key=True)
    kd_klpd: Mapped[str] = mapped_column(Code, ForeignKey("institutions.kd_klpd"), index=True)


class Node(Base):
    """One LPSE. `edited` names the fields a person changed here; loading the shipped register leaves those alone.

    `software_version` and `stated_time_zone` are what its pages' footer last said.
    """

    __tablename__ = "nodes"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="slug"),
        CheckConstraint("time_zone IN ('WIB', 'WITA', 'WIT')", name="time_zone"),
        CheckConstraint("state IN ('active', 'discovered', 'retired')", name="state"),
        CheckConstraint("kd_lpse > 0", name="kd_lpse"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(Text)
    kd_lpse: Mapped[int | None] = mapped_column(Integer, unique=True)
    region: Mapped[str | None] = mapped_column(Code, ForeignKey("regions.code"), index=True)
    province: Mapped[str | None] = mapped_column(Code, ForeignKey("regions.code"), index=True)
    institution: Mapped[str | None] = mapped_column(Code, ForeignKey("institutions.kd_klpd"), index=True)
    time_zone: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    software_version: Mapped[str | None] = mapped_column(Text)
    stated_time_zone: Mapped[str | None] = mapped_column(Text)
    edited: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)

    endpoints: Mapped[list["NodeEndpoint"]] = relationship(
        lazy="raise", order_by="NodeEndpoint.position", cascade="all, delete-orphan", passive_deletes=True
    )
    freshness: Mapped[list["NodeFreshness"]] = relationship(
        lazy="raise", order_by="NodeFreshness.fiscal_year.desc()", viewonly=True
    )


class NodeEndpoint(Base):
    """Where a node answers by one interface. The first position is asked first."""

    __tablename__ = "endpoints"
    __table_args__ = (
        UniqueConstraint("node_id", "interface", "base_url"),
        CheckConstraint("interface IN ('spse', 'inaproc', 'isb', 'ocds', 'hub', 'push')", name="interface"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"))
    interface: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    position: Mapped[int] = mapped_column(Integer)


class NodeInstitution(Base):
    """Which institutions buy through which node: many use one, and one may use several."""

    __tablename__ = "node_institutions"

    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True)
    kd_klpd: Mapped[str] = mapped_column(Code, ForeignKey("institutions.kd_klpd"), primary_key=True, index=True)


class NodeFreshness(Base):
    """When a node's packages of one fiscal year were last attempted and last read completely."""

    __tablename__ = "node_freshness"

    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(Integer, primary_key=True)
    last_attempt_at: Mapped[datetime] = mapped_column(Moment)
    last_completed_at: Mapped[datetime | None] = mapped_column(Moment)
    last_state: Mapped[str] = mapped_column(Text)
    software_version: Mapped[str | None] = mapped_column(Text)
