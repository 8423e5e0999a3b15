"""Releases, pushed: merged by ocid, with the year that the sender knows."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.core.vocabulary import Category, PackageKind, PackageStatus
from app.submission.row_schemas.catalogue import ROW_SCHEMAS
from tests.submission.rows.making import a_context, as_row, fields, found, read, read_all, read_cells

OCID = "ocds-213czf-12482010"


def a_release(**changes):
    return {
        "ocid": OCID,
        "id": "1",
        "date": "2025-03-01T10:00:00+07:00",
        "buyer": {"id": "D181", "name": "Kota Contoh"},
        "tender": {
            "id": "12482010",
            "title": "Pengawasan Contoh",
            "status": "complete",
            "value": {"amount": 744502824.25, "currency": "IDR"},
            "procurementMethodDetails": "Seleksi",
            "datePublished": "2024-12-20",
        },
        "awards": [{"id": "1", "value": {"amount": 666660450.5}, "suppliers": [{"name": "PT Contoh"}]}],
    } | changes


def test_a_release_is_a_package():
    reading = read(a_release(), "ocds", fiscal_year=2025)

    assert reading.problems == ()
    assert reading.record is not None
    assert (reading.record.kind, reading.record.code) == (PackageKind.TENDER, "12482010")
    taken = fields(reading)
    assert (taken["status"], taken["institution"]) == (PackageStatus.COMPLETED, "D181")
    assert taken["hps"] == Decimal("744502824.25")
    assert taken["awards"] == [{"supplier_name": "PT Contoh", "award_value": Decimal("666660450.5")}]


def test_the_year_is_the_budgets_then_the_senders_then_the_announcements():
    budget = {"planning": {"budget": {"period": {"startDate": "2023-01-01", "endDate": "2024-12-31"}}}}

    assert fields(read(a_release(**budget), "ocds", fiscal_year=2025))["fiscal_years"] == [2023, 2024]
    assert fields(read(a_release(), "ocds", fiscal_year=2025))["fiscal_years"] == [2025]
    assert fields(read(a_release(), "ocds"))["fiscal_years"] == [2024]
    assert found(read({"ocid": OCID}, "ocds"))[-1] == ("field-missing", "/fiscal_year")


def test_releases_of_one_process_are_merged_by_their_dates():
    first = {"ocid": OCID, "id": "1", "date": "2025-02-01T00:00:00Z", "tender": {"status": "active", "title": "Contoh"}}
    last = {"ocid": OCID, "id": "2", "date": "2025-03-01T00:00:00Z", "tender": {"status": "complete"}}

    taken = fields(read_all([last, first], "ocds", fiscal_year=2025))

    assert (taken["name"], taken["status"]) == ("Contoh", PackageStatus.COMPLETED)


def test_a_record_stands_for_its_compiled_release():
    record = {"ocid": OCID, "compiledRelease": a_release(), "releases": []}

    assert fields(read(record, "ocds"))["name"] == "Pengawasan Contoh"


def test_a_row_is_gathered_by_its_ocid():
    schema = ROW_SCHEMAS["ocds"]

    assert schema.is_gathered
    assert schema.key_of(as_row(a_release()), a_context()) == OCID
    assert found(read(a_release(ocid=None), "ocds")) == [("ocid-missing", "/ocid")]
    assert found(read(a_release(ocid="x", tender={}), "ocds")) == [("ocid-missing", "/ocid")]


@pytest.mark.parametrize(
    ("tender", "expected"),
    [
        ({"value": {"amount": "1.500"}}, ("amount-unreadable", "/tender/value")),
        ({"value": {"amount": -5}}, ("amount-negative", "/tender/value")),
        ({"value": {"amount": 1.505}}, ("amount-unreadable", "/tender/value")),
        ({"value": {"amount": 5, "currency": "USD"}}, ("currency-foreign", "/tender/value")),
        ({"datePublished": "9999-12-31"}, ("date-unreadable", "/tender/datePublished")),
        ({"title": "a\u202eb"}, ("text-hidden-characters", "/tender/title")),
        ({"title": "a\u2028b"}, ("text-hidden-characters", "/tender/title")),
        ({"title": "a\u200eb"}, ("text-hidden-characters", "/tender/title")),
    ],
)
def test_what_cannot_be_read_refuses_the_package(tender, expected):
    reading = read(a_release(tender=tender), "ocds", fiscal_year=2025)

    assert reading.record is None
    assert expected in found(reading)


def test_a_flattened_row_is_a_release():
    reading = read_cells(
        {
            "ocid": OCID,
            "tender/title": "Pengawasan Contoh",
            "tender/status": "complete",
            "tender/description": "Jasa Konsultansi Badan Usaha Konstruksi",
            "tender/value/amount": "744502824",
            "tender/datePublished": "2024-12-20",
            "awards/0/value/amount": "666660450.50",
            "awards/0/date": "01-03-2025",
            "awards/0/suppliers/0/name": "PT Contoh",
            "buyer/id": "D181",
        },
        "ocds",
        fiscal_year=2025,
    )

    taken = fields(reading)
    assert reading.problems == ()
    assert taken["category"] is Category.CONSULTING_FIRM_CONSTRUCTION
    assert taken["awards"] == [{"supplier_name": "PT Contoh", "award_value": Decimal("666660450.5")}]
    assert taken["awarded_at"].astimezone(UTC) == datetime(2025, 2, 28, 17, tzinfo=UTC)


def test_an_award_without_a_supplier_is_still_what_was_awarded():
    reading = read_cells(
        {"ocid": OCID, "tender/status": "complete", "awards/0/value/amount": "5"}, "ocds", fiscal_year=2025
    )

    assert fields(reading)["award_value"] == Decimal(5)
    assert "awards" not in fields(reading)


def test_a_cell_of_a_flattened_row_that_cannot_be_read_is_named():
    reading = read_cells({"ocid": OCID, "tender/value/amount": "1.500"}, "ocds", fiscal_year=2025)

    assert reading.record is None
    assert [(each.problem.code, each.cell) for each in reading.problems] == [("amount-ambiguous", "B7")]


def test_paths_that_contradict_each_other_are_problems():
    reading = read_cells(
        {"ocid": OCID, "tender": "x", "tender/title": "y", "awards/x/id": "1"}, "ocds", fiscal_year=2025
    )

    assert reading.record is None
    assert {code for code, _ in found(reading)} == {"field-unknown"}
