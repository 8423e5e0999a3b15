"""The same sums by DuckDB on Parquet: packages with what figures are grouped by, written once, read at each question."""

import time
from pathlib import Path
from typing import Any

import psycopg
import zstandard

COLUMNS = """
    n.slug AS node, p.kind, p.fiscal_year, p.institution, left(i.region, 2) AS province, p.category, p.method, p.status,
    p.pagu, p.hps, p.value, p.awarded_month
"""
TYPES = {
    "node": "VARCHAR", "kind": "VARCHAR", "fiscal_year": "INTEGER", "institution": "VARCHAR", "province": "VARCHAR",
    "category": "VARCHAR", "method": "VARCHAR", "status": "VARCHAR", "pagu": "DECIMAL(20, 2)", "hps": "DECIMAL(20, 2)",
    "value": "DECIMAL(20, 2)", "awarded_month": "VARCHAR",
}  # fmt: skip


class Duck:
    """DuckDB over one Parquet file of the packages of a database."""

    def __init__(self, folder: Path) -> None:
        import duckdb  # noqa: PLC0415 - only with the dependency group "bench"

        self._connection = duckdb.connect()
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute(f"SET temp_directory = '{folder}'")
        self._file = folder / "packages.parquet"

    def load(self, connection: psycopg.Connection[Any]) -> float:
        """Write the file; returns how many megabytes it has."""
        rows = self._file.with_suffix(".csv.zst")
        query = (
            f"COPY (SELECT {COLUMNS} FROM packages p JOIN nodes n ON n.id = p.node_id"
            " LEFT JOIN institutions i ON i.kd_klpd = p.institution WHERE NOT p.withdrawn) TO STDOUT (FORMAT csv)"
        )
        with (
            rows.open("wb") as file,
            zstandard.ZstdCompressor(level=1).stream_writer(file) as packed,
            connection.cursor().copy(query) as copy,
        ):
            for piece in copy:
                packed.write(piece)
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
        self._connection.execute(
            f"COPY (SELECT * FROM read_csv('{rows}', columns = {{{columns}}}, header = false)) TO '{self._file}' (FORMAT parquet)"
        )
        rows.unlink()
        return self._file.stat().st_size / 1e6

    def ask(self, select: str) -> tuple[float, list[tuple[Any, ...]]]:
        """Seconds, and the rows of a statement over `packages`."""
        began = time.perf_counter()
        rows = self._connection.execute(f"WITH packages AS (FROM read_parquet('{self._file}')) {select}").fetchall()
        return time.perf_counter() - began, rows
