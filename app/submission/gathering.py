"""Rows of one package brought together, however far apart they stand in a body, in little memory."""

import pickle
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from app.core.problems import Problem
from app.submission.rows import BodyRow, BrokenRow, RowProblem, RowReading

MAX_GROUP_ROWS = 5000
"""More rows than this do not make one package; they would only fill our memory."""

Row = BodyRow | BrokenRow


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one package; `repeated` more said the same to the byte. `refusal` says why they are not read at all."""

    rows: tuple[Row, ...]
    repeated: int = 0
    refusal: RowReading | None = None


def gather(rows: Iterable[Row], key_of: Callable[[Row], str | RowReading]) -> Iterator[Group]:
    """Bring rows together by their package, in the order of the packages' keys. What has no key comes first, as refused.

    The rows are sorted in a temporary database on disk (an empty name asks SQLite for one), so that memory stays flat.
    """
    with closing(sqlite3.connect("")) as disk:
        disk.execute("CREATE TABLE rows (key TEXT NOT NULL, number INTEGER NOT NULL, row BLOB NOT NULL)")
        disk.execute("PRAGMA cache_size = -16000")
        for row in rows:
            key = key_of(row)
            if isinstance(key, RowReading):
                yield Group((row,), refusal=key)
                continue
            disk.execute("INSERT INTO rows VALUES (?, ?, ?)", (key, row.number, pickle.dumps(row)))
        found = disk.execute("SELECT key, row FROM rows ORDER BY key, number, rowid")
        for key, members in groupby(found, key=itemgetter(0)):
            yield _group(key, members)


def _group(key: str, members: Iterable[tuple[str, bytes]]) -> Group:
    kept: list[BodyRow] = []
    contents: set[object] = set()
    repeated = total = 0
    for _key, stored in members:
        total += 1
        if total > MAX_GROUP_ROWS:
            continue
        row: BodyRow = pickle.loads(stored)  # noqa: S301 (written by this process a moment ago, in a file of its own)
        content = row.content if isinstance(row.content, bytes) else tuple((k, c.value) for k, c in row.content.items())
        if content in contents:
            repeated += 1
            continue
        contents.add(content)
        kept.append(row)
    if total > MAX_GROUP_ROWS:
        problem = Problem("package-too-many-rows", package=key[:64], field=key[:64], value=str(total))
        reading = RowReading(None, (RowProblem(problem, kept[0].number),))
        return Group((kept[0],), total - 1, reading)
    return Group(tuple(kept), repeated)
