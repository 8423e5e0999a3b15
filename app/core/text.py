"""Text from strangers, made safe to store and to compare."""

import html
import re
import unicodedata

HIDDEN_CHARACTERS = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
"""For a character class: controls, marks that turn the direction of text (Unicode's Bidi_Control), separators of lines,
marks without width, anchors of annotations, tags. Nobody sees them, so that text reads otherwise than it is stored.

The joiners U+200C and U+200D are among them: a few scripts need them, none in which Indonesia keeps public records.
"""

# A separator of lines is white space, which is folded.
_UNSAFE = re.compile(f"(?![\u2028\u2029])[\x00\ud800-\udfff{HIDDEN_CHARACTERS}]")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_LEADING_ZEROS = re.compile(r"^0+(?=[0-9A-Za-z])")


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no lone surrogate."""
    return _UNSTORABLE.search(text) is None


class CodeUnreadable(ValueError):
    """The text cannot be a package's code."""


def clean_text(text: str) -> str:
    """Fold white space (non-breaking too) and drop what PostgreSQL cannot hold or a reader cannot see."""
    return " ".join(_UNSAFE.sub("", text).split())


def canonical_code(text: str) -> str:
    """A package's code as the hub keeps it: trimmed text without leading zeros ("010102" and "10102" are one)."""
    code = text.strip()
    if _CODE.fullmatch(code) is None:
        raise CodeUnreadable(text)
    return _LEADING_ZEROS.sub("", code)


def name_key(text: str) -> str:
    """The form under which institution and supplier names are compared: letters and digits of the folded text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def mask_identifier(text: str | None) -> str | None:
    """Show an NPWP (for a person it is the NIK) to the public: every second digit hidden, what was hidden stays so."""
    if text is None:
        return None
    digits = 0
    shown: list[str] = []
    for character in text:
        if character.isalnum() or character == "*":
            digits += 1
            shown.append(character if digits % 2 == 1 and digits <= 9 else "*")
        else:
            shown.append(character)
    return "".join(shown)


# One way of writing each: a group of digits, and what people put between two groups.
_BETWEEN = r"(?:\s?[.\-–/]\s?|\s)"
_IN_CALLS = r"(?:\s?[.\-–]\s?|\s)"
_NO_YEARS = r"(?!(?:19|20)\d\d[\s.-](?:19|20)\d\d)"
_AND_MORE = r"(?:\s?/\s?\d{5,8})*(?!\d)"
# 021-5551234, 0352 481234, 031-534 5678, and what follows behind a slash. Three digits have only the areas of
# Jakarta, Bandung, Semarang, Surabaya and Medan; within a longer number, and before two years, it is none.
_LANDLINE = (
    rf"(?<!\d)(?<![\d*]\.)0(?:2[124]|31|61|[2-9]\d\d){_IN_CALLS}{_NO_YEARS}"
    rf"(?:\d{{5,8}}|\d{{3,4}}[\s.-]\d{{3,4}}){_AND_MORE}"
)
_PERSONAL = re.compile(
    "|".join(
        (
            r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+",
            # NPWP (15 digits, 16 since 2024), NIK (16), NIP (18), NITKU (a NIK or NPWP and six more).
            r"(?<!\d)(?:\d{15,16}|\d{18}|\d{22})(?!\d)",
            # 01.234.567.8-901.000, with other signs between the groups, and with only some of them.
            rf"(?<!\d)\d{{2,3}}{_BETWEEN}\d{{3}}{_BETWEEN}\d{{3}}{_BETWEEN}\d{_BETWEEN}\d{{3}}{_BETWEEN}\d{{3}}(?!\d)",
            r"(?<!\d)\d{2,3}\.?\d{3}\.?\d{3}\.?\d\s?[-–]\s?\d{3}\.?\d{3}(?!\d)",
            # A NIK in groups; four years in a row are none.
            r"(?<!\d)(?!(?:19|20)\d\d[ .-](?:19|20)\d\d)\d{4}([ .-])\d{4}\1\d{4}\1\d{4}(?!\d)",
            r"(?<!\d)\d{6}[ .-]\d{6}[ .-]\d{4}(?!\d)",
            r"(?<!\d)\d\d([ .-])\d\d\2\d\d\2\d{6}\2\d{4}(?!\d)",
            # A NIP in groups: born on, appointed in, sex, number.
            r"(?<!\d)(?:19|20)\d{6}[ .\-/]?(?:19|20)\d{4}[ .\-/]?\d[ .\-/]?\d{3}(?!\d)",
            # +62 812-3456-7890, (0062) 31 …, 6281234567890, 0812.3456.7890, (031) 534 5678, Telp. 0341 123456
            r"(?:\+|(?<!\d)00)\s?62\)?[\s.-]?(?:\(0?\d{1,4}\)[\s.-]?)?\d(?:[\s.-]?\d){6,12}(?!\d)",
            r"(?<!\d)62[\s.-]?8[1-9]\d(?:[\s.-]?\d){6,9}(?!\d)",
            r"(?<!\d)08[1-9]\d\)?(?:[\s.-]?\d){6,9}(?!\d)",
            rf"\(0\d{{2,3}}\)[\s.-]?\d(?:[\s.-]?\d){{4,8}}{_AND_MORE}",
            _LANDLINE,
            rf"(?i:\b(?:te?lp|telepon|phone|fax|faks|hp|wa)\b[\s.:]{{0,3}}\(?0\d{{2,3}}\)?[\s.-]?\d(?:[\s.-]?\d){{4,8}}{_AND_MORE})",
        )
    )
)
# Whatever is looked for has an @ or nine characters of digits and what stands between them: nearly all text has
# neither. Searching for ASCII digits takes half as long as for all of Unicode's.
_PERHAPS_ASCII = re.compile(r"[0-9][0-9\s.\-/()]{8}")
_PERHAPS = re.compile(r"\d[\d\s.\-–/()]{8}")
_DIGIT = re.compile(r"\d")


def may_identify(text: str) -> bool:
    """Whether `mask_personal` has to look closer. A no is certain, for the text and for every part of it."""
    return "@" in text or "&" in text or not text.isascii() or _PERHAPS_ASCII.search(text) is not None


_BARE_CODE = re.compile("[1-9][0-9]{0,13}")


def mask_personal(text: str) -> str:
    """Hide what identifies a person in text for the public: NPWP, NIK, NIP, telephone numbers, e-mail addresses.

    Codes of packages and plans (up to 14 digits), amounts, dates and document numbers stay. A number written without
    a sign that begins like a mobile one (62 8…, 08…) is taken for one: where a bare code is meant, ask `mask_code`.
    """
    if "&" in text or not text.isascii():
        # Where a number is written in disguise, what is shown is its plain writing, masked; all other text stays.
        plain = _plainly(text)
        masked = _masked(plain)
        return text if masked == plain else masked
    return _masked(text)


def _masked(text: str) -> str:
    if "@" not in text:
        perhaps = _PERHAPS_ASCII if text.isascii() else _PERHAPS
        if len(text) < 9 or perhaps.search(text) is None:
            return text
    hidden = _PERSONAL.sub(_hidden, text)
    # What stands right behind a number, with no sign between them, shows only once the number is hidden.
    while hidden != text:
        text, hidden = hidden, _PERSONAL.sub(_hidden, hidden)
    return hidden


# What a page shows as nothing at all (Unicode's Cf, joiners and selectors of variants), and signs that look like others.
_NOTHING = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LOOK_ALIKES = str.maketrans("‐‑‒–—―−﹣－．。／＠﹫（）＋", "---------../@@()+")  # noqa: RUF001
# &#64; &#x40; &commat; and, escaped once more, &amp;#64;
_REFERENCE = re.compile(r"&(?:amp;)*(?:#[xX][0-9a-fA-F]{1,8}|#[0-9]{1,8}|[a-zA-Z]{2,16});?")


def _plainly(text: str) -> str:
    """The text as a reader's eye takes it."""
    if "&" in text:
        text = _REFERENCE.sub(_referred, text)
    return text if text.isascii() else _NOTHING.sub("", text).translate(_LOOK_ALIKES)


def _referred(found: re.Match[str]) -> str:
    """The character that a reference means, where it may be part of a number or an address; markup stays markup."""
    character = html.unescape(found[0].replace("&amp;", "&").removesuffix(";") + ";")
    return character if len(character) == 1 and character not in "&<>\"'" else found[0]


def mask_code(text: str) -> str:
    """The same for text that should be a code: digits that may be one stay, whatever they begin with."""
    return text if _BARE_CODE.fullmatch(text) else mask_personal(text)


def _hidden(found: re.Match[str]) -> str:
    return "***@***" if "@" in found[0] else _DIGIT.sub("*", found[0])
