"""Words and moments of pushed rows where they are not plainly right: empty, in capitals, finer than a clock is kept."""

from datetime import UTC, datetime

import pytest

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from tests.submission.rows.making import a_package, fields, found, read


@pytest.mark.parametrize(
    ("name", "stated", "code"),
    [
        ("status", "COMPLETED", PackageStatus.COMPLETED),
        ("status", "No-Schedule", PackageStatus.NO_SCHEDULE),
        ("category", "WORKS", Category.WORKS),
        ("category", "Integrated Works", Category.INTEGRATED_WORKS),
        ("method", "FAST_TENDER", Method.FAST_TENDER),
        ("date_basis", "Scheduled", DateBasis.SCHEDULED),
    ],
)
def test_codes_are_understood_in_capitals(name, stated, code):
    reading = read(a_package(**{name: stated}))

    assert reading.problems == ()
    assert fields(reading)[name] == code


def test_a_kind_is_understood_in_capitals():
    reading = read(a_package(kind="SELF-MANAGED"))

    assert reading.record is not None
    assert reading.record.kind is PackageKind.SELF_MANAGED


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_word_says_none_and_an_empty_status_nothing(empty):
    reading = read(a_package(category=empty, method=empty, status=empty, date_basis=empty))
    taken = fields(reading)

    assert reading.problems == ()
    assert (taken["category"], taken["method"]) == (None, None)
    assert not {"status", "stage", "date_basis", "category_text", "method_text"} & taken.keys()


def test_an_empty_kind_is_the_one_that_was_said_of_all_rows():
    reading = read(a_package(kind=" "), kind="recorded")

    assert reading.record is not None
    assert reading.record.kind is PackageKind.RECORDED
    assert ("field-missing", "/kind") in found(read(a_package(kind=" ")))


@pytest.mark.parametrize("fraction", ["1234567", "00000001", "9999999", "123456789"])
def test_a_moment_finer_than_microseconds_is_refused_not_rounded(fraction):
    at = f"2025-01-01T00:00:00.{fraction}Z"

    assert found(read(a_package(announced_at=at))) == [("date-unreadable", "/announced_at")]
    assert found(read(a_package(schedule=[{"name": "Contoh", "starts_at": at}]))) == [
        ("date-unreadable", "/schedule/0/starts_at")
    ]


@pytest.mark.parametrize("fraction", ["123456", "1234560", "123456000"])
def test_zeros_behind_the_microseconds_lose_nothing(fraction):
    taken = fields(read(a_package(announced_at=f"2025-01-01T00:00:00.{fraction}Z")))

    assert taken["announced_at"] == datetime(2025, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
