"""Few packages among all are found by any of their filters together, and suppliers by words of their names."""

from alembic import op

revision = "df00lists"
down_revision = "cf00figures"
branch_labels = None
depends_on = None

# Each word costs its package a byte or two, for an index of this kind keeps lists of places: one for all filters is
# smaller than the smallest B-tree of two columns, and intersects what would take one B-tree for each pair.
WORDS = """
    'n' || node_id::text, 'y' || fiscal_year::text, 'k' || kind, 's' || status,
    'i' || coalesce(institution, ''), 'c' || coalesce(category, ''), 'm' || coalesce(method, ''),
    'a' || coalesce(announced_month, ''), 'w' || coalesce(awarded_month, ''),
    'v' || coalesce(length(trunc(value)::text)::text, ''), 'p' || coalesce(length(trunc(pagu)::text)::text, ''),
    nullif('g' || withdrawn::text, 'gfalse'), nullif('r' || is_repeated::text, 'rfalse')
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute(f"CREATE INDEX ix_packages_facets ON packages USING gin ((ARRAY[{WORDS}]))")
    op.execute("CREATE INDEX ix_suppliers_name ON suppliers USING gin (to_tsvector('simple', name))")


def downgrade() -> None:
    op.execute("DROP INDEX ix_suppliers_name")
    op.execute("DROP INDEX ix_packages_facets")
