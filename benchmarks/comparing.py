"""Whether all contestants did the same work: their totals against the simulator's truth, their rows against each other."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich import box
from rich.console import Console
from rich.table import Table

from app.kit.db import driver_url
from app.kit.postgres import ServerUrls

# The same question to all databases: their columns have the same names.
TOTALS = """
    SELECT count(*) AS packages,
           count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE value IS NOT NULL AND pagu IS NOT NULL) AS with_value_and_pagu,
           sum(pagu) FILTER (WHERE value IS NOT NULL) AS pagu,
           sum(value) FILTER (WHERE pagu IS NOT NULL) AS value,
           sum(hps) FILTER (WHERE value IS NOT NULL) AS hps
    FROM packages
"""
FIELDS = (
    "name", "labels", "institution_name", "satker_name", "stage", "pagu", "hps", "value", "value_basis", "evaluation_text",
    "locations", "rup_codes",
)  # fmt: skip
# Of offers and schedules their number: how each of them is spelled differs from contestant to contestant.
COUNTED = {"offers": "jsonb_array_length(offers)", "stages": "jsonb_array_length(schedule)"}
ROWS = f"SELECT kind, code, {', '.join(FIELDS)}, {', '.join(f'{sql} AS {name}' for name, sql in COUNTED.items())} FROM packages"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Totals by whoever states them, and for each contestant and field in how many packages it differs from Rakor."""

    totals: dict[str, dict[str, Any]]
    differing: dict[str, dict[str, int]]
    packages: int

    @property
    def is_same(self) -> bool:
        first, *others = self.totals.values()
        return all(other == first for other in others)

    def as_dict(self) -> dict[str, Any]:
        return {"same_totals": self.is_same, "totals": self.totals, "differing_rows": self.differing}

    def show(self, console: Console) -> None:
        table = Table(title="Totals", box=box.SIMPLE_HEAD, title_justify="left")
        table.add_column("")
        for who in self.totals:
            table.add_column(who, justify="right")
        for name in next(iter(self.totals.values())):
            table.add_row(name.replace("_", " "), *(f"{totals[name]:,}" for totals in self.totals.values()))
        console.print(table)
        console.print("[green]The totals are the same.[/]" if self.is_same else "[red]The totals differ.[/]")
        for who, fields in self.differing.items():
            differing = ", ".join(f"{field} in {count}" for field, count in fields.items() if count)
            console.print(
                f"{who}, {len(fields)} fields of {self.packages} packages row by row: "
                + (f"different from Rakor's are {differing}." if differing else "all the same.")
            )
        console.print(
            "pyproc reads amounts into floats, and an empty cell as 0. The script around it makes decimals and nulls of them again,\n"
            "which is exact below 10^13 rupiah and while no amount is really 0. Rakor's amounts are decimals all the way.",
            soft_wrap=True,
        )


def compare(rakor: ServerUrls, scripts: dict[str, ServerUrls], truth: dict[str, Any]) -> Comparison:
    ours = _rows(rakor)
    rows = {who: _rows(urls) for who, urls in scripts.items()}
    differing = {
        who: {
            field: sum(
                _plain(ours.get(key, {}).get(field)) != _plain(theirs.get(key, {}).get(field)) for key in ours | theirs
            )
            for field in (*FIELDS, *COUNTED)
        }
        for who, theirs in rows.items()
    }
    totals = {"Rakor": _totals(rakor), **{who: _totals(urls) for who, urls in scripts.items()}}
    return Comparison(totals | {"the simulator's truth": _true_totals(truth)}, differing, len(ours))


def _totals(urls: ServerUrls) -> dict[str, Any]:
    with psycopg.connect(driver_url(urls.app, ""), row_factory=dict_row) as connection:
        row = connection.execute(TOTALS).fetchone()
    assert row is not None
    return row


def _true_totals(truth: dict[str, Any]) -> dict[str, Any]:
    return {
        "packages": truth["packages"],
        "completed": truth["completed"],
        "with_value_and_pagu": truth["by_pagu"]["packages"],
        "pagu": Decimal(truth["by_pagu"]["pagu"]),
        "value": Decimal(truth["by_pagu"]["value"]),
        "hps": Decimal(truth["by_hps"]["hps"]),
    }


def _rows(urls: ServerUrls) -> dict[tuple[str, str], dict[str, Any]]:
    with psycopg.connect(driver_url(urls.app, ""), row_factory=dict_row) as connection:
        return {(row["kind"], row["code"]): row for row in connection.execute(ROWS)}


def _plain(value: Any) -> Any:
    """Both leave out what is not there in their own way; spaces are no content."""
    if isinstance(value, str):
        return " ".join(value.split()) or None
    if isinstance(value, list):
        return [_plain(item) for item in value] or None
    return value
