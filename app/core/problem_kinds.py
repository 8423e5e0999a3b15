"""What a kind of problem is: how grave, and a sentence in both languages."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`error`: the record or field could not be used. `warning`: it was used, a person should look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One code of the published list. `{field}` and `{value}` are filled in."""

    severity: Severity
    indonesian: str
    english: str
