"""The two sides of a comparison: what the register says, and a master list as far as it can stand in the register."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from app.core.text import clean_text, name_key
from app.core.vocabulary import NodeState

MAX_NAME = 200
MAX_KD_LPSE = 2_000_000_000

_KD_KLPD = re.compile("[A-Z][0-9]{1,5}")
_FORMS = frozenset({"pemerintah", "daerah", "prov", "provinsi", "kab", "kabupaten", "kota"})


class Subject(StrEnum):
    """What a proposal is about."""

    NODE = "node"
    INSTITUTION = "institution"


@dataclass(frozen=True, slots=True)
class KnownNode:
    """A node of the register. `is_named_here` tells a name that a person gave it from one that some list gave it."""

    slug: str
    name: str
    kd_lpse: int | None
    state: str = NodeState.ACTIVE
    is_named_here: bool = False


@dataclass(frozen=True, slots=True)
class KnownInstitution:
    kd_klpd: str
    name: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class KnownRegion:
    code: str
    name: str
    type: str


@dataclass(frozen=True)
class Register:
    """What the register says. `aliases` is name key → kd_klpd; `kept_apart` are (kd_lpse, slug) that are not the same."""

    nodes: Sequence[KnownNode] = ()
    institutions: Sequence[KnownInstitution] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    regions: Sequence[KnownRegion] = ()
    kept_apart: frozenset[tuple[int, str]] = frozenset()

    @cached_property
    def node_by_number(self) -> dict[int, KnownNode]:
        return {node.kd_lpse: node for node in self.nodes if node.kd_lpse is not None}

    @cached_property
    def nodes_by_name(self) -> dict[str, list[KnownNode]]:
        return grouped((name_key(node.name), node) for node in self.nodes)

    @cached_property
    def slugs(self) -> frozenset[str]:
        return frozenset(node.slug for node in self.nodes)

    @cached_property
    def institution_by_code(self) -> dict[str, KnownInstitution]:
        return {institution.kd_klpd: institution for institution in self.institutions}

    @cached_property
    def codes_by_name(self) -> dict[str, list[str]]:
        named = ((name_key(institution.name), institution.kd_klpd) for institution in self.institutions)
        return grouped([*named, *self.aliases.items()])

    @cached_property
    def free_regions(self) -> dict[tuple[str, str], list[str]]:
        """Territories that no institution governs, by type and bare name."""
        governed = {institution.region for institution in self.institutions}
        return grouped(
            ((region.type, bare_name(region.name)), region.code)
            for region in self.regions
            if region.code not in governed
        )

    @property
    def numbers(self) -> dict[Subject, set[str]]:
        """Keys of all that is in use here and that a whole list should name."""
        nodes = (node for node in self.node_by_number.values() if node.state != NodeState.RETIRED)
        return {
            Subject.NODE: {str(node.kd_lpse) for node in nodes},
            Subject.INSTITUTION: set(self.institution_by_code),
        }


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def bare_name(name: str) -> str:
    """A territory's name without the words for what it is; one that consists of them alone stays as it is."""
    words = name_key(name).split()
    return " ".join(word for word in words if word not in _FORMS) or " ".join(words)


@dataclass(frozen=True, slots=True)
class MasterList:
    """One list as it was read: rows by key, as far as they can stand in the register, and where it came from."""

    subject: Subject
    source: str
    rows: Mapping[str, tuple[str, str | None]]
    """Key → name and, for an institution, its type as the list calls it."""
    unusable: tuple[str, ...] = ()
    """Keys of rows that are no key, or whose name is empty or endless."""


def lpse_list(rows: Iterable[tuple[int, str]], source: str) -> MasterList:
    return _master_list(
        Subject.NODE, source, ((str(number), name, None, 0 < number <= MAX_KD_LPSE) for number, name in rows)
    )


def klpd_list(rows: Iterable[tuple[str, str, str | None]], source: str) -> MasterList:
    read = ((code, name, kind, _KD_KLPD.fullmatch(code) is not None) for code, name, kind in rows)
    return _master_list(Subject.INSTITUTION, source, read)


def _master_list(subject: Subject, source: str, read: Iterable[tuple[str, str, str | None, bool]]) -> MasterList:
    rows: dict[str, tuple[str, str | None]] = {}
    unusable: list[str] = []
    for key, stated, kind, is_key in read:
        name = clean_text(stated)
        if is_key and len(name) <= MAX_NAME and name_key(name):
            rows[key] = (name, kind)
        else:
            unusable.append(clean_text(key)[:MAX_NAME])
    return MasterList(subject, source, rows, tuple(unusable))
