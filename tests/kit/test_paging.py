"""Cursors: what a list gives out comes back whole, and what it did not give out is refused before the database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.paging import CODE_CURSOR, NUMBER_CURSOR, CursorInvalid, decode_cursor, encode_cursor

NUMBERS = st.integers(min_value=0, max_value=2**63 - 1)
CODES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=100)


@given(NUMBERS)
def test_a_number_survives_its_cursor(number):
    assert decode_cursor(encode_cursor(number), int) == [number]


@given(CODES)
def test_a_code_survives_its_cursor(code):
    assert decode_cursor(encode_cursor(code), str) == [code]


@given(CODES, NUMBERS)
def test_a_key_of_several_parts_survives_its_cursor(code, number):
    assert decode_cursor(encode_cursor(code, number), str, int) == [code, number]


@given(st.from_regex(NUMBER_CURSOR, fullmatch=True))
def test_every_text_of_the_published_form_is_a_cursor_of_numbers(cursor):
    assert 0 <= decode_cursor(cursor, int)[0] < 2**63


@given(st.from_regex(CODE_CURSOR, fullmatch=True))
def test_every_text_of_the_published_form_is_a_cursor_of_codes(cursor):
    assert decode_cursor(cursor, str)[0].isprintable()


@given(st.text())
def test_any_other_text_is_refused_and_never_an_error_of_ours(text):
    for kind in (int, str):
        try:
            key = decode_cursor(text, kind)
        except CursorInvalid:
            continue
        assert encode_cursor(*key) == text


@pytest.mark.parametrize(
    "forged",
    ["", " ", "-", "1", "8000000000000000", "ffffffffffffffff", "00000000000000 1", "000000000000002A", "0x00000000000001",
     "00000000000000\uff101", "000000000000002a\n", "000000000000002a-000000000000002a", "WzQyXQ", "\x00", "'; DROP TABLE nodes"],
)  # fmt: skip
def test_a_forged_cursor_of_numbers_is_refused(forged):
    with pytest.raises(CursorInvalid):
        decode_cursor(forged, int)


@pytest.mark.parametrize("forged", ["", "00", "1f", "7f", "80", "c3a9", "737", "zz", "73 75", "0a", "73\n", "41" * 101])
def test_a_forged_cursor_of_codes_is_refused(forged):
    with pytest.raises(CursorInvalid):
        decode_cursor(forged, str)


def test_no_cursor_is_the_first_page():
    assert decode_cursor(None, int) is None
