"""What people write into the cells of a table: read exactly where it means one thing, refused with a reason otherwise."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from app.submission.forms.amounts import number_imprecise, read_amount, significant_digits
from app.submission.forms.columns import heading_key
from app.submission.forms.days import read_day, read_moment
from app.submission.forms.refusals import ValueRefused, shorten
from app.submission.rows import Cell

__all__ = [
    "ValueRefused",
    "read_amount",
    "read_choice",
    "read_day",
    "read_identifier",
    "read_identifiers",
    "read_list",
    "read_moment",
    "read_text",
    "read_whole",
    "read_yes",
    "written",
]

_KEPT_DIGITS = 15
_COUNTS_BELOW = 10**9
_WHOLE = re.compile(r"[0-9]{1,9}")
_YES = frozenset({"ya", "y", "yes", "true", "benar", "1"})
_NO = frozenset({"tidak", "tdk", "no", "n", "false", "salah", "0"})
_SEPARATORS = re.compile(r"[;\r\n]+")


def read_whole(value: Cell) -> int:
    """A count or a year: whole, not negative, without separators of any kind."""
    match value.value:
        case bool() | date():
            pass
        case int() | Decimal() as number if _is_count(Decimal(number)):
            return int(number)
        case str() as text if _WHOLE.fullmatch(text.strip()):
            return int(text)
    raise ValueRefused(
        "count-unreadable",
        f"“{shorten(value.value)}” bukan bilangan bulat. Tulis angkanya saja tanpa pemisah, misalnya 12.",
        f"“{shorten(value.value)}” is no whole number. Write the figures alone without separators, for example 12.",
    )


def read_yes(value: Cell) -> bool:
    """Ya or Tidak."""
    match value.value:
        case bool() as answer:
            return answer
        case (int() | Decimal() | str()) as stated if (word := str(stated).strip().casefold()) in _YES | _NO:
            return word in _YES
    raise ValueRefused(
        "answer-unreadable",
        f"“{shorten(value.value)}” bukan jawaban. Tulis Ya atau Tidak.",
        f"“{shorten(value.value)}” is no answer. Write Ya or Tidak.",
    )


def read_text(value: Cell) -> str:
    """A text as it stands; a number as its digits, where the program that held it cannot have lost any.

    A day or an answer has no text of its own: what is shown for it is the program's, in the language of the machine.
    """
    match value.value:
        case str() as text:
            return text
        case bool() | date():
            raise _not_text(value)
        case number:
            if _lost_digits(Decimal(number)):
                raise number_imprecise(Decimal(number))
            return written(value)


def read_identifier(value: Cell) -> str:
    """A code or a reference number: a text, or a whole number that a spreadsheet program made of one."""
    match value.value:
        case str() as text:
            return text
        case bool() | date():
            pass
        case number if _is_whole(Decimal(number)):
            if _lost_digits(Decimal(number)):
                raise number_imprecise(Decimal(number))
            return str(int(number))
    raise ValueRefused(
        "identifier-unreadable",
        f"“{shorten(written(value))}” bukan kode. Tulis kode sebagai teks, atau sebagai bilangan bulat.",
        f"“{shorten(written(value))}” is no code. Write a code as text, or as a whole number.",
    )


def read_list(value: Cell) -> list[str]:
    """Several texts in one cell, parted by semicolons or line breaks."""
    return _parted(read_text(value))


def read_identifiers(value: Cell) -> list[str]:
    """Several codes in one cell, parted in the same way."""
    return _parted(read_identifier(value))


def written(value: Cell) -> str:
    """What stands in a cell, for a sentence about it."""
    match value.value:
        case bool() as answer:
            return "TRUE" if answer else "FALSE"
        case date() as day:
            return _written_day(day)
        case Decimal() as number:
            return f"{number:f}"
        case other:
            return str(other)


def read_choice(value: Cell, choices: Mapping[str, str]) -> str | None:
    """The code of a vocabulary that the cell names by its code or its Indonesian word; None when it is neither."""
    stated = heading_key(read_text(value))
    for code, word in choices.items():
        if stated in {heading_key(code), heading_key(word)}:
            return code
    return None


def _parted(text: str) -> list[str]:
    return [part for piece in _SEPARATORS.split(text) if (part := piece.strip())]


def _not_text(value: Cell) -> ValueRefused:
    return ValueRefused(
        "cell-not-text",
        f"Sel berisi {shorten(written(value))}, bukan teks. Beri kolom itu format Teks, lalu tulis ulang isinya.",
        f"The cell holds {shorten(written(value))}, not a text. Give its column the format Text and write it again.",
    )


def _lost_digits(number: Decimal) -> bool:
    # Of 3578012345678901 the program keeps 3578012345678900: zeros at the end may be digits that were lost.
    return significant_digits(number) > _KEPT_DIGITS or (bool(number) and number.adjusted() >= _KEPT_DIGITS)


def _is_whole(number: Decimal) -> bool:
    return number.is_finite() and number >= 0 and number == number.to_integral_value()


def _is_count(number: Decimal) -> bool:
    return number.is_finite() and 0 <= number < _COUNTS_BELOW and number == int(number)


def _written_day(day: date) -> str:
    # A spreadsheet's date at midnight is a day.
    if isinstance(day, datetime) and (day.hour, day.minute, day.second, day.microsecond) == (0, 0, 0, 0):
        return day.date().isoformat()
    return day.isoformat()
