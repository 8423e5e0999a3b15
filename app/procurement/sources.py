"""Who speaks: a source is named by its interface; what nodes push is told apart by the shape it came in ("push:ocds")."""

from functools import cache

from app.core.vocabulary import Interface


@cache
def interface_of(source: str) -> Interface:
    """The interface a source speaks by: the word before the colon."""
    return Interface(source.partition(":")[0])


def is_push(source: str) -> bool:
    return interface_of(source) is Interface.PUSH
