"""One word of the API, said once."""

from typing import Any, NamedTuple


class FieldWord(NamedTuple):
    """A sentence, and a value as it may stand there; None is no example (a default by its type will do)."""

    sentence: str
    example: Any = None


def word(sentence: str, example: Any = None) -> FieldWord:
    return FieldWord(sentence, example)
