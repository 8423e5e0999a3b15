"""What runs look like over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from app.core.problems import Severity
from app.core.vocabulary import Interface, PackageKind
from app.kit.web.schema import Input, Message, Reason, Schema, WholeNumber
from app.registry.schemas import ProvinceCode

RunState = Literal["queued", "running", "completed", "incomplete", "drift", "failed", "cancelled"]
FiscalYear = Annotated[WholeNumber, Field(ge=2000, le=2100, examples=[2025])]


class RunCreate(Input):
    """Which packages of a node to collect."""

    fiscal_year: FiscalYear
    kinds: Annotated[
        list[PackageKind] | None,
        Field(description="Only these kinds; all that the interface offers by default.", min_length=1),
    ] = None
    interface: Annotated[
        Interface | None, Field(description="By which interface; the node's first endpoint by default.")
    ] = None
    full: Annotated[
        StrictBool, Field(description="Read the details of every package again, also of those that look unchanged.")
    ] = False


class RunCounts(Schema):
    """What became of the rows. seen = new + changed + unchanged + superseded + rejected + duplicate, always."""

    seen: int
    new: int
    changed: int
    unchanged: int
    superseded: int
    rejected: int
    duplicate: int
    withdrawn: int


class RunRead(Schema):
    """One attempt to collect a node's packages of one fiscal year."""

    id: int
    node: Annotated[str, Field(examples=["surabaya"])]
    batch: Annotated[int | None, Field(description="The run batch it belongs to.")]
    fiscal_year: FiscalYear
    interface: Interface
    kinds: list[PackageKind]
    full: bool
    state: Annotated[
        RunState,
        Field(
            description="completed: everything was read. incomplete: something could not be read, nothing was removed. "
            "drift: answers no longer have the known shape. failed: refused, unreachable, or a fault of the hub."
        ),
    ]
    origin: Annotated[str, Field(description="request, batch or schedule.", examples=["request"])]
    attempt: Annotated[int, Field(description="How many times a worker has taken it up.")]
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    listed: Annotated[int, Field(description="Rows the node's lists have shown so far.")]
    counts: RunCounts
    requests: Annotated[int, Field(description="Requests made to the node.")]
    problems: Annotated[int, Field(description="How many problems the run has.")]


class ProblemRead(Schema):
    """One thing wrong with one record, or with the run itself."""

    code: Annotated[str, Field(examples=["amount-unreadable"])]
    severity: Severity
    node: Annotated[str, Field(examples=["surabaya"])]
    kind: PackageKind | None
    package: Annotated[str | None, Field(examples=["10102584000"])]
    field: Annotated[str | None, Field(examples=["pagu"])]
    value: Annotated[str | None, Field(description="The offending text, shortened.", examples=["Rp. 1,5 M"])]
    message: Message
    at: datetime


class WithdrawalCreate(Input):
    """Confirm that what a shrunken list no longer shows is really gone."""

    reason: Reason
    dry_run: Annotated[StrictBool, Field(description="Only say what would be withdrawn.")] = False


class WithdrawalRead(Schema):
    """The packages that a run's lists no longer showed, and whether they were withdrawn."""

    run: int
    dry_run: bool
    packages: Annotated[int, Field(description="How many packages the decision is about.")]
    withdrawn: Annotated[
        int, Field(description="How many of them changed by it; those another source still shows, do not vanish.")
    ]
    decided_at: datetime | None
    sample: Annotated[list["PackageKey"], Field(description="Up to a hundred of them, in order.")]


class PackageKey(Schema):
    """By what a package is known within a node."""

    kind: PackageKind
    code: Annotated[str, Field(examples=["10102584000"])]


class RunBatchCreate(Input):
    """Collect all active nodes of a province."""

    province: ProvinceCode
    fiscal_year: Annotated[FiscalYear | None, Field(description="One year; or give fiscal_years.")] = None
    fiscal_years: Annotated[list[FiscalYear], Field(max_length=20, default_factory=list)]
    full: StrictBool = False


class RunBatchRead(Schema):
    """A collection of all nodes of a province, with its progress."""

    id: int
    province: ProvinceCode
    fiscal_years: list[int]
    requested_at: datetime
    finished_at: Annotated[
        datetime | None, Field(description="When the last of its runs ended; null while any is unfinished.")
    ]
    nodes: int
    runs: int
    queued: int
    running: int
    completed: int
    unsuccessful: Annotated[int, Field(description="Runs that ended incomplete, in drift, failed or cancelled.")]
    listed: int
    counts: RunCounts
    requests: int
    problems: int
