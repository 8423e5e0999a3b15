"""Indonesian dates and the three clocks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.dates import MONTHS, DateUnreadable, TimeZone, end_of_day, parse_date, parse_moment

DATE = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11 Agustus 2026", date(2026, 8, 11)),
        ("  3\xa0maret\n2025 ", date(2025, 3, 3)),
        ("1 Peb 2025", date(2025, 2, 1)),
        ("30 Nopember 2025", date(2025, 11, 30)),
        ("10-04-2026", date(2026, 4, 10)),
        ("29 Februari 2028", date(2028, 2, 29)),
    ],
)
def test_dates_are_read_as_they_are_written_here(text, expected):
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "31 Februari 2026", "29 Februari 2026", "0 Mei 2026", "13-13-2026", "2026-04-10", "11 August 2026", "1 Mei 1989",
     "1 Mei 0001", "1 Mei 9999", "kemarin", "Mei 2026"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text):
    with pytest.raises(DateUnreadable):
        parse_date(text)


@given(DATE)
def test_every_day_is_read_back_from_words_and_from_numbers(day):
    assert parse_date(f"{day.day} {MONTHS[day.month - 1].title()} {day.year}") == day
    assert parse_date(f"{day.day:02}-{day.month:02}-{day.year}") == day


@given(st.text(max_size=40))
def test_no_text_is_more_than_refused(text):
    try:
        day = parse_date(text)
    except DateUnreadable:
        return
    assert 1990 <= day.year <= 2100


@pytest.mark.parametrize(("zone", "hours"), [(TimeZone.WIB, 7), (TimeZone.WITA, 8), (TimeZone.WIT, 9)])
def test_a_wall_clock_belongs_to_its_zone(zone, hours):
    moment = parse_moment("6 Februari 2026 16:05", zone)

    assert moment.utcoffset() == timedelta(hours=hours)
    assert (moment.hour, moment.minute) == (16, 5)


@pytest.mark.parametrize("text", ["6 Februari 2026 24:00", "6 Februari 2026 10:60", "6 Februari 2026 10:5"])
def test_an_impossible_time_is_refused(text):
    with pytest.raises(DateUnreadable):
        parse_moment(text, TimeZone.WIB)


@pytest.mark.parametrize(("zone", "hours"), [(TimeZone.WIB, 7), (TimeZone.WITA, 8), (TimeZone.WIT, 9)])
def test_a_day_ends_right_before_the_next_one_begins(zone, hours):
    midnight = datetime(2026, 2, 1, tzinfo=UTC) - timedelta(hours=hours)

    assert end_of_day(date(2026, 1, 31), zone) == midnight - timedelta(microseconds=1)
