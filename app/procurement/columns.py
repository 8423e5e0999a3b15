"""A package's state as the columns of its tables hold it."""

from collections.abc import Mapping
from typing import Any

from app.kit.json import dumps_text
from app.procurement.copying import columns_text, escaped_json
from app.procurement.derive import (
    AWARD_FIELDS,
    BASIS_FIELDS,
    DATE_FIELDS,
    FACT_FIELDS,
    LIST_FIELDS,
    PLAIN_FIELDS,
    SHARE_FIELDS,
)

_DOCUMENTS = ("offers", "realizations", "schedule", "source_ids")
_VALUES = (
    *PLAIN_FIELDS,
    *(field for field in LIST_FIELDS if field not in _DOCUMENTS),
    *DATE_FIELDS,
    "date_basis",
    *BASIS_FIELDS.values(),
    *SHARE_FIELDS,
    "source",
    "status",
    "fiscal_year",
    "fiscal_years",
    "institution",
    *FACT_FIELDS,
    "value",
    "value_basis",
)
STATE_COLUMNS = (*_VALUES, *_DOCUMENTS)
# With a space after each colon, or SQLAlchemy would take what follows for a parameter.
UNSAID = ", ".join(
    [
        '"withdrawn": false',
        '"is_repeated": false',
        *(f'"{fact}": null' for fact in FACT_FIELDS if fact != "is_repeated"),
    ]
)
"""As members of JSON: what a kept state leaves out where it is not so, or was written before it was reckoned at all."""
AWARD_COLUMNS = ("position", *AWARD_FIELDS, "value", *BASIS_FIELDS.values(), *SHARE_FIELDS)


def package_columns(state: Mapping[str, Any]) -> str:
    """The state in the order of STATE_COLUMNS, as COPY reads it."""
    values = columns_text([state[column] for column in _VALUES])
    return "\t".join((values, *[_document(state[column]) for column in _DOCUMENTS]))


def award_columns(award: Mapping[str, Any]) -> str:
    """One winner in the order of AWARD_COLUMNS."""
    return columns_text([award[column] for column in AWARD_COLUMNS])


def _document(value: Any) -> str:
    return escaped_json(dumps_text(value)) if value else str(value)
