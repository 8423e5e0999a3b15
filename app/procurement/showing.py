"""A package as it is shown: every part with all of its names, nothing of the hub's own, personal data for whom they concern."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from app.kit.web.schema import Schema
from app.procurement.masking import masked, masked_value, may_hold_text
from app.procurement.schemas import AwardRead, OfferRead, RealizationRead, StageRead, StageRevisionRead


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a part of a package is made of, and which of it may hold people's own text."""

    names: tuple[str, ...]
    texts: tuple[str, ...]


def _shape(schema: type[Schema]) -> _Shape:
    fields = schema.model_fields
    texts = tuple(
        name for name, field in fields.items() if str in get_args(field.annotation) or field.annotation is str
    )
    return _Shape(tuple(fields), tuple(name for name in texts if may_hold_text(name)))


_REVISION = _shape(StageRevisionRead)
_PARTS = {
    "awards": _shape(AwardRead),
    "offers": _shape(OfferRead),
    "realizations": _shape(RealizationRead),
    "schedule": _shape(StageRead),
}
_INTERNAL = frozenset({"id", "package_id", "said"})


def shown(fields: Mapping[str, Any], *, personal: bool) -> dict[str, Any]:
    """What of a package may be seen; `personal` says whether by one who may see personal data."""
    seen = {name: value for name, value in fields.items() if name not in _INTERNAL}
    parts = {part: seen.pop(part) for part in _PARTS if part in seen}
    if not personal:
        seen = masked(seen)
    for part, items in parts.items():
        shape = _PARTS[part]
        seen[part] = [_whole(item, shape, personal=personal) for item in items or ()]
    return seen


def _whole(item: Mapping[str, Any], shape: _Shape, *, personal: bool) -> dict[str, Any]:
    get = item.get
    whole: dict[str, Any] = {name: get(name) for name in shape.names}
    if not personal:
        for name in shape.texts:
            if value := whole[name]:
                whole[name] = masked_value(name, value)
    if "revisions" in whole:
        whole["revisions"] = [_whole(revision, _REVISION, personal=personal) for revision in whole["revisions"] or ()]
    return whole
