"""`fields=`: a reader names what it wants of each item, and the rest is not sent."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel
from starlette.requests import Request
from starlette.types import Scope

from app.kit.web.schema import Page, Schema

PARAMETER = "fields"
MEDIA_TYPE = "application/vnd.rakor.sparse+json"
"""What is sparse says so: only then may fields be absent that the schema of the whole answer calls required."""

_CHOSEN = "chosen_fields"
_SHOWN = 40


@lru_cache(maxsize=512)
def selectable_of(answer: Any) -> type[BaseModel] | None:
    """The schema whose fields can be chosen where this is answered: a page's items, or the thing itself; else None."""
    if not isinstance(answer, type) or not issubclass(answer, Schema) or not answer.may_be_sparse:
        return None
    if not issubclass(answer, Page):
        return answer
    (item,) = get_args(answer.model_fields["items"].annotation)
    return item if isinstance(item, type) and issubclass(item, BaseModel) else None


def names_of(item: type[BaseModel]) -> list[str]:
    """Its fields by the names that they travel under."""
    return [field.alias or name for name, field in item.model_fields.items()]


def unknown_among(chosen: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each name that is none."""
    names = tuple(known)
    return [
        f"There is no field “{name[:_SHOWN]}”; there are {', '.join(names)}" for name in chosen if name not in names
    ]


def names_in(values: Iterable[str]) -> list[str]:
    """What `fields=a,b` names, given once or several times."""
    return list(dict.fromkeys(name for value in values for name in value.split(",")))


def choose(request: Request, names: Sequence[str]) -> None:
    """Keep what a reader wants until its answer is written."""
    request.scope.setdefault("state", {})[_CHOSEN] = tuple(names)


def chosen_in(scope: Scope) -> tuple[str, ...] | None:
    """What the reader wants of each item; None is everything."""
    chosen: tuple[str, ...] | None = scope.get("state", {}).get(_CHOSEN)
    return chosen


def wants(request: Request, name: str) -> bool:
    """Whether a reader wants a field: what costs much is not read for nobody."""
    chosen = chosen_in(request.scope)
    return chosen is None or name in chosen


def thinned(content: Any, names: Sequence[str]) -> Any:
    """A page whose items, or a thing that, has these fields only."""
    fields = content.__dict__ if isinstance(content, BaseModel) else content
    if isinstance(fields, dict) and isinstance(items := fields.get("items"), list):
        return {**fields, "items": [_picked(item, names) for item in items]}
    return _picked(fields, names)


def _picked(item: Any, names: Sequence[str]) -> dict[str, Any]:
    fields: dict[str, Any] = item.__dict__ if isinstance(item, BaseModel) else item
    return {name: fields[name] for name in names if name in fields}
