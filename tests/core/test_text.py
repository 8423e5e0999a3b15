"""Text from strangers, made safe to store and to compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import CodeUnreadable, canonical_code, clean_text, mask_identifier, mask_personal, name_key

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=80)


@given(ANY_TEXT)
def test_clean_text_can_be_stored_and_stays_clean(text):
    cleaned = clean_text(text)

    cleaned.encode()
    assert "\x00" not in cleaned
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" a\xa0 b\n\tc ", "a b c"),
        ("a\x00b", "ab"),
        ("aman\u202etxt.exe", "amantxt.exe"),
        ("\ufeffJudul", "Judul"),
        ("a\u200bb\u200ec\u061cd\u2060e\U000e0041", "abcde"),
        ("a\u2028b\u2029c", "a b c"),
        ("\ud800x", "x"),
        ("Pégon é ڤ", "Pégon é ڤ"),
    ],
)
def test_white_space_is_folded_and_what_nobody_sees_is_dropped(text, cleaned):
    assert clean_text(text) == cleaned


@given(st.integers(0, 10**60), st.integers(0, 3))
def test_leading_zeros_make_no_other_package(number, zeros):
    assert canonical_code("0" * zeros + str(number)) == str(number)


@pytest.mark.parametrize("text", ["", " ", "1 2", "1/2", "-1", "é1", "٣", "1\n2", "9" * 65, "<1>"])
def test_what_is_no_code_is_refused(text):
    with pytest.raises(CodeUnreadable):
        canonical_code(text)


@given(ANY_TEXT)
def test_no_text_is_more_than_refused_as_a_code(text):
    try:
        code = canonical_code(text)
    except CodeUnreadable:
        return
    assert canonical_code(code) == code


@given(ANY_TEXT)
def test_a_name_key_ignores_case_and_white_space(text):
    assert name_key(f"  {text}\n") == name_key(text)
    assert name_key(name_key(text)) == name_key(text)


def test_names_that_people_hold_for_equal_are_equal():
    assert name_key("PT. Contoh  Satu,") == name_key("pt contoh satu")
    assert name_key("K/L/PD/Instansi Lainnya:") == "k l pd instansi lainnya"
    assert name_key("PT Contoh Satu") != name_key("PT Contoh Dua")


def test_an_identifier_shows_only_some_of_its_digits():
    assert mask_identifier("01.234.567.8-901.000") == "0*.2*4.*6*.8-***.***"
    assert mask_identifier("07*3**1****01**0") == mask_identifier(mask_identifier("07*3**1****01**0"))
    assert mask_identifier(None) is None


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_at_least_half_of_an_identifier_is_hidden(text):
    masked = mask_identifier(text)

    assert len(masked) == len(text)
    assert masked.count("*") >= len(text) // 2
    assert all(shown in {"*", true} for shown, true in zip(masked, text, strict=True))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("021-5551234", "***-*******"),
        ("031-5345678", "***-*******"),
        ("031-534 5678", "***-*** ****"),
        ("0352 481234", "**** ******"),
        ("0341.481234", "****.******"),
        ("0271 - 63412", "**** - *****"),
        ("031-5345678/5345679", "***-*******/*******"),
        ("(031) 5345678 / 5345679", "(***) ******* / *******"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "Hubungi {}, tahun 2025", "Kantor ({})", "081234567890 / {}"])
def test_a_landline_number_is_hidden_without_brackets_too(text, shown, around):
    expected = around.replace("{}", shown).replace("081234567890", "************")

    assert mask_personal(around.replace("{}", text)) == expected


@pytest.mark.parametrize(
    "disguised",
    [
        "3578\u200b0141\u200b0190\u200b0001",
        "35780141019000\u200d01",
        "3578\xad014101900001",
        "\u202e3578014101900001\u202c",
        "3578014101\ufeff900001",
        "3578\U000e0020014101900001",
        "0812\u20113456\u20117890",
        "&#48;812 3456 7890",
        "0812&nbsp;3456&#8203;7890",
        "budi&#64;contoh.go.id",
        "budi&#064contoh.go.id",
        "budi&#x40;contoh.go.id",
        "budi&commat;contoh.go.id",
        "budi&amp;#64;contoh.go.id",
        "budi\u200b@contoh.go.id",
        "budi\uff20contoh.go.id",
    ],
)
def test_what_identifies_a_person_is_hidden_in_disguise_too(disguised):
    masked = mask_personal(f"Contoh {disguised} saja")

    assert "budi" not in masked
    assert not any(character.isdigit() for character in masked)
    assert masked.startswith("Contoh ")
    assert masked.endswith(" saja")
    assert mask_personal(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31",
        "31-12-2025",
        "01-02-2025 s/d 03-04-2025",
        "027/123/2025",
        "No. 12-2025",
        "Nomor 027-123-2025",
        "No. 031/5345678/2025",
        "10102584000",
        "67643676, 67643677",
        "67643676 67643677",
        "67643676;67643677",
        "Rp 1.500.000.000,00",
        "1500000000.25",
        "TA 2024-2025",
        "0271 2024 2025",
        "1.02.02.2.02.0210.12345",
        "1.02.02.2.02.0210.5.1.02.01",
        "Pukul 0800-1600",
        "CV Contoh & Rekan",
        "A &amp; B &lt;x&gt; &#38; R&D 2025",
        "Teks\u200btanpa lebar 2025",
        "2024\u20132025",
    ],
)
def test_what_only_resembles_a_telephone_number_stays(text):
    assert mask_personal(text) is text
    assert mask_personal(f"Paket {text} Contoh") == f"Paket {text} Contoh"
