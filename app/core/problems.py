"""Everything that can be wrong with one record: stable codes, and a sentence in both languages."""

from dataclasses import dataclass

from app.core.problem_kinds import ProblemKind, Severity
from app.core.problems_of_bodies import PROBLEMS_OF_BODIES
from app.core.problems_of_rows import PROBLEMS_OF_ROWS
from app.core.problems_of_sources import PROBLEMS_OF_SOURCES

__all__ = ["PROBLEM_KINDS", "Problem", "ProblemKind", "Severity", "message_of"]

MAX_VALUE_LENGTH = 300
"""How much of an offending text is kept with its problem."""

PROBLEM_KINDS: dict[str, ProblemKind] = {**PROBLEMS_OF_SOURCES, **PROBLEMS_OF_ROWS, **PROBLEMS_OF_BODIES}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one record. `value` is the offending text, shortened."""

    code: str
    package: str | None = None
    kind: str | None = None
    field: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        if self.code not in PROBLEM_KINDS:
            msg = f"unknown problem code {self.code!r}"
            raise ValueError(msg)
        if self.value is not None and len(self.value) > MAX_VALUE_LENGTH:
            object.__setattr__(self, "value", self.value[: MAX_VALUE_LENGTH - 1] + "…")

    @property
    def severity(self) -> Severity:
        return PROBLEM_KINDS[self.code].severity


def message_of(code: str, *, field: str | None, value: str | None) -> dict[str, str]:
    """The sentence for a person, as `{"id": …, "en": …}`."""
    kind = PROBLEM_KINDS[code]
    # Sentences end with a full stop of their own.
    filling = {"field": field or "-", "value": (value or "-").rstrip(". ") or "-"}
    return {"id": kind.indonesian.format(**filling), "en": kind.english.format(**filling)}
