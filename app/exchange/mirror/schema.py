"""The tables of a copy: a log of everything that was sent, and the present state that follows from it. Made for SQL by people."""

FORMAT = 1
"""Raised when a copy made by an older program can no longer be carried on."""

SCHEMA = "mirror"
BESIDE = "mirror_next"
"""Where a copy grows that is to take the other's place."""

TABLES = ("changes", "packages", "nodes", "runs", "reported_figures")
"""What a copy is made of, in the order in which one is put in the place of another."""

# Every version ever sent stands in `changes`, by its place in the feed, 1, 2, 3, …; `item` is the line as it was sent, and
# `sha256` its hash. A copy says of itself in `about` how far it is: that row moves in the transaction that keeps a page.
_LOG = """
CREATE TABLE {schema}.about (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    format integer NOT NULL,
    hub text NOT NULL,
    cursor text COLLATE "C" NOT NULL DEFAULT '',
    epoch integer NOT NULL DEFAULT 0,
    count bigint NOT NULL DEFAULT 0,
    digest bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    began_at timestamptz NOT NULL DEFAULT now(),
    kept_at timestamptz,
    proved_count bigint NOT NULL DEFAULT 0,
    proved_digest bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    proved_at timestamptz
);
CREATE TABLE {schema}.changes (
    place bigint PRIMARY KEY,
    epoch integer NOT NULL,
    xid bigint NOT NULL,
    seq bigint NOT NULL,
    cursor text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    entity text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version integer,
    op text COLLATE "C" NOT NULL,
    sha256 bytea NOT NULL,
    item text NOT NULL
);
CREATE INDEX changes_of_thing ON {schema}.changes (entity, key, place);
CREATE TABLE {schema}.lost (LIKE {schema}.changes, noticed_at timestamptz NOT NULL DEFAULT now());
"""

# The present state: for each thing the document of its last change, and columns to ask by.
_STATE = """
CREATE TABLE {schema}.packages (
    node text COLLATE "C", kind text COLLATE "C", code text COLLATE "C",
    version integer, op text NOT NULL, at timestamptz NOT NULL, place bigint NOT NULL, document jsonb NOT NULL,
    withdrawn boolean GENERATED ALWAYS AS (op = 'withdrawn') STORED,
    fiscal_year integer GENERATED ALWAYS AS ((document ->> 'fiscal_year')::integer) STORED,
    status text GENERATED ALWAYS AS (document ->> 'status') STORED,
    institution text GENERATED ALWAYS AS (document ->> 'institution') STORED,
    name text GENERATED ALWAYS AS (document ->> 'name') STORED,
    pagu numeric GENERATED ALWAYS AS ((document ->> 'pagu')::numeric) STORED,
    hps numeric GENERATED ALWAYS AS ((document ->> 'hps')::numeric) STORED,
    value numeric GENERATED ALWAYS AS ((document ->> 'value')::numeric) STORED,
    PRIMARY KEY (node, kind, code)
);
CREATE TABLE {schema}.nodes (
    slug text COLLATE "C",
    version integer, op text NOT NULL, at timestamptz NOT NULL, place bigint NOT NULL, document jsonb NOT NULL,
    retired boolean GENERATED ALWAYS AS (op = 'retired') STORED,
    name text GENERATED ALWAYS AS (document ->> 'name') STORED,
    PRIMARY KEY (slug)
);
CREATE TABLE {schema}.runs (
    id bigint,
    version integer, op text NOT NULL, at timestamptz NOT NULL, place bigint NOT NULL, document jsonb NOT NULL,
    node text GENERATED ALWAYS AS (document ->> 'node') STORED,
    fiscal_year integer GENERATED ALWAYS AS ((document ->> 'fiscal_year')::integer) STORED,
    state text GENERATED ALWAYS AS (document ->> 'state') STORED,
    PRIMARY KEY (id)
);
CREATE TABLE {schema}.reported_figures (
    node text COLLATE "C", fiscal_year integer,
    version integer, op text NOT NULL, at timestamptz NOT NULL, place bigint NOT NULL, document jsonb NOT NULL,
    PRIMARY KEY (node, fiscal_year)
);
CREATE VIEW {schema}.awards AS
    SELECT p.node, p.kind, p.code, p.fiscal_year, a.position,
           a.award ->> 'supplier_name' AS supplier_name, a.award ->> 'npwp' AS npwp,
           (a.award ->> 'value')::numeric AS value, (a.award ->> 'contract_value')::numeric AS contract_value,
           (a.award ->> 'negotiated_value')::numeric AS negotiated_value,
           (a.award ->> 'corrected_value')::numeric AS corrected_value, (a.award ->> 'bid_value')::numeric AS bid_value,
           (a.award ->> 'award_value')::numeric AS award_value
    FROM {schema}.packages p
    CROSS JOIN LATERAL jsonb_array_elements(p.document -> 'awards') WITH ORDINALITY AS a (award, position)
    WHERE NOT p.withdrawn;
CREATE VIEW {schema}.versions AS
    SELECT place, at, entity, key, version, op, item::jsonb -> entity AS document FROM {schema}.changes;
"""

_KEYS = {
    "package": ("packages", {"node": "text", "kind": "text", "code": "text"}),
    "node": ("nodes", {"slug": "text"}),
    "run": ("runs", {"id": "bigint"}),
    "reported_figures": ("reported_figures", {"node": "text", "fiscal_year": "integer"}),
}
"""Entity → its table, and what of a document it is known by."""

_TOLD = "version, op, at, place, document"


def creation(schema: str) -> str:
    """Statements that make an empty copy."""
    return f"CREATE SCHEMA {schema};" + (_LOG + _STATE).replace("{schema}", schema)


def carrying_on(schema: str) -> dict[str, str]:
    """For each kind of thing the statement that brings its table to the changes at `%(places)s`, each the last of its thing."""
    statements = {}
    for entity, (table, key) in _KEYS.items():
        names = ", ".join(key)
        told = ", ".join(f"{name} = excluded.{name}" for name in _TOLD.split(", "))
        statements[entity] = (
            f"INSERT INTO {schema}.{table} ({names}, {_TOLD}) {_at(schema, entity, key, '= ANY(%(places)s)')} "
            f"ON CONFLICT ({names}) DO UPDATE SET {told}"
        )
    return statements


def first_stray(schema: str) -> list[tuple[str, str]]:
    """For each table of the present state a question: the first place at which it is not what follows from the log."""
    questions = []
    for entity, (table, key) in _KEYS.items():
        last = f"IN (SELECT max(place) FROM {schema}.changes WHERE entity = '{entity}' GROUP BY key)"  # noqa: S608 (constants)
        same = " AND ".join(f"t.{name} = l.{name}" for name in key)
        differs = (
            "(t.version, t.op, t.at, t.place, t.document) IS DISTINCT FROM (l.version, l.op, l.at, l.place, l.document)"
        )
        question = (
            f"SELECT min(coalesce(l.place, t.place)) FROM ({_at(schema, entity, key, last)}) l "  # noqa: S608 (the same)
            f"FULL JOIN {schema}.{table} t ON {same} WHERE {differs}"
        )
        questions.append((table, question))
    return questions


def _at(schema: str, entity: str, key: dict[str, str], places: str) -> str:
    """The changes at some places, in the columns of their things' table."""
    names = ", ".join(f"(document ->> '{name}')::{kind} AS {name}" for name, kind in key.items())
    return (
        f"SELECT {names}, {_TOLD} FROM (SELECT version, op, at, place, item::jsonb -> '{entity}' AS document "  # noqa: S608
        f"FROM {schema}.changes WHERE place {places} OFFSET 0) told"
    )
