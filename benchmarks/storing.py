"""The two tables into which the scripts around pyproc and Scrapy write: the fields of a package that Rakor shows, and its awards."""

import json
from decimal import Decimal
from typing import Any

import psycopg

BATCH = 100

SCHEMA = """
    CREATE TABLE IF NOT EXISTS packages (
        kind text, code text, name text, labels text[], institution_name text, satker_name text, category_text text,
        method_text text, evaluation_text text, contract_type text, locations text[], status text, stage text,
        reason text, fiscal_years text, fund_sources text[], rup_codes text[], pagu numeric(20,2), hps numeric(20,2),
        value numeric(20,2), value_basis text, participants integer, created_on text, offers jsonb, schedule jsonb,
        PRIMARY KEY (kind, code)
    );
    CREATE TABLE IF NOT EXISTS awards (
        kind text, code text, position integer, supplier_name text, npwp text, address text, contract_value numeric(20,2),
        negotiated_value numeric(20,2), corrected_value numeric(20,2), bid_value numeric(20,2), pdn_value numeric(20,2),
        umk_value numeric(20,2), PRIMARY KEY (kind, code, position)
    );
"""
PACKAGE_COLUMNS = (
    "kind", "code", "name", "labels", "institution_name", "satker_name", "category_text", "method_text",
    "evaluation_text", "contract_type", "locations", "status", "stage", "reason", "fiscal_years", "fund_sources",
    "rup_codes", "pagu", "hps", "value", "value_basis", "participants", "created_on", "offers", "schedule",
)  # fmt: skip
AWARD_COLUMNS = (
    "kind", "code", "position", "supplier_name", "npwp", "address", "contract_value", "negotiated_value",
    "corrected_value", "bid_value", "pdn_value", "umk_value",
)  # fmt: skip
BASES = ("contract", "negotiated", "corrected", "bid")


def upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    names = ", ".join(columns)
    values = ", ".join(f"%({column})s" for column in columns)
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


UPSERT_PACKAGES = upsert("packages", PACKAGE_COLUMNS, ("kind", "code"))
UPSERT_AWARDS = upsert("awards", AWARD_COLUMNS, ("kind", "code", "position"))

Read = tuple[dict[str, Any], list[dict[str, Any]]]
"""A package and its awards."""


def store(connection: psycopg.Connection[Any], read: list[Read]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(UPSERT_PACKAGES, [package for package, _awards in read])
        if awards := [award for _package, awards in read for award in awards]:
            cursor.executemany(UPSERT_AWARDS, awards)


def agreed(awards: list[dict[str, Any]]) -> tuple[Decimal | None, str | None]:
    """The sum over all winners by the first basis that each of them has."""
    for basis in BASES:
        amounts = [award[f"{basis}_value"] for award in awards]
        if awards and None not in amounts:
            return sum(amounts, Decimal(0)), basis
    return None, None


def as_json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
