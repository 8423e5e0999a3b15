"""Summaries follow packages by statement triggers; raw answers get a partition a month."""

from alembic import op

revision = "3f00summaries"
down_revision = "2f00queue"
branch_labels = None
depends_on = None

# What one package adds to its summary row. `sign` is +1 for a row that came and -1 for a row that went, so an update
# that changes nothing cancels out and touches nothing. Withdrawn packages count nowhere.
CONTRIBUTIONS = """
    SELECT node_id, fiscal_year, kind, coalesce(institution, '') AS institution, coalesce(category, '') AS category,
           coalesce(method, '') AS method, coalesce(awarded_month, '') AS awarded_month,
           sum(sign) AS packages,
           sum(sign) FILTER (WHERE status = 'completed') AS completed,
           sum(sign) FILTER (WHERE value IS NOT NULL AND pagu IS NOT NULL) AS pagu_packages,
           sum(sign * pagu) FILTER (WHERE value IS NOT NULL) AS pagu_base,
           sum(sign * value) FILTER (WHERE pagu IS NOT NULL) AS pagu_value,
           sum(sign) FILTER (WHERE value IS NOT NULL AND hps IS NOT NULL) AS hps_packages,
           sum(sign * hps) FILTER (WHERE value IS NOT NULL) AS hps_base,
           sum(sign * value) FILTER (WHERE hps IS NOT NULL) AS hps_value,
           sum(sign) FILTER (WHERE status = 'completed' AND value IS NULL) AS no_value,
           sum(sign) FILTER (WHERE value IS NOT NULL AND pagu IS NULL) AS no_pagu,
           sum(sign) FILTER (WHERE value IS NOT NULL AND hps IS NULL) AS no_hps,
           sum(sign) FILTER (WHERE value_basis = 'contract') AS basis_contract,
           sum(sign) FILTER (WHERE value_basis = 'negotiated') AS basis_negotiated,
           sum(sign) FILTER (WHERE value_basis = 'corrected') AS basis_corrected,
           sum(sign) FILTER (WHERE value_basis = 'bid') AS basis_bid,
           sum(sign) FILTER (WHERE value_basis = 'award') AS basis_award
    FROM ({rows}) AS moved
    WHERE NOT withdrawn
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
KEY = ("node_id", "fiscal_year", "kind", "institution", "category", "method", "awarded_month")
SUMS = (
    "packages",
    "completed",
    "pagu_packages",
    "pagu_base",
    "pagu_value",
    "hps_packages",
    "hps_base",
    "hps_value",
    "no_value",
    "no_pagu",
    "no_hps",
    "basis_contract",
    "basis_negotiated",
    "basis_corrected",
    "basis_bid",
    "basis_award",
)
MOVED = {
    "insert": "SELECT 1 AS sign, came.* FROM came",
    "update": "SELECT 1 AS sign, came.* FROM came UNION ALL SELECT -1 AS sign, went.* FROM went",
    "delete": "SELECT -1 AS sign, went.* FROM went",
}
TRANSITION = {
    "insert": "NEW TABLE AS came",
    "update": "OLD TABLE AS went NEW TABLE AS came",
    "delete": "OLD TABLE AS went",
}


def summarise_function(event: str) -> str:
    key = ", ".join(KEY)
    moved = ", ".join(f"coalesce({name}, 0)" for name in SUMS)
    anything = " OR ".join(f"coalesce({name}, 0) <> 0" for name in SUMS)
    added = ", ".join(f"{name} = s.{name} + excluded.{name}" for name in SUMS)
    return f"""
        CREATE FUNCTION rakor_summarise_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            WITH contributions AS ({CONTRIBUTIONS.format(rows=MOVED[event])})
            INSERT INTO package_summaries AS s ({key}, {", ".join(SUMS)})
            SELECT {key}, {moved} FROM contributions
            WHERE {anything}
            ORDER BY {key}
            ON CONFLICT ({key}) DO UPDATE SET {added};
            RETURN NULL;
        END $$
    """


def create_triggers() -> None:
    for event in MOVED:
        op.execute(summarise_function(event))
        op.execute(f"""
            CREATE TRIGGER summarise_{event} AFTER {event.upper()} ON packages
            REFERENCING {TRANSITION[event]} FOR EACH STATEMENT EXECUTE FUNCTION rakor_summarise_{event}()
        """)


def add_up_all() -> None:
    columns = ", ".join((*KEY, *SUMS))
    contributions = CONTRIBUTIONS.format(rows="SELECT 1 AS sign, p.* FROM packages p")
    summed = ", ".join((*KEY, *(f"coalesce({name}, 0)" for name in SUMS)))
    op.execute(f"INSERT INTO package_summaries ({columns}) SELECT {summed} FROM ({contributions}) AS c")


def upgrade() -> None:
    create_triggers()
    op.execute("CREATE TABLE raw_answers_other PARTITION OF raw_answers DEFAULT")
    # The application's role owns no table, so the owner lends it this one act, and nothing else, on its partitions.
    op.execute("""
        CREATE FUNCTION rakor_prepare_raw_partitions(today date, keep_months integer) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        DECLARE
            month date;
            partition record;
        BEGIN
            IF keep_months < 1 OR today NOT BETWEEN current_date - 2 AND current_date + 2 THEN
                RAISE EXCEPTION 'retention keeps at least one month, counted from today';
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended('rakor.raw-partitions', 0));
            FOR month IN SELECT (date_trunc('month', today) + n * interval '1 month')::date FROM generate_series(0, 1) n
            LOOP
                IF to_regclass(format('public.raw_answers_%s', to_char(month, 'YYYY_MM'))) IS NULL
                   AND NOT EXISTS (SELECT 1 FROM public.raw_answers_other o
                                   WHERE o.fetched_on >= month AND o.fetched_on < month + interval '1 month') THEN
                    EXECUTE format(
                        'CREATE TABLE public.raw_answers_%s PARTITION OF public.raw_answers FOR VALUES FROM (%L) TO (%L)',
                        to_char(month, 'YYYY_MM'), month, (month + interval '1 month')::date);
                END IF;
            END LOOP;
            FOR partition IN
                SELECT c.relname FROM pg_inherits i
                JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'public.raw_answers'::regclass AND c.relname ~ '^raw_answers_\\d{4}_\\d{2}$'
                  AND to_date(right(c.relname, 7), 'YYYY_MM')
                      < date_trunc('month', today) - keep_months * interval '1 month'
            LOOP
                EXECUTE format('DROP TABLE public.%I', partition.relname);
            END LOOP;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION rakor_prepare_raw_partitions(date, integer)")
    op.execute("DROP TABLE raw_answers_other")
    for event in MOVED:
        op.execute(f"DROP TRIGGER summarise_{event} ON packages")
        op.execute(f"DROP FUNCTION rakor_summarise_{event}()")
