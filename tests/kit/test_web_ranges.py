"""Ranges as RFC 9110 has them."""

import pytest
from starlette.datastructures import Headers

from app.kit.web.ranges import RangeNotSatisfiable, wanted_range

TAG, MODIFIED = '"abc"', "Sun, 29 Nov 2026 02:12:51 GMT"


def wanted(stated, length=100, **more):
    headers = Headers({"range": stated, **more}) if stated is not None else Headers(more)
    return wanted_range(headers, length=length, tag=TAG, modified=MODIFIED)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("Bytes = 5 - 5", (5, 6)),
    ],
)
def test_one_range_is_given(stated, expected):
    assert wanted(stated) == expected


@pytest.mark.parametrize(
    "stated", [None, "bytes=0-1,5-6", "bytes=9-2", "bytes=-", "lines=0-9", "bytes=a-b", "bytes=" + "9" * 30 + "-"]
)
def test_what_nobody_understands_gets_the_whole(stated):
    assert wanted(stated) is None


@pytest.mark.parametrize("stated", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_beyond_the_end_there_is_nothing(stated):
    with pytest.raises(RangeNotSatisfiable) as refused:
        wanted(stated)

    assert refused.value.headers["Content-Range"] == "bytes */100"


def test_an_empty_file_has_no_range():
    for stated in ("bytes=0-", "bytes=-5"):
        with pytest.raises(RangeNotSatisfiable):
            wanted(stated, length=0)


@pytest.mark.parametrize("stated", [TAG, MODIFIED])
def test_a_part_of_the_same_file_is_given(stated):
    assert wanted("bytes=0-9", **{"if-range": stated}) == (0, 10)


@pytest.mark.parametrize("stated", ['"other"', 'W/"abc"', "Sun, 29 Nov 2026 02:12:52 GMT", "yesterday"])
def test_who_has_a_part_of_another_file_gets_the_whole(stated):
    assert wanted("bytes=0-9", **{"if-range": stated}) is None
