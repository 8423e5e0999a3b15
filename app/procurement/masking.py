"""What the public sees of packages: NPWP in parts, and nothing else by which a person could be found or called."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from app.core.text import mask_code, mask_identifier, mask_personal

# Words of the hub itself and keys of the register: nobody's own text.
_OWN_WORDS = frozenset(
    {
        "node",
        "kind",
        "code",
        "institution",
        "category",
        "method",
        "status",
        "value_basis",
        "date_basis",
        "source",
        "content_hash",
        "parser_version",
        "sha256",
        # Moments, days and months, which the hub writes itself.
        "source_at",
        "received_at",
        "first_seen_at",
        "last_seen_at",
        "changed_at",
        "fetched_at",
        "announced_at",
        "awarded_at",
        "contracted_at",
        "starts_at",
        "ends_at",
        "edited_at",
        "announced_month",
        "awarded_month",
        "created_on",
        "finished_on",
        "realized_on",
    }
)
_CODES = frozenset({"rup_codes", "source_ids"})

_MEANT: dict[str, Callable[[str], str | None]] = {"npwp": mask_identifier, **dict.fromkeys(_CODES, mask_code)}


@lru_cache(maxsize=16384)
def _short(name: str, text: str) -> str | None:
    """A page of packages says the same things over and over: buyers, methods, places, winners."""
    return _MEANT.get(name, mask_personal)(text)


_SHORT = 200


def may_hold_text(name: str) -> bool:
    """Whether what stands under this name may be people's own text."""
    return name not in _OWN_WORDS


def masked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a package, or of a part of one, as everybody may see them."""
    shown = dict(fields)
    for name, value in fields.items():
        if value and type(value) in _TEXTUAL and name not in _OWN_WORDS:
            shown[name] = masked_value(name, value)
    return shown


_TEXTUAL = frozenset({str, list, dict})
"""What JSON and the database give text as. Words of the hub itself (enumerations) are no text."""


def masked_value(name: str, value: Any) -> Any:
    """One field's value, whatever its form; `name` says how its text is meant."""
    if isinstance(value, str):
        return _short(name, value) if len(value) <= _SHORT else _MEANT.get(name, mask_personal)(value)
    if isinstance(value, list):
        return [masked_value(name, part) for part in value]
    if isinstance(value, dict):
        return {key: masked_value(name, part) for key, part in value.items()} if name in _CODES else masked(value)
    return value
