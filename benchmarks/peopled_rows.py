"""Invented packages as SQL: every column follows from the package's number and a seed, so that the server makes them alone.

Shares are those of a province's nodes: most packages are small, most completed, and few nodes hold most of them. Names
are recognisably invented. What the hub derives (months, days, value, state) is derived here by the same rules.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.procurement.columns import STATE_COLUMNS
from app.procurement.derive import BASIS_FIELDS, DATE_FIELDS

UNTIL = datetime(2026, 11, 28, tzinfo=UTC)
"""When the last package was taken in. The hub began a year before: nine years of packages in twenty days, then as they came."""
FIRST_YEAR, LAST_YEAR = 2017, 2026
EARLIER_SHARE = 0.9
LOADING = timedelta(days=20)
RUNNING = timedelta(days=345)
MOST_CLUMPS = 200_000
"""Packages of one node, year and kind come side by side, as pages of a node do: so many packages at once."""
ONE_IN_CHANGED = 25

_BOOKKEEPING = ("id", "node_id", "kind", "code", "withdrawn", "version", "state_hash", "first_seen_at", "changed_at")
_DERIVED = ("announced_month", "awarded_month", "days_to_award", "days_to_contract", "is_repeated", "schedule_changes")


@dataclass(frozen=True, slots=True)
class World:
    """How many packages over how many places (nodes with their institutions: tables of schema `bench`)."""

    packages: int
    places: int
    seed: int

    @property
    def suppliers(self) -> int:
        return max(200, self.packages // 50)

    @property
    def clump(self) -> int:
        return max(1, self.packages // MOST_CLUMPS)

    @property
    def earlier(self) -> int:
        return max(1, int(self.packages * EARLIER_SHARE))


def _words(*words: str) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]"


def _chosen(draw: str, shares: dict[str, int]) -> str:
    """A word by a draw from 0 to 99; what is left over is NULL."""
    cases: list[str] = []
    below = 0
    for word, share in shares.items():
        below += share
        cases.append(f"WHEN {draw} < {below} THEN {word}")
    return f"CASE {' '.join(cases)} END"


_WORKS = _words(
    "Pembangunan", "Rehabilitasi", "Pengadaan", "Pemeliharaan", "Penyusunan", "Peningkatan", "Pengawasan", "Belanja"
)
_THINGS = _words(
    "Gedung Contoh", "Jalan Simulasi", "Jembatan Rekaan", "Alat Kesehatan", "Komputer", "Irigasi", "Dokumen Kajian",
    "Alat Tulis Kantor", "Makan Minum Rapat", "Obat", "Kendaraan", "Taman", "Sumur", "Perpustakaan", "Laboratorium", "Pasar",
)  # fmt: skip
_PARTS = _words("ka", "ti", "ro", "mu", "sa", "le", "ni", "po", "da", "ru", "be", "go", "wi", "ha", "ma", "ju")
_OFFICES = _words(
    "Pekerjaan Umum", "Pendidikan", "Kesehatan", "Perhubungan", "Pertanian", "Sosial", "Pariwisata", "Umum"
)
_FIRMS = _words("CV Contoh", "PT Simulasi", "UD Rekaan", "CV Percontohan")
_NAMES = _words("Makmur", "Sentosa", "Abadi", "Karya", "Mandiri", "Utama", "Jaya", "Bersama")

_KINDS = {"'non_tender'": 45, "'recorded'": 35, "'self_managed'": 11, "'tender'": 8, "'emergency'": 1}
_STATUSES = {
    "'completed'": 80, "'running'": 8, "'failed'": 4, "'cancelled'": 3, "'no_schedule'": 4, "'other'": 1,
}  # fmt: skip
_CATEGORIES = {
    "'goods'": 40, "'other_services'": 25, "'works'": 20, "'consulting_firm_construction'": 7,
    "'consulting_individual_non_construction'": 4, "'consulting_firm_non_construction'": 2, "'integrated_works'": 1, "'other'": 1,
}  # fmt: skip
_METHODS = {
    "tender": {"'tender'": 78, "'selection'": 14, "'fast_tender'": 6, "'contest'": 2},
    "non_tender": {"'direct_procurement'": 76, "'e_purchasing'": 16, "'direct_appointment'": 8},
    "recorded": {"'e_purchasing'": 50, "'direct_procurement'": 42, "'other'": 8},
    "emergency": {"'direct_appointment'": 100},
}
_FUNDS = {"ARRAY['APBD']": 90, "ARRAY['BLUD']": 4, "ARRAY['APBN']": 3, "ARRAY['APBD', 'APBN']": 2}
_BASES = {"'contract'": 82, "'negotiated'": 10, "'corrected'": 4, "'bid'": 2, "'award'": 1}
# Powers of ten between which a ceiling lies.
_CEILINGS = {"tender": (8.3, 10.6), "non_tender": (6.9, 8.3), "recorded": (5.7, 8.0), "self_managed": (6.0, 8.5)}


def drawn_hash(number: str, which: int, seed: int) -> str:
    """Sixty-three bits that follow from a number."""
    return f"(hashint8extended({number}, {seed * 1000 + which}) & 9223372036854775807)"


def _share(bits: str, shift: int) -> str:
    """From 0 up to 1, out of twenty of the bits."""
    return f"((({bits} >> {shift}) & 1048575) / CAST(1048576 AS double precision))"


def insert_packages(world: World) -> str:
    """Packages of the ids from %(first)s to %(last)s, in the order of their ids."""

    def bits(number: str, which: int) -> str:
        return drawn_hash(number, which, world.seed)

    begin = UNTIL - LOADING - RUNNING
    later = world.packages - world.earlier
    hashes = ", ".join(f"{bits('id', which)} AS r{which}" for which in range(1, 7))
    drawn = f"""
        SELECT id, {bits(f"(id - 1) / {world.clump}", 0)} AS r0, {hashes}
        FROM generate_series(CAST(%(first)s AS bigint), CAST(%(last)s AS bigint)) AS id OFFSET 0
    """
    placed = f"""
        SELECT *, CAST(floor({world.places} * power({_share("r0", 0)}, 1.6)) AS integer) AS place,
               {_chosen("(r0 >> 20) % 100", _KINDS)} AS kind,
               CASE WHEN id > {world.earlier} THEN {LAST_YEAR}
                    ELSE {FIRST_YEAR} + CAST((r0 >> 30) % {LAST_YEAR - FIRST_YEAR} AS integer) END AS fiscal_year,
               {_chosen("r1 % 100", _STATUSES)} AS status,
               CASE WHEN (r1 >> 10) % 100 < 82 THEN 1 WHEN (r1 >> 10) % 100 < 99 THEN 2 + (r1 >> 20) % 5 END AS choice,
               (r1 >> 30) % {ONE_IN_CHANGED} = 0 AS is_changed, (r1 >> 40) % 12 = 0 AS is_gone
        FROM ({drawn}) AS drawn OFFSET 0
    """
    methods = " ".join(f"WHEN '{kind}' THEN {_chosen('(r2 >> 10) % 100', shares)}" for kind, shares in _METHODS.items())
    lowest = " ".join(f"WHEN '{kind}' THEN {low}" for kind, (low, _high) in _CEILINGS.items())
    widths = " ".join(f"WHEN '{kind}' THEN {high - low:.1f}" for kind, (low, high) in _CEILINGS.items())
    # Amounts mostly in whole thousands; one in ten to the sen.
    ceiling = f"power(10, CASE kind {lowest} ELSE 6.5 END + CASE kind {widths} ELSE 2 END * {_share('r3', 0)})"
    bought = f"""
        SELECT d.*, n.node_id, n.hours, b.kd_klpd, b.name AS buyer,
               kind IN ('tender', 'non_tender') AS is_saving, kind IN ('tender', 'non_tender') AND status = 'completed' AS is_sold,
               CASE WHEN kind <> 'self_managed' THEN {_chosen("r2 % 100", _CATEGORIES)} END AS category,
               CASE kind {methods} END AS method,
               round(CAST({ceiling} AS numeric), CASE WHEN (r3 >> 20) % 10 = 0 THEN 2 ELSE -3 END) AS ceiling,
               make_date(fiscal_year, 1, 1) + CAST((r4 & 1023) % 350 AS integer) - CASE WHEN (r4 >> 10) % 20 = 0 THEN 40 ELSE 0 END
                   + make_interval(mins => CAST(480 + (r4 >> 20) % 480 AS integer)) AS announced_local,
               CAST(5 + 60 * power({_share("r4", 30)}, 2) AS integer) AS days_to_award,
               CAST(30 * power({_share("r5", 0)}, 2) AS integer) AS days_to_contract,
               {_chosen("(r5 >> 20) % 100", _BASES)} AS basis,
               CASE WHEN kind = 'tender' THEN 4 + (r5 >> 30) % 60 ELSE 1 + (r5 >> 30) % 4 END AS asked,
               CASE WHEN id <= {world.earlier}
                    THEN CAST('{begin.isoformat()}' AS timestamptz) + interval '{LOADING.total_seconds()} s' * (CAST(id AS double precision) / {world.earlier})
                    ELSE CAST('{(begin + LOADING).isoformat()}' AS timestamptz)
                         + interval '{RUNNING.total_seconds()} s' * (CAST(id - {world.earlier} AS double precision) / {max(1, later)}) END AS first_seen_at
        FROM ({placed}) AS d JOIN bench.places n USING (place)
        LEFT JOIN bench.buyers b ON b.place = d.place AND b.choice = d.choice OFFSET 0
    """
    priced = f"""
        SELECT *, CASE WHEN is_saving AND (r3 >> 40) % 50 > 0 THEN round(ceiling * (0.95 + 0.05 * (r5 % 1000) / 1000.0), 2) END AS hps,
               CASE WHEN is_sold AND basis IS NOT NULL THEN round(ceiling * 0.97 * (0.75 + 0.245 * ((r5 >> 10) % 1000) / 1000.0), 2) END AS agreed,
               CASE WHEN NOT is_saving AND status IN ('running', 'completed') AND (r3 >> 30) % 10 > 0
                    THEN round(ceiling * (0.4 + 0.6 * (r6 % 1000) / 1000.0), 2) END AS realized_value,
               is_saving AND (r6 >> 10) % 100 < 97 OR (r6 >> 10) % 100 < 50 AS is_announced,
               is_sold AND (r6 >> 20) % 20 > 0 AS is_awarded,
               CASE WHEN is_saving AND status IN ('completed', 'failed') THEN CAST(asked AS integer) END AS participants,
               kind = 'tender' AND (r6 >> 30) % 30 = 0 AS is_repeated,
               CASE WHEN kind = 'tender' THEN CAST((r6 >> 40) % 4 AS integer) END AS schedule_changes,
               CASE WHEN is_changed AND status = 'completed' THEN
                   first_seen_at + (CAST('{UNTIL.isoformat()}' AS timestamptz) - first_seen_at) * {_share("r6", 40)} END AS changed_at
        FROM ({bought}) AS bought OFFSET 0
    """
    part = "((r2 >> {shift}) & 15)".format
    place_name = (
        "initcap("
        + " || ".join(f"({_PARTS})[CAST(1 + {part(shift=shift)} AS integer)]" for shift in (20, 24))
        + f" || ({_PARTS})[CAST(1 + floor(16 * power({_share('r2', 28)}, 3)) AS integer)])"
    )
    columns = {
        "id": "id",
        "node_id": "node_id",
        "kind": "kind",
        "code": "CAST(10000000 + id AS text)",
        "name": f"({_WORKS})[CAST(1 + (r2 >> 50) % 8 AS integer)] || ' ' || ({_THINGS})[CAST(1 + (r3 >> 50) % 16 AS integer)]"
        f" || ' Desa ' || {place_name}",
        "labels": "CASE WHEN is_repeated THEN ARRAY['Tender Ulang'] ELSE '{}' END",
        "institution": "kd_klpd",
        "institution_name": "coalesce(buyer, 'Instansi Rekaan')",
        "satker_name": f"'Dinas ' || ({_OFFICES})[CAST(1 + (r4 >> 50) % 8 AS integer)] || ' Contoh'",
        "category": "category",
        "method": "method",
        "business_size": "CASE WHEN is_saving THEN "
        + _chosen("(r4 >> 55) % 100", {"'Usaha Kecil'": 60, "'Usaha Non Kecil'": 10})
        + " END",
        "status": "status",
        "stage": "initcap(status)",
        "fiscal_year": "fiscal_year",
        "fiscal_years": "CASE WHEN (r5 >> 50) % 50 = 0 THEN ARRAY[fiscal_year, fiscal_year + 1] ELSE ARRAY[fiscal_year] END",
        "fund_sources": f"coalesce({_chosen('(r5 >> 40) % 100', _FUNDS)}, '{{}}')",
        "rup_codes": "CASE WHEN (r5 >> 55) % 20 < 17 THEN ARRAY[CAST(50000000 + id AS text)] ELSE '{}' END",
        "locations": "'{}'",
        "pagu": "CASE WHEN (r3 >> 45) % 100 > 0 THEN ceiling END",
        "hps": "hps",
        "value": "agreed",
        "value_basis": "CASE WHEN agreed IS NOT NULL THEN basis END",
        "contract_value": "CASE WHEN basis = 'contract' THEN agreed END",
        "negotiated_value": "CASE WHEN basis = 'negotiated' THEN agreed END",
        "corrected_value": "CASE WHEN basis = 'corrected' THEN agreed END",
        "bid_value": "CASE WHEN basis = 'award' THEN NULL WHEN basis = 'bid' THEN agreed ELSE round(agreed * 1.02, 2) END",
        "award_value": "CASE WHEN basis = 'award' THEN agreed END",
        "pdn_value": "CASE WHEN (r6 >> 50) % 2 = 0 THEN round(coalesce(agreed, realized_value) * 0.8, 2) END",
        "umk_value": "CASE WHEN (r6 >> 51) % 3 = 0 THEN round(coalesce(agreed, realized_value) * 0.5, 2) END",
        "realized_value": "realized_value",
        "participants": "participants",
        "bidders": "CASE WHEN is_sold THEN least(participants, CAST(1 + (r5 >> 45) % 6 AS integer)) END",
        "announced_at": "CASE WHEN is_announced THEN (announced_local - hours) AT TIME ZONE 'UTC' END",
        "awarded_at": "CASE WHEN is_awarded THEN (announced_local - hours + make_interval(days => days_to_award)) AT TIME ZONE 'UTC' END",
        "contracted_at": "CASE WHEN is_awarded AND basis = 'contract'"
        " THEN (announced_local - hours + make_interval(days => days_to_award + days_to_contract)) AT TIME ZONE 'UTC' END",
        "date_basis": "CASE WHEN is_announced OR is_awarded THEN CASE WHEN (r4 >> 45) % 7 = 0 THEN 'scheduled' ELSE 'actual' END END",
        "announced_month": "CASE WHEN is_announced THEN to_char(announced_local, 'YYYY-MM') END",
        "awarded_month": "CASE WHEN is_awarded THEN to_char(announced_local + make_interval(days => days_to_award), 'YYYY-MM') END",
        "days_to_award": "CASE WHEN is_announced AND is_awarded THEN days_to_award END",
        "days_to_contract": "CASE WHEN is_awarded AND basis = 'contract' THEN days_to_contract END",
        "is_repeated": "is_repeated",
        "schedule_changes": "schedule_changes",
        "schedule": "CASE WHEN schedule_changes IS NULL THEN '[]'"
        " ELSE jsonb_build_array(jsonb_build_object('name', 'Pemasukan Penawaran', 'changes', schedule_changes)) END",
        "created_on": "CAST(announced_local AS date) - 3",
        "source": "'spse'",
        "withdrawn": "is_gone AND changed_at IS NOT NULL",
        "version": "CASE WHEN changed_at IS NULL THEN 1 ELSE 2 END",
        # Not the fingerprint the hub would make; only a further observation of the same package would be compared with it.
        "state_hash": "encode(sha256(int8send(id)), 'hex')",
        "first_seen_at": "first_seen_at",
        "changed_at": "coalesce(changed_at, first_seen_at)",
    }
    return f"""
        INSERT INTO packages ({", ".join(columns)}) OVERRIDING SYSTEM VALUE
        SELECT {", ".join(columns.values())} FROM ({priced}) AS priced
    """


def _supplier_name(number: str) -> str:
    return (
        f"({_FIRMS})[CAST(1 + {number} % 4 AS integer)] || ' ' || ({_NAMES})[CAST(1 + {number} / 4 % 8 AS integer)]"
        f" || ' ' || {number}"
    )


def _npwp(number: str) -> str:
    """As public pages show it: every second digit is hidden."""
    return f"regexp_replace(lpad(CAST({number} * 7919 % 99999999 AS text), 8, '0'), '(.).', '\\1*', 'g')"


def insert_suppliers(world: World) -> str:
    name, npwp = _supplier_name("number"), _npwp("number")
    return f"""
        INSERT INTO suppliers (id, identity, name, npwp) OVERRIDING SYSTEM VALUE
        SELECT number, {npwp} || '|' || lower({name}), {name}, {npwp}
        FROM generate_series(CAST(1 AS bigint), {world.suppliers}) AS number
    """


def insert_awards(world: World) -> str:
    """One winner of nearly every completed package, of few tenders two; suppliers are near their buyers."""
    chosen = drawn_hash("p.id * 2 + position", 7, world.seed)
    near = max(1, world.suppliers // 20)
    number = (
        f"1 + (p.node_id * {world.suppliers} / {world.places} + CAST(floor({near} * power({_share(chosen, 0)}, 2)) AS bigint))"
        f" % {world.suppliers}"
    )
    amounts = ", ".join(
        f"CASE WHEN winners = 1 THEN {column} WHEN position = 1 THEN round({column} * 0.6, 2)"
        f" ELSE {column} - round({column} * 0.6, 2) END"
        for column in ("value", *BASIS_FIELDS.values())
    )
    return f"""
        INSERT INTO awards (package_id, position, supplier_id, supplier_name, npwp, address, value, {", ".join(BASIS_FIELDS.values())})
        SELECT id, position, number, {_supplier_name("number")}, {_npwp("number")}, 'Jl. Contoh Nomor ' || number % 300, {amounts}
        FROM (SELECT p.*, w.winners, position, {number} AS number
              FROM packages p
              CROSS JOIN LATERAL (SELECT CASE WHEN p.kind = 'tender' AND p.id % 40 = 0 AND p.value IS NOT NULL THEN 2
                                              WHEN p.value IS NULL AND p.id % 4 = 0 THEN 0 ELSE 1 END) AS w (winners)
              CROSS JOIN LATERAL generate_series(1, w.winners) AS position
              WHERE p.id BETWEEN %(first)s AND %(last)s AND p.status = 'completed' AND p.kind IN ('tender', 'non_tender')
              OFFSET 0) AS won
    """


def _state(p: str = "p") -> str:
    """A package's state as the one door keeps it."""

    def column(name: str) -> str:
        if name in DATE_FIELDS:
            return f"""to_char({p}.{name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS {name}"""
        return f"{p}.{name}"

    awarded = (
        "position",
        "supplier_name",
        "npwp",
        "address",
        *BASIS_FIELDS.values(),
        "pdn_value",
        "umk_value",
        "value",
    )
    # Packages without winners are by far the most, and need no look at the awards of all.
    awards = f"""
        CASE WHEN {p}.status = 'completed' AND {p}.kind IN ('tender', 'non_tender') THEN coalesce((
            SELECT jsonb_agg(jsonb_build_object('identity', coalesce(a.npwp, '') || '|' || lower(a.supplier_name),
                                                {", ".join(f"'{name}', a.{name}" for name in awarded)}) ORDER BY a.position)
            FROM awards a WHERE a.package_id = {p}.id), '[]') ELSE '[]' END
    """
    return f"(SELECT to_jsonb(s) FROM (SELECT {', '.join(map(column, STATE_COLUMNS))}, {awards} AS awards) AS s)"


# What a package was before it was completed.
_BEFORE = {
    "status": "running", "stage": "Running", "awards": [], "participants": None, "bidders": None, "awarded_at": None,
    "contracted_at": None, "awarded_month": None, "days_to_award": None, "days_to_contract": None, "value": None,
    "value_basis": None, "pdn_value": None, "umk_value": None, "realized_value": None,
    **dict.fromkeys(BASIS_FIELDS.values()),
}  # fmt: skip


def insert_versions(*, with_observations: bool) -> str:
    """The last version of every package with its whole state, and the first one of those that have changed."""
    seen = "ARRAY[id]" if with_observations else "CAST('{}' AS bigint[])"
    # Dates are kept where nothing is known of an announcement: then the package has no basis of dates either.
    before = json.dumps(_BEFORE)
    return f"""
        WITH states AS MATERIALIZED (
            SELECT p.id, p.version, p.withdrawn, p.first_seen_at, p.changed_at, p.announced_at, {_state()} AS state
            FROM packages p WHERE p.id BETWEEN %(first)s AND %(last)s
        )
        INSERT INTO package_versions (package_id, version, state, observation_ids, at)
        SELECT id, version, CASE WHEN withdrawn THEN state || '{{"withdrawn": true}}' ELSE state END, {seen}, changed_at FROM states
        UNION ALL
        SELECT id, 1, CASE WHEN withdrawn THEN state WHEN announced_at IS NULL THEN state || '{before}' || '{{"date_basis": null}}'
                           ELSE state || '{before}' END, {seen}, first_seen_at
        FROM states WHERE version = 2
    """


INSERT_CHANGES = """
    INSERT INTO changes (at, entity, entity_id, version, op)
    SELECT at, 'package', id, version, op FROM (
        SELECT first_seen_at AS at, id, 1 AS version, 'upsert' AS op FROM packages
        UNION ALL
        SELECT changed_at, id, 2, CASE WHEN withdrawn THEN 'withdrawn' ELSE 'upsert' END FROM packages WHERE version = 2
    ) AS changed ORDER BY at, id
"""


def insert_observations() -> str:
    """What the node said of each package, and said alone: its state without what follows from it."""
    derived = ", ".join(
        f"'{name}'" for name in (*_DERIVED, "value", "value_basis", "fiscal_year", "source", "date_basis", "withdrawn")
    )
    return f"""
        INSERT INTO observations (id, package_id, source, fields, content_hash, received_at, last_seen_at, said_at,
                                  parser_version, is_current, withdrawn_at) OVERRIDING SYSTEM VALUE
        SELECT p.id, p.id, 'spse', jsonb_strip_nulls(v.state - ARRAY[{derived}])
                   || CASE WHEN p.date_basis IS NULL THEN '{{}}' ELSE jsonb_build_object('date_basis', p.date_basis) END,
               p.state_hash, p.changed_at, p.changed_at, p.changed_at, 'bench 1', true, CASE WHEN p.withdrawn THEN p.changed_at END
        FROM packages p JOIN package_versions v ON v.package_id = p.id AND v.version = p.version
        WHERE p.id BETWEEN %(first)s AND %(last)s
    """


# A state with a key too many or too few, or one that does not give the package back.
BADLY_TOLD = f"""
    SELECT count(*) FILTER (WHERE back <> kept), count(*) FILTER (WHERE NOT keys_are_right), count(*)
    FROM (SELECT to_jsonb(jsonb_populate_record(NULL::packages, v.state)) - ARRAY[{", ".join(f"'{name}'" for name in (*_BOOKKEEPING, "search"))}] AS back,
                 to_jsonb(p) - ARRAY[{", ".join(f"'{name}'" for name in (*_BOOKKEEPING, "search"))}] AS kept,
                 (SELECT array_agg(key ORDER BY key COLLATE "C") FROM jsonb_object_keys(v.state - 'withdrawn') AS key)
                     = ARRAY[{", ".join(f"'{name}'" for name in sorted((*STATE_COLUMNS, "awards")))}] AS keys_are_right
          FROM packages p JOIN package_versions v ON v.package_id = p.id AND v.version = p.version
          WHERE p.id % %(every)s = 0) AS told
"""
