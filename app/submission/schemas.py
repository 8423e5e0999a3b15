"""What submissions look like over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from app.core.problems import Severity
from app.core.vocabulary import PackageKind
from app.kit.web.schema import Input, Message, Reason, Schema
from app.submission.forms.catalogue import Form

SubmissionState = Literal["received", "processing", "completed", "failed"]


class SubmissionCounts(Schema):
    """What became of the rows. seen = new + changed + unchanged + superseded + rejected + duplicate, always."""

    seen: int
    new: int
    changed: int
    unchanged: int
    superseded: Annotated[int, Field(description="Older than what the same source said already; kept, not shown.")]
    rejected: int
    duplicate: Annotated[int, Field(description="Said by another row of the same body.")]
    withdrawn: Annotated[int, Field(description="Packages that complete lists no longer show (not rows).")]


class SubmissionProgress(Schema):
    """How far a large body has come."""

    rows_done: int
    rows_total: Annotated[int | None, Field(description="Null until the body has been read once.")]


class SubmissionProblemRead(Schema):
    """One thing wrong with one row (row 0: with the body or its heading), and where it stands."""

    code: Annotated[str, Field(examples=["amount-ambiguous"])]
    severity: Severity
    node: Annotated[str, Field(examples=["surabaya"])]
    kind: Annotated[str | None, Field(examples=["tender"])]
    package: Annotated[str | None, Field(examples=["10102584000"])]
    row: Annotated[int, Field(description="Rows count from 1; in a table it is the sheet's own row.", examples=[12])]
    pointer: Annotated[str | None, Field(description="JSON pointer into the row.", examples=["/pagu"])]
    cell: Annotated[str | None, Field(examples=["F12"])]
    field: Annotated[str | None, Field(examples=["pagu"])]
    value: Annotated[str | None, Field(description="The offending text, shortened.", examples=["1.500"])]
    message: Message


class SubmissionRead(Schema):
    """One pushed batch and what became of it: the receipt."""

    id: Annotated[int | None, Field(description="Null for a dry run that was answered at once: nothing of it is kept.")]
    node: Annotated[str, Field(examples=["surabaya"])]
    schema_: Annotated[str, Field(alias="schema", examples=["rakor-package"])]
    form: Form
    state: Annotated[
        SubmissionState,
        Field(
            description="completed: every row was judged. failed: the body could not be read to its end, or was given up; "
            "`problems` say why, and `counts` what was taken in before."
        ),
    ]
    sha256: Annotated[str, Field(description="Of the body as received.", min_length=64, max_length=64)]
    bytes: Annotated[int, Field(description="Of the body as received.")]
    fiscal_year: Annotated[int | None, Field(description="Of rows that state none.", examples=[2025])]
    kind: Annotated[PackageKind | None, Field(description="Of rows that state none.")]
    complete: Annotated[
        bool, Field(description="Whether the sender says that nothing of that year and kind is missing.")
    ]
    dry_run: bool
    idempotency_key: str | None
    counts: SubmissionCounts
    progress: SubmissionProgress
    problems: Annotated[int, Field(description="How many problems there are.")]
    problem_codes: Annotated[dict[str, int], Field(examples=[{"amount-ambiguous": 2}])]
    first_problems: list[SubmissionProblemRead]
    caller: Annotated[str, Field(description="Name of the key that sent it.", examples=["Pekerjaan malam Contoh"])]
    received_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RowSchemaRead(Schema):
    """One row schema that bodies may be written in."""

    name: Annotated[str, Field(examples=["rakor-package"])]
    title: Message
    template: Annotated[str, Field(examples=["/api/v1/submission-schemas/rakor-package/template.xlsx"])]
    json_schema: Annotated[str, Field(examples=["/api/v1/submission-schemas/rakor-package"])]


class SubmissionWithdrawalCreate(Input):
    """Confirm that what a complete list lacks is really gone."""

    reason: Reason
    dry_run: Annotated[StrictBool, Field(description="Only say what would be withdrawn.")] = False


class SubmissionWithdrawalRead(Schema):
    """The packages that a complete list lacks, and whether they were withdrawn."""

    submission: int
    dry_run: bool
    packages: Annotated[int, Field(description="How many packages the decision is about.")]
    withdrawn: Annotated[int, Field(description="How many of them changed by it.")]
    decided_at: datetime | None
    sample: Annotated[list[dict[str, Any]], Field(description="Up to a hundred of them.", examples=[[]])]
