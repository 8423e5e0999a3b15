"""Nodes, runs and reported figures enter the feed beside packages; a moved database begins a new epoch; checkpoints."""

from alembic import op

revision = "ef00feed"
down_revision = "df00lists"
branch_labels = None
depends_on = None

# Moments are written as one zone has them, whoever writes: a document is compared with the one before.
NOTING = "RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC'"

NODE_DOCUMENT = """
    jsonb_build_object(
        'slug', n.slug, 'name', n.name, 'kd_lpse', n.kd_lpse, 'region', n.region, 'province', n.province,
        'institution', n.institution, 'time_zone', n.time_zone, 'state', n.state,
        'institutions', coalesce(
            (SELECT jsonb_agg(i.kd_klpd ORDER BY i.kd_klpd) FROM node_institutions i WHERE i.node_id = n.id), '[]'),
        'endpoints', coalesce(
            (SELECT jsonb_agg(jsonb_build_object('interface', e.interface, 'base_url', e.base_url, 'options', e.options)
                              ORDER BY e.position, e.id)
             FROM endpoints e WHERE e.node_id = n.id), '[]'),
        'created_at', n.created_at, 'retired_at', n.retired_at)
"""
RUN_DOCUMENT = """
    jsonb_build_object(
        'id', r.id, 'node', n.slug, 'batch', r.batch_id, 'fiscal_year', r.fiscal_year, 'interface', r.interface,
        'kinds', r.kinds, 'full', r."full", 'state', r.state, 'origin', r.origin, 'attempt', r.attempt,
        'requested_at', r.requested_at, 'started_at', r.started_at, 'finished_at', r.finished_at, 'listed', r.listed,
        'counts', jsonb_build_object(
            'seen', r.seen, 'new', r.new, 'changed', r.changed, 'unchanged', r.unchanged,
            'superseded', r.superseded, 'rejected', r.rejected, 'duplicate', r.duplicate, 'withdrawn', r.withdrawn),
        'requests', r.requests, 'problems', r.problems)
"""
FIGURES_DOCUMENT = """
    jsonb_build_object(
        'node', n.slug, 'fiscal_year', f.fiscal_year, 'revision', f.revision, 'packages', f.packages, 'pagu', f.pagu,
        'hps', f.hps, 'value', f.value, 'savings', f.savings, 'savings_base', f.savings_base, 'kinds', f.kinds,
        'source_document', f.source_document, 'stated_on', f.stated_on, 'note', f.note, 'stated_by', f.role,
        'received_at', f.received_at)
"""

# Where this database is: the cluster, and the database in it. A dump that was restored elsewhere has other numbers of
# transactions than those it carries, so that its order holds only if it ends where the new one begins.
PLACE = """
    (SELECT system_identifier::text FROM pg_control_system()) || '/'
    || (SELECT oid::text FROM pg_database WHERE datname = current_database())
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("ALTER TABLE changes ADD COLUMN node_id bigint, ADD COLUMN state jsonb")
    op.execute("""
        ALTER TABLE changes ADD CONSTRAINT ck_changes_entity
        CHECK (entity IN ('package', 'node', 'run', 'reported_figures'))
    """)
    # New packages come in the order of their ids, so that the index grows at its end.
    op.execute("CREATE INDEX ix_changes_packages ON changes (entity_id, version) WHERE entity = 'package'")
    op.execute("CREATE INDEX ix_changes_others ON changes (entity, entity_id, seq) WHERE entity <> 'package'")
    op.execute("CREATE INDEX ix_changes_nodes ON changes (node_id, seq) WHERE entity <> 'package'")
    _epochs()
    _checkpoints()
    _nodes()
    _runs()
    _figures()
    _what_is_there()


def _epochs() -> None:
    op.execute("""
        CREATE TABLE feed_epochs (
            epoch integer NOT NULL, place text NOT NULL, began_at timestamptz NOT NULL,
            CONSTRAINT pk_feed_epochs PRIMARY KEY (epoch)
        )
    """)
    op.execute(f"INSERT INTO feed_epochs (epoch, place, began_at) SELECT 1, {PLACE}, now()")
    # The owner's, because a new epoch is a new default of the table; whoever starts the hub may ask for it.
    op.execute(f"""
        CREATE FUNCTION rakor_settle_epoch() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public SET lock_timeout = '10s' AS $$
        DECLARE
            here text := {PLACE};
            last feed_epochs;
            highest xid8;
        BEGIN
            SELECT * INTO last FROM feed_epochs ORDER BY epoch DESC LIMIT 1;
            SELECT xid INTO highest FROM changes WHERE epoch = last.epoch ORDER BY epoch DESC, xid DESC LIMIT 1;
            IF last.place = here AND (highest IS NULL OR highest < pg_snapshot_xmax(pg_current_snapshot())) THEN
                RETURN last.epoch;
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended('rakor.epoch', 0));
            SELECT * INTO last FROM feed_epochs ORDER BY epoch DESC LIMIT 1;
            IF highest IS NULL THEN
                UPDATE feed_epochs SET place = here WHERE epoch = last.epoch;
                RETURN last.epoch;
            END IF;
            IF last.place = here AND highest < pg_snapshot_xmax(pg_current_snapshot()) THEN
                RETURN last.epoch;
            END IF;
            INSERT INTO feed_epochs (epoch, place, began_at) VALUES (last.epoch + 1, here, now());
            EXECUTE format('ALTER TABLE changes ALTER COLUMN epoch SET DEFAULT %s', last.epoch + 1);
            RETURN last.epoch + 1;
        END $$
    """)


def _checkpoints() -> None:
    op.execute("""
        CREATE TABLE feed_checkpoints (
            id bigint GENERATED ALWAYS AS IDENTITY, format integer NOT NULL, epoch integer NOT NULL, xid xid8 NOT NULL,
            seq bigint NOT NULL, cursor text COLLATE "C" NOT NULL, count bigint NOT NULL, digest bytea NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_feed_checkpoints PRIMARY KEY (id)
        )
    """)


def _nodes() -> None:
    op.execute(f"""
        CREATE FUNCTION rakor_note_node() {NOTING} AS $$
        DECLARE
            noted bigint := (CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> TG_ARGV[0])::bigint;
            document jsonb;
            last record;
        BEGIN
            SELECT {NODE_DOCUMENT} INTO document FROM nodes n WHERE n.id = noted;
            IF document IS NULL THEN
                RETURN NULL;
            END IF;
            SELECT state, version INTO last FROM changes
            WHERE entity = 'node' AND entity_id = noted ORDER BY seq DESC LIMIT 1;
            IF last.state IS DISTINCT FROM document THEN
                INSERT INTO changes (at, entity, entity_id, node_id, version, op, state)
                VALUES (clock_timestamp(), 'node', noted, noted, coalesce(last.version, 0) + 1,
                        CASE document ->> 'state' WHEN 'retired' THEN 'retired' ELSE 'upsert' END, document);
            END IF;
            RETURN NULL;
        END $$
    """)
    # At the end of the transaction: a node is registered with its endpoints, and one change tells of both.
    for table, column in (("nodes", "id"), ("endpoints", "node_id"), ("node_institutions", "node_id")):
        op.execute(f"""
            CREATE CONSTRAINT TRIGGER note_node AFTER INSERT OR UPDATE OR DELETE ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rakor_note_node('{column}')
        """)

    # A retired node may come back under another name, and everything of it is then told under that one: what the whole
    # feed hashes to has to be reckoned anew, and mirrors that hold the old name find themselves unequal.
    op.execute("""
        CREATE FUNCTION rakor_forget_checkpoints() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM feed_checkpoints;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER forget_checkpoints AFTER UPDATE OF slug ON nodes FOR EACH ROW
        WHEN (OLD.slug IS DISTINCT FROM NEW.slug) EXECUTE FUNCTION rakor_forget_checkpoints()
    """)


def _runs() -> None:
    op.execute(f"""
        CREATE FUNCTION rakor_note_run() {NOTING} AS $$
        BEGIN
            INSERT INTO changes (at, entity, entity_id, node_id, version, op, state)
            SELECT clock_timestamp(), 'run', r.id, r.node_id,
                   coalesce((SELECT c.version FROM changes c
                             WHERE c.entity = 'run' AND c.entity_id = r.id
                             ORDER BY c.seq DESC LIMIT 1), 0) + 1,
                   'upsert', {RUN_DOCUMENT}
            FROM runs r JOIN nodes n ON n.id = r.node_id WHERE r.id = NEW.id;
            RETURN NULL;
        END $$
    """)
    # Counts grow with every page; what a follower wants to know is how far the run has come and how it ended.
    op.execute("""
        CREATE TRIGGER note_run AFTER INSERT ON runs FOR EACH ROW EXECUTE FUNCTION rakor_note_run()
    """)
    op.execute("""
        CREATE TRIGGER note_run_state AFTER UPDATE ON runs FOR EACH ROW
        WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.finished_at IS DISTINCT FROM NEW.finished_at
              OR (NEW.finished_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.*))
        EXECUTE FUNCTION rakor_note_run()
    """)


def _figures() -> None:
    op.execute(f"""
        CREATE FUNCTION rakor_note_figures() {NOTING} AS $$
        BEGIN
            INSERT INTO changes (at, entity, entity_id, node_id, version, op, state)
            SELECT clock_timestamp(), 'reported_figures', f.id, f.node_id, f.revision, 'upsert', {FIGURES_DOCUMENT}
            FROM reported_figures f JOIN nodes n ON n.id = f.node_id WHERE f.id = NEW.id;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER note_figures AFTER INSERT ON reported_figures
        FOR EACH ROW EXECUTE FUNCTION rakor_note_figures()
    """)


def _what_is_there() -> None:
    """What was there before the feed spoke of it."""
    op.execute("SET LOCAL timezone = 'UTC'")
    op.execute(f"""
        INSERT INTO changes (at, entity, entity_id, node_id, version, op, state)
        SELECT clock_timestamp(), 'node', n.id, n.id, 1,
               CASE n.state WHEN 'retired' THEN 'retired' ELSE 'upsert' END, {NODE_DOCUMENT}
        FROM nodes n ORDER BY n.id
    """)
    op.execute(f"""
        INSERT INTO changes (at, entity, entity_id, node_id, version, op, state)
        SELECT clock_timestamp(), 'run', r.id, r.node_id, 1, 'upsert', {RUN_DOCUMENT}
        FROM runs r JOIN nodes n ON n.id = r.node_id ORDER BY r.id
    """)
    op.execute(f"""
        INSERT INTO changes (at, entity, entity_id, node_id, version, op, state)
        SELECT clock_timestamp(), 'reported_figures', f.id, f.node_id, f.revision, 'upsert', {FIGURES_DOCUMENT}
        FROM reported_figures f JOIN nodes n ON n.id = f.node_id ORDER BY f.id
    """)


def downgrade() -> None:
    for table in ("nodes", "endpoints", "node_institutions"):
        op.execute(f"DROP TRIGGER note_node ON {table}")
    op.execute("DROP TRIGGER forget_checkpoints ON nodes")
    op.execute("DROP TRIGGER note_run ON runs")
    op.execute("DROP TRIGGER note_run_state ON runs")
    op.execute("DROP TRIGGER note_figures ON reported_figures")
    for function in ("note_node", "note_run", "note_figures", "forget_checkpoints", "settle_epoch"):
        op.execute(f"DROP FUNCTION rakor_{function}()")
    op.execute("DROP TABLE feed_checkpoints")
    op.execute("DROP TABLE feed_epochs")
    op.execute("DROP INDEX ix_changes_nodes")
    op.execute("DROP INDEX ix_changes_others")
    op.execute("DROP INDEX ix_changes_packages")
    op.execute("DELETE FROM changes WHERE entity <> 'package'")
    op.execute("ALTER TABLE changes DROP CONSTRAINT ck_changes_entity")
    op.execute("ALTER TABLE changes DROP COLUMN state, DROP COLUMN node_id")
    op.execute("ALTER TABLE changes ALTER COLUMN epoch SET DEFAULT 1")
