"""The same row has the same name wherever it comes; another row never has it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.json import dumps, loads
from app.kit.json_plain import name_row, row_key

TEXTS = st.text(st.sampled_from('a"\\{}é😀\n\0'), max_size=8)
NUMBERS = st.integers(-(10**20), 10**20) | st.decimals(allow_nan=False, allow_infinity=False, places=3)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(row=st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_row_is_named_by_what_it_says(row):
    shuffled = dict(reversed(row.items()))
    respelt = loads(dumps({key: value + Decimal("0.000") if isinstance(value, Decimal) else value for key, value in row.items()}))  # fmt: skip

    assert row_key("peserta", row) == row_key("peserta", shuffled) == row_key("peserta", respelt)
    assert row_key("peserta", row) != row_key("peserta", {**row, "lain": 1})
    assert row_key("peserta", row).startswith("peserta#")


@pytest.mark.parametrize(("one", "other"), [("1.0", "1"), ("1.50", "1.5"), ("1e2", "100"), ("-0.0", "0")])
def test_one_number_has_one_name(one, other):
    assert row_key("x", loads(f"[{one}]")) == row_key("x", loads(f"[{other}]"))


def test_a_kept_row_can_be_stored():
    _, kept = name_row("x", {"na\0ma": "a\0b", "hps": Decimal("1E+999999999"), "n": [10**4000, Decimal("1.50")]})

    assert kept == {
        "na\ufffdma": "a\ufffdb",
        "hps": "1E+999999999",
        "n": ["1.00000000000000000000E+4000", Decimal("1.5")],
    }


@pytest.mark.parametrize(("one", "other"), [("1.004", "1.0"), ("1e40", "1e41"), ("1e999999999", "1e99"), ("null", "0")])
def test_two_numbers_never_share_a_name(one, other):
    assert row_key("x", loads(f"[{one}]")) != row_key("x", loads(f"[{other}]"))
