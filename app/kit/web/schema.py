"""Building blocks of what travels over HTTP: amounts, ratios, pages and problems as clients see them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.core.dates import end_of_day
from app.core.text import is_storable
from app.kit.clock import utc_now
from app.kit.paging import CODE_CURSOR, DEFAULT_LIMIT, MAX_LIMIT, NUMBER_CURSOR


class Schema(BaseModel):
    """What travels outward. No defaults, so that generated clients see every field as present."""

    may_be_sparse: ClassVar[bool] = False
    """Whether a reader may name the fields that it wants (`fields=`): of a page, those of its items."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())


class Input(BaseModel):
    """What travels inward. An unknown field is refused: a misspelt one would be silently ignored otherwise."""

    model_config = ConfigDict(extra="forbid")


def _is_number(value: object) -> object:
    if isinstance(value, bool | str):
        msg = "must be a number"
        raise ValueError(msg)  # noqa: TRY004 (pydantic turns a ValueError into a refusal)
    return value


def _is_storable(text: str) -> str:
    if not is_storable(text):
        msg = "must hold no character that cannot be stored"
        raise ValueError(msg)
    return text


Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=1000),
    AfterValidator(_is_storable),
    Field(examples=["Paket dihapus oleh LPSE, surat no. 1/contoh"]),
]
"""Why a person decided so; it is kept with the decision."""

# In a body `true` is not 1 and `"1"` is not 1: whoever mixes them up means something else.
WholeNumber = Annotated[int, BeforeValidator(_is_number)]

# Answers are written by kit.json, which prints a Decimal as a number; the contract must say number, not string.
Amount = Annotated[
    Decimal, WithJsonSchema({"type": "number", "description": "Rupiah, exact to the sen.", "examples": [165146000.00]})
]
Ratio = Annotated[
    Decimal,
    WithJsonSchema(
        {"type": "number", "description": "A share, six decimals; 0.071234 is 7.1234 %.", "examples": [0.071234]}
    ),
]
OptionalAmount = Annotated[
    Decimal | None,
    WithJsonSchema(
        {
            "type": ["number", "null"],
            "description": "Rupiah, exact to the sen; null when unknown.",
            "examples": [165146000.00],
        }
    ),
]
OptionalRatio = Annotated[
    Decimal | None,
    WithJsonSchema(
        {
            "type": ["number", "null"],
            "description": "A share, six decimals; null when there is nothing to divide by.",
            "examples": [0.071234],
        }
    ),
]

# pydantic would read a bare number as seconds since 1970, which nobody means here.
_MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")


def _written_out(value: object) -> object:
    if not isinstance(value, str) or _MOMENT.match(value) is None:
        msg = "write it as 2025-01-01T00:00:00+07:00 (the + as %2B)"
        raise ValueError(msg)
    return value


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        msg = "needs an offset, for example 2025-01-01T00:00:00+07:00"
        raise ValueError(msg)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        msg = "lies outside the years 1 to 9999 in UTC"
        raise ValueError(msg) from error


Moment = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_aware)]
MomentBound = Annotated[
    Moment | None,
    Query(description="A moment with its offset; “from” is inclusive, “before” is not."),
]

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
# For the contract only: what has this form is a day and a moment that there are.
_A_DAY = "20[0-9]{2}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_A_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"


def _then(value: object) -> object:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return end_of_day(date.fromisoformat(value))
    if not isinstance(value, str) or _MOMENT.match(value) is None:
        msg = "write it as 2025-01-31 or as 2025-01-01T00:00:00+07:00 (the + as %2B)"
        raise ValueError(msg)
    return value


def _come(moment: datetime) -> datetime:
    return min(moment, utc_now())


AsOf = Annotated[
    Annotated[
        datetime,
        BeforeValidator(_then),
        AfterValidator(_aware),
        AfterValidator(_come),
    ]
    | None,
    # One text: of alternatives between formats some generated clients make what they cannot send.
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_A_DAY}({_A_TIME})?$"}, {"type": "null"}]}),
    Query(
        description="As the hub knew it then: a moment with its offset, or a date, meaning the end of that day in WIB. "
        "What has not come yet means now.",
        examples=["2026-01-31"],
    ),
]
"""A moment in UTC that has passed, or nothing."""

Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """One page of a list. Ask again with `after` set to `next` until `next` is null."""

    may_be_sparse: ClassVar[bool] = True

    items: list[Item]
    next: Annotated[
        str | None, Field(description="Cursor of the next page; null on the last one.", examples=["000000000000002a"])
    ]


class Message(Schema):
    """A sentence for a person, in both languages."""

    id: Annotated[str, Field(description="Bahasa Indonesia.")]
    en: Annotated[str, Field(description="English.")]


class FieldProblem(Schema):
    """Where exactly a request is wrong."""

    pointer: Annotated[str, Field(examples=["/query/limit"])]
    code: Annotated[str, Field(examples=["less_than_equal"])]
    detail: Annotated[str, Field(examples=["Input should be less than or equal to 1000"])]


class Problem(BaseModel):
    """An error, by RFC 9457. `code` is stable; `request_id` finds the request in the log."""

    type: Annotated[str, Field(examples=["/problems#node-not-found"])]
    title: Annotated[str, Field(examples=["Node not found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["No node is registered as “atlantis”."])]
    instance: Annotated[str, Field(examples=["/api/v1/nodes/atlantis"])]
    code: Annotated[str, Field(examples=["node-not-found"])]
    message: Message
    request_id: str | None
    errors: list[FieldProblem] | None = None


Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items a page holds at most.")]
# The form stands in the contract only: what does not have it is answered by `cursor-invalid`, not as a misspelt field.
_CURSOR = "The `next` of the page before."
After = Annotated[
    str | None,
    Query(description=_CURSOR, json_schema_extra={"pattern": NUMBER_CURSOR}, examples=["000000000000002a"]),
]
AfterCode = Annotated[
    str | None,
    Query(description=_CURSOR, json_schema_extra={"pattern": CODE_CURSOR}, examples=["73757261626179"]),
]
DEFAULT_PAGE = DEFAULT_LIMIT

JSONObject = dict[str, Any]
