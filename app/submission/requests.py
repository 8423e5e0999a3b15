"""What a request to the push door says in its address and headers, understood or refused before its body is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.dates import TimeZone
from app.core.text import is_storable
from app.registry.tables import Node
from app.submission.errors import ColumnsUnreadable, MediaTypeUnsupported, SchemaUnknown, ScopeMissing
from app.submission.forms.catalogue import Encoding, Form, charset_of, encoding_of, form_of
from app.submission.intake import BodyPlan, find_schema
from app.submission.row_schemas.catalogue import RowSchema
from app.submission.rows import RowContext

MAX_COLUMNS = 200


def get_schema(name: str) -> RowSchema:
    """A row schema by its name; raises SchemaUnknown."""
    schema = find_schema(name)
    if schema is None:
        raise SchemaUnknown(name)
    return schema


@dataclass(frozen=True, slots=True)
class BodyForm:
    """What the headers say of a body."""

    form: Form
    encoding: Encoding
    charset: str | None


def read_form(content_type: str, content_encoding: str) -> BodyForm:
    """The form, compression and characters of a body, from its headers."""
    form, encoding = form_of(content_type), encoding_of(content_encoding)
    if form is None:
        raise MediaTypeUnsupported(f"Content-Type: {content_type[:100] or '-'}")
    if encoding is None:
        raise MediaTypeUnsupported(f"Content-Encoding: {content_encoding[:100]}")
    return BodyForm(form, encoding, charset_of(content_type))


def read_columns(pairs: Sequence[str]) -> dict[str, str]:
    """The sender's own headings by field, from `column=FIELD:HEADING`."""
    found: dict[str, str] = {}
    for pair in pairs:
        field, colon, heading = pair.partition(":")
        if not colon or not field.strip() or not heading.strip() or field.strip() in found or not is_storable(pair):
            raise ColumnsUnreadable(pair[:200].replace("\0", "�"))
        found[field.strip()] = heading.strip()
    return found


def plan_body(
    node: Node,
    schema: RowSchema,
    form: BodyForm,
    columns: Mapping[str, str],
    *,
    fiscal_year: int | None,
    kind: str | None,
    complete: bool,
    now: datetime,
) -> BodyPlan:
    """How a body will be read. Raises where the parameters do not fit together."""
    if complete and (fiscal_year is None or kind is None):
        raise ScopeMissing
    unknown = columns.keys() - {column.path for column in schema.columns}
    if unknown:
        raise ColumnsUnreadable(f"{min(unknown)}:{columns[min(unknown)]}"[:200])
    context = RowContext(
        node=node.slug,
        kd_lpse=node.kd_lpse,
        time_zone=TimeZone(node.time_zone),
        fiscal_year=fiscal_year,
        kind=kind,
        now=now,
    )
    return BodyPlan(schema, form.form, form.encoding, columns, context, form.charset)
