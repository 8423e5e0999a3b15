"""When a list that lacks packages is more likely wrong itself."""

from dataclasses import dataclass

from app.core.vocabulary import PackageKind

SHRINK_TOLERANCE = 0.10
"""The share of known packages that one list may lack and still be believed. A province deletes a handful a year."""


@dataclass(frozen=True, slots=True)
class Absence:
    """How many packages of one kind and year a source used to show, and how many of them its list lacks now."""

    kind: PackageKind
    known: int
    missing: int

    def is_shrink(self, tolerance: float = SHRINK_TOLERANCE) -> bool:
        """Whether so many are missing that something is more likely wrong with the list than with the packages."""
        return self.missing > max(2, self.known * tolerance) or self.missing == self.known > 0
