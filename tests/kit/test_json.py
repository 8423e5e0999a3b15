"""JSON with exact numbers."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vocabulary import PackageKind
from app.kit.json import dumps, dumps_canonical, dumps_text, iso_utc, loads
from app.kit.web.schema import Schema

AMOUNTS = st.decimals(min_value=0, max_value=Decimal("999999999999999999.99"), places=2)


class Paid(Schema):
    amount: Decimal | None
    on: date


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("165146000.00", b"165146000.00"),
        ("0.10", b"0.10"),
        ("999999999999999999.99", b"999999999999999999.99"),
        ("-1.05", b"-1.05"),
        ("0", b"0"),
    ],
)
def test_an_amount_is_a_number_with_exactly_its_digits(amount, written):
    assert dumps(Decimal(amount)) == written


@given(AMOUNTS)
def test_an_amount_survives_the_journey(amount):
    back = loads(dumps([amount]))[0]

    assert Decimal(back) == amount
    assert not isinstance(back, float)


def test_a_number_is_never_read_through_a_float():
    assert loads("[0.1, 1e2, 9007199254740993, 0.30000000000000000001]") == [
        Decimal("0.1"), Decimal("1e2"), 9007199254740993, Decimal("0.30000000000000000001"),
    ]  # fmt: skip
    assert not any(isinstance(number, float) for number in loads("[0.1, 1e2, -0.0]"))


def test_a_schema_is_written_as_its_fields():
    assert dumps(Paid(amount=Decimal("1.50"), on=date(2025, 1, 2))) == b'{"amount":1.50,"on":"2025-01-02"}'
    assert dumps({"kind": PackageKind.TENDER, "paid": Paid(amount=None, on=date(2025, 1, 2))}) == (
        b'{"kind":"tender","paid":{"amount":null,"on":"2025-01-02"}}'
    )


def test_what_has_no_json_form_is_an_error_and_not_a_guess():
    with pytest.raises(NotImplementedError):
        dumps(object())


def test_equal_meanings_have_equal_bytes():
    jakarta = timezone(timedelta(hours=7))
    written = {"b": [Decimal("1.5"), Decimal(2)], "a": datetime(2025, 1, 1, 7, tzinfo=jakarta)}
    same = {"a": datetime(2025, 1, 1, tzinfo=UTC), "b": [Decimal("1.50"), Decimal("2.00")]}

    assert dumps_canonical(written) == dumps_canonical(same) == b'{"a":"2025-01-01T00:00:00Z","b":[1.50,2.00]}'


def test_one_moment_has_one_spelling():
    assert (
        iso_utc(datetime(2026, 11, 22, 10, 4, 5, 678901, timezone(timedelta(hours=7)))) == "2026-11-22T03:04:05.678901Z"
    )


@pytest.mark.parametrize("broken", ["", "{", '{"a":}', "[1,]", "NaN", "Infinity", '"\\ud800"', b"\xff"])
def test_broken_json_is_a_value_error(broken):
    with pytest.raises(ValueError):
        loads(broken)


def test_text_outside_ascii_is_written_as_it_is():
    assert dumps_text({"nama": "Jalan “Contoh” 🏛"}) == '{"nama":"Jalan “Contoh” 🏛"}'
