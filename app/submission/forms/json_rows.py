"""Rows of JSON bodies, as the bytes that they are written in: an array of objects, or one object on each line."""

import re
from collections.abc import Iterator

from app.core.problems import Problem
from app.kit.json_stream import MAX_ROW_BYTES, RowReader, RowsBroken, RowsCut
from app.submission.forms.failures import BodyUnreadable, FormLimits
from app.submission.rows import BodyRow, BrokenRow, RowProblem

_SHOWN = 300
_LOOKED_AT = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# How deep a row is nested is its schema's matter; here brackets are counted only.
_ANY_DEPTH = 2**62
_SPACE = b" \t\r\n"
_LOOKS_LIKE_LINES = re.compile(rb"\s*\{.*\}[ \t\r]*\n\s*\{")


def rows_of_array(pieces: Iterator[bytes], limits: FormLimits) -> Iterator[BodyRow]:
    """The rows of a bare array, or of the list that an envelope holds. A body of nothing has no rows."""
    for number, content in enumerate(_items(pieces, limits), start=1):
        if number > limits.rows:
            raise too_many_rows(limits)
        yield BodyRow(number, content)


def count_of_array(pieces: Iterator[bytes], limits: FormLimits) -> int:
    count = 0
    for count, _content in enumerate(_items(pieces, limits), start=1):
        if count > limits.rows:
            raise too_many_rows(limits)
    return count


def _items(pieces: Iterator[bytes], limits: FormLimits) -> Iterator[bytes]:
    reader = RowReader(max_row_bytes=max(limits.row_bytes, MAX_ROW_BYTES), max_depth=_ANY_DEPTH, cut_only=True)
    count = 0
    is_blank = True
    beginning = b""
    try:
        for piece in pieces:
            beginning = beginning or piece[:_LOOKED_AT]
            is_blank = is_blank and not piece.removeprefix(_BYTE_ORDER_MARK).strip(_SPACE)
            rows = reader.feed(piece)
            count += len(rows)
            yield from rows
        if not is_blank:
            reader.finish()
    except RowsCut as error:
        raise BodyUnreadable("content-cut", f"JSON, baris/row {count}", error.evidence) from error
    except RowsBroken as error:
        if _LOOKS_LIKE_LINES.match(beginning):
            raise BodyUnreadable("content-wrong-form", None, "NDJSON (application/x-ndjson)") from error
        place = f"JSON, baris/row {count + reader.rows_held + 1}"
        reason = "content-cut" if reader.has_list else "content-not-list"
        raise BodyUnreadable(reason, place, f"{error.reason}: {error.evidence}") from error


def rows_of_lines(pieces: Iterator[bytes], limits: FormLimits) -> Iterator[BodyRow | BrokenRow]:
    """The lines of a body that are not blank; a row's number is its line's."""
    for count, (number, line) in enumerate(_numbered_lines(pieces, limits.row_bytes), start=1):
        if count > limits.rows:
            raise too_many_rows(limits)
        if len(line) > limits.row_bytes:
            yield _too_long(number, line, limits)
        else:
            yield BodyRow(number, line)


def count_of_lines(pieces: Iterator[bytes], limits: FormLimits) -> int:
    count = sum(1 for _line in _numbered_lines(pieces, limits.row_bytes))
    if count > limits.rows:
        raise too_many_rows(limits)
    return count


def _numbered_lines(pieces: Iterator[bytes], longest: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers. Of one that is too long only the beginning is held, a byte longer than allowed."""
    number = 0
    for lines in _lines_by_piece(pieces, longest):
        for line in lines:
            number += 1
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)  # noqa: PLW2901 (the mark stands in the first line only)
            if line and not line.isspace():
                yield number, line


def _lines_by_piece(pieces: Iterator[bytes], longest: int) -> Iterator[list[bytes]]:
    rest = b""
    ends_in_cr = False
    for piece in pieces:
        # A lone CR ends a line as well: it cannot stand inside a JSON text's string. CRLF may be parted by two pieces.
        data = piece[1:] if ends_in_cr and piece.startswith(b"\n") else piece
        ends_in_cr = piece.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        lines[0] = rest + lines[0] if len(rest) <= longest else rest
        rest = lines.pop()[: longest + 1]
        yield lines
    if rest:
        yield [rest]


def _too_long(number: int, line: bytes, limits: FormLimits) -> BrokenRow:
    text = line[:_SHOWN].decode(errors="replace")
    problem = Problem("row-too-long", field=f"{limits.row_bytes} byte", value=text)
    return BrokenRow(number, text, RowProblem(problem, number))


def too_many_rows(limits: FormLimits) -> BodyUnreadable:
    return BodyUnreadable("content-too-large", f"> {limits.rows} baris/rows", "")
