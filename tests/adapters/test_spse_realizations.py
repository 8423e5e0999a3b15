"""Realisations of recorded, self-managed and emergency packages, in markup that no browser was ever shown whole."""

from datetime import date
from decimal import Decimal

import pytest

from app.adapters.spse.realizations import read_realizations
from tests.adapters.spse_replies import a_reader, page


def read(name="pencatatan_realisasi.html", **changes):
    reader = a_reader()
    fields = read_realizations(page(name, changes=changes), reader)
    return fields, [(problem.code, problem.field) for problem in reader.problems]


def test_a_recorded_package_states_its_total_and_its_parts():
    fields, problems = read()

    assert problems == []
    assert fields == {
        "realized_value": Decimal("495000.50"),
        "pdn_value": Decimal("495000.50"),
        "umk_value": None,
        "finished_on": date(2025, 4, 10),
        "realizations": [
            {
                "type_text": "Kuitansi",
                "value": Decimal("375000.00"),
                "realized_on": date(2025, 4, 10),
                "supplier_name": "Toko Contoh",
                "npwp": "06*6**6****66**6",
            },
            {
                "type_text": "Surat Perjanjian",
                "value": Decimal("120000.50"),
                "realized_on": date(2025, 4, 11),
                "supplier_name": "CV Satu Contoh; CV Dua Contoh",
                "npwp": None,
            },
            {"type_text": "Dokumen Lainnya", "value": Decimal("0.00"), "realized_on": None},
        ],
    }


def test_a_self_managed_package_names_who_carried_it_out_and_no_shares():
    fields, problems = read("swakelola_pelaksana.html")

    assert problems == []
    assert fields["realizations"][0]["supplier_name"] == "KELOMPOK CONTOH"
    assert (fields["realized_value"], fields["finished_on"]) == (Decimal("800000.00"), date(2025, 12, 31))
    assert not {"pdn_value", "umk_value"}.intersection(fields)


def test_a_head_without_rows_is_a_package_without_realisations():
    fields, problems = read("darurat_pemenang.html")

    assert problems == []
    assert fields["realizations"] == []
    assert (fields["realized_value"], fields["pdn_value"]) == (Decimal("0.00"), None)


def test_a_total_that_its_rows_do_not_add_up_to_is_kept_and_reported():
    fields, problems = read(**{"Rp. 120.000,50": "Rp. 120.000,51"})

    assert problems == [("realization-differs", "Nilai Total Realisasi")]
    assert fields["realized_value"] == Decimal("495000.50")


def test_a_total_without_any_row_differs_too():
    _, problems = read("darurat_pemenang.html", **{"Rp. 0,00": "Rp. 5,00"})

    assert problems == [("realization-differs", "Nilai Total Realisasi")]


def test_a_row_that_cannot_be_read_is_reported_and_not_compared():
    fields, problems = read(**{"Rp. 120.000,50": "120 rb"})

    assert problems == [("amount-unreadable", "Nilai Realisasi")]
    assert fields["realizations"][1]["value"] is None


@pytest.mark.parametrize(
    ("changes", "field", "absent"),
    [
        ({"Nilai Total Realisasi": "Jumlah"}, "realisasi: Nilai Total Realisasi", "realized_value"),
        ({"<th>Nilai Realisasi</th>": "<th>Nominal</th>"}, "realisasi: Nilai Realisasi", "realizations"),
        (
            {"<th>Jenis Realisasi</th>": "<th>Bukti</th>"},
            "realisasi: Jenis Realisasi, Nilai Realisasi, Tanggal Realisasi",
            "realizations",
        ),
    ],
)
def test_what_was_renamed_is_drift_and_not_spoken_of(changes, field, absent):
    fields, problems = read(**changes)

    assert problems == [("detail-drift", field)]
    assert absent not in fields


def test_a_row_of_another_length_silences_the_whole_table():
    fields, problems = read(**{"<td>10-04-2025</td>": "<td>10-04-2025</td><td>baru</td>"})

    assert problems == [("row-unreadable", "realisasi")]
    assert "realizations" not in fields
    assert fields["realized_value"] == Decimal("495000.50")


def test_further_columns_of_a_realisation_are_kept():
    changes = {
        "<th>Tanggal Realisasi</th>": "<th>Tanggal Realisasi</th><th>Nomor</th><th>Keterangan</th>",
        "<td>10-04-2025</td>": "<td>10-04-2025</td><td>KW/1</td><td>Termin pertama</td>",
        "<td>11-04-2025</td>": "<td>11-04-2025</td><td></td><td></td>",
        "<td>Rp. 0,00</td>\n                <td></td>": "<td>Rp. 0,00</td><td></td><td></td><td></td>",
    }

    fields, problems = read(**changes)

    assert problems == []
    assert (fields["realizations"][0]["number"], fields["realizations"][0]["note"]) == ("KW/1", "Termin pertama")
    assert "number" not in fields["realizations"][1]
