"""One page of a feed, believed only as far as its digest and its order go. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from app.kit.http.digests import stated_sha256

_CURSOR = re.compile("[0-9a-f]{48}")
_PLACE = slice(40)
"""Of a cursor: epoch, transaction and number, which grow; what follows is a check."""


class PageBroken(Exception):
    """What came is no page of a feed that can be believed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One change as it was sent."""

    cursor: str
    at: str
    entity: str
    key: str
    version: int | None
    op: str
    text: str
    sha256: bytes

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Epoch, transaction, number."""
        return int(self.cursor[:8], 16), int(self.cursor[8:24], 16), int(self.cursor[24:40], 16)


@dataclass(frozen=True, slots=True)
class Page:
    items: Sequence[Item]
    next: str
    more: bool


class _Thing(msgspec.Struct):
    """What things are known by, whichever they are."""

    node: str | None = None
    kind: str | None = None
    code: str | None = None
    slug: str | None = None
    id: int | None = None
    fiscal_year: int | None = None


class _Line(msgspec.Struct):
    cursor: str
    at: str
    entity: str
    op: str
    version: int | None = None
    package: _Thing | None = None
    node: _Thing | None = None
    run: _Thing | None = None
    reported_figures: _Thing | None = None


_decoder = msgspec.json.Decoder(_Line)


def read_page(body: bytes, headers: Mapping[str, str], *, after: str, most: int) -> Page:
    """Raises PageBroken where digest, form, order or length are not what a feed promises."""
    following, more = headers.get("x-next-cursor", ""), headers.get("x-more", "")
    stated = stated_sha256(headers)
    if _CURSOR.fullmatch(following) is None or more not in {"true", "false"} or stated is None:
        raise PageBroken("the answer has no cursor and digest, as pages of a feed have")
    if hashlib.sha256(body).digest() != stated:
        raise PageBroken("the page is not what its digest says")
    if body and not body.endswith(b"\n"):
        raise PageBroken("the page ends within a line")
    lines = body.split(b"\n")[:-1]
    if len(lines) > most:
        raise PageBroken(f"the page has {len(lines)} changes where {most} were asked for")
    items = [_item(line) for line in lines]
    places = [after[_PLACE], *(item.cursor[_PLACE] for item in items)]
    if any(later <= earlier for earlier, later in pairwise(places)):
        raise PageBroken("the changes of the page are not in the order of the feed")
    if items and items[-1].cursor != following:
        raise PageBroken("the page leads on from another place than its last change")
    if more == "true" and not items:
        raise PageBroken("the feed goes on, but its page is empty")
    return Page(items, following, more == "true")


def _item(line: bytes) -> Item:
    try:
        read, text = _decoder.decode(line), line.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PageBroken(f"a line of the page cannot be read: {error}") from error
    if _CURSOR.fullmatch(read.cursor) is None:
        raise PageBroken("a change of the page has no cursor")
    return Item(
        read.cursor, read.at, read.entity, _key(read), read.version, read.op, text, hashlib.sha256(line).digest()
    )


def _key(read: _Line) -> str:
    """By what a thing is known. A kind of thing that is not known here is kept in the log alone."""
    parts: tuple[Any, ...]
    match read.entity:
        case "package":
            parts = (read.package.node, read.package.kind, read.package.code) if read.package else (None,)
        case "node":
            parts = (read.node.slug,) if read.node else (None,)
        case "run":
            parts = (read.run.id,) if read.run else (None,)
        case "reported_figures":
            parts = (
                (read.reported_figures.node, read.reported_figures.fiscal_year) if read.reported_figures else (None,)
            )
        case _:
            parts = ()
    if None in parts:
        raise PageBroken(f"a change tells of no {read.entity}")
    return "/".join(str(part) for part in parts)
