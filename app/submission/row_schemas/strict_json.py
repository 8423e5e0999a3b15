"""One row of JSON read to the letter: numbers as they are written, names that come twice, characters nobody sees."""

import json
import re
from collections.abc import Container
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.text import HIDDEN_CHARACTERS
from app.submission.row_schemas.findings import Findings, pointer_to

MAX_DEPTH = 32
"""How deep a row may be nested: six levels is the most that anybody's schema has."""

_HIDDEN = re.compile(f"[{HIDDEN_CHARACTERS}]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it is written; also NaN and the infinities, which are none."""

    text: str

    def __str__(self) -> str:
        return self.text


class Members(dict[str, Any]):
    """A JSON object, and the names that came more than once in it."""

    twice: tuple[str, ...] = ()


def read_row(content: bytes, found: Findings, *, known: Container[str] | None = None) -> Members | None:
    """The row's object; None, and a finding, where there is none. All text in it was looked at, and every name.

    `known` are the row's fields that are read: what stands in others is nobody's concern.
    """
    try:
        value = _DECODER.decode(content.decode())
    except UnicodeDecodeError as error:
        found.add("json-unreadable", "", f"UTF-8, byte {error.start + 1}")
        return None
    except json.JSONDecodeError as error:
        found.add("json-unreadable", "", f"{error.msg}, {error.pos + 1}: {content[max(0, error.pos - 20) :][:60]!r}")
        return None
    except RecursionError:
        found.add("json-too-deep", "")
        return None
    if not isinstance(value, Members):
        found.add("json-not-object", "", shown(value))
        return None
    if known is not None:
        kept = Members({name: item for name, item in value.items() if name in known})
        kept.twice = tuple(name for name in value.twice if name in known)
        value = kept
    _inspect(value, "", 1, found)
    return value


def _members(pairs: list[tuple[str, Any]]) -> Members:
    members = Members(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        members.twice = tuple(name for name in members if names.count(name) > 1)
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=Number, parse_int=Number, parse_constant=Number)


def _inspect(value: Any, pointer: str, depth: int, found: Findings) -> None:
    if isinstance(value, str):
        check_text(value, pointer, found)
    elif isinstance(value, dict | list) and depth > MAX_DEPTH:
        found.add("json-too-deep", pointer)
    elif isinstance(value, Members):
        for name in value.twice:
            found.add("key-twice", pointer_to(pointer, name), shown(value[name]))
        for name, item in value.items():
            check_text(name, pointer_to(pointer, name), found)
            _inspect(item, pointer_to(pointer, name), depth + 1, found)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _inspect(item, pointer_to(pointer, position), depth + 1, found)


def check_text(text: str, pointer: str, found: Findings) -> None:
    if text.isprintable() and text.isascii():
        return
    if _UNSTORABLE.search(text):
        found.add("text-unstorable", pointer, text)
    elif _HIDDEN.search(text):
        found.add("text-hidden-characters", pointer, text)


def _plain(value: Any) -> object:
    """Any JSON value as something that can be shown."""
    if isinstance(value, dict):
        return {name: _plain(item) if not isinstance(item, dict | list) else "…" for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) if not isinstance(item, dict | list) else "…" for item in value[:20]]
    return value.text if isinstance(value, Number) else value


def shown(value: Any) -> str:
    """A JSON value as the sender wrote it, or nearly."""
    if isinstance(value, Number) or value:
        return str(value) if isinstance(value, Number | str) else json.dumps(_plain(value), ensure_ascii=False)
    return json.dumps(_plain(value), ensure_ascii=False)


_INTEGER = re.compile(r"-?[0-9]{1,40}")
_SEN = re.compile(r"-?[0-9]{1,40}\.[0-9]{1,2}")


def exact(value: Any) -> Any:
    """The same with plain numbers: whole ones and such with two decimals at most; all others are left as texts."""
    if isinstance(value, Number):
        if _INTEGER.fullmatch(value.text):
            return int(value.text)
        return Decimal(value.text) if _SEN.fullmatch(value.text) else value.text
    if isinstance(value, dict):
        return {name: exact(item) for name, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, list) else value
