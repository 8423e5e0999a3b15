"""What a node's own statement looks like over HTTP, on its way in and out."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from app.core.problems import Severity
from app.core.vocabulary import PackageKind
from app.kit.web.exact_body import AmountIn, SignedAmountIn
from app.kit.web.schema import Input, Message, OptionalAmount, Schema, WholeNumber
from app.statistics.reported import TOTALS, Statement, Totals

# Control characters, line ends, and the marks that make text read otherwise than it is stored.
_MARKS = r"\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_UNSEEN = rf"\x00-\x1f\x7f-\x9f{_MARKS}"
_LINE = rf"^[^\s{_UNSEEN}]([^{_UNSEEN}]*[^\s{_UNSEEN}])?$"
_TEXT = rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_MARKS}]+$"
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    # pydantic would take a number for seconds since 1970, and midnight of a moment for its day.
    if value is not None and not (isinstance(value, str) and _DATE.fullmatch(value)):
        msg = "write it as 2026-01-31"
        raise ValueError(msg)
    return value


MOST_PACKAGES = 2_000_000_000
CountIn = Annotated[
    WholeNumber,
    Field(ge=0, le=MOST_PACKAGES),
    # pydantic does not publish bounds that stand behind a validator of ours.
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_PACKAGES, "examples": [412]}),
]
DayIn = Annotated[date | None, BeforeValidator(_day)]
_STATES_SOMETHING: dict[str, Any] = {
    "anyOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in TOTALS]
}


class TotalsWrite(Input):
    """Totals; at least one of them is stated, the others may be null or absent."""

    model_config = ConfigDict(json_schema_extra=_STATES_SOMETHING)

    packages: CountIn | None = None
    pagu: AmountIn = None
    hps: AmountIn = None
    value: AmountIn = None
    savings: SignedAmountIn = None

    @model_validator(mode="after")
    def _states_something(self) -> Self:
        if all(getattr(self, name) is None for name in TOTALS):
            msg = f"state at least one of {', '.join(TOTALS)}"
            raise ValueError(msg)
        return self

    def totals(self) -> Totals:
        return Totals(**{name: getattr(self, name) for name in TOTALS})


class SourceDocumentWrite(Input):
    """The document that the figures stand in."""

    title: Annotated[
        str,
        StringConstraints(max_length=300, pattern=_LINE),
        Field(examples=["Laporan Kinerja Instansi Pemerintah Tahun 2025 (contoh)"]),
    ]
    url: Annotated[
        str | None,
        StringConstraints(max_length=500, pattern="^https?://[!-~]+$"),
        Field(examples=["https://contoh.example/lkip-2025.pdf"]),
    ] = None
    number: Annotated[
        str | None, StringConstraints(max_length=100, pattern=_LINE), Field(examples=["000/123/CONTOH/2026"])
    ] = None
    dated_on: DayIn = None


class ReportedFiguresWrite(TotalsWrite):
    """What a node states of a fiscal year. It replaces the statement before, which stays in the history."""

    savings_base: Annotated[
        Literal["pagu", "hps"] | None, Field(description="What the savings are counted against, if the node says so.")
    ] = None
    kinds: Annotated[
        dict[PackageKind, TotalsWrite], Field(description="The same by kind, as far as it is stated.")
    ] = {}  # noqa: RUF012 (pydantic copies defaults)
    source_document: SourceDocumentWrite | None = None
    stated_on: Annotated[DayIn, Field(description="The day on which the figures stood so, by the node's word.")] = None
    note: Annotated[
        str | None,
        StringConstraints(max_length=2000, pattern=_TEXT),
        Field(description="Public; what identifies a person is masked."),
    ] = None

    def statement(self) -> Statement:
        document = self.source_document
        return Statement(
            totals=self.totals(),
            kinds={kind.value: totals.totals() for kind, totals in self.kinds.items()},
            savings_base=self.savings_base,
            source_document=None if document is None else document.model_dump(mode="json"),
            stated_on=self.stated_on,
            note=self.note,
        )


class TotalsRead(Schema):
    """What was stated; null is not stated."""

    packages: Annotated[int | None, Field(examples=[412])]
    pagu: OptionalAmount
    hps: OptionalAmount
    value: OptionalAmount
    savings: OptionalAmount


class SourceDocumentRead(Schema):
    """The document that the figures stand in."""

    title: str
    url: str | None
    number: str | None
    dated_on: date | None


class RemarkRead(Schema):
    """Where a statement contradicts itself; it is kept all the same."""

    code: Annotated[str, Field(examples=["savings-contradict"])]
    severity: Severity
    kind: PackageKind | None
    field: Annotated[str | None, Field(examples=["pagu"])]
    value: Annotated[str | None, Field(examples=["30.00 ≠ 100.00 − 80.00"])]
    message: Message


class ReportedFiguresRead(TotalsRead):
    """What a node states of itself, as it was received. The hub's own figures are under /statistics."""

    node: Annotated[str, Field(examples=["surabaya"])]
    fiscal_year: Annotated[int, Field(examples=[2025])]
    revision: Annotated[int, Field(description="Counts the statements of this year from 1.", examples=[1])]
    savings_base: Literal["pagu", "hps"] | None
    kinds: dict[PackageKind, TotalsRead]
    source_document: SourceDocumentRead | None
    stated_on: date | None
    note: str | None
    stated_by: Annotated[
        Literal["node", "province"], Field(description="Whose key it came with: the node's own, or the province's.")
    ]
    received_at: datetime
    remarks: list[RemarkRead]


def amounts(totals: Totals) -> dict[str, int | Decimal | None]:
    return {name: getattr(totals, name) for name in TOTALS}
