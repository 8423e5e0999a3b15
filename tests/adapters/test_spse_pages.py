"""Announcements and participants: found by label, whatever stands around them."""

from datetime import date
from decimal import Decimal

import pytest

from app.adapters.spse.announcement import read_announcement
from app.adapters.spse.kinds import KINDS, DetailPage
from app.adapters.spse.pages import is_package_page, named_code
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus
from tests.adapters.spse_replies import a_reader, codes, page

RECORDED, SELF_MANAGED, EMERGENCY = PackageKind.RECORDED, PackageKind.SELF_MANAGED, PackageKind.EMERGENCY

ALL_TABS = frozenset(DetailPage) - {DetailPage.SCHEDULE, DetailPage.HISTORY, DetailPage.REALIZATIONS}


def announced(name="tender_pengumuman.html", kind=PackageKind.TENDER, **changes):
    reader = a_reader(kind=kind)
    return read_announcement(page(name, **changes), KINDS[kind], reader), reader


def test_a_tender_announcement_is_read_whole():
    announcement, reader = announced()

    assert codes(reader) == []
    assert announcement.tabs == ALL_TABS
    assert announcement.fields == {
        "name": "Pembangunan Jembatan Contoh & Jalan Rekaan",
        "labels": ["Tender Ulang"],
        "description": None,
        "qualification_text": "Pascakualifikasi Satu File",
        "evaluation_text": "Harga Terendah Sistem Gugur",
        "business_size": "Usaha Kecil",
        "reason": "Tidak ada penawaran yang lulus; terjadi kesalahan pada dokumen",
        "rup_codes": ["11112222", "11113333"],
        "created_on": date(2025, 3, 3),
        "stage": "Tender Sudah Selesai",
        "status": PackageStatus.COMPLETED,
        "institution_name": "Pemerintah Daerah Kabupaten Rekaan",
        "satker_name": "DINAS CONTOH",
        "category": Category.WORKS,
        "category_text": "Pekerjaan Konstruksi",
        "method": Method.TENDER,
        "method_text": "Tender - Pascakualifikasi Satu File - Harga Terendah Sistem Gugur",
        "fiscal_years": [2025, 2026],
        "fund_sources": ["APBD", "APBDP"],
        "pagu": Decimal("1500000000.00"),
        "hps": Decimal("1499999999.99"),
        "contract_type": "Harga Satuan",
        "locations": ["Jl. Contoh No. 1 - Rekaan (Kab.)", "Jl. Contoh No. 2 - Rekaan (Kab.)"],
        "participants": 12,
    }


def test_older_markup_says_the_same_with_other_words():
    announcement, reader = announced("tender_pengumuman_lama.html")

    assert codes(reader) == ["field-empty"]
    assert announcement.tabs is None
    fields = announcement.fields
    assert fields["pagu"] == Decimal("255000000.00")
    assert fields["hps"] is None
    assert fields["status"] is PackageStatus.FAILED
    assert fields["reason"] == "Tidak ada peserta yang memenuhi syarat"
    assert fields["institution_name"] == "Kab. Rekaan"
    assert fields["category"] is Category.GOODS
    assert fields["contract_type"] == "Lumsum"
    assert fields["participants"] == 0


def test_a_non_tender_announcement_is_read_by_the_same_labels():
    announcement, reader = announced("nontender_pengumuman.html", PackageKind.NON_TENDER)

    assert codes(reader) == []
    assert announcement.tabs == ALL_TABS
    assert announcement.fields["method"] is Method.DIRECT_PROCUREMENT
    assert announcement.fields["hps"] == Decimal("99900000.00")


def test_a_recorded_announcement_has_neither_stage_nor_hps():
    announcement, reader = announced("pencatatan_pengumuman.html", RECORDED)

    assert codes(reader) == []
    assert announcement.tabs == {DetailPage.ANNOUNCEMENT, DetailPage.REALIZATIONS}
    assert announcement.fields == {
        "reason": None,
        "name": "Belanja Alat Tulis Contoh",
        "labels": [],
        "rup_codes": ["22223333"],
        "created_on": date(2025, 6, 10),
        "institution_name": "Kab. Rekaan",
        "satker_name": "DINAS CONTOH",
        "category": Category.GOODS,
        "category_text": "Pengadaan Barang",
        "method": Method.DIRECT_PROCUREMENT,
        "method_text": "Pengadaan Langsung",
        "fiscal_years": [2025],
        "fund_sources": ["APBD"],
        "pagu": Decimal("20392000.00"),
    }


def test_a_self_managed_announcement_names_its_type():
    announcement, reader = announced("swakelola_pengumuman.html", SELF_MANAGED)

    assert codes(reader) == []
    assert announcement.fields["self_managed_type"] == 4
    assert announcement.fields["name"] == "Pelatihan Contoh"
    assert announcement.fields["institution_name"] == "Kota Rekaan"
    assert announcement.fields["fiscal_years"] == [2025, 2026]
    assert not {"method", "category", "hps"}.intersection(announcement.fields)


@pytest.mark.parametrize(
    ("text", "number"),
    [("K/L/PD Penanggung Jawab Anggaran", 1), ("K/L/PD Lain", 2), ("Organisasi Masyarakat", 3), ("Tipe IV", 4)],
)
def test_every_type_of_self_management_is_known(text, number):
    announcement, reader = announced("swakelola_pengumuman.html", SELF_MANAGED, changes={"Kelompok Masyarakat": text})

    assert codes(reader) == []
    assert announcement.fields["self_managed_type"] == number


def test_an_unknown_type_of_self_management_is_empty_and_reported():
    announcement, reader = announced(
        "swakelola_pengumuman.html", SELF_MANAGED, changes={"Kelompok Masyarakat": "Arisan"}
    )

    assert codes(reader) == ["self-managed-type-unknown"]
    assert announcement.fields["self_managed_type"] is None


def test_an_emergency_announcement_is_read_and_its_method_is_a_known_word():
    announcement, reader = announced("darurat_pengumuman.html", EMERGENCY)

    assert codes(reader) == []
    assert announcement.fields["pagu"] == Decimal("500000000.00")
    assert (announcement.fields["method"], announcement.fields["method_text"]) == (Method.OTHER, "Darurat")
    assert announcement.fields["fiscal_years"] == [2025]
    assert "fund_sources" not in announcement.fields


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pencatatan_pengumuman.html", RECORDED),
        ("swakelola_pengumuman.html", SELF_MANAGED),
        ("darurat_pengumuman.html", EMERGENCY),
    ],
)
def test_a_renamed_pagu_is_drift_in_every_kind(name, kind):
    announcement, reader = announced(name, kind, changes={"Nilai Pagu Paket": "Plafon"})

    assert [(problem.code, problem.field) for problem in reader.problems] == [
        ("detail-drift", "pengumuman: Nilai Pagu Paket")
    ]
    assert "pagu" not in announcement.fields


def test_a_description_is_text_and_no_file_name():
    changes = {"&nbsp;Contoh.pdf</a>": "&nbsp;Contoh.pdf</a> Membangun <b>jembatan</b> contoh"}

    announcement, _ = announced(changes=changes)

    assert announcement.fields["description"] == "Membangun jembatan contoh"


@pytest.mark.parametrize(("text", "labels"), [("  Ya ", ["Tender Ulang", "Khusus OAP"]), ("Tidak", ["Tender Ulang"])])
def test_a_package_for_native_papuans_wears_a_label(text, labels):
    row = f'<tr><th class="bgwarning">Khusus Orang Asli Papua (OAP)</th><td colspan="3">{text}</td></tr>'
    tail = "</table>\n</div></div></div>"

    announcement, _ = announced(changes={tail: row + tail})

    assert announcement.fields["labels"] == labels


def test_older_pages_state_the_qualification_by_two_labels():
    rows = (
        "<tr><th>Metode Kualifikasi</th><td>Prakualifikasi</td></tr><tr><th>Metode Dokumen</th><td>Dua File</td></tr>"
    )
    tail = "</table>\n</div></div></div>"

    announcement, _ = announced(changes={tail: rows + tail})

    assert announcement.fields["qualification_text"] == "Prakualifikasi Dua File"


def test_the_schedule_is_known_by_the_link_of_the_stage():
    with_link, _ = announced()
    without_link, _ = announced(changes={"/jadwal": "/jadwalnya"})

    assert with_link.has_schedule
    assert not without_link.has_schedule


@pytest.mark.parametrize(
    ("label", "renamed", "field"),
    [
        ("Nilai Pagu Paket</th>\n        <td>Rp. 1.5", "Plafon</th>\n        <td>Rp. 1.5", "pagu"),
        ("Nilai HPS Paket", "Perkiraan", "hps"),
        ("Tahap Tender Saat Ini", "Keadaan", "stage"),
        ("Nama Tender", "Judul", "name"),
    ],
)
def test_a_mandatory_label_that_is_gone_is_drift_and_its_field_is_not_spoken_of(label, renamed, field):
    announcement, reader = announced(changes={label: renamed})

    assert codes(reader) == ["detail-drift"]
    assert field not in announcement.fields


def test_labels_inside_a_value_are_not_the_packages():
    # The qualification table of the reply holds a "Nilai Pagu Paket" of one rupiah.
    announcement, _ = announced()

    assert announcement.fields["pagu"] == Decimal("1500000000.00")


def test_a_label_that_says_two_things_says_nothing():
    twice = "<tr><th>Nilai HPS Paket</th><td>Rp. 1,00</td></tr><tr><th>Nilai HPS Paket</th><td>Rp. 2,00</td></tr>"
    changes = {"</table>\n</div></div></div>": f"{twice}</table>\n</div></div></div>"}

    announcement, reader = announced(changes=changes)

    assert "hps" not in announcement.fields
    assert codes(reader) == ["detail-drift"]


@pytest.mark.parametrize("text", ["22,7 M", "Rp. 1,500,000.00", "tidak diketahui", "Rp. 1.500.000.000,005"])
def test_an_amount_that_is_not_exact_is_empty_and_reported(text):
    announcement, reader = announced(changes={"Rp. 1.499.999.999,99": text})

    assert announcement.fields["hps"] is None
    assert codes(reader) == ["amount-unreadable"]


def test_a_negative_amount_is_empty_and_reported():
    announcement, reader = announced(changes={"Rp. 1.499.999.999,99": "Rp. -1,00"})

    assert announcement.fields["hps"] is None
    assert codes(reader) == ["amount-negative"]


def test_an_impossible_date_is_empty_and_reported():
    announcement, reader = announced(changes={"3 Maret 2025": "31 Februari 2025"})

    assert announcement.fields["created_on"] is None
    assert codes(reader) == ["date-unreadable"]


def test_a_count_in_words_is_empty_and_reported():
    announcement, reader = announced(changes={"12 peserta": "dua belas peserta"})

    assert announcement.fields["participants"] is None
    assert codes(reader) == ["count-unreadable"]


def test_unknown_words_are_kept_as_text():
    announcement, _ = announced(
        changes={
            '<td colspan="3">Pekerjaan Konstruksi': '<td colspan="3">Pekerjaan Sihir',
            "Tender - Pasca": "Undian - Pasca",
        }
    )

    assert announcement.fields["category"] is Category.OTHER
    assert announcement.fields["category_text"] == "Pekerjaan Sihir"
    assert announcement.fields["method"] is Method.OTHER


def test_the_page_names_its_package_by_label_and_else_by_its_tabs():
    assert named_code(page("tender_pengumuman.html")) == "90000001007"
    assert named_code(page("tender_pemenang.html")) == "90000001007"
    assert named_code(page("login.html")) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pencatatan_pengumuman.html", "90000021007"),
        ("pencatatan_realisasi.html", "90000021007"),
        ("swakelola_pelaksana.html", "90000031007"),
        ("darurat_pemenang.html", "41007"),
        ("tender_jadwal.html", "90000001007"),
        ("nontender_jadwal.html", "90000011007"),
        ("jadwal_riwayat.html", None),
        ("tender_hasil.html", "90000001007"),
        ("tender_peserta_selesai.html", "90000001007"),
    ],
)
def test_every_page_is_known_and_names_its_package(name, code):
    assert is_package_page(page(name))
    assert named_code(page(name)) == code


def test_a_page_whose_labels_are_all_new_is_still_known_by_its_tabs():
    renamed = page("tender_peserta.html", changes={"Nama Peserta": "Yang Ikut"})

    assert is_package_page(renamed)


def test_a_name_with_brackets_does_not_pass_for_a_code():
    titled = page("tender_jadwal.html", changes={"[90000001007]": "[90000001007] [123]"})

    assert named_code(titled) == "90000001007"


@pytest.mark.parametrize(
    "name", ["login.html", "kesalahan.html", "ditolak.html", "tidak_ditemukan.html", "lelang.html"]
)
def test_other_pages_are_not_taken_for_a_package(name):
    assert not is_package_page(page(name))


def test_a_running_package_has_fewer_tabs():
    announcement, _ = announced(changes={"/hasil": "/x", "/pemenang": "/x"})

    assert announcement.tabs == {DetailPage.ANNOUNCEMENT, DetailPage.PARTICIPANTS}
