"""What every row schema can do. All of it is pure, and safe in any thread."""

from collections.abc import Sequence
from typing import Any, Protocol

from app.submission.row_schemas.columns import ColumnSpec
from app.submission.rows import BodyRow, RowContext, RowReading

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class RowSchema(Protocol):
    """How rows of one shape become records."""

    @property
    def name(self) -> str:
        """As `?schema=` names it."""
        ...

    @property
    def title_id(self) -> str: ...

    @property
    def title_en(self) -> str: ...

    @property
    def source(self) -> str:
        """Whose word its records are: a source of its own, whose last word counts whole."""
        ...

    @property
    def parser_version(self) -> str: ...

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """For tables and their template."""
        ...

    @property
    def is_gathered(self) -> bool:
        """Whether a package may be spread over several rows."""
        ...

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of one row."""
        ...

    def read(self, row: BodyRow, context: RowContext) -> RowReading:
        """Read one row, as if it were all that there is of its package."""
        ...

    def key_of(self, row: BodyRow, context: RowContext) -> str | RowReading:
        """To which package a row belongs, or why it is refused."""
        ...

    def read_group(self, rows: Sequence[BodyRow], context: RowContext) -> RowReading:
        """Read all rows of one package."""
        ...
