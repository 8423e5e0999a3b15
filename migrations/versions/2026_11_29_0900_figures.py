"""Every figure has its sums: packages know what they count by, summaries have grains, answers have a version."""

from alembic import op

revision = "cf00figures"
down_revision = "bf00guard"
branch_labels = None
depends_on = None

STATUSES = ("running", "completed", "failed", "cancelled", "no_schedule", "other")
BASES = ("contract", "negotiated", "corrected", "bid", "award")

# What one package adds to its group. Each is summed over the packages for which its condition holds; None is all.
_SAVING = "kind IN ('tender', 'non_tender')"
_CARRIED = "kind IN ('recorded', 'self_managed', 'emergency') AND status IN ('running', 'completed')"
# What was spent: the agreed value where one is agreed, else what recorded packages have realised so far.
_SPENT = f"CASE WHEN {_SAVING} THEN value WHEN {_CARRIED} THEN realized_value END"
_SOLD = f"{_SAVING} AND status = 'completed'"
# Perpres 12/2021 article 65: what has a ceiling of up to 15 milliard is reserved for small enterprises and cooperatives.
_RESERVED = "pagu <= 15000000000 AND kind IN ('tender', 'non_tender') AND business_size IS NOT NULL"
_SMALL = "business_size ~* '\\mkecil' AND business_size !~* 'non[ -]?kecil'"

COUNTS = {
    "packages": None,
    **{status: f"status = '{status}'" for status in STATUSES},
    "pagu_known": "pagu IS NOT NULL",
    "hps_known": f"{_SAVING} AND hps IS NOT NULL",
    "value_known": f"{_SOLD} AND value IS NOT NULL",
    "pagu_packages": "value IS NOT NULL AND pagu IS NOT NULL",
    "hps_packages": "value IS NOT NULL AND hps IS NOT NULL",
    "no_value": "status = 'completed' AND value IS NULL",
    "no_pagu": "value IS NOT NULL AND pagu IS NULL",
    "no_hps": "value IS NOT NULL AND hps IS NULL",
    **{f"basis_{basis}": f"value_basis = '{basis}'" for basis in BASES},
    "contestable": _SAVING,
    "sold": _SOLD,
    "repeated": "is_repeated",
    "participants_known": f"{_SOLD} AND participants IS NOT NULL",
    "bidders_known": f"{_SOLD} AND bidders IS NOT NULL",
    "single_bid": f"{_SOLD} AND bidders = 1",
    "contracted": f"{_SOLD} AND (contract_value IS NOT NULL OR contracted_at IS NOT NULL)",
    "schedule_known": f"{_SAVING} AND schedule_changes IS NOT NULL",
    "schedule_moved": f"{_SAVING} AND schedule_changes > 0",
    "scheduled_dates": "date_basis = 'scheduled'",
    "carried": _CARRIED,
    "absorbed_packages": f"{_CARRIED} AND realized_value IS NOT NULL AND pagu IS NOT NULL",
    "no_realized": f"{_CARRIED} AND realized_value IS NULL",
    "realized_no_pagu": f"{_CARRIED} AND realized_value IS NOT NULL AND pagu IS NULL",
    "spent_packages": f"({_SPENT}) IS NOT NULL",
    "pdn_packages": f"({_SPENT}) IS NOT NULL AND pdn_value IS NOT NULL",
    "umk_packages": f"({_SPENT}) IS NOT NULL AND umk_value IS NOT NULL",
    "reserved_packages": _RESERVED,
    "reserved_small": f"{_RESERVED} AND {_SMALL}",
    "institution_known": "institution IS NOT NULL",
    "category_known": "category <> 'other'",
    "method_known": "method <> 'other'",
    "announced_known": "announced_month IS NOT NULL",
    "awarded_known": f"{_SOLD} AND awarded_month IS NOT NULL",
    "planned": "cardinality(rup_codes) > 0",
}
TALLIES = ("participants", "bidders", "schedule_changes")
"""Sums of whole numbers."""
AMOUNTS = {
    **{f"pagu_{status}": ("pagu", f"status = '{status}'") for status in STATUSES},
    **{f"hps_{status}": ("hps", f"status = '{status}'") for status in STATUSES},
    "value": ("value", None),
    "pagu_base": ("pagu", "value IS NOT NULL"),
    "pagu_value": ("value", "pagu IS NOT NULL"),
    "hps_base": ("hps", "value IS NOT NULL"),
    "hps_value": ("value", "hps IS NOT NULL"),
    "participants": ("participants", _SOLD),
    "bidders": ("bidders", _SOLD),
    "schedule_changes": ("schedule_changes", _SAVING),
    "absorbed_pagu": ("pagu", f"{_CARRIED} AND realized_value IS NOT NULL"),
    "absorbed_value": ("realized_value", f"{_CARRIED} AND pagu IS NOT NULL"),
    "realized": ("realized_value", _CARRIED),
    "spent": (_SPENT, None),
    "pdn_base": (_SPENT, "pdn_value IS NOT NULL"),
    "pdn_value": ("pdn_value", f"({_SPENT}) IS NOT NULL"),
    "umk_base": (_SPENT, "umk_value IS NOT NULL"),
    "umk_value": ("umk_value", f"({_SPENT}) IS NOT NULL"),
    "contracted_pagu": ("pagu", f"{_SOLD} AND (contract_value IS NOT NULL OR contracted_at IS NOT NULL)"),
    "planned_pagu": ("pagu", "cardinality(rup_codes) > 0"),
}
SUMS = (*COUNTS, *AMOUNTS)

BASE = ("node_id", "fiscal_year", "kind", "institution")
DETAIL = ("category", "method", "fund_sources", "announced_month", "awarded_month")
KEY = ("grain", *BASE, "category", "method", "fund_sources", "month")
# A grain is what it keeps of the detail; what it does not keep is '*'. The empty text is what is not known.
GRAINS = {
    "place": (),
    "trade": ("category", "method"),
    "announced": ("announced_month",),
    "awarded": ("awarded_month",),
    "announced_trade": ("category", "method", "fund_sources", "announced_month"),
    "awarded_trade": ("category", "method", "fund_sources", "awarded_month"),
}

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


def summed(name: str) -> str:
    if name in COUNTS:
        condition = COUNTS[name]
        return f"sum(sign) FILTER (WHERE {condition})" if condition else "sum(sign)"
    amount, condition = AMOUNTS[name]
    return f"sum(sign * ({amount})){f' FILTER (WHERE {condition})' if condition else ''}"


# First one row for each finest group, so that the six grains add up few rows.
FINEST = f"""
    SELECT node_id, fiscal_year, kind, coalesce(institution, '') AS institution, coalesce(category, '') AS category,
           coalesce(method, '') AS method,
           CASE cardinality(fund_sources) WHEN 0 THEN '' WHEN 1 THEN fund_sources[1] ELSE (
               SELECT string_agg(DISTINCT source COLLATE "C", ',' ORDER BY source COLLATE "C")
               FROM unnest(fund_sources) AS source) END COLLATE "C" AS fund_sources,
           coalesce(announced_month, '') AS announced_month, coalesce(awarded_month, '') AS awarded_month,
           {", ".join(f"coalesce({summed(name)}, 0) AS {name}" for name in SUMS)}
    FROM ({{rows}}) AS moved
    WHERE NOT withdrawn
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


def grain_of_group() -> str:
    """Which of the grains a row of the grouping sets is, by the bits of what it leaves out."""
    bits = {
        grain: sum(1 << (len(DETAIL) - 1 - place) for place, column in enumerate(DETAIL) if column not in kept)
        for grain, kept in GRAINS.items()
    }
    cases = " ".join(f"WHEN {number} THEN '{grain}'" for grain, number in bits.items())
    return f"CASE GROUPING({', '.join(DETAIL)}) {cases} END"


def kept_or_star(column: str) -> str:
    return f"CASE GROUPING({column}) WHEN 0 THEN {column} ELSE '*' END"


GRAINED = f"""
    SELECT {grain_of_group()} AS grain, {", ".join(BASE)},
           {", ".join(f"{kept_or_star(column)} AS {column}" for column in DETAIL[:3])},
           CASE WHEN GROUPING(announced_month) = 0 THEN announced_month
                WHEN GROUPING(awarded_month) = 0 THEN awarded_month ELSE '*' END AS month,
           {", ".join(f"sum({name}) AS {name}" for name in SUMS)}
    FROM finest
    GROUP BY GROUPING SETS ({", ".join(f"({', '.join((*BASE, *kept))})" for kept in GRAINS.values())})
"""

DAYS = """
    SELECT node_id, fiscal_year, kind, coalesce(institution, '') AS institution, taken.span,
           coalesce(date_basis, '') AS date_basis, taken.days, sum(sign) AS packages
    FROM ({rows}) AS moved
    CROSS JOIN LATERAL (VALUES ('award', days_to_award), ('contract', days_to_contract),
                               ('whole', days_to_award + days_to_contract)) AS taken (span, days)
    WHERE NOT withdrawn AND status = 'completed' AND kind IN ('tender', 'non_tender') AND taken.days IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
DAYS_KEY = ("node_id", "fiscal_year", "kind", "institution", "span", "date_basis", "days")

SUPPLIED = """
    SELECT p.node_id, p.fiscal_year, p.kind, coalesce(p.institution, '') AS institution, p.supplier_id,
           sum(p.sign) AS awards, sum(p.sign) FILTER (WHERE p.value IS NOT NULL) AS valued,
           coalesce(sum(p.sign * p.value), 0) AS value
    FROM ({rows}) AS p
    WHERE NOT p.withdrawn AND p.status = 'completed' AND p.kind IN ('tender', 'non_tender')
    GROUP BY 1, 2, 3, 4, 5
"""
SUPPLIED_KEY = ("node_id", "fiscal_year", "kind", "institution", "supplier_id")
_OF = "{sign} AS sign, p.node_id, p.fiscal_year, p.kind, p.institution, p.withdrawn, p.status, a.supplier_id, a.value"
# From what moved to what belongs to it, one index look-up each: joined freely, a plan made on empty tables reads all of them.


def awards_of(transition: str, sign: int) -> str:
    """The awards that are there now, of packages that came or went."""
    return f"""
        SELECT {_OF.format(sign=sign)} FROM {transition} p CROSS JOIN LATERAL (
            SELECT supplier_id, value FROM awards WHERE package_id = p.id OFFSET 0) AS a
    """


def awards_moved(transition: str, sign: int) -> str:
    """Awards that came or went, of packages as they are now."""
    return f"""
        SELECT {_OF.format(sign=sign)} FROM {transition} a CROSS JOIN LATERAL (
            SELECT * FROM packages WHERE id = a.package_id OFFSET 0) AS p
    """


# Suppliers follow two tables. An award counts where its package is: when the package moves, the awards it has at that
# moment move with it; when awards move, they do so where the package is at that moment. Any order of statements adds up;
# one statement that moves both at once would not (ONE_AT_A_TIME).
SUPPLIED_BY_PACKAGES = {
    "update": f"{awards_of('came', 1)} UNION ALL {awards_of('went', -1)}",
    "delete": awards_of("went", -1),
}
SUPPLIED_BY_AWARDS = {
    "insert": awards_moved("came", 1),
    "update": f"{awards_moved('came', 1)} UNION ALL {awards_moved('went', -1)}",
    "delete": awards_moved("went", -1),
}

# Triggers see what their own table was before, not what the other was: of a statement that moves packages and awards (a WITH
# that writes) nobody could tell any longer where an award was counted. Of such a one both begin before either is done.
ONE_AT_A_TIME = """
    CREATE FUNCTION rakor_one_at_a_time() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_WHEN = 'AFTER' THEN
            PERFORM set_config('rakor.moving', '', true);
        ELSIF coalesce(current_setting('rakor.moving', true), '') IN ('', TG_TABLE_NAME) THEN
            PERFORM set_config('rakor.moving', TG_TABLE_NAME, true);
        ELSE
            RAISE EXCEPTION 'one statement moves packages and awards: their sums could not follow'
                USING ERRCODE = 'feature_not_supported', HINT = 'Move them by one statement each.';
        END IF;
        RETURN NULL;
    END $$
"""
ONE_OF = ("packages", "awards")

# A plan made while a table was small must not read all of it once it is large.
PLANNING = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"


def add_up(table: str, key: tuple[str, ...], sums: tuple[str, ...], rows: str) -> str:
    """One statement that adds what moved to a table of sums; rows in the order of the key, so that nobody waits in a ring."""
    columns = ", ".join((*key, *sums))
    anything = " OR ".join(f"coalesce({name}, 0) <> 0" for name in sums)
    return f"""
        INSERT INTO {table} AS s ({columns})
        SELECT {", ".join(key)}, {", ".join(f"coalesce({name}, 0)" for name in sums)} FROM ({rows}) AS moved
        WHERE {anything} ORDER BY {", ".join(key)}
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join(f"{name} = s.{name} + excluded.{name}" for name in sums)}
    """


DAYS_SUMS = ("packages",)
SUPPLIED_SUMS = ("awards", "valued", "value")


def summarise_function(event: str) -> str:
    rows = MOVED[event]
    supplied = SUPPLIED_BY_PACKAGES.get(event)
    suppliers = (
        add_up("supplier_summaries", SUPPLIED_KEY, SUPPLIED_SUMS, SUPPLIED.format(rows=supplied)) + ";"
        if supplied
        else ""
    )
    return f"""
        CREATE FUNCTION rakor_summarise_{event}() RETURNS trigger LANGUAGE plpgsql {PLANNING} AS $$
        BEGIN
            WITH finest AS ({FINEST.format(rows=rows)})
            {add_up("package_summaries", KEY, SUMS, GRAINED)};
            {add_up("duration_summaries", DAYS_KEY, DAYS_SUMS, DAYS.format(rows=rows))};
            {suppliers}
            INSERT INTO figure_versions AS f (node_id, part, version)
            SELECT DISTINCT node_id, 'packages', 1 FROM ({rows}) AS moved ORDER BY node_id
            ON CONFLICT (node_id, part) DO UPDATE SET version = f.version + 1;
            RETURN NULL;
        END $$
    """


def supply_function(event: str) -> str:
    return f"""
        CREATE FUNCTION rakor_supply_{event}() RETURNS trigger LANGUAGE plpgsql {PLANNING} AS $$
        BEGIN
            {add_up("supplier_summaries", SUPPLIED_KEY, SUPPLIED_SUMS, SUPPLIED.format(rows=SUPPLIED_BY_AWARDS[event]))};
            RETURN NULL;
        END $$
    """


# Whatever else figures and their coverage rest on. Each part has a row of its own, moved right after the rows that it
# speaks of: whoever waits for it would have waited for those.
VERSIONED = {
    "node_freshness": ("freshness", "node_id"),
    "nodes": ("node", "id"),
    "reported_figures": ("reported", "node_id"),
    "institutions": ("register", "0"),
    "regions": ("register", "0"),
    "node_institutions": ("institutions", "node_id"),
}


def version_function(name: str, part: str, column: str, event: str) -> str:
    rows = {"insert": "came", "update": "came", "delete": "went"}[event]
    return f"""
        CREATE FUNCTION rakor_version_{name}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO figure_versions AS f (node_id, part, version)
            SELECT DISTINCT CAST({column} AS bigint), '{part}', 1 FROM {rows} ORDER BY 1
            ON CONFLICT (node_id, part) DO UPDATE SET version = f.version + 1;
            RETURN NULL;
        END $$
    """


# Freshness keeps the last reading only; what was fresh on a past date needs all of them.
NOTE_READING = """
    CREATE FUNCTION rakor_note_reading_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO complete_readings (node_id, fiscal_year, completed_at)
        SELECT node_id, fiscal_year, last_completed_at FROM came WHERE last_completed_at IS NOT NULL
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""


def create_tables() -> None:
    op.execute("""
        ALTER TABLE packages
            ADD COLUMN announced_month text COLLATE "C", ADD COLUMN days_to_award integer,
            ADD COLUMN days_to_contract integer, ADD COLUMN is_repeated boolean NOT NULL DEFAULT false,
            ADD COLUMN schedule_changes integer
    """)
    sums = ", ".join(
        f"{name} {'bigint' if name in COUNTS or name in TALLIES else 'numeric(28, 2)'} NOT NULL" for name in SUMS
    )
    grains = ", ".join(f"'{grain}'" for grain in GRAINS)
    op.execute(f"""
        CREATE TABLE package_summaries (
            grain text NOT NULL, node_id bigint NOT NULL, fiscal_year integer NOT NULL, kind text NOT NULL,
            institution text COLLATE "C" NOT NULL, category text NOT NULL, method text NOT NULL,
            fund_sources text COLLATE "C" NOT NULL, month text COLLATE "C" NOT NULL, {sums},
            CONSTRAINT pk_package_summaries PRIMARY KEY ({", ".join(KEY)}),
            CONSTRAINT ck_package_summaries_grain CHECK (grain IN ({grains}))
        ) PARTITION BY LIST (grain)
    """)
    for grain in GRAINS:
        op.execute(f"""
            CREATE TABLE package_summaries_{grain} PARTITION OF package_summaries FOR VALUES IN ('{grain}')
            WITH (fillfactor = 70)
        """)
    op.execute("""
        CREATE TABLE duration_summaries (
            node_id bigint NOT NULL, fiscal_year integer NOT NULL, kind text NOT NULL,
            institution text COLLATE "C" NOT NULL, span text NOT NULL, date_basis text NOT NULL, days integer NOT NULL,
            packages bigint NOT NULL,
            CONSTRAINT pk_duration_summaries
                PRIMARY KEY (node_id, fiscal_year, kind, institution, span, date_basis, days),
            CONSTRAINT ck_duration_summaries_span CHECK (span IN ('award', 'contract', 'whole'))
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE supplier_summaries (
            node_id bigint NOT NULL, fiscal_year integer NOT NULL, kind text NOT NULL,
            institution text COLLATE "C" NOT NULL, supplier_id bigint NOT NULL,
            awards bigint NOT NULL, valued bigint NOT NULL, value numeric(28, 2) NOT NULL,
            CONSTRAINT pk_supplier_summaries PRIMARY KEY (node_id, fiscal_year, kind, institution, supplier_id)
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE figure_versions (
            node_id bigint NOT NULL, part text NOT NULL, version bigint NOT NULL,
            CONSTRAINT pk_figure_versions PRIMARY KEY (node_id, part)
        ) WITH (fillfactor = 50)
    """)

    op.execute("""
        CREATE TABLE complete_readings (
            node_id bigint NOT NULL, fiscal_year integer NOT NULL, completed_at timestamptz NOT NULL,
            CONSTRAINT pk_complete_readings PRIMARY KEY (node_id, fiscal_year, completed_at)
        )
    """)


INDEXES = {
    "ix_package_summaries_institution": "package_summaries (institution, fiscal_year)",
    "ix_package_summaries_fiscal_year": "package_summaries (fiscal_year)",
    "ix_duration_summaries_institution": "duration_summaries (institution, fiscal_year)",
    "ix_duration_summaries_fiscal_year": "duration_summaries (fiscal_year)",
    "ix_supplier_summaries_institution": "supplier_summaries (institution, fiscal_year)",
    "ix_supplier_summaries_fiscal_year": "supplier_summaries (fiscal_year)",
    "ix_supplier_summaries_supplier_id": "supplier_summaries (supplier_id, fiscal_year)",
    # "As known then" begins with what has changed since: a feed that only grows is in the order of its moments.
    "ix_changes_at": "changes USING brin (at) WITH (pages_per_range = 16)",
}


def drop_triggers(prefix: str = "") -> None:
    for event in MOVED:
        op.execute(f"DROP TRIGGER {prefix}summarise_{event} ON packages")
        op.execute(f"DROP FUNCTION rakor_summarise_{event}()")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    drop_triggers()
    op.execute("DROP TABLE package_summaries")
    create_tables()
    # What is there already is added up once, by the very statements that follow it from now on.
    op.execute(f"""
        WITH finest AS ({FINEST.format(rows="SELECT 1 AS sign, p.* FROM packages p")})
        {add_up("package_summaries", KEY, SUMS, GRAINED)}
    """)
    everything = awards_of("(SELECT * FROM packages)", 1)
    op.execute(add_up("supplier_summaries", SUPPLIED_KEY, SUPPLIED_SUMS, SUPPLIED.format(rows=everything)))
    for name, target in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {target}")
    op.execute("""
        INSERT INTO complete_readings
        SELECT node_id, fiscal_year, last_completed_at FROM node_freshness WHERE last_completed_at IS NOT NULL
    """)
    for event in ("insert", "update"):
        op.execute(NOTE_READING.format(event=event))
        op.execute(f"""
            CREATE TRIGGER note_reading_{event} AFTER {event.upper()} ON node_freshness
            REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION rakor_note_reading_{event}()
        """)
    op.execute(ONE_AT_A_TIME)
    for table in ONE_OF:
        for moment in ("before", "after"):
            # By its name the first to fire: awards that another trigger deletes are a statement of their own.
            op.execute(f"""
                CREATE TRIGGER alone_{moment} {moment.upper()} INSERT OR UPDATE OR DELETE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION rakor_one_at_a_time()
            """)
    for event in MOVED:
        op.execute(summarise_function(event))
        # Triggers fire by their names: awards are counted off before “keep_parts” deletes those of a deleted package.
        op.execute(f"""
            CREATE TRIGGER at_once_summarise_{event} AFTER {event.upper()} ON packages
            REFERENCING {TRANSITION[event]} FOR EACH STATEMENT EXECUTE FUNCTION rakor_summarise_{event}()
        """)
        op.execute(supply_function(event))
        op.execute(f"""
            CREATE TRIGGER supply_{event} AFTER {event.upper()} ON awards
            REFERENCING {TRANSITION[event]} FOR EACH STATEMENT EXECUTE FUNCTION rakor_supply_{event}()
        """)
        for table, (part, column) in VERSIONED.items():
            op.execute(version_function(table, part, column, event))
            rows = "OLD TABLE AS went" if event == "delete" else "NEW TABLE AS came"
            op.execute(f"""
                CREATE TRIGGER version_{event} AFTER {event.upper()} ON {table}
                REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION rakor_version_{table}_{event}()
            """)


def downgrade() -> None:
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER note_reading_{event} ON node_freshness")
        op.execute(f"DROP FUNCTION rakor_note_reading_{event}()")
    for event in MOVED:
        for table in VERSIONED:
            op.execute(f"DROP TRIGGER version_{event} ON {table}")
            op.execute(f"DROP FUNCTION rakor_version_{table}_{event}()")
        op.execute(f"DROP TRIGGER supply_{event} ON awards")
        op.execute(f"DROP FUNCTION rakor_supply_{event}()")
    drop_triggers("at_once_")
    for table in ONE_OF:
        for moment in ("before", "after"):
            op.execute(f"DROP TRIGGER alone_{moment} ON {table}")
    op.execute("DROP FUNCTION rakor_one_at_a_time()")
    op.execute("DROP INDEX ix_changes_at")
    for table in (
        "complete_readings",
        "figure_versions",
        "supplier_summaries",
        "duration_summaries",
        "package_summaries",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("""
        ALTER TABLE packages
            DROP COLUMN announced_month, DROP COLUMN days_to_award, DROP COLUMN days_to_contract,
            DROP COLUMN is_repeated, DROP COLUMN schedule_changes
    """)
    restore_summaries()


def restore_summaries() -> None:
    """The summaries of before, with one grain, as their own migrations make them."""
    script = op.get_context().opts["script"]
    script.get_revision("1f00tables").module.create_package_summaries()
    before = script.get_revision("3f00summaries").module
    before.create_triggers()
    before.add_up_all()
