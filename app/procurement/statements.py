"""The SQL of the one door beside its COPYs: each statement moves or finds a whole batch."""

from sqlalchemy import Text, text

from app.procurement.columns import STATE_COLUMNS

_CHANGING = ("version", "state_hash", "changed_at", "withdrawn", *STATE_COLUMNS)
_ASSIGNMENTS = ", ".join(f"{column} = r.{column}" for column in _CHANGING)

# The packages of a batch that are known already, with the current observation of each of their sources. What this source
# said is not sent where it says the same again.
FIND_KNOWN = text("""
    SELECT p.id, p.kind, p.code, p.version, p.state_hash, p.institution,
           o.id AS observation_id, o.source, o.content_hash, o.source_at,
           coalesce(o.said_at, o.source_at, o.last_seen_at) AS said_at, o.last_seen_at, o.submission_id, o.withdrawn_at,
           CASE WHEN o.source = :source AND o.content_hash = wanted.hash THEN NULL
                ELSE CAST(o.fields AS text) END AS fields
    FROM unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:hashes AS text[])) AS wanted (kind, code, hash)
    JOIN packages p ON p.node_id = :node_id AND p.kind = wanted.kind AND p.code = wanted.code
    LEFT JOIN observations o ON o.package_id = p.id AND o.is_current
""").columns(fields=Text())

NEXT_PACKAGES = text("""
    SELECT id, kind, code FROM packages WHERE node_id = :node_id AND id > :after ORDER BY id LIMIT :limit
""")

TAKE_IDS = text("""
    SELECT (SELECT array_agg(nextval('packages_id_seq')) FROM generate_series(1, CAST(:packages AS integer))) AS packages,
           (SELECT array_agg(nextval('observations_id_seq')) FROM generate_series(1, CAST(:observations AS integer)))
               AS observations
""")

# A connection keeps this table; its rows are gone with the update, at the latest with the transaction.
MAKE_ROOM_FOR_CHANGED = text(f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS changed_packages ON COMMIT DELETE ROWS
    AS SELECT id, {", ".join(_CHANGING)} FROM packages WITH NO DATA
""")  # noqa: S608 (column names of our own)

UPDATE_PACKAGES = text(f"""
    WITH r AS (DELETE FROM changed_packages RETURNING *)
    UPDATE packages p SET {_ASSIGNMENTS} FROM r WHERE p.id = r.id
""")  # noqa: S608 (the same)

RETIRE_OBSERVATIONS = text("UPDATE observations SET is_current = false WHERE id = ANY(CAST(:ids AS bigint[]))")

# The source's time of an observation is the last one at which the source said so: what it said otherwise in between,
# and what arrives late, is older.
TOUCH_OBSERVATIONS = text("""
    UPDATE observations o
    SET last_seen_at = greatest(o.last_seen_at, :seen_at), source_at = greatest(o.source_at, seen.source_at),
        said_at = greatest(o.said_at, seen.said_at),
        withdrawn_at = CASE WHEN seen.is_current THEN NULL ELSE o.withdrawn_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:moments AS timestamptz[]), CAST(:said AS timestamptz[]),
                CAST(:current AS boolean[])) AS seen (id, source_at, said_at, is_current)
    WHERE o.id = seen.id AND (o.last_seen_at < :seen_at OR o.withdrawn_at IS NOT NULL
                              OR o.source_at IS DISTINCT FROM greatest(o.source_at, seen.source_at)
                              OR o.said_at IS DISTINCT FROM greatest(o.said_at, seen.said_at))
""")

WITHDRAW_OBSERVATIONS = text("""
    UPDATE observations SET withdrawn_at = CAST(:at AS timestamptz) WHERE id = ANY(CAST(:ids AS bigint[]))
""")

CONFIRM_OBSERVATIONS = text("""
    UPDATE observations o SET last_seen_at = :now
    FROM unnest(CAST(:kinds AS text[]), CAST(:codes AS text[])) AS seen (kind, code)
    JOIN packages p ON p.node_id = :node_id AND p.kind = seen.kind AND p.code = seen.code
    WHERE o.package_id = p.id AND o.source = :source AND o.is_current AND o.last_seen_at < :now
""")

FIND_SUPPLIERS = text("SELECT identity, id FROM suppliers WHERE identity = ANY(CAST(:identities AS text[]))")

# One statement in one order: two writers of different nodes that meet at a supplier wait for each other, never in a ring.
INSERT_SUPPLIERS = text("""
    INSERT INTO suppliers (identity, name, npwp)
    SELECT r.identity, r.name, r.npwp
    FROM unnest(CAST(:identities AS text[]), CAST(:names AS text[]), CAST(:npwps AS text[])) AS r (identity, name, npwp)
    ORDER BY r.identity COLLATE "C"
    ON CONFLICT (identity) DO NOTHING
    RETURNING identity, id
""")

DELETE_AWARDS = text("DELETE FROM awards WHERE package_id = ANY(CAST(:ids AS bigint[]))")
