"""A cell's value that cannot be taken, with the reason for the person who wrote it."""

_SHOWN = 60


class ValueRefused(ValueError):
    """`code` is a problem's code; the reason stands in both languages."""

    def __init__(self, code: str, why_id: str, why_en: str) -> None:
        super().__init__(f"{code}: {why_en}")
        self.code = code
        self.why_id = why_id
        self.why_en = why_en


def shorten(value: object) -> str:
    """As much of a value as fits a sentence, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
