"""Rupiah: read exactly, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import MAX_AMOUNT, AmountUnreadable, format_rupiah, parse_rupiah

AMOUNT = st.decimals(min_value=-MAX_AMOUNT, max_value=MAX_AMOUNT, places=2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Rp. 1.234.567,00", "1234567.00"),
        ("Rp 591.918.878", "591918878.00"),
        ("rp1,5", "1.50"),
        ("Rp. 237.256.128,60", "237256128.60"),
        ("\xa0Rp.\xa00,00 ", "0.00"),
        ("1500", "1500.00"),
        ("-Rp. 5,00", "-5.00"),
        ("Rp. -5,00", "-5.00"),
        ("Rp. 999.999.999.999.999.999,99", "999999999999999999.99"),
    ],
)
def test_what_officials_write_is_read_to_the_sen(text, amount):
    assert str(parse_rupiah(text)) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rp.",
        "22,7 M",
        "750,9 Jt",
        "1,500",
        "1,500,000.00",
        "Rp 1.50",
        "Rp. 12.34.567",
        "Rp. 1234.567",
        "Rp. 1.234,567",
        "1e6",
        "NaN",
        "Infinity",
        "١٢٣",
        "Rp. 1 000",
        "USD 5",
        "Rp. 1.000.000.000.000.000.000,00",
        "5 ribu",
    ],
)
def test_what_could_mean_two_things_is_refused(text):
    with pytest.raises(AmountUnreadable):
        parse_rupiah(text)


@given(AMOUNT)
def test_what_is_written_is_read_again(amount):
    assert parse_rupiah(format_rupiah(amount)) == amount


@given(st.text(max_size=40))
def test_no_text_is_more_than_refused(text):
    try:
        amount = parse_rupiah(text)
    except AmountUnreadable:
        return
    assert abs(amount) <= MAX_AMOUNT
    assert amount == amount.quantize(Decimal("0.01"))


@given(st.from_regex(r"(Rp\.? ?)?[0-9.,]{1,20}", fullmatch=True))
def test_an_amount_keeps_every_digit_that_was_written(text):
    try:
        amount = parse_rupiah(text)
    except AmountUnreadable:
        return
    whole, _, cents = text.removeprefix("Rp").lstrip(". ").partition(",")
    assert f"{amount:.2f}" == f"{int(whole.replace('.', ''))}.{cents.ljust(2, '0')}"


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1234567.89", "Rp 1.234.567,89"), ("0", "Rp 0,00"), ("-1000", "-Rp 1.000,00"), ("999.5", "Rp 999,50")],
)
def test_amounts_are_written_as_officials_do(amount, text):
    assert format_rupiah(Decimal(amount)) == text
