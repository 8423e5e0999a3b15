"""What identifies a person is hidden, and what does not stays as it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import mask_code, mask_personal

PERSONAL = [
    "01.234.567.8-901.000",
    "012345678901000",
    "0012345678901000",
    "01 234 567 8 901 000",
    "01.234.567.8 - 901.000",
    "012345678-901000",
    "3578014101900001",
    "3578-0141-0190-0001",
    "357801 410190 0001",
    "35.78.01.410190.0001",
    "3578014101900001000001",
    "198001012005011001",
    "19800101 200501 1 001",
    "19800101.200501.1.001",
    "081234567890",
    "0812-3456-7890",
    "0812.3456.7890",
    "0812 345 678",
    "6281234567890",
    "62-812-3456-7890",
    "+6281234567890",
    "+62 812 3456 7890",
    "+62 (31) 534 5678",
    "(031) 534 5678",
    "Telp. 0341 123456",
    "WA: 08123456789",
    "budi.contoh+lpse@surat.contoh.go.id",
    "BUDI_99@contoh.co.id",
    "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10\uff11\uff12\uff13\uff14",
]
HARMLESS = [
    "",
    "10102584000",
    "8912099",
    "90123456789012",
    "67643676, 67643677, 67643678",
    "12345678 9012345",
    "010102",
    "Rp 123.456.789.012.345,00",
    "Rp. 1.500.000.000,00 - Rp. 2.500.000.000,00",
    "1234567890123.45",
    "2025-01-01T08:30:00+07:00 s/d 2025-01-02",
    "08-12-2025 08.30-10.00 WIB",
    "20250101 20250102",
    "Tahun 2023 2024 2025 2026",
    "Tahun Jamak 2023-2024-2025-2026",
    "Nomor 027/1234/436.7.5/2025",
    "SP/08123/PPK/2025",
    "5.1.02.01.01.0024",
    "1.02.02.2.01.0001.5.1.02.01.01.0052",
    "D181 @ Rp 5.000",
    "ocds-contoh-10102584000",
    "Jl. Contoh No. 12 RT 03 RW 04 Surabaya 60111",
]


@pytest.mark.parametrize("secret", PERSONAL)
@pytest.mark.parametrize("around", ["{}", "Pengadaan oleh {}, tahun 2025", "a.n. Budi ({})", "NIK:{}/x", "{}\n{}"])
def test_what_identifies_a_person_is_hidden_wherever_it_stands(secret, around):
    masked = mask_personal(around.replace("{}", secret))

    assert secret not in masked
    assert sum(character.isdigit() for character in masked) == sum(c.isdigit() for c in around.replace("{}", ""))
    assert mask_personal(masked) == masked


@pytest.mark.parametrize("text", HARMLESS)
def test_codes_amounts_dates_and_document_numbers_stay(text):
    assert mask_personal(text) == text
    assert mask_personal(f"Paket {text} Contoh") == f"Paket {text} Contoh"


def test_the_shape_of_what_is_hidden_stays():
    assert mask_personal("Hub. 0812-3456-7890 (Budi)") == "Hub. ****-****-**** (Budi)"
    assert mask_personal("surat ke budi@contoh.go.id.") == "surat ke ***@***."


def test_an_address_right_behind_a_number_is_hidden_too():
    assert mask_personal("+62 812 3456 7890budi@contoh.go.id") == "+** *** **** *******@***"


def test_a_code_may_begin_like_a_telephone_number():
    assert mask_code("62812345678") == "62812345678"
    assert mask_code("081234567890") != "081234567890"
    assert mask_code("3578014101900001") == "*" * 16


NEARLY = st.lists(
    st.one_of(
        st.sampled_from([*PERSONAL, *HARMLESS]),
        st.text(alphabet="0123456789 .-+()/@a8*", max_size=24),
        st.sampled_from([" ", "", ".", "-", "/", "+62", "08", "(0", "Telp "]),
    ),
    max_size=6,
).map("".join)


@given(NEARLY)
def test_masking_twice_is_masking_once(text):
    masked = mask_personal(text)

    assert mask_personal(masked) == masked
    assert "@***" in masked or len(masked) == len(text)


@given(st.text(), st.text(alphabet="ab 2025,.", max_size=12), st.sampled_from(PERSONAL))
def test_no_neighbours_save_a_number_that_stands_by_itself(before, after, secret):
    assert secret not in mask_personal(f"{before} | {secret} | {after}")


@given(st.text(alphabet="abc XYZ,.\n2025", max_size=200))
def test_text_without_candidates_is_the_same_object(text):
    if not any(character.isdigit() for character in text):
        assert mask_personal(text) is text


@given(st.integers(1, 99_999_999_999_999))
def test_every_bare_code_up_to_fourteen_digits_stays(number):
    assert mask_code(str(number)) == str(number)


@pytest.mark.parametrize(
    "piece", ["0", "08 1", "+62", "1 ", "a.", "a@", "12.345.678.", "08111111", "telp 0", "0812)", "(031) ", "\u00a01-"]
)
def test_no_text_takes_long(piece):
    begun = time.process_time()

    mask_personal(piece * (200_000 // len(piece)))

    # Measured by the work done: a search that goes back over what it has read takes minutes, whatever else runs.
    assert time.process_time() - begun < 20
