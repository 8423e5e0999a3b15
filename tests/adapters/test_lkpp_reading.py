"""What LKPP's services write is read exactly or refused; rows are named by what they say and belong to one package."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.rows import Gathering
from app.core.dates import TimeZone
from app.core.vocabulary import PackageKind
from app.kit.json import loads

TENDER = PackageKind.TENDER


def a_reader(zone=TimeZone.WIB):
    return Reader(TENDER, "1", zone)


def codes(reader):
    return [problem.code for problem in reader.problems]


@pytest.mark.parametrize(
    ("spelled", "amount"),
    [
        ("1500", "1500"),
        ("1500.5", "1500.50"),
        ("1500.50000", "1500.50"),
        ("9.757E9", "9757000000"),
        ("999999999999999999.99", "999999999999999999.99"),
        ("0", "0"),
        ('"1500"', "1500"),
        ('"1500.25"', "1500.25"),
        ('"Rp 1.500"', "1500"),
        ('"1.234.567,89"', "1234567.89"),
    ],
)
def test_an_amount_is_exact_in_every_spelling(spelled, amount):
    reader = a_reader()

    assert reader.stated({"pagu": loads(spelled)}, "pagu") == (Decimal(amount), True)
    assert reader.problems == []


@pytest.mark.parametrize("nothing", ["null", '""', '" - "'])
def test_nothing_is_no_amount_and_no_problem(nothing):
    reader = a_reader()

    assert reader.stated({"pagu": loads(nothing)}, "pagu") == (None, True)
    assert reader.problems == []


@pytest.mark.parametrize(
    "spelled",
    [
        "1.005",
        "1e19",
        "1e999999",
        "1e-9",
        '"1.500"',
        '"1,500"',
        '"22,7 M"',
        '"1e6"',
        "true",
        "[]",
        "{}",
        '"NaN"',
        "9" * 60,
    ],
)
def test_an_amount_that_is_none_or_two_is_refused(spelled):
    reader = a_reader()

    assert reader.stated({"pagu": loads(spelled)}, "pagu") == (None, False)
    assert codes(reader) == ["amount-unreadable"]


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2024-05-03T21:30:00Z", 21.5),
        ("2024-05-03 21:30:00.000000Z", 21.5),
        ("2024-05-03T21:30Z", 21.5),
        ("2024-05-03T21:30:00+00:00", 21.5),
        ("2024-05-03T00:00:00.000000Z", 0),
        ("2024-05-03", 0),
        ("May 3, 2024 12:00:00 AM", 0),
        ("May 3, 2024 9:30:00 PM", 21.5),
        ("May 3, 2024", 0),
    ],
)
def test_a_moment_is_on_the_clock_of_the_lpse_whatever_stands_behind_it(text, hour):
    for zone, shift in ((TimeZone.WIB, 7), (TimeZone.WITA, 8), (TimeZone.WIT, 9)):
        moment = a_reader(zone).moment({"tgl": text}, "tgl")

        begin = datetime(2024, 5, 3, tzinfo=UTC)
        assert (moment - begin).total_seconds() == (hour - shift) * 3600


def test_an_offset_that_is_really_one_is_kept():
    moment = a_reader(TimeZone.WIT).moment({"tgl": "2024-05-03T21:30:00+07:00"}, "tgl")

    assert moment == datetime(2024, 5, 3, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T07:00:00Z", "2024-02-30T00:00:00Z", "2024-05-03T24:00:00Z",
     "Mai 3, 2024", "May 3, 2024 13:00:00 PM", "3 Mei 2024", "2024", 1714747800, True, "٢٠٢٤-05-03"],
)  # fmt: skip
def test_a_moment_that_means_nothing_is_refused(text):
    reader = a_reader()

    assert reader.moment({"tgl": text}, "tgl") is None
    assert codes(reader) == ["date-unreadable"]


def test_markup_is_taken_out_of_descriptions():
    reader = a_reader()
    row = {"uraian": "<p>Satu &amp; dua<br/>tiga</p>\n<ul><li>empat</li></ul>_x000d_\n 5 < 6"}

    assert reader.text(row, "uraian") == "Satu & dua tiga empat 5 < 6"
    assert reader.text({"uraian": "<p></p>"}, "uraian") is None


def test_a_huge_text_full_of_open_tags_is_read_in_time():
    assert a_reader().text({"uraian": "<p" * 500_000}, "uraian")


def gathered(*rows, resource="daftar", asked=None):
    gathering = Gathering(TENDER, resource, left_out=frozenset({"segel"}))
    gathering.add(
        [row | {"kd_tender": row.get("kd_tender", 1), "kd_lpse": row.get("kd_lpse", 7)} for row in rows],
        code="kd_tender",
        asked=asked,
    )
    return gathering


def test_a_row_has_one_name_however_it_is_spelled():
    row = {"pagu": loads("1500.50"), "nama": "a", "segel": "x"}
    same = {"segel": "y", "nama": "a", "pagu": loads("1500.5000"), "kd_tender": loads("1.0")}
    other = {"pagu": loads("1500.51"), "nama": "a"}

    [entry] = gathered(row, same).entries
    [(name, kept)] = entry.row.items()
    assert kept == {"kd_tender": 1, "kd_lpse": 7, "nama": "a", "pagu": Decimal("1500.5")}
    assert len(gathered(row, other).entries[0].row) == 2
    assert name.startswith("daftar#")
    assert gathered(row, resource="lain").entries[0].row.keys() == {name.replace("daftar", "lain")}


def test_bank_accounts_are_not_kept():
    [entry] = gathered({"no_rek_bank": "1", "nama_rek_bank": "x", "nama_pemilik_rek_bank": "y"}).entries

    assert list(entry.row.values()) == [{"kd_tender": 1, "kd_lpse": 7}]


def test_a_row_that_is_nested_without_end_can_still_be_kept():
    deep = "x"
    for _ in range(5000):
        deep = [deep]

    [entry] = gathered({"dalam": deep}).entries
    assert entry.row


def test_a_code_is_canonical_text_and_rows_of_two_lpses_are_two_packages():
    rows = [
        {"kd_tender": "00123", "kd_lpse": 7},
        {"kd_tender": 123, "kd_lpse": "7"},
        {"kd_tender": 123, "kd_lpse": 8},
    ]

    gathering = gathered(*rows)

    assert gathering.problems == []
    assert [(entry.code, entry.lpse, len(entry.row)) for entry in gathering.entries] == [("123", 7, 2), ("123", 8, 1)]


@pytest.mark.parametrize("code", [None, "", "abc", 0, -5, True, 1.5, [1], "1" * 100])
def test_a_row_without_a_code_is_a_problem(code):
    gathering = gathered({"kd_tender": code})

    [problem] = gathering.problems
    assert gathering.entries == []
    assert (problem.code, problem.field) == ("code-unreadable", "daftar")


@pytest.mark.parametrize("lpse", [None, "x", 0, -1, 2**40, True])
def test_a_row_without_an_lpse_is_of_the_one_that_was_asked_or_of_nobody(lpse):
    gathering = gathered({"kd_lpse": lpse})

    [problem] = gathering.problems
    assert gathering.entries == []
    assert (problem.code, problem.package) == ("row-unreadable", "1")
    assert [entry.lpse for entry in gathered({"kd_lpse": lpse}, asked=9).entries] == [9]


@pytest.mark.parametrize("row", [None, 5, "x", [1], {}, {"segel": "x"}])
def test_what_is_no_row_is_a_problem(row):
    gathering = Gathering(TENDER, "daftar", left_out=frozenset({"segel"}))
    gathering.add([row], code="kd_tender", asked=7)

    assert [problem.code for problem in gathering.problems] == ["row-unreadable"]
