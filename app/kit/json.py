"""JSON with exact numbers: decimals are read and written as numbers, never through a float."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from pydantic import BaseModel


def iso_utc(moment: datetime) -> str:
    """One spelling for one moment: 2026-11-22T03:04:05.678901Z."""
    return moment.astimezone(UTC).isoformat()[: -len("+00:00")] + "Z"


def _encode_other(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.__dict__
    msg = f"{type(value).__name__} has no JSON form"
    raise NotImplementedError(msg)


_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_encode_other)
_sorted_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_encode_other, order="deterministic")


def dumps(value: Any) -> bytes:
    """Encode; Decimal becomes a JSON number with exactly its digits, moments ISO 8601."""
    return _encoder.encode(value)


def dumps_text(value: Any) -> str:
    return _encoder.encode(value).decode()


def dumps_canonical(value: Any) -> bytes:
    """Encode with sorted keys and normalised amounts, so that equal meanings give equal bytes."""
    return _sorted_encoder.encode(normalised(value))


def dumps_sorted(value: Any) -> bytes:
    """The same of what is normalised already."""
    return _sorted_encoder.encode(value)


def loads(text: str | bytes) -> Any:
    """Decode; a number with a fraction or exponent becomes a Decimal."""
    return _decoder.decode(text)


_SEN = Decimal("0.01")
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def normalised(value: Any) -> Any:
    """The same meaning as `loads` would give it back: amounts with two decimals, moments in UTC, no types of our own."""
    # Exact types first: nearly everything is one of a few, and every record passes here.
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return {key: item if type(item) in _AS_THEY_ARE else normalised(item) for key, item in value.items()}
    if kind is list:
        return [item if type(item) in _AS_THEY_ARE else normalised(item) for item in value]
    if kind is Decimal:
        return value.quantize(_SEN)
    match value:
        case str():
            return str.__str__(value)
        case datetime():
            return iso_utc(value)
        case date():
            return value.isoformat()
        case Decimal():
            return value.quantize(_SEN)
        case dict():
            return {key: normalised(item) for key, item in value.items()}
        case list() | tuple():
            return [normalised(item) for item in value]
        case _:
            return value


_decoder = msgspec.json.Decoder(float_hook=Decimal)
