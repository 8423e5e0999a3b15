"""Rows of CSV bodies as offices and programs write them."""

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.reading import BodyUnreadable, ColumnPlan, FormLimits, open_rows
from tests.submission.forms import COLUMNS, PLAN, read, remarks, said

HEADINGS = ("Kode Paket", "Nama Paket", "Pagu (Rp)", "Sumber Dana")
PATHS = ("code", "name", "pagu", "funds")
CELLS = st.text(st.sampled_from('a1é",;|\t\n\r .=\u2028😀'), max_size=6)


def table(rows, *, delimiter=",", end="\r\n"):
    held = io.StringIO(newline="")
    csv.writer(held, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return held.getvalue()


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_a_table_gives_its_cells_as_they_were_written(rows, delimiter, end, mark):
    body = (mark + table([HEADINGS, *rows], delimiter=delimiter, end=end)).encode()

    assert said(read(body, Form.CSV)) == [
        (number, {path: cell for path, cell in zip(PATHS, row, strict=True) if cell.strip()})
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row)
    ]


def test_a_cell_knows_where_it_stands():
    (row,) = read(b"catatan,kode,pagu\n\n,7,5\n".replace(b"\n\n", b"\n,,\n"), Form.CSV)

    assert {path: cell.reference for path, cell in row.content.items()} == {"code": "B3", "pagu": "C3"}


def test_titles_above_the_heading_are_passed_over():
    body = 'DAFTAR PAKET\n"Pagu, dan ""lain"""\n\nKode;Nama\n;;\n001;Jalan Contoh\n'

    assert said(read(body.encode(), Form.CSV)) == [(6, {"code": "001"})]
    assert [remark.problem.value for remark in remarks(body.encode(), Form.CSV)] == ["Nama"]


@pytest.mark.parametrize("heading", ["KODE  PAKET", "kode_paket", "Kodé Paket*", '"Kode\nPaket"', "code", "kode"])
def test_headings_are_compared_by_their_letters(heading):
    assert said(read(f"{heading},x\n1,2\n".encode(), Form.CSV)) == [(2, {"code": "1"})]


def test_an_unknown_column_is_remarked_on_with_the_nearest_known_one():
    (remark,) = remarks(b"kode,Nama Pakett\n1,x\n", Form.CSV)

    assert (remark.row, remark.cell, remark.problem.code) == (0, "B1", "column-unknown")
    assert (remark.problem.value, remark.problem.field) == ("Nama Pakett", "name")


def test_a_mapped_heading_comes_before_what_is_known():
    plan = ColumnPlan.of(COLUMNS, {"name": "judul panjang", "pagu": "HPS"})

    assert said(read(b"kode;Judul Panjang;nama paket;pagu;hps\n1;a;b;2;3\n", Form.CSV, plan=plan)) == [
        (2, {"code": "1", "name": "a", "pagu": "3"})
    ]
    assert [remark.cell for remark in open_rows(
        io.BytesIO(b"kode;Judul Panjang;nama paket;pagu;hps\n1;a;b;2;3\n"), Form.CSV, Encoding.IDENTITY, columns=plan
    ).remarks] == ["C1", "D1"]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "plan", "reason", "evidence"),
    [
        (b"a,b\n1,2\n", PLAN, "heading-missing", "a; b"),
        (b"x" * 300, PLAN, "heading-missing", "x" * 300),
        (b"\n" * 30 + b"kode\n1\n", PLAN, "heading-missing", ""),
        (b"kode,code\n1,2\n", PLAN, "column-twice", "code"),
        (b"kode,nama\n1,2\n", ColumnPlan.of(COLUMNS, {"name": "judul panjang"}), "column-missing", "kode; nama"),
        (b"\0k\0o\0d\0e\0,\n", PLAN, "content-not-text", None),
        (b"PK\x03\x04...", PLAN, "content-wrong-form", None),
        (b"%PDF-1.7", PLAN, "content-wrong-form", None),
    ],
)
def test_a_table_without_a_usable_heading_is_refused(body, plan, reason, evidence):
    with pytest.raises(BodyUnreadable) as caught:
        read(body, Form.CSV, plan=plan)

    assert caught.value.reason == reason
    assert evidence is None or caught.value.evidence == evidence


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"2,dua,3,4,lebih", "row-shape"),
        (b'2,"dua" Contoh,3,4', "row-quotes"),
        (b'2,"dua,3,4', "row-quotes"),
        (b'"', "row-quotes"),
        (b"2,du\0a,3,4", "row-not-text"),
        ("2,é".encode() + b"\xff,3,4", "row-not-text"),
        (b"2," + b"x" * 200_000, "row-too-long"),
    ],
)
def test_one_broken_row_does_not_spoil_the_others(line, code):
    body = "kode,nama paket,pagu,sumber dana\n1,satu é,2,\n".encode() + line + b"\n3,tiga,4,\n4,empat,5,,,\n"

    assert said(read(body, Form.CSV)) == [
        (2, {"code": "1", "name": "satu é", "pagu": "2"}),
        (3, code),
        (4, {"code": "3", "name": "tiga", "pagu": "4"}),
        (5, {"code": "4", "name": "empat", "pagu": "5"}),
    ]


def test_a_stray_quote_swallows_nothing_but_its_own_row():
    good = [f'{number},"Jalan, ""Contoh"" {number}"' for number in range(3000)]
    body = "\n".join(["kode,nama paket", *good[:5], '5x,"terbuka', *good[5:]]).encode()
    rows = read(body, Form.CSV)

    assert [row.number for row in rows if row.number != 7] == [*range(2, 7), *range(8, 3003)]
    assert rows[5].problem.problem.code == "row-quotes"
    assert rows[-1].content["name"].value == 'Jalan, "Contoh" 2999'


def test_many_stray_quotes_end_in_a_refusal_rather_than_never():
    body = b"kode\n" + b'"x\n' * 20_000

    with pytest.raises(BodyUnreadable):
        read(body, Form.CSV)


def test_a_last_row_that_was_cut_is_not_taken():
    assert said(read(b"kode,nama paket,pagu\n1,satu,1500\n2,dua", Form.CSV))[1] == (3, "row-shape")
    assert said(read(b"kode,nama paket,pagu\n2,dua\n", Form.CSV)) == [(2, {"code": "2", "name": "dua"})]


@pytest.mark.parametrize("characters", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_characters_are_told_by_the_bytes(characters):
    body = "kode;nama paket\r\n1;Café “Contoh”\r\n".encode(characters)

    assert said(read(body, Form.CSV)) == [(2, {"code": "1", "name": "Café “Contoh”"})]


def test_characters_that_the_sender_states_are_believed():
    assert said(read(b"kode,nama paket\n1,Caf\xe9\n", Form.CSV, charset="utf-8")) == [(2, "row-not-text")]
    assert said(read("kode,nama paket\n1,é\n".encode(), Form.CSV, charset="cp1252")) == [
        (2, {"code": "1", "name": "Ã©"})
    ]


def test_a_byte_that_no_characters_have_breaks_its_row_only():
    assert said(read(b"kode,nama paket\n1,\x81\xe9\n2,x\n", Form.CSV)) == [
        (2, "row-not-text"),
        (3, {"code": "2", "name": "x"}),
    ]


def test_a_long_table_is_read_without_holding_it():
    body = b"kode,nama paket\n" + b"".join(b"%d,Jalan Contoh nomor %d\n" % (n, n) for n in range(20_000))
    file = io.BytesIO(body)
    tracemalloc.start()
    count = sum(1 for _ in open_rows(file, Form.CSV, Encoding.IDENTITY, columns=PLAN).rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 20_000
    assert peak < 3_000_000


def test_an_endless_line_is_not_held():
    body = b"kode\n1\n" + b"x" * 20_000_000 + b"\n2\n"
    tracemalloc.start()
    rows = read(body, Form.CSV, limits=FormLimits())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert said(rows) == [(2, {"code": "1"}), (3, "row-too-long"), (4, {"code": "2"})]
    assert peak < 5_000_000
