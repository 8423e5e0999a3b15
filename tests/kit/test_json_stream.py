"""However the bytes are cut, the rows are the same; whatever is missing is noticed."""

import json
import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.json import dumps, loads
from app.kit.json_stream import LineReader, RowReader, RowsBroken, UnreadableRow, read_rows

TEXTS = st.text(st.sampled_from('a"\\{}[],:/ é😀\n\t\0'), max_size=8)
NUMBERS = st.integers(-(10**20), 10**20) | st.decimals(allow_nan=False, allow_infinity=False, places=3)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def read(body, size=7, reader=None):
    """All rows, and the members around them, of a body that comes in pieces of `size` bytes."""
    reader = reader or RowReader()
    rows = [row for start in range(0, len(body), size) for row in reader.feed(body[start : start + size])]
    return rows + reader.finish(), reader.members


@given(rows=st.lists(VALUES, max_size=5), size=st.integers(1, 50), indent=st.sampled_from([None, 2]))
def test_a_bare_list_gives_its_rows(rows, size, indent):
    body = dumps(rows) if indent is None else json.dumps(loads(dumps(rows)), indent=indent, default=float).encode()

    assert read(body, size)[0] == loads(body)


@given(rows=st.lists(VALUES, max_size=4), before=VALUES, after=VALUES, size=st.integers(1, 50))
def test_a_list_in_an_object_gives_its_rows_and_what_stands_around_it(rows, before, after, size):
    body = dumps({"links": before, "releases": rows, "uri": after})

    assert read(body, size) == (loads(dumps(rows)), loads(dumps({"links": before, "uri": after})))


@given(rows=st.lists(VALUES, min_size=1, max_size=4), cut=st.integers(0, 10**6), named=st.booleans())
def test_a_list_that_was_cut_is_never_taken_for_a_whole_one(rows, cut, named):
    body = dumps({"data": rows} if named else rows)

    with pytest.raises(RowsBroken):
        read(body[: cut % len(body)])


@given(rows=st.lists(VALUES, max_size=5), size=st.integers(1, 50))
def test_lines_give_their_rows(rows, size):
    body = b"\n".join(dumps(row) for row in rows)

    assert read(body, size, LineReader())[0] == loads(dumps(rows))


@given(
    junk=st.text(st.sampled_from('[]{}",:\\ a1n'), max_size=30),
    size=st.integers(1, 5),
    names=st.sampled_from([(), ("a",)]),
)
def test_junk_is_rows_or_broken_and_nothing_else(junk, size, names):
    try:
        rows, _ = read(junk.encode(), size, RowReader(names))
    except RowsBroken:
        return
    try:
        whole = json.loads(junk)
    except ValueError:
        assert any(isinstance(row, UnreadableRow) for row in rows)
    else:
        assert isinstance(whole, list | dict)


@pytest.mark.parametrize("name", ["data", "result", "releases", "records"])
def test_rows_are_found_under_the_names_that_are_in_use(name):
    assert read(b'{"%s": [{"a": 1}]}' % name.encode())[0] == [{"a": 1}]


def test_null_is_an_empty_list():
    assert read(b'{"success": true, "data": null}') == ([], {"success": True, "data": None})


def test_a_byte_order_mark_is_passed_over():
    assert read(b'\xef\xbb\xbf[{"a": 1}]', 1)[0] == [{"a": 1}]
    assert read(b'\xef\xbb\xbf{"a": 1}\r\n', 1, LineReader())[0] == [{"a": 1}]


def test_amounts_stay_exact():
    assert read(b'[{"hps": 12345678901234567.89, "pagu": 1e3}]')[0] == [
        {"hps": Decimal("12345678901234567.89"), "pagu": Decimal(1000)}
    ]


@pytest.mark.parametrize("row", [b'{"hps": NaN}', b'{"nama": "\xff"}', b'{"a" 1}', b'{"a": }', b"{]", b"nol"])
def test_one_row_that_is_no_json_does_not_spoil_the_others(row):
    rows, _ = read(b'[{"a": 1}, ' + row + b', {"a": 2}]', 3)

    assert (rows[0], rows[2]) == ({"a": 1}, {"a": 2})
    assert isinstance(rows[1], UnreadableRow)
    assert read(b'{"a": 1}\n' + row + b"\n", 3, LineReader())[0][0] == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"URL-NOT-DEFINED: simulasi",
        b"<html></html>",
        b'{"error": "simulasi"}',
        b'{"data": {"a": 1}}',
        b"{}",
        b"[1 2]",
        b"[1,]",
        b"[,1]",
        b"[1]]",
        b"[1] [2]",
        b'{"data": [1]',
        b'{"data": [1]} x',
        b'{"data": [1],}',
        b'{"data" [1]}',
        b"{data: [1]}",
        b'{"a": nol, "data": []}',
        b'"data"',
        b"null",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_no_list_is_broken(body, size):
    with pytest.raises(RowsBroken):
        read(body, size)


def test_what_surprised_us_is_shown():
    with pytest.raises(RowsBroken) as caught:
        read(b"URL-NOT-DEFINED: /simulasi")

    assert caught.value.evidence.startswith("URL-NOT")


@pytest.mark.parametrize(
    "body",
    [
        b'[{"a": "' + b"x" * 3000,
        b"[" + b"[" * 200,
        b'[{"a": 1,' + b" " * 3000,
        b"[" + b"1" * 5000,
        b'{"' + b"x" * 3000,
        b"{" + b",".join(b'"%d": 1' % number for number in range(300)) + b', "data": []}',
    ],
)
def test_a_row_has_its_limits(body):
    with pytest.raises(RowsBroken):
        read(body, 100, RowReader(max_row_bytes=1000))


def test_a_line_has_its_limits():
    with pytest.raises(RowsBroken):
        read(b"x" * 3000, 100, LineReader(max_row_bytes=1000))


def test_a_long_list_is_read_without_holding_it_in_time_that_grows_with_it():
    row = dumps({f"kolom_{n}": f'paket "contoh" {n}' for n in range(40)})
    body = b"[" + b",".join([row] * 4000) + b"]"
    tracemalloc.start()
    reader = RowReader()
    count = sum(len(reader.feed(body[start : start + 65536])) for start in range(0, len(body), 65536))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 4000
    assert peak < 3 * 1024 * 1024 < len(body)


def test_one_long_row_in_crumbs_is_not_looked_at_again_and_again():
    body = b'[{"uraian": "' + b"x" * 2_000_000 + b'"}]'
    began = time.process_time()
    rows, _ = read(body, 100)

    assert len(rows[0]["uraian"]) == 2_000_000
    assert time.process_time() - began < 2


async def test_rows_come_as_soon_as_they_are_complete():
    async def chunks():
        for chunk in (b'{"data": [{"a": 1}', b',{"a"', b": 2}], ", b'"meta": {"n": 2}}'):
            seen.append("chunk")
            yield chunk

    seen = []
    reader = RowReader()
    rows = read_rows(chunks(), reader)
    while (row := await anext(rows, None)) is not None:
        seen.append(row["a"])

    assert seen == ["chunk", 1, "chunk", "chunk", 2, "chunk"]
    assert reader.members == {"meta": {"n": 2}}
