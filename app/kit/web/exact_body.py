"""Bodies whose numbers count: read exactly as they are written, or refused; nothing passes through a float."""

import json
import re
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Annotated, Any, cast

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, WithJsonSchema
from starlette.responses import Response

from app.core.money import MAX_AMOUNT

_SURROGATE = re.compile("[\ud800-\udfff]")


class NumberWithExponent(str):
    """A number written as 1e6. It is valid JSON and no way to write an amount: it stays the text that it was."""

    __slots__ = ()


def read_exactly(body: bytes) -> Any:
    """JSON with decimals as they are written; a key that stands twice or half a character is no JSON that we take."""
    try:
        return json.loads(
            body.decode(),
            parse_float=_as_written,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError:
        raise
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise json.JSONDecodeError(str(error), "", 0) from error


def _as_written(number: str) -> Decimal | NumberWithExponent:
    return NumberWithExponent(number) if "e" in number.lower() else Decimal(number)


def _refuse(word: str) -> Any:
    msg = f"{word} is not a number"
    raise ValueError(msg)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a key stands twice in one object"
        raise ValueError(msg)
    if any(_SURROGATE.search(key) for key in found):
        msg = "a key holds half a character"
        raise ValueError(msg)
    return found


class _ExactRequest(Request):
    async def json(self) -> Any:
        return read_exactly(await self.body())


class ExactRoute(APIRoute):
    """A route that reads its JSON body by `read_exactly`: `APIRouter(route_class=ExactRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            try:
                return await handle(_ExactRequest(request.scope, request.receive))
            except RequestValidationError as error:
                raise RequestValidationError([_with_reason(item) for item in error.errors()]) from error

        return handle_exactly


def _with_reason(error: dict[str, Any]) -> dict[str, Any]:
    """FastAPI says only that the JSON is broken; the sender wants to know how."""
    return {**error, "msg": error["ctx"]["error"]} if error["type"] == "json_invalid" else error


def _exact_amount(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, NumberWithExponent):
        msg = "write the amount out, without an exponent"
        raise ValueError(msg)  # noqa: TRY004 (pydantic turns a ValueError into a refusal)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        msg = "must be a number, not text: 1500000 or 1500000.50"
        raise ValueError(msg)  # noqa: TRY004 (as above)
    amount = Decimal(value)
    if cast("int", amount.as_tuple().exponent) < -2:
        # 1.500 may be meant as one thousand five hundred.
        msg = "has more than two decimals"
        raise ValueError(msg)
    if abs(amount) > MAX_AMOUNT:
        msg = f"is beyond {MAX_AMOUNT}"
        raise ValueError(msg)
    # Adding zero turns -0.00 into 0.00.
    return amount.quantize(_SEN) + 0


def _not_negative(value: object) -> object:
    amount = _exact_amount(value)
    if isinstance(amount, Decimal) and amount < 0:
        msg = "must not be negative"
        raise ValueError(msg)
    return amount


_SEN = Decimal("0.01")


def _schema(least: dict[str, int]) -> dict[str, Any]:
    """What a client may send, said so that no client writes it with an exponent.

    Many write a float from 10^16 on as 1e16. Whole amounts may be larger, and so may those with sen by who can write them.
    """
    return {
        "anyOf": [
            {"type": "integer", **least, "exclusiveMaximum": 10**18},
            {"type": "number", **least, "multipleOf": 0.01, "exclusiveMaximum": 10**16},
            {"type": "null"},
        ],
        "description": "Rupiah: a number written out, with at most two decimals.",
        "examples": [165146000.50],
    }


SignedAmountIn = Annotated[
    Decimal | None, BeforeValidator(_exact_amount), WithJsonSchema(_schema({"exclusiveMinimum": -(10**16)}))
]
AmountIn = Annotated[Decimal | None, BeforeValidator(_not_negative), WithJsonSchema(_schema({"minimum": 0}))]
