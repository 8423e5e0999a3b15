"""What people write into cells: read back exactly however it was written, and never guessed."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.dates import MONTHS, TimeZone
from app.core.problems import PROBLEM_KINDS
from app.submission.forms.values import (
    ValueRefused,
    read_amount,
    read_choice,
    read_day,
    read_identifier,
    read_identifiers,
    read_list,
    read_moment,
    read_text,
    read_whole,
    read_yes,
)
from app.submission.rows import Cell

AMOUNTS = st.integers(0, 10**17).map(lambda sen: Decimal(sen) / 100)


def cell(value):
    return Cell(value, "F12")


def refusal(read, value, *more):
    with pytest.raises(ValueRefused) as caught:
        read(cell(value), *more)
    refused = caught.value
    assert refused.code in PROBLEM_KINDS
    assert refused.why_id != refused.why_en
    assert refused.why_id.endswith(".") and refused.why_en.endswith(".")  # noqa: PT018
    return refused.code


def grouped(whole, mark):
    return f"{whole:,}".replace(",", mark)


def ways_to_write(amount):
    """All ways that are accepted."""
    whole, sen = int(amount), int(amount * 100) % 100
    for mark in ",.":
        yield f"{whole}{mark}{sen:02}"
        yield f"{grouped(whole, '.' if mark == ',' else ',')}{mark}{sen:02}"
        if sen % 10 == 0:
            yield f"{whole}{mark}{sen // 10}"
    if sen == 0:
        yield f"{whole}"
        yield f"{whole},-"
        yield f"{grouped(whole, '.')},-"
        if whole >= 10**6 or whole < 1000:
            yield from (grouped(whole, "."), grouped(whole, ","))


@given(amount=AMOUNTS, data=st.data())
@example(amount=Decimal("1500.00"), data=None)
@example(amount=Decimal("0.05"), data=None)
def test_an_amount_written_in_any_accepted_way_reads_back_exactly(amount, data):
    ways = list(ways_to_write(amount))
    chosen = ways if data is None else [data.draw(st.sampled_from(ways))]

    for way in chosen:
        for text in (way, f"Rp {way}", f"rp.{way}", f"IDR\u00a0{way} "):
            assert read_amount(cell(text)) == amount, text


@given(text=st.text(st.sampled_from("0123456789.,-() RpMe+"), max_size=14))
def test_nothing_ambiguous_is_ever_accepted(text):
    try:
        amount = read_amount(cell(text))
    except ValueRefused:
        return
    figures = re.sub(r"^(?:rp\.?|idr)\s*", "", " ".join(text.split()), flags=re.IGNORECASE)
    # A single separator with three figures behind it can part thousands or decimals.
    assert not re.fullmatch(r"\d{1,3}[.,]\d{3}", figures)
    assert amount >= 0
    assert amount == round(amount, 2)
    without_sen = re.sub(r",--?$", "", figures)
    as_point = without_sen.replace(".", "").replace(",", ".") if without_sen.rfind(",") > without_sen.rfind(".") else without_sen.replace(",", "")  # fmt: skip
    readings = {as_point, without_sen.replace(",", "").replace(".", "")}
    assert amount in {Decimal(reading) for reading in readings}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.500", "amount-ambiguous"),
        ("1,500", "amount-ambiguous"),
        ("Rp 999.000", "amount-ambiguous"),
        ("22,7 M", "amount-abbreviated"),
        ("500 juta", "amount-abbreviated"),
        ("1.5B", "amount-abbreviated"),
        ("2jt", "amount-abbreviated"),
        ("-1500", "amount-negative"),
        ("Rp -1.500.000", "amount-negative"),
        ("\u22121500", "amount-negative"),
        ("(1.500.000)", "amount-negative"),
        ("1500-", "amount-negative"),
        ("1500,123", "amount-too-precise"),
        ("1.500.000,123", "amount-too-precise"),
        ("0.500", "amount-too-precise"),
        ("USD 1500", "currency-foreign"),
        ("$1500", "currency-foreign"),
        ("1e6", "amount-unreadable"),
        ("1,5E+09", "amount-unreadable"),
        ("NaN", "amount-unreadable"),
        ("", "amount-unreadable"),
        ("1.50.000", "amount-unreadable"),
        ("1.500.00", "amount-unreadable"),
        ("1,500,-", "amount-unreadable"),
        ("1 500 000", "amount-unreadable"),
        ("\u0661\u0665\u0660\u0660", "amount-unreadable"),
        ("9" * 40, "amount-too-large"),
        ("9" * 400, "amount-unreadable"),
        (True, "amount-unreadable"),
        (date(2026, 3, 4), "amount-unreadable"),
        (-1, "amount-negative"),
        (Decimal("-0.5"), "amount-negative"),
        (Decimal("1.005"), "amount-too-precise"),
        (Decimal("33333.333333333336"), "amount-too-precise"),
        (1234567890123456, "number-imprecise"),
        (Decimal("12345678901234.56"), "number-imprecise"),
        (10**19, "amount-too-large"),
        (Decimal("Infinity"), "amount-unreadable"),
    ],
)
def test_an_amount_that_is_unclear_is_refused_with_its_own_code(text, code):
    assert refusal(read_amount, text) == code


def test_both_meanings_of_an_ambiguous_amount_are_named():
    with pytest.raises(ValueRefused) as caught:
        read_amount(cell("1.234"))

    assert "1234 atau 1 koma 234" in caught.value.why_id
    assert "1.234,00" in caught.value.why_id


@given(sen=st.integers(0, 10**14))
def test_a_number_of_a_spreadsheet_is_what_the_program_shows(sen):
    # What the program stores is the double nearest to the amount, as its shortest or its 17 digits.
    amount = Decimal(sen) / 100

    assert read_amount(cell(Decimal(repr(float(amount))))) == amount
    assert read_amount(cell(int(amount))) == int(amount)


def test_binary_noise_behind_the_digits_that_a_program_keeps_is_no_part_of_the_amount():
    assert read_amount(cell(Decimal(repr(0.1 + 0.2)))) == Decimal("0.3")
    assert read_amount(cell(Decimal("1370370.3599999999"))) == Decimal("1370370.36")


DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(day=DAYS)
def test_a_day_written_in_any_accepted_way_reads_back(day):
    month = MONTHS[day.month - 1]
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.day} {month.title()} {day.year}",
        f"{day.day:02}-{month[:3].upper()}-{day.year}",
        f"Senin, {day.day} {month} {day.year}",
        f"{day:%d-%m-%Y}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day:%d.%m.%Y}",
        f"{day:%-d %B %Y}",
        f" {day.isoformat()} 00:00:00 ",
    ):
        assert read_day(cell(text)) == day, text
        assert read_moment(cell(text), TimeZone.WITA) == datetime(
            day.year, day.month, day.day, tzinfo=TimeZone.WITA.info
        )
    assert read_day(cell(day)) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("03/04/26", "date-ambiguous"),
        ("3-4-26", "date-ambiguous"),
        ("11 Agu 26", "date-ambiguous"),
        ("08/13/2026", "date-ambiguous"),
        ("12-31-2026", "date-ambiguous"),
        ("2026-08-11T17:00:00Z", "date-ambiguous"),
        ("2026-08-11 17:00+00:00", "date-ambiguous"),
        ("31-02-2026", "date-unreadable"),
        ("32/13/2026", "date-unreadable"),
        ("2026-13-01", "date-unreadable"),
        ("11 Agustusan 2026", "date-unreadable"),
        ("20260811", "date-unreadable"),
        ("2026", "date-unreadable"),
        ("besok", "date-unreadable"),
        ("", "date-unreadable"),
        ("0001-01-01", "date-unreadable"),
        ("9999-12-31", "date-unreadable"),
        ("2026-08-11 25:00", "date-unreadable"),
        ("1" * 300, "date-unreadable"),
        (46245, "date-unreadable"),
        (True, "date-unreadable"),
        (date(1900, 1, 1), "date-unreadable"),
        (datetime(9999, 12, 31, 1), "date-unreadable"),
    ],
)
def test_a_day_that_is_unclear_is_refused(text, code):
    assert refusal(read_day, text) == code
    if "17:00" not in str(text):
        assert refusal(read_moment, text, TimeZone.WIB) == code


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2026-08-11T16:05:07.25+07:00", datetime(2026, 8, 11, 9, 5, 7, 250_000, UTC)),
        ("2026-08-11T16:05Z", datetime(2026, 8, 11, 16, 5, tzinfo=UTC)),
        ("2026-08-11 16:05", datetime(2026, 8, 11, 8, 5, tzinfo=UTC)),
        ("11 Agustus 2026 16.05", datetime(2026, 8, 11, 8, 5, tzinfo=UTC)),
        ("11 Agustus 2026, pukul 16.05 WIB", datetime(2026, 8, 11, 9, 5, tzinfo=UTC)),
        ("11-08-2026 16:05:30 WIT", datetime(2026, 8, 11, 7, 5, 30, tzinfo=UTC)),
        ("11/08/2026 6:05", datetime(2026, 8, 10, 22, 5, tzinfo=UTC)),
        (datetime(2026, 8, 11, 16, 5), datetime(2026, 8, 11, 8, 5, tzinfo=UTC)),
        (datetime(2026, 8, 11, 16, 5, tzinfo=timezone(timedelta(hours=9))), datetime(2026, 8, 11, 7, 5, tzinfo=UTC)),
        (date(2026, 8, 11), datetime(2026, 8, 10, 16, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_the_wall_clock_of_its_node(stated, moment):
    assert read_moment(cell(stated), TimeZone.WITA) == moment


def test_an_offset_that_no_clock_has_is_refused():
    assert refusal(read_moment, "2026-08-11T16:05+99:00", TimeZone.WIB) == "date-unreadable"


@pytest.mark.parametrize(("value", "whole"), [("12", 12), (" 0 ", 0), (2026, 2026), (Decimal("4.0"), 4)])
def test_a_whole_number_is_read(value, whole):
    assert read_whole(cell(value)) == whole


@pytest.mark.parametrize(
    "value", ["1.000", "1,0", "-1", "3 orang", "", "1e3", -1, Decimal("1.5"), Decimal("NaN"), True, 10**9, "\u0663", date(2026, 1, 1)]
)  # fmt: skip
def test_what_is_no_whole_number_is_refused(value):
    assert refusal(read_whole, value) == "count-unreadable"


@pytest.mark.parametrize("value", ["Ya", " YA", "true", "1", 1, True, "benar"])
def test_yes_is_read(value):
    assert read_yes(cell(value)) is True


@pytest.mark.parametrize("value", ["Tidak", "tdk", "FALSE", "0", 0, False, Decimal(0)])
def test_no_is_read(value):
    assert read_yes(cell(value)) is False


@pytest.mark.parametrize("value", ["t", "mungkin", "", 2, date(2026, 1, 1)])
def test_what_is_neither_is_refused(value):
    assert refusal(read_yes, value) == "answer-unreadable"


def test_a_list_stands_in_one_cell():
    assert read_list(cell("APBD; APBN\nBLUD;; ")) == ["APBD", "APBN", "BLUD"]
    assert read_list(cell(67643676)) == ["67643676"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" 0012 ", " 0012 "),
        (12345, "12345"),
        (Decimal("12.5"), "12.5"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_a_text_is_what_the_cell_shows(value, text):
    assert read_text(cell(value)) == text


@pytest.mark.parametrize("value", [True, date(2026, 3, 4), datetime(2026, 3, 4, 16, 5)])
def test_a_day_or_an_answer_is_no_text(value):
    assert refusal(read_text, value) == "cell-not-text"
    assert refusal(read_list, value) == "cell-not-text"


@pytest.mark.parametrize("read", [read_text, read_identifier])
@pytest.mark.parametrize("number", [3578012345678901, 3578012345678900, Decimal("3.5780123456789E+15")])
def test_a_number_that_may_have_lost_digits_is_no_text(read, number):
    assert refusal(read, number) == "number-imprecise"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0012-A", "0012-A"),
        (10102584000, "10102584000"),
        (Decimal("1.0102584E+10"), "10102584000"),
        (Decimal("7.0"), "7"),
    ],
)
def test_an_identifier_is_a_text_or_a_whole_number(value, text):
    assert read_identifier(cell(value)) == text
    assert read_identifiers(cell(value)) == [text]


@pytest.mark.parametrize("value", [True, date(2025, 1, 1), Decimal("10102584000.5"), -5, Decimal("NaN")])
def test_nothing_else_becomes_an_identifier(value):
    assert refusal(read_identifier, value) == "identifier-unreadable"


def test_a_moment_is_read_to_the_microsecond_and_never_cut():
    zone = TimeZone.WIB

    assert read_moment(cell("2025-01-01 08:00:00.1234560"), zone).microsecond == 123456
    assert read_moment(cell("2025-01-01 08:00:00.5"), zone).microsecond == 500_000
    assert refusal(read_moment, "2025-01-01 08:00:00.1234567", zone) == "date-unreadable"


def test_a_choice_is_named_by_its_code_or_its_word():
    choices = {"non_tender": "Non Tender", "tender": "Tender"}

    assert [read_choice(cell(text), choices) for text in ("NON-TENDER", "non_tender", " Tender ", "lelang")] == [
        "non_tender",
        "non_tender",
        "tender",
        None,
    ]
