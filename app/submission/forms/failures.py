"""How a body says that it cannot be read to its end, and the limits that it is held to."""

from dataclasses import dataclass

from app.core.problems import Problem, message_of
from app.submission.rows import RowProblem

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FormLimits:
    """How much of a body is read. What goes beyond is refused as a whole, never cut off."""

    content_bytes: int = 4096 * _MIB
    """After decompression, and unpacked for a workbook."""
    unpacked_ratio: int = 200
    """What unpacks to more than so many times its size is made to keep us busy: rows pack to a tenth or a fiftieth."""
    unjudged_bytes: int = 64 * _MIB
    """So much may be unpacked before the ratio is looked at."""
    rows: int = 5_000_000
    row_bytes: int = _MIB
    """One row: a JSON object, a line, a record of a CSV."""
    columns: int = 1000
    cell_characters: int = 100_000
    shared_text_bytes: int = 512 * _MIB
    """All different texts of a workbook, unpacked; they are kept on disk while it is read."""


class BodyUnreadable(Exception):
    """The body cannot be read to its end, so nothing of it is taken in.

    `reason` is a problem's code, `place` says where (a line, a cell), `evidence` what stood there.
    """

    def __init__(self, reason: str, place: str | None = None, evidence: str = "", *, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.evidence = evidence
        self.problem = RowProblem(Problem(reason, field=field or place, value=evidence or None), row=0, cell=place)

    def __str__(self) -> str:
        stated = self.problem.problem
        return message_of(stated.code, field=stated.field, value=stated.value)["en"]
