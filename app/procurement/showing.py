"""A package as it is shown: every part with all of its names, nothing of the hub's own, personal data for whom they concern."""

from collections.abc import Mapping
from typing import Any

from app.kit.web.schema import Schema
from app.procurement.masking import masked
from app.procurement.schemas import AwardRead, OfferRead, RealizationRead, StageRead, StageRevisionRead

_PARTS: dict[str, type[Schema]] = {
    "awards": AwardRead,
    "offers": OfferRead,
    "realizations": RealizationRead,
    "schedule": StageRead,
}
_INTERNAL = frozenset({"id", "package_id", "said"})
_SHOWN: tuple[type[Schema], ...] = (StageRevisionRead, *_PARTS.values())
_NAMES = {schema: tuple(schema.model_fields) for schema in _SHOWN}


def shown(fields: Mapping[str, Any], *, personal: bool) -> dict[str, Any]:
    """What of a package may be seen; `personal` says whether by one who may see personal data."""
    seen = {name: value for name, value in fields.items() if name not in _INTERNAL}
    for part, schema in _PARTS.items():
        if seen.get(part):
            seen[part] = [_whole(item, schema) for item in seen[part]]
    return seen if personal else masked(seen)


def _whole(item: Mapping[str, Any], schema: type[Schema]) -> dict[str, Any]:
    whole: dict[str, Any] = {name: item.get(name) for name in _NAMES[schema]}
    if "revisions" in whole:
        whole["revisions"] = [_whole(revision, StageRevisionRead) for revision in whole["revisions"] or []]
    return whole
