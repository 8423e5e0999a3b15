"""Rows of JSON bodies: cut exactly, whatever is in them; a body that does not end is never taken for a whole one."""

import gzip
import json
import time
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.core.problems import message_of
from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.json_rows import rows_of_lines
from app.submission.forms.reading import BodyUnreadable, FormLimits
from app.submission.rows import BodyRow, BrokenRow
from tests.submission.forms import read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=15,
)
ROWS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), max_size=6)


def contents(rows):
    return [(row.number, json.loads(row.content)) for row in rows]


@given(rows=ROWS, indent=st.sampled_from([None, 1]), name=st.sampled_from(["", "data", "releases", "records"]))
def test_an_array_gives_its_rows_byte_for_byte(rows, indent, name):
    body = json.dumps({"meta": {"n": 1}, name: rows} if name else rows, indent=indent).encode()

    found = read(body, Form.JSON)

    assert contents(found) == list(enumerate(rows, start=1))
    assert all(row.content in body for row in found)


@given(rows=ROWS.filter(bool), cut=st.integers(0, 10**6))
def test_an_array_that_was_cut_is_refused(rows, cut):
    body = json.dumps(rows).encode()

    with pytest.raises(BodyUnreadable) as caught:
        read(body[: cut % (len(body) - 1) + 1], Form.JSON)

    assert caught.value.reason == "content-cut"


@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n", "\r"]), has_last=st.booleans())
def test_lines_give_their_rows(rows, end, has_last):
    body = (end.join(json.dumps(row) for row in rows) + (end if has_last else "")).encode()

    assert contents(read(body, Form.NDJSON)) == list(enumerate(rows, start=1))


@pytest.mark.parametrize("form", [Form.JSON, Form.NDJSON, Form.CSV, Form.XLSX])
@pytest.mark.parametrize("encoding", [Encoding.IDENTITY, Encoding.GZIP])
def test_a_body_of_nothing_has_no_rows(form, encoding):
    body = b"" if encoding is Encoding.IDENTITY else gzip.compress(b"")

    assert read(body, form, encoding) == []


@pytest.mark.parametrize("body", [b"[]", b" \n ", b'{"data": []}', b'{"data": null, "meta": {}}', b"\xef\xbb\xbf[ ]"])
def test_an_empty_list_has_no_rows(body):
    assert read(body, Form.JSON) == []


@pytest.mark.parametrize(
    "row", [b'{"hps": NaN}', b'{"a" 1}', b"{]", b"nol", b'"x"', b'{"nama": "\xff"}', b"[" * 5000 + b"]" * 5000]
)
def test_a_row_that_is_no_json_is_cut_out_for_its_schema_to_refuse(row):
    rows = read(b'[{"a": 1}, ' + row + b', {"a": 2}]', Form.JSON)

    assert [row.content for row in rows] == [b'{"a": 1}', row, b'{"a": 2}']


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "content-not-list"),
        (b'{"code": "1"}', "content-not-list"),
        (b'{"data": {"a": 1}}', "content-not-list"),
        (b"null", "content-not-list"),
        (b'[{"a": 1} {"a": 2}]', "content-cut"),
        (b'[{"a": 1}, {"a": 2} x]', "content-cut"),
        (b'[{"a": 1},]', "content-cut"),
        (b'[{"a": 1}] [', "content-cut"),
        (b'[{"a": "', "content-cut"),
        (b'{"a": 1}\n{"a": 2}\n', "content-wrong-form"),
        (b"PK\x03\x04", "content-wrong-form"),
        (gzip.compress(b"[]", mtime=0), "content-wrong-form"),
        (zstandard.compress(b"[]"), "content-wrong-form"),
    ],
)
def test_what_is_no_list_is_refused_with_its_reason(body, reason):
    with pytest.raises(BodyUnreadable) as caught:
        read(body, Form.JSON)

    assert caught.value.reason == reason
    assert caught.value.problem.problem.code == reason
    assert message_of(reason, field=None, value=None)["id"]


def test_a_line_number_is_that_of_the_line():
    rows = read(b'\xef\xbb\xbf{"a": 1}\r\n\r\n   \n{"a": 2}\r{"a"', Form.NDJSON)

    assert [(row.number, row.content) for row in rows] == [(1, b'{"a": 1}'), (4, b'{"a": 2}'), (5, b'{"a"')]


@given(ends=st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b""]), max_size=12), size=st.integers(1, 3))
def test_ends_of_lines_may_be_parted(ends, size):
    body = b"".join(b"1" + end for end in ends)
    pieces = (body[start : start + size] for start in range(0, len(body), size))

    assert [(row.number, row.content) for row in rows_of_lines(pieces, FormLimits())] == [
        (number, line) for number, line in enumerate(body.splitlines(), start=1) if line
    ]


@pytest.mark.parametrize("length", [1000, 1001, 5000, 700_000])
def test_a_line_beyond_the_limit_is_one_broken_row(length):
    body = b'{"a": 1}\n' + b"x" * length + b'\n{"a": 2}'
    rows = read(body, Form.NDJSON, limits=FormLimits(row_bytes=1000))

    assert [(row.number, type(row)) for row in rows] == [
        (1, BodyRow),
        (2, BodyRow if length <= 1000 else BrokenRow),
        (3, BodyRow),
    ]
    if length > 1000:
        assert rows[1].problem.problem.code == "row-too-long"
        assert rows[1].text == "x" * 300


@pytest.mark.parametrize("form", [Form.JSON, Form.NDJSON, Form.CSV])
def test_more_rows_than_allowed_are_refused(form):
    body = {Form.JSON: b"[{},{},{}]", Form.NDJSON: b"{}\n{}\n{}", Form.CSV: b"kode\n1\n2\n3"}[form]

    assert len(read(body, form, limits=FormLimits(rows=3))) == 3
    with pytest.raises(BodyUnreadable) as caught:
        read(body, form, limits=FormLimits(rows=2))
    assert caught.value.reason == "content-too-large"


def packed(body, encoding):
    return {Encoding.GZIP: gzip.compress, Encoding.ZSTD: zstandard.compress}[encoding](body)


@pytest.mark.parametrize("encoding", [Encoding.GZIP, Encoding.ZSTD])
def test_a_packed_body_is_read_in_one_or_several_parts(encoding):
    first, second = packed(b'[{"a": 1},', encoding), packed(b'{"a": 2}]', encoding)

    assert len(read(first + second, Form.JSON, encoding)) == 2


@pytest.mark.parametrize("encoding", [Encoding.GZIP, Encoding.ZSTD])
@pytest.mark.parametrize("form", [Form.JSON, Form.NDJSON, Form.CSV, Form.XLSX])
def test_a_packed_body_that_is_cut_or_goes_on_is_refused(form, encoding):
    rows = [b'{"a": %d}' % number for number in range(5000)]
    whole = packed(b"[" + b",".join(rows) + b"]" if form is Form.JSON else b"kode\n" + b"\n".join(rows), encoding)

    for broken in (whole[:-1], whole[:-9], whole[: len(whole) // 2], whole + b"lagi", b"bukan " + whole):
        with pytest.raises(BodyUnreadable) as caught:
            read(broken, form, encoding)
        assert caught.value.reason == "content-cut"


@pytest.mark.parametrize("encoding", [Encoding.GZIP, Encoding.ZSTD])
def test_a_bomb_is_refused_in_little_memory(encoding):
    bomb = packed(b" " * 200_000_000, encoding)
    tracemalloc.start()

    with pytest.raises(BodyUnreadable) as caught:
        read(bomb, Form.NDJSON, encoding, limits=FormLimits(content_bytes=50_000_000))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.reason == "content-too-large"
    assert peak < 100_000_000


def test_padding_behind_a_gzip_member_is_passed_over():
    assert len(read(gzip.compress(b"{}\n") + b"\0" * 600_000, Form.NDJSON, Encoding.GZIP)) == 1


def test_rows_are_cut_at_the_pace_of_reading_them():
    body = (
        b"["
        + b",".join([b'{"kode": "contoh \\" 1", "pemenang": [{"nama": "CV Contoh"}], "pagu": 1500000.5}'] * 50_000)
        + b"]"
    )
    began = time.process_time()
    rows = read(body, Form.JSON)

    assert len(rows) == 50_000
    # Both passes over 4 MB: a tenth of what they take when bytes are looked at one by one.
    assert time.process_time() - began < 2


def test_what_unpacks_to_nothing_but_size_is_refused():
    bomb = gzip.compress(b"\n" * (80 * 1024 * 1024), mtime=0)

    with pytest.raises(BodyUnreadable) as refused:
        read(bomb, Form.NDJSON, Encoding.GZIP)

    assert refused.value.reason == "content-too-large"
