"""A pushed package in JSON: what is taken, exactly, and what is refused, with its place."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from app.core.problems import PROBLEM_KINDS, message_of
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus
from app.procurement.admission import refusal
from app.submission.row_schemas.package_fast import read_plain_package
from app.submission.row_schemas.package_json import read_package
from tests.submission.rows.making import NOW, a_context, a_package, as_row, fields, found, read

FULL = a_package(
    name="Pemeliharaan Jalan Contoh",
    labels=["Tender Ulang"],
    institution="D181",
    institution_name="Kota Contoh",
    satker_name="Dinas Contoh",
    category="works",
    category_text="Pekerjaan Konstruksi",
    method="fast_tender",
    status="completed",
    stage="Tender Sudah Selesai",
    fund_sources=["APBD"],
    rup_codes=["67643676"],
    pagu=1500000000,
    hps=1487500000.25,
    self_managed_type=None,
    participants=25,
    bidders=4,
    awards=[{"supplier_name": "CV Contoh", "npwp": "00.000.000.0-000.000", "contract_value": 1375000000.5}],
    offers=[
        {"supplier_name": "CV Contoh", "bid_value": 1400000000, "score": 87.5, "is_winner": True},
        {"supplier_name": "PT Contoh", "bid_value": None, "reason": "Tidak menawar"},
    ],
    realizations=[{"type_text": "Kwitansi", "value": 12500000, "realized_on": "2025-03-18"}],
    schedule=[{"name": "Pengumuman", "starts_at": "2025-02-03T08:00:00", "changes": 1}],
    announced_at="2025-02-03T08:00:00+07:00",
    awarded_at="2025-03-01T15:30:00",
    date_basis=None,
    created_on="2025-01-20",
    source_ids={"kd_pkt_dce": "4059010"},
    updated_at="2025-03-11T00:00:00Z",
)
WIB = timezone(timedelta(hours=7))


def test_every_field_is_taken_as_it_was_sent():
    reading = read(FULL)

    record = reading.record
    assert record is not None
    assert reading.problems == ()
    assert (record.kind, record.code, record.row) == (PackageKind.TENDER, "12482010", 1)
    assert record.source_at == datetime(2025, 3, 11, tzinfo=UTC)
    taken: dict[str, Any] = dict(record.fields)
    assert taken["hps"] == Decimal("1487500000.25")
    assert taken["awards"] == [
        {"supplier_name": "CV Contoh", "npwp": "00.000.000.0-000.000", "contract_value": Decimal("1375000000.5")}
    ]
    assert taken["offers"][0]["score"] == Decimal("87.5")
    assert taken["offers"][1] == {"supplier_name": "PT Contoh", "bid_value": None, "reason": "Tidak menawar"}
    assert taken["realizations"][0]["realized_on"] == date(2025, 3, 18)
    assert taken["schedule"][0]["starts_at"].astimezone(UTC) == datetime(2025, 2, 3, 1, tzinfo=UTC)
    assert taken["announced_at"] == datetime(2025, 2, 3, 8, tzinfo=WIB)
    assert taken["awarded_at"] == datetime(2025, 3, 1, 15, 30, tzinfo=WIB)
    assert taken["created_on"] == date(2025, 1, 20)
    assert (taken["category"], taken["method"], taken["status"]) == (
        Category.WORKS,
        Method.FAST_TENDER,
        PackageStatus.COMPLETED,
    )
    assert taken["fiscal_years"] == [2025]
    assert taken["source_ids"] == {"kd_pkt_dce": "4059010"}
    assert not taken.keys() & {"kind", "code", "fiscal_year", "updated_at", "date_basis"}
    assert refusal(record) is None


@pytest.mark.parametrize(
    "row",
    [
        a_package(),
        FULL,
        FULL | {"announced_at": "2025-02-03", "awarded_at": "2025-03-01T15:30"},
        a_package(name=None, labels=None, awards=None, offers=None, source_ids=None, status=None, pagu=None),
        a_package(category="Pekerjaan Konstruksi", method="Seleksi", status="Tender Batal"),
        a_package(code=12482010, fiscal_years=[2026, 2025], awards=[{"supplier_name": "A"}, {"supplier_name": "B"}]),
        a_package(name='Gedung "Contoh" : tahap 2', description="baris\nbaru\ttab"),
    ],
)
def test_the_fast_way_reads_what_the_patient_one_reads(row):
    content = as_row(row).content

    fast = read_plain_package(content, 1, a_context())

    assert fast is not None
    assert fast == read_package(content, 1, a_context())


def test_absent_is_not_spoken_of_and_null_says_none():
    assert fields(read(a_package())) == {"fiscal_years": [2025]}
    assert fields(read(a_package(pagu=None, name=None, awards=None))) == {
        "fiscal_years": [2025],
        "pagu": None,
        "name": None,
        "awards": [],
    }


def test_kind_and_year_may_be_said_of_all_rows():
    reading = read({"code": "7"}, kind="recorded", fiscal_year=2024)

    assert reading.record is not None
    assert reading.record.kind is PackageKind.RECORDED
    assert fields(reading)["fiscal_years"] == [2024]
    assert found(read({"code": "7"})) == [("field-missing", "/kind"), ("field-missing", "/fiscal_year")]
    assert found(read(a_package(fiscal_year=0), fiscal_year=2024)) == [("fiscal-year-unreadable", "/fiscal_year")]


def amount_row(text: str) -> bytes:
    return b'{"kind":"tender","code":"1","fiscal_year":2025,"pagu":' + text.encode() + b"}"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("1500", "1500"),
        ("1500.5", "1500.5"),
        ("1500.25", "1500.25"),
        ("999999999999999999.99", "999999999999999999.99"),
        ('"1500.25"', "1500.25"),
        ('"1500"', "1500"),
        ("12345678901234567.89", "12345678901234567.89"),
    ],
)
def test_an_amount_is_exact_to_the_sen(text, amount):
    assert fields(read(amount_row(text)))["pagu"] == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.500", "amount-too-precise"),
        ("1e6", "amount-unreadable"),
        ("1.5e1", "amount-unreadable"),
        ("1255e-2", "amount-unreadable"),
        ("1e400", "amount-unreadable"),
        ("NaN", "amount-unreadable"),
        ("Infinity", "amount-unreadable"),
        ("-1", "amount-negative"),
        ("-0.01", "amount-negative"),
        ("1000000000000000000", "amount-too-large"),
        ("1" * 5000, "amount-unreadable"),
        ('"1.500"', "amount-ambiguous"),
        ('"1,5"', "amount-ambiguous"),
        ('"1_000"', "amount-unreadable"),
        ('"+5"', "amount-unreadable"),
        ('" 5 "', "amount-unreadable"),
        ('"\uff11\uff12"', "amount-unreadable"),
        ('"Rp 1.500.000"', "amount-unreadable"),
        ('"NaN"', "amount-unreadable"),
        ('""', "amount-unreadable"),
        ("true", "amount-unreadable"),
        ("[1]", "amount-unreadable"),
        ('{"amount":1}', "amount-unreadable"),
    ],
)
def test_an_amount_that_leaves_a_doubt_refuses_the_row(text, code):
    reading = read(amount_row(text))

    assert reading.record is None
    assert found(reading) == [(code, "/pagu")]
    assert reading.problems[0].problem.value
    assert reading.problems[0].problem.package == "1"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"paguu": 5}, ("field-unknown", "/paguu")),
        ({"awards": [{"supplier_name": "A", "hps": 1}]}, ("field-unknown", "/awards/0/hps")),
        ({"awards": [{"npwp": "1"}]}, ("field-missing", "/awards/0/supplier_name")),
        ({"awards": [{"supplier_name": " "}]}, ("field-missing", "/awards/0/supplier_name")),
        (
            {"awards": [{"supplier_name": "A", "contract_value": "x"}]},
            ("amount-unreadable", "/awards/0/contract_value"),
        ),
        ({"awards": {"supplier_name": "A"}}, ("list-expected", "/awards")),
        ({"awards": ["A"]}, ("object-expected", "/awards/0")),
        (
            {"schedule": [{"name": "A", "revisions": [{"edited_at": 5}]}]},
            ("date-unreadable", "/schedule/0/revisions/0/edited_at"),
        ),
        ({"name": 5}, ("text-expected", "/name")),
        ({"name": {}}, ("text-expected", "/name")),
        ({"name": "a\u0000b"}, ("text-unstorable", "/name")),
        ({"name": "a\u202eb"}, ("text-hidden-characters", "/name")),
        ({"name": "a\u2066b"}, ("text-hidden-characters", "/name")),
        ({"name": "a\u0007b"}, ("text-hidden-characters", "/name")),
        ({"name": "a\u007fb"}, ("text-hidden-characters", "/name")),
        ({"name": "a\u0085b"}, ("text-hidden-characters", "/name")),
        ({"name": "x" * 2001}, ("text-too-long", "/name")),
        ({"source_ids": {"a": "\u202e"}}, ("text-hidden-characters", "/source_ids/a")),
        ({"participants": -1}, ("number-expected", "/participants")),
        ({"participants": "5"}, ("number-expected", "/participants")),
        ({"participants": True}, ("number-expected", "/participants")),
        ({"self_managed_type": 5}, ("number-expected", "/self_managed_type")),
        ({"fiscal_year": 1999}, ("fiscal-year-unreadable", "/fiscal_year")),
        ({"fiscal_year": 9999}, ("fiscal-year-unreadable", "/fiscal_year")),
        ({"fiscal_year": "2025"}, ("fiscal-year-unreadable", "/fiscal_year")),
        ({"fiscal_years": [2025, 2101]}, ("fiscal-year-unreadable", "/fiscal_years")),
        ({"fiscal_years": [2024, 2025]}, ("fiscal-years-disagree", "/fiscal_year")),
        ({"kind": "sewa"}, ("kind-unknown", "/kind")),
        ({"kind": 5}, ("text-expected", "/kind")),
        ({"code": ""}, ("field-missing", "/code")),
        ({"code": "a b"}, ("code-unreadable", "/code")),
        ({"code": "1" * 65}, ("code-unreadable", "/code")),
        ({"code": "12482010.0"}, ("code-unreadable", "/code")),
        ({"code": 1.5}, ("code-unreadable", "/code")),
        ({"code": True}, ("code-unreadable", "/code")),
        ({"announced_at": "0001-01-01T00:00:00"}, ("date-unreadable", "/announced_at")),
        ({"announced_at": "9999-12-31T23:59:59Z"}, ("date-unreadable", "/announced_at")),
        ({"announced_at": "03-02-2025"}, ("date-unreadable", "/announced_at")),
        ({"announced_at": "2025-W01-1"}, ("date-unreadable", "/announced_at")),
        ({"announced_at": 1738544400}, ("date-unreadable", "/announced_at")),
        ({"created_on": "2025-02-30"}, ("date-unreadable", "/created_on")),
        ({"created_on": "2025-01-20T00:00:00"}, ("date-unreadable", "/created_on")),
        ({"created_on": "0001-01-01"}, ("date-unreadable", "/created_on")),
        ({"date_basis": "maybe"}, ("word-unknown", "/date_basis")),
        ({"offers": [{"supplier_name": "A", "is_winner": "ya"}]}, ("yes-no-expected", "/offers/0/is_winner")),
        ({"offers": [{"supplier_name": "A", "score": 87.125}]}, ("score-unreadable", "/offers/0/score")),
        ({"locations": ["A", None]}, ("text-expected", "/locations/1")),
        ({"locations": ["A"] * 1001}, ("list-too-long", "/locations")),
        ({"node": "lain"}, ("node-mismatch", "/node")),
        ({"node": 11}, ("node-mismatch", "/node")),
        ({"updated_at": (NOW + timedelta(days=2)).isoformat()}, ("updated-in-future", "/updated_at")),
        (
            {"awards": [{"supplier_name": n, "contract_value": 999999999999999999} for n in "AB"]},
            ("amount-too-large", "/awards/0/contract_value"),
        ),
    ],
)
def test_what_is_wrong_refuses_the_row_and_is_named_with_its_place(changes, expected):
    reading = read(a_package(**changes))

    assert reading.record is None
    assert expected in found(reading)


def test_every_problem_of_a_row_is_told_at_once():
    reading = read(a_package(pagu="1.500", hps=-1, paguu=1, announced_at="besok"))

    assert found(reading) == [
        ("amount-ambiguous", "/pagu"),
        ("amount-negative", "/hps"),
        ("field-unknown", "/paguu"),
        ("date-unreadable", "/announced_at"),
    ]
    assert reading.problems[2].problem.value == "1 (→ pagu?)"


@pytest.mark.parametrize(
    ("content", "code", "pointer"),
    [
        (b"", "json-unreadable", ""),
        (b"{", "json-unreadable", ""),
        (b"[1]", "json-not-object", ""),
        (b"null", "json-not-object", ""),
        (b'{"code":"\xff"}', "json-unreadable", ""),
        (b'{"code":"\xed\xa0\x80"}', "json-unreadable", ""),
        (b'{"kind":"tender","code":"1","fiscal_year":2025,"name":"\\ud800"}', "text-unstorable", "/name"),
        (b'{"kind":"tender","code":"1","fiscal_year":2025,"pagu":1,"pagu":2}', "key-twice", "/pagu"),
        (b'{"kind":"tender","code":"1","fiscal_year":2025,"pagu" :1,"pagu":2}', "key-twice", "/pagu"),
        (b'{"kind":"tender","code":"1","fiscal_year":2025,"pag\\u0075":1,"pagu":2}', "key-twice", "/pagu"),
        (
            b'{"kind":"tender","code":"1","fiscal_year":2025,"awards":[{"supplier_name":"A","supplier_name":"A"}]}',
            "key-twice",
            "/awards/0/supplier_name",
        ),
        (b'{"kind":"tender","code":"1","fiscal_year":2025,"name":' + b"[" * 200 + b"]" * 200 + b"}", "json-too-deep", "/name" + "/0" * 31),
        (b"[" * 100_000, "json-too-deep", ""),
    ],
)  # fmt: skip
def test_broken_rows_are_problems_and_never_exceptions(content, code, pointer):
    reading = read(content)

    assert reading.record is None
    assert (code, pointer) in found(reading)


def test_words_of_every_source_are_mapped_and_kept():
    taken = fields(read(a_package(kind="Pencatatan Non Tender", category="Pengadaan Barang", status="Paket Selesai")))

    assert (taken["category"], taken["category_text"]) == (Category.GOODS, "Pengadaan Barang")
    assert (taken["status"], taken["stage"]) == (PackageStatus.COMPLETED, "Paket Selesai")
    assert fields(read(a_package(status="complete")))["status"] is PackageStatus.COMPLETED
    assert fields(read(a_package(status="Masa Sanggah [...]")))["status"] is PackageStatus.RUNNING


def test_an_unknown_word_is_kept_and_told():
    reading = read(a_package(category="Barang Gaib", method="Undian", status="Entah"))

    taken = fields(reading)
    assert (taken["category"], taken["category_text"]) == (Category.OTHER, "Barang Gaib")
    assert (taken["method"], taken["method_text"]) == (Method.OTHER, "Undian")
    assert (taken["status"], taken["stage"]) == (PackageStatus.OTHER, "Entah")
    assert found(reading) == [
        ("category-unknown", "/category"),
        ("method-unknown", "/method"),
        ("status-unknown", "/status"),
    ]


def test_what_the_hub_adds_when_it_publishes_may_be_sent_back():
    published = {
        "value": 1375000000.5,
        "value_basis": "contract",
        "version": 3,
        "source": "push",
        "field_sources": {"pagu": "push"},
        "disagreements": [],
        "withdrawn": False,
        "node": "contoh",
        "contract_value": 1375000000.5,
    }

    reading = read(a_package(**published))

    assert reading.problems == ()
    assert fields(reading) == {"fiscal_years": [2025], "contract_value": Decimal("1375000000.5")}


def test_a_value_that_no_amount_bears_out_is_remarked_upon():
    reading = read(a_package(value=5, contract_value=7))

    assert "value" not in fields(reading)
    assert found(reading) == [("field-read-only", "/value")]


@pytest.mark.parametrize("node", ["contoh", "CONTOH", "10", 10])
def test_a_row_may_say_whose_it_is(node):
    assert read(a_package(node=node)).record is not None


def test_a_code_loses_its_leading_zeros():
    reading = read(a_package(code="0012482010"))

    assert reading.record is not None
    assert reading.record.code == "12482010"


def test_clocks_may_differ_by_a_day():
    assert read(a_package(updated_at=(NOW + timedelta(hours=23)).isoformat())).record is not None


def test_hidden_characters_are_shown_by_their_numbers():
    assert read(a_package(name="a\u202eb")).problems[0].problem.value == "a\\u202eb"


def test_every_sentence_can_be_said():
    for code in PROBLEM_KINDS:
        sentences = message_of(code, field="pagu", value="5")
        assert sentences["id"] != sentences["en"]
        assert "{" not in sentences["id"].replace("{ … }", "").replace("{…}", "")


def test_a_million_texts_are_not_held_for_numbers():
    content = json.dumps(a_package(name='"pagu":1e6, "hps":NaN')).encode()

    assert fields(read(content))["name"] == '"pagu":1e6, "hps":NaN'


HIDDEN = [
    "\u061c",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2028",
    "\u2029",
    "\u202a",
    "\u2060",
    "\u2064",
    "\u2069",
    "\u206f",
    "\ufeff",
    "\ufff9",
    "\ufffa",
    "\ufffb",
    "\U000e0000",
    "\U000e0041",
    "\U000e007f",
]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_characters_that_nobody_sees_refuse_a_row_however_they_are_written(hidden):
    row = a_package(name=f"a{hidden}b")

    for is_escaped in (True, False):
        content = json.dumps(row, ensure_ascii=is_escaped).encode()
        assert read_plain_package(content, 1, a_context()) is None
        assert ("text-hidden-characters", "/name") in found(read(content))
        assert read(content).record is None
    escaped = json.dumps(hidden)[1:-1]
    capitals = json.dumps(row).replace(escaped, escaped.upper().replace("U", "u")).encode()
    assert read_plain_package(capitals, 1, a_context()) is None


@pytest.mark.parametrize(
    "seen", ["\u2013", "\u201c", "\u2019", "\u2026", "\xa0", "\xe9", "\u0621", "\ufffd", "\uff10", "\U0001f600"]
)
def test_characters_next_to_hidden_ones_are_taken_at_once(seen):
    content = json.dumps(a_package(name=f"a{seen}b"), ensure_ascii=False).encode()

    reading = read_plain_package(content, 1, a_context())

    assert reading is not None
    assert fields(reading)["name"] == f"a{seen}b"
