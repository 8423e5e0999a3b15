"""Lines of COPY: read back as they were said, masked as everywhere, written so that every reader finds the same in them."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.text import mask_personal, may_identify
from app.exchange.exports.columns import AWARDS, PACKAGES
from app.exchange.exports.forms.csv_form import ITEM, CsvForm, neutralised
from app.exchange.exports.forms.ndjson_form import NdjsonForm
from app.exchange.exports.forms.protocol import values_of
from app.exchange.exports.layout import Spelling, Type, items_of, line_of, parted, said
from app.exchange.exports.sight import EVERYBODY, Audience, sight_of
from app.kit.json import loads
from app.procurement.copying import array_text, escaped
from app.procurement.masking import masked

TELLING = st.sampled_from(
    [
        "Pengadaan Alat Tulis", "hubungi 0812-3456-7890", "surel siti@contoh.example", "01.234.567.8-901.000",
        "NIK 3578 0101 0190 0001", "0812\n3456\t7890", "a&#64;b.example", "Telp. (031) 534 5678", "=HYPERLINK(1)", "+62 812 3456 789",
        "'=1", "-5", "@x", '"kutip", koma', "\\N", "null", "{}", "NULL", "a\\nb", "8\x1f0", "\uff16\uff12\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "Jalan “Contoh” – 1/2", "a|b",
        "67643676", "62812345678", "x", "-", "\r\n", "ends\\",
    ]
)  # fmt: skip
WORDS = TELLING | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=30)
LISTS = st.lists(WORDS, max_size=3)


def rows_of(layout):
    values = {
        Type.WORD: st.sampled_from(["surabaya", "tender"]),
        Type.TEXT: st.none() | WORDS,
        Type.TEXTS: LISTS,
        Type.YEARS: st.lists(st.integers(2000, 2100), max_size=2),
        Type.WHOLE: st.none() | st.integers(-5, 10**12),
        Type.AMOUNT: st.none() | st.decimals("-1e12", "1e18", places=2),
        Type.FLAG: st.booleans(),
        Type.MOMENT: st.none(),
        Type.DATE: st.none(),
    }
    return st.fixed_dictionaries({column.name: values[column.type] for column in layout.columns})


ROWS = st.sampled_from([PACKAGES, AWARDS]).flatmap(lambda layout: st.tuples(st.just(layout), rows_of(layout)))


def seen_by(audience, layout, row, spelling):
    line = line_of(layout, row, spelling)
    # As it comes from PostgreSQL, where nothing but tabs and one sign part the columns.
    return sight_of(audience, layout, spelling)(parted("\t\x1f\t".join(line)))


@given(WORDS)
@example("\\\\N")
@example("\\t")
def test_a_text_is_read_back_as_it_was(text):
    assert said(escaped(text)) == text


@given(LISTS)
@example(["NULL"])
@example(["", 'a"b', "a\\b", "{c,d}"])
def test_a_list_is_read_back_as_it_was(items):
    assert items_of(said(escaped(array_text(items)))) == items


def test_a_list_as_postgresql_itself_writes_it_is_read():
    assert items_of('{APBD,"APBD P",NULL,"NULL",""}') == ["APBD", "APBD P", "NULL", ""]


@given(WORDS, WORDS)
def test_what_is_taken_for_harmless_is_never_masked(one, other):
    if not may_identify(f"{one}\t{other}"):
        assert (mask_personal(one), mask_personal(other)) == (one, other)


@given(ROWS)
@settings(max_examples=60)
def test_what_the_public_is_sent_is_what_masking_leaves_of_it(case):
    layout, row = case
    expected = masked(row)

    line = seen_by(EVERYBODY, layout, row, Spelling.JSON)

    assert loads(NdjsonForm(layout).write([line])) == expected
    shown = dict(zip(layout.names, cells_of(layout, seen_by(EVERYBODY, layout, row, Spelling.PLAIN)), strict=True))
    assert shown == {column.name: cell(column, expected[column.name]) for column in layout.columns}


@given(ROWS)
@settings(max_examples=25)
def test_whoever_sees_personal_data_is_sent_every_text_as_it_is(case):
    layout, row = case
    for audience in (Audience(sees_all=True), Audience(nodes=frozenset({row["node"]}))):
        line = seen_by(audience, layout, row, Spelling.JSON)

        assert loads(NdjsonForm(layout).write([line])) == row


@given(ROWS)
@settings(max_examples=25)
def test_values_of_a_line_are_those_of_the_row(case):
    layout, row = case
    found = dict(zip(layout.names, values_of(line_of(layout, row, Spelling.JSON)), strict=True))

    assert {name: Decimal(value) if isinstance(row[name], Decimal) else value for name, value in found.items()} == row


def cells_of(layout, line):
    text = CsvForm(layout).write([line]).decode()
    assert text.endswith("\r\n")
    (row,) = csv.reader(io.StringIO(text, newline=""), strict=True)
    return row


def cell(column, value):
    if value is None:
        return ""
    match column.type:
        case Type.TEXT:
            return neutralised(value)
        case Type.TEXTS:
            return neutralised(ITEM.join(value))
        case Type.YEARS:
            return ITEM.join(map(str, value))
        case Type.FLAG:
            return "true" if value else "false"
        case Type.AMOUNT:
            return f"{value:f}"
        case _:
            return str(value)


@pytest.mark.parametrize("text", ["=1+1", "+62", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1", "'=1", "''=1"])
def test_what_a_spreadsheet_would_take_for_a_formula_has_an_apostrophe_before_it(text):
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Pengadaan", "'tis", "1-2", "a=b", ""])
def test_what_is_no_formula_stays_as_it_is(text):
    assert neutralised(text) == text


def test_a_negative_number_stays_a_number():
    row = {column.name: None for column in PACKAGES.columns} | {
        "node": "surabaya", "kind": "tender", "code": "1", "name": "-5", "labels": [], "locations": [], "fund_sources": [],
        "rup_codes": [], "fiscal_years": [2025], "days_to_award": -5,
    }  # fmt: skip
    cells = dict(zip(PACKAGES.names, cells_of(PACKAGES, line_of(PACKAGES, row, Spelling.PLAIN)), strict=True))

    assert (cells["name"], cells["days_to_award"]) == ("'-5", "-5")
