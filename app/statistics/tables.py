"""Sums that figures are read from: kept exact by triggers in the writer's own transaction, node by node.

Writers of different nodes never meet, for every row belongs to one node.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.kit.db import Base
from app.statistics.measures import AMOUNTS, COUNTS, Grain

Code = Text(collation="C")

package_summaries = Table(
    "package_summaries",
    Base.metadata,
    Column("grain", Text, primary_key=True),
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("institution", Code, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("fund_sources", Code, primary_key=True),
    Column("month", Code, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    *(Column(name, Numeric(28, 2), nullable=False) for name in AMOUNTS),
    CheckConstraint(f"grain IN ({', '.join(repr(str(grain)) for grain in Grain)})", name="grain"),
    Index("ix_package_summaries_institution", "institution", "fiscal_year"),
    Index("ix_package_summaries_fiscal_year", "fiscal_year"),
    postgresql_partition_by="LIST (grain)",
)
"""Sums over packages in several grains: '' in a key is what is not known, '*' what the grain does not tell apart."""

duration_summaries = Table(
    "duration_summaries",
    Base.metadata,
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("institution", Code, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("date_basis", Text, primary_key=True),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("packages", BigInteger, nullable=False),
    CheckConstraint("span IN ('award', 'contract', 'whole')", name="span"),
    Index("ix_duration_summaries_institution", "institution", "fiscal_year"),
    Index("ix_duration_summaries_fiscal_year", "fiscal_year"),
    postgresql_with={"fillfactor": "70"},
)
"""How many completed packages took so many days: percentiles do not add up, histograms do."""

supplier_summaries = Table(
    "supplier_summaries",
    Base.metadata,
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("institution", Code, primary_key=True),
    Column("supplier_id", BigInteger, primary_key=True, autoincrement=False),
    Column("awards", BigInteger, nullable=False),
    Column("valued", BigInteger, nullable=False),
    Column("value", Numeric(28, 2), nullable=False),
    Index("ix_supplier_summaries_institution", "institution", "fiscal_year"),
    Index("ix_supplier_summaries_fiscal_year", "fiscal_year"),
    Index("ix_supplier_summaries_supplier_id", "supplier_id", "fiscal_year"),
    postgresql_with={"fillfactor": "70"},
)
"""What each supplier won of completed packages: distinct suppliers and concentration do not add up, these rows do."""

figure_versions = Table(
    "figure_versions",
    Base.metadata,
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    postgresql_with={"fillfactor": "50"},
)
"""How often anything that figures rest on has changed, by node and part: equal sums of versions, equal answers."""

complete_readings = Table(
    "complete_readings",
    Base.metadata,
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("completed_at", TIMESTAMP(timezone=True), primary_key=True),
)
"""When a node's year was read completely, every time: what was fresh on a past date."""
