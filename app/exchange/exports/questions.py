"""What is asked for: which dataset in which form, of which rows, for whom. It can be written down and asked again later."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from app.core.text import mask_personal
from app.exchange.exports.forms.protocol import Form
from app.exchange.exports.sight import EVERYBODY, Audience, audience_named
from app.kit.json import dumps_canonical
from app.procurement.filtering import PackageFilter
from app.registry.queries import NodeFilter
from app.statistics.questions import Question


@dataclass(frozen=True, slots=True)
class PackagesAsked:
    """Packages, or their awards, by the filters of their list."""

    wanted: PackageFilter
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class FiguresAsked:
    """One figure by the grammar of all figures."""

    figure: str
    question: Question


@dataclass(frozen=True, slots=True)
class NodesAsked:
    """Nodes by the filters of their list."""

    wanted: NodeFilter


Asked = PackagesAsked | FiguresAsked | NodesAsked
_KINDS: dict[str, type[Any]] = {
    "packages": PackagesAsked,
    "awards": PackagesAsked,
    "statistics": FiguresAsked,
    "nodes": NodesAsked,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One export. Two that are equal are the same bytes, of the same moment."""

    dataset: str
    form: Form
    asked: Asked
    audience: Audience = EVERYBODY
    mark: bool = False
    """Whether a CSV begins with the mark by which spreadsheet programs know UTF-8."""

    def question(self) -> dict[str, Any]:
        """What is asked, as JSON: only what says anything."""
        stated: dict[str, Any] = _stated(msgspec.to_builtins(self.asked))
        return {**stated, "mark": True} if self.mark else stated

    def told(self) -> dict[str, Any]:
        """The same as it may be shown to whoever sees the export: words may be somebody's number."""
        question = self.question()
        asked = question.get("wanted")
        if self.audience.sees_all or not isinstance(asked, dict) or "q" not in asked:
            return question
        return {**question, "wanted": {**asked, "q": mask_personal(asked["q"])}}

    def key(self) -> bytes:
        """Equal for equal exports."""
        named = [self.dataset, self.form, self.audience.name, self.question()]
        return hashlib.sha256(dumps_canonical(named)).digest()


def wanted_again(dataset: str, form: str, audience: str, question: Mapping[str, Any]) -> Wanted:
    """What was asked for, from how it was written down."""
    stated = dict(question)
    mark = bool(stated.pop("mark", False))
    kind = _KINDS[dataset]
    whole = {"wanted": {}, **stated} if kind is not FiguresAsked else {**stated}
    if kind is FiguresAsked:
        whole["question"] = {"wanted": {}, **whole.get("question", {})}
    return Wanted(dataset, Form(form), msgspec.convert(whole, kind, strict=False), audience_named(audience), mark)


def _stated(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    stated = {name: _stated(item) for name, item in value.items()}
    return {name: item for name, item in stated.items() if item is not None and item not in ([], (), {})}
