"""Amounts of rupiah as people write them into tables: exact, or refused with the reason."""

import re
from datetime import date
from decimal import Context, Decimal

from app.core.money import MAX_AMOUNT
from app.submission.forms.refusals import ValueRefused, shorten
from app.submission.rows import Cell

# A spreadsheet program keeps 15 significant digits of a number and shows no more: what stands behind them is noise of
# binary arithmetic, or was lost before (Microsoft, "Excel specifications and limits": number precision 15 digits).
_KEPT_DIGITS = 15
_SEN_DIGITS = 2
# Wide enough that no number of a table is rounded by being looked at.
_EXACT = Context(prec=400)
_MAX_LENGTH = 60
_CURRENCY = re.compile(r"^(?:rp\.?|idr)\s*", re.IGNORECASE)
_WITHOUT_SEN = re.compile(r"(?:(?:rp\.?|idr)\s*)?(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),--?", re.IGNORECASE)
_FIGURES = re.compile(r"[0-9][0-9.,]*")
_ABBREVIATED = re.compile(
    r"[0-9][0-9.,]*\s*(?:m|b|t|k|jt|juta|rb|ribu|mil|miliar|milyar|triliun|trilyun|million|billion|trillion|thousand)\b\.?",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?:usd|us\$|\$|eur|€|sgd|jpy|¥|£|gbp|myr|aud|cny)\s*[0-9]|[0-9]\s*(?:usd|eur|sgd|jpy|gbp|myr|aud|cny)\b", re.IGNORECASE)  # fmt: skip
_NEGATIVE = re.compile(r"(?:rp\.?|idr)?\s*[-\u2212\u2013]\s*(?:rp\.?|idr)?\s*[0-9].*|\(.*[0-9].*\)|[0-9](?:[0-9.,]*[0-9])?\s*-", re.IGNORECASE)  # fmt: skip
_PLAIN = re.compile(r"[0-9]+")
_GROUPED_BY_POINT = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,(?P<sen>[0-9]+))?")
_GROUPED_BY_COMMA = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.(?P<sen>[0-9]+))?")
_WITH_DECIMALS = re.compile(r"[0-9]+[.,](?P<sen>[0-9]+)")
_TWO_MEANINGS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")


def read_amount(value: Cell) -> Decimal:
    """An amount of rupiah, exactly as the cell states it."""
    match value.value:
        case bool() | date():
            raise _amount_unreadable(str(value.value))
        case int() | Decimal() as number:
            return _amount_of_number(number)
        case text:
            return _checked_amount(_amount_of_text(text))


def _amount_of_number(number: int | Decimal) -> Decimal:
    amount = Decimal(number)
    if not amount.is_finite():
        raise _amount_unreadable(str(number))
    if amount < 0:
        raise _amount_negative(str(number))
    if significant_digits(amount) > _KEPT_DIGITS:
        if amount.adjusted() + 1 + _SEN_DIGITS > _KEPT_DIGITS:
            raise number_imprecise(amount)
        # The sen lie within the digits that are kept: the rest is noise, which the program does not show either.
        amount = Decimal(f"{amount:.{_KEPT_DIGITS - 1}E}")
    if _decimals(amount) > _SEN_DIGITS:
        raise _amount_too_precise(str(number))
    return _checked_amount(amount)


def _amount_of_text(text: str) -> Decimal:
    stated = " ".join(text.split())
    if len(stated) > _MAX_LENGTH:
        raise _amount_unreadable(text)
    if without_sen := _WITHOUT_SEN.fullmatch(stated):
        # "Rp 1.500,-": the comma before the dash says that the point parts thousands.
        return Decimal(without_sen["whole"].replace(".", ""))
    if _NEGATIVE.fullmatch(stated):
        raise _amount_negative(text)
    figures = _CURRENCY.sub("", stated)
    if not _FIGURES.fullmatch(figures):
        raise _refused_figures(text, stated)
    return _amount_of_figures(text, figures)


def _amount_of_figures(text: str, figures: str) -> Decimal:
    if _PLAIN.fullmatch(figures):
        return Decimal(figures)
    if _TWO_MEANINGS.fullmatch(figures):
        raise _amount_ambiguous(text, figures)
    for pattern, thousands in ((_GROUPED_BY_POINT, "."), (_GROUPED_BY_COMMA, ",")):
        if grouped := pattern.fullmatch(figures):
            return _with_sen(text, figures.replace(thousands, "").replace(",", "."), grouped["sen"])
    if decimals := _WITH_DECIMALS.fullmatch(figures):
        return _with_sen(text, figures.replace(",", "."), decimals["sen"])
    raise _amount_unreadable(text)


def _with_sen(text: str, number: str, sen: str | None) -> Decimal:
    if sen is not None and len(sen) > _SEN_DIGITS:
        raise _amount_too_precise(text)
    return Decimal(number)


def _checked_amount(amount: Decimal) -> Decimal:
    if amount > MAX_AMOUNT:
        raise ValueRefused(
            "amount-too-large",
            f"Jumlah {shorten(amount)} melampaui batas yang masuk akal untuk uang publik.",
            f"The amount {shorten(amount)} is beyond any plausible amount of public money.",
        )
    return amount


def _refused_figures(text: str, stated: str) -> ValueRefused:
    if _ABBREVIATED.search(stated):
        return ValueRefused(
            "amount-abbreviated",
            f"“{shorten(text)}” adalah singkatan. Tulis seluruh angkanya, misalnya 22700000000.",
            f"“{shorten(text)}” is an abbreviation. Write all figures, for example 22700000000.",
        )
    if _FOREIGN.search(stated):
        return ValueRefused(
            "currency-foreign",
            f"“{shorten(text)}” tidak dalam rupiah. Tulis jumlah rupiahnya.",
            f"“{shorten(text)}” is not in rupiah. Write the amount in rupiah.",
        )
    return _amount_unreadable(text)


def _amount_ambiguous(text: str, figures: str) -> ValueRefused:
    whole, rest = re.split("[.,]", figures)
    return ValueRefused(
        "amount-ambiguous",
        f"“{shorten(text)}” dapat berarti {whole}{rest} atau {whole} koma {rest}. Tulis {whole}{rest} atau {whole}.{rest},00.",
        f"“{shorten(text)}” can mean {whole}{rest} or {whole} point {rest}. Write {whole}{rest} or {whole}.{rest},00.",
    )


def _amount_negative(text: str) -> ValueRefused:
    return ValueRefused(
        "amount-negative",
        f"“{shorten(text)}” negatif. Jumlah rupiah tidak boleh kurang dari nol.",
        f"“{shorten(text)}” is negative. An amount of rupiah is not below zero.",
    )


def _amount_too_precise(text: str) -> ValueRefused:
    return ValueRefused(
        "amount-too-precise",
        f"“{shorten(text)}” memiliki lebih dari dua angka desimal. Rupiah ditulis paling halus sampai sen; nilai tidak dibulatkan.",
        f"“{shorten(text)}” has more than two decimals. Rupiah go down to the sen; nothing is rounded here.",
    )


def _amount_unreadable(text: str) -> ValueRefused:
    return ValueRefused(
        "amount-unreadable",
        f"“{shorten(text)}” bukan jumlah rupiah. Tulis angkanya saja, misalnya 1500000 atau 1.500.000,50.",
        f"“{shorten(text)}” is no amount of rupiah. Write the figures alone, for example 1500000 or 1.500.000,50.",
    )


def number_imprecise(number: Decimal) -> ValueRefused:
    return ValueRefused(
        "number-imprecise",
        f"Aplikasi spreadsheet hanya menyimpan 15 angka, sehingga {shorten(number)} mungkin sudah berubah. Tulis sebagai teks.",
        f"A spreadsheet program keeps only 15 digits, so {shorten(number)} may have changed already. Write it as text.",
    )


def significant_digits(number: Decimal) -> int:
    """How many digits the number needs, without zeros at either end."""
    return len("".join(map(str, number.as_tuple().digits)).strip("0"))


def _decimals(number: Decimal) -> int:
    exponent = number.normalize(_EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
