"""The rows of a file that a trial found fault with, read again here: a hub that only tried them kept none."""

import contextlib
from collections.abc import Set as AbstractSet

from app.cli.pushing import Shipment
from app.submission.forms.columns import ColumnPlan
from app.submission.forms.failures import BodyUnreadable
from app.submission.forms.reading import open_rows
from app.submission.intake import find_schema, original_of
from app.submission.requests import read_columns, read_form


def read_originals(shipment: Shipment, numbers: AbstractSet[int]) -> dict[int, str]:
    """The rows of these numbers as they stand in the file, each as the hub would show it."""
    wanted = {number for number in numbers if number > 0}
    said = [value for name, value in shipment.parameters if name == "schema"]
    schema = find_schema(said[0]) if said else None
    if not wanted or schema is None:
        return {}
    form = read_form(shipment.media_type, shipment.encoding or "")
    mapped = read_columns([value for name, value in shipment.parameters if name == "column"])
    found: dict[int, str] = {}
    # What can be read is shown; of the rest the hub has said why not.
    with shipment.path.open("rb") as file, contextlib.suppress(BodyUnreadable):
        columns = ColumnPlan.of(schema.columns, mapped)
        source = open_rows(file, form.form, form.encoding, columns=columns, charset=form.charset)
        for row in source.rows:
            if row.number in wanted:
                found[row.number] = original_of(row)
                if len(found) == len(wanted):
                    break
    return found
