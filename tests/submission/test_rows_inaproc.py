"""INAPROC's rows, pushed: one record for all rows of a package, and nothing taken by halves."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.core.vocabulary import PackageKind, PackageStatus
from app.submission.row_schemas.catalogue import ROW_SCHEMAS
from tests.submission.rows.making import a_context, as_row, fields, found, read, read_all, read_cells

VALUES = "inaproc:tender-selesai-nilai"


def a_value(**changes):
    return {
        "kd_tender": 4312010,
        "kd_lpse": 10,
        "tahun_anggaran": 2025,
        "kd_klpd": "D181",
        "nama_klpd": "Kota Contoh",
        "pagu": 1500000000,
        "hps": 1487500000.25,
        "kd_penyedia": 1,
        "nama_penyedia": "CV Contoh",
        "nilai_penawaran": 1400000000,
        "nilai_terkoreksi": 1400000000,
        "nilai_negosiasi": 1380000000.5,
        "nilai_kontrak": 1375000000.5,
        "tgl_pengumuman_tender": "2025-02-03T08:00:00Z",
        "tgl_penetapan_pemenang": "2025-03-01T00:00:00Z",
        "last_update_ref": "tersegel",
    } | changes


def test_there_is_a_schema_for_every_list_of_packages():
    known = {name.removeprefix("inaproc:") for name in ROW_SCHEMAS if name.startswith("inaproc:")}

    assert known == {
        "pengumuman", "tender-selesai", "tender-selesai-nilai", "peserta-tender", "jadwal-tahapan-tender",
        "tender-ekontrak", "tender-ekontrak-kontrak", "non-tender-pengumuman", "non-tender-selesai",
        "jadwal-tahapan-non-tender", "non-tender-ekontrak", "non-tender-ekontrak-kontrak", "pencatatan-non-tender",
        "pencatatan-non-tender-realisasi", "pencatatan-swakelola", "pencatatan-swakelola-realisasi",
    }  # fmt: skip


def test_a_row_of_values_is_a_finished_package():
    reading = read(a_value(), VALUES)

    assert reading.problems == ()
    assert reading.record is not None
    assert (reading.record.kind, reading.record.code) == (PackageKind.TENDER, "4312010")
    taken = fields(reading)
    assert taken["status"] is PackageStatus.COMPLETED
    assert taken["hps"] == Decimal("1487500000.25")
    assert taken["awards"][0]["contract_value"] == Decimal("1375000000.5")
    assert taken["announced_at"].astimezone(UTC) == datetime(2025, 2, 3, 1, tzinfo=UTC), "“Z” is the node's own clock"


def test_all_winners_of_a_package_are_in_one_record():
    taken = fields(read_all([a_value(), a_value(kd_penyedia=2, nama_penyedia="PT Contoh")], VALUES))

    assert [award["supplier_name"] for award in taken["awards"]] == ["CV Contoh", "PT Contoh"]


def test_the_order_of_rows_does_not_matter():
    rows = [a_value(), a_value(kd_penyedia=2, nama_penyedia="PT Contoh")]

    assert fields(read_all(rows, VALUES)) == fields(read_all(rows[::-1], VALUES))


def test_a_row_belongs_to_its_package_or_is_refused():
    schema = ROW_SCHEMAS[VALUES]

    assert schema.is_gathered
    assert schema.key_of(as_row(a_value()), a_context()) == "4312010"
    assert schema.key_of(as_row(a_value(kd_tender="004312010")), a_context()) == "4312010"
    assert found(read(a_value(kd_tender=None), VALUES)) == [("code-unreadable", "/kd_tender")]
    assert found(read(a_value(kd_lpse=11), VALUES)) == [("node-mismatch", "/kd_lpse")]
    assert found(read(a_value(), VALUES, kd_lpse=None)) == [("node-mismatch", "/kd_lpse")]
    assert read(a_value(kd_lpse=None), VALUES).record is not None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nilai_kontrak": "1.500"}, ("amount-unreadable", "/nilai_kontrak")),
        ({"nilai_kontrak": -1}, ("amount-negative", "/nilai_kontrak")),
        ({"pagu": 1.505}, ("amount-unreadable", "/pagu")),
        ({"tgl_penetapan_pemenang": "0001-01-01T00:00:00Z"}, ("date-unreadable", "/tgl_penetapan_pemenang")),
        ({"tahun_anggaran": 9999}, ("fiscal-year-unreadable", "/tahun_anggaran")),
        ({"nama_penyedia": "a\u202eb"}, ("text-hidden-characters", "/nama_penyedia")),
        ({"nama_penyedia": "a\u2028b"}, ("text-hidden-characters", "/nama_penyedia")),
        ({"nama_penyedia": "a\u200eb"}, ("text-hidden-characters", "/nama_penyedia")),
        ({"nama_penyedia": ["a"]}, ("text-expected", "/nama_penyedia")),
    ],
)
def test_what_cannot_be_read_refuses_the_package_with_its_place(changes, expected):
    reading = read(a_value(**changes), VALUES)

    assert reading.record is None
    assert found(reading) == [expected]


@pytest.mark.parametrize("text", ["1e6", "1.500", "NaN", "1e400"])
def test_numbers_that_leave_a_doubt_are_refused(text):
    content = b'{"kd_tender":1,"tahun_anggaran":2025,"pagu":' + text.encode() + b"}"

    reading = read(content, VALUES)

    assert found(reading) == [("amount-unreadable", "/pagu")]
    assert reading.problems[0].problem.value == text


def test_half_a_package_is_not_taken():
    reading = read_all([a_value(), a_value(kd_penyedia=2, nama_penyedia="PT Contoh", nilai_kontrak="1.500")], VALUES)

    assert reading.record is None
    assert [(each.row, each.problem.code) for each in reading.problems] == [
        (1, "package-row-refused"),
        (2, "amount-unreadable"),
    ]


def test_fields_that_nobody_reads_may_hold_anything():
    assert read(a_value(nama_ppk="a\u202eb", baru={"a": [1e300]}), VALUES).problems == ()


def test_the_year_may_be_said_of_all_rows():
    row = a_value(tahun_anggaran=None)

    assert fields(read(row, VALUES, fiscal_year=2024))["fiscal_years"] == [2024]
    assert ("field-missing", "/fiscal_year") in found(read(row, VALUES))


def test_realisations_alone_make_a_record_without_a_name():
    row = {
        "kd_swakelola_pct": 1074010,
        "tahun_anggaran": 2025,
        "nilai_realisasi": 1152000.5,
        "tgl_realisasi": "2025-05-19",
    }

    reading = read(row, "inaproc:pencatatan-swakelola-realisasi")

    assert reading.record is not None
    assert reading.record.kind is PackageKind.SELF_MANAGED
    assert "name" not in reading.record.fields
    assert fields(reading)["realizations"][0]["value"] == Decimal("1152000.5")
    assert reading.problems == ()


def test_contracts_alone_say_what_was_signed_and_no_more():
    contract = {"kd_tender": 4312010, "tahun_anggaran": 2025, "kontrak_id": 1, "nama_penyedia": "CV Contoh"}
    rows = [
        contract | {"nilai_kontrak": 100, "versi_addendum": 0, "tgl_kontrak": "2025-03-10"},
        contract | {"nilai_kontrak": 120.5, "versi_addendum": 1, "tgl_kontrak": "2025-04-10"},
    ]

    taken = fields(read_all(rows, "inaproc:tender-ekontrak-kontrak"))

    assert taken["contract_value"] == Decimal("120.5")
    assert not taken.keys() & {"awards", "status"}


def test_rows_in_a_table_are_read_as_people_write():
    reading = read_cells(
        {"kd_tender": "4312010", "tahun_anggaran": "2025", "pagu": "Rp 1.500.000,50", "tgl_pengumuman_tender": "2025-02-03T08:00:00Z"},
        "inaproc:pengumuman",
    )  # fmt: skip

    assert fields(reading)["pagu"] == Decimal("1500000.5")
    assert fields(reading)["announced_at"].astimezone(UTC) == datetime(2025, 2, 3, 1, tzinfo=UTC)


def test_a_cell_that_cannot_be_read_is_named():
    reading = read_cells({"kd_tender": "4312010", "pagu": "1.500"}, VALUES, fiscal_year=2025)

    assert reading.record is None
    assert [(each.problem.code, each.cell, each.row) for each in reading.problems] == [("amount-ambiguous", "B7", 7)]
