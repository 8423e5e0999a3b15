"""What exports say of themselves over HTTP."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.exchange.exports.datasets import DatasetName
from app.exchange.exports.forms.protocol import Form
from app.exchange.exports.layout import Type
from app.exchange.feed.cursor import CURSOR
from app.kit.web.schema import Message, Schema

ExportState = Literal["queued", "preparing", "ready", "failed"]


class ExportColumnRead(Schema):
    """One column of a dataset."""

    name: Annotated[str, Field(description="Its name, as in the API.", examples=["pagu"])]
    type: Annotated[
        Type,
        Field(
            description="word: one of few. text, texts: what sources say. years: list of whole numbers. amount, sum: rupiah "
            "with two decimals. share: six decimals. days: one. moment: UTC.",
            examples=["amount"],
        ),
    ]
    description: Annotated[Message, Field(description="What it means.", examples=[{"id": "Pagu.", "en": "Budget."}])]


class ExportRead(Schema):
    """One dataset that can be taken away."""

    dataset: Annotated[DatasetName, Field(description="Its name, as in addresses.", examples=["packages"])]
    title: Annotated[Message, Field(description="Its title.", examples=[{"id": "Paket", "en": "Packages"}])]
    description: Annotated[
        Message,
        Field(description="What a row is.", examples=[{"id": "Satu baris per paket.", "en": "One per package."}]),
    ]
    key: Annotated[
        list[str],
        Field(description="The columns that name a row; empty where none do.", examples=[["node", "kind", "code"]]),
    ]
    columns: Annotated[
        list[ExportColumnRead], Field(description="In their order; those of statistics depend on the figure.")
    ]
    files: Annotated[
        dict[Form, str],
        Field(description="Where each form is.", examples=[{"csv": "/api/v1/exports/packages.csv"}]),
    ]
    table_schema: Annotated[
        str,
        Field(description="Frictionless Table Schema of the CSV.", examples=["/api/v1/exports/packages.schema.json"]),
    ]


class PreparedExportRead(Schema):
    """An export that is prepared as a file: what it is of, how far it has come, and how to tell that it came whole."""

    id: Annotated[uuid.UUID, Field(description="Its id.", examples=["1b4e28ba-2fa1-41d2-883f-0016d3cca427"])]
    dataset: Annotated[DatasetName, Field(description="Which dataset.", examples=["packages"])]
    form: Annotated[Form, Field(description="In which form.", examples=["parquet"])]
    question: Annotated[
        dict[str, Any],
        Field(description="What was asked for, filters among it.", examples=[{"wanted": {"fiscal_year": [2025]}}]),
    ]
    state: Annotated[ExportState, Field(description="Whether the file can be had.", examples=["ready"])]
    asked_at: Annotated[datetime, Field(description="When it was first asked for.")]
    finished_at: Annotated[datetime | None, Field(description="When it was ready, or had failed.")]
    expires_at: Annotated[datetime, Field(description="Until when it is kept.")]
    moment: Annotated[datetime | None, Field(description="All rows are as of this moment; null until it is ready.")]
    cursor: Annotated[
        str | None,
        Field(
            pattern=CURSOR,
            description="Where in the change feed to go on from here (`/changes?after=`); null until it is ready.",
            examples=["0000000100000000000002e400000000000000019f86d081"],
        ),
    ]
    rows: Annotated[int | None, Field(description="How many rows it has.", examples=[1000000])]
    bytes: Annotated[int | None, Field(description="How long the file is.", examples=[125829120])]
    sha256: Annotated[
        str | None,
        Field(
            description="SHA-256 of the file, in hexadecimal digits.",
            examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ]
    file: Annotated[
        str | None,
        Field(
            description="Where the file is; null until it is ready.",
            examples=["/api/v1/exports/prepared/1b4e28ba-2fa1-41d2-883f-0016d3cca427/file"],
        ),
    ]
