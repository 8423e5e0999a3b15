"""What a published formula is: which one, in which version, and what it says in plain words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """One published formula. `title` and `definition` hold a text for people by language: `id` and `en`.

    A change of what is computed gets the next version; the id stays.
    """

    id: str
    version: int
    title: dict[str, str]
    definition: dict[str, str]
