"""What master lists imply for the register, as drafts of proposals. Pure; what a list lacks implies nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import Any

from app.core.text import name_key
from app.core.vocabulary import NodeState
from app.registry.proposal_sides import MasterList, Register, Subject, bare_name, grouped

SHORT_SHARE = 0.10
"""A list that lacks more than this share of what the register knows by number is not believed to be whole."""

_TYPES = frozenset({"provinsi", "kabupaten", "kota", "kementerian", "lembaga"})
_OTHER_TYPE = "lembaga"
"""LKPP's word for whoever is neither a ministry nor a local government; what the list says stands beside it."""
_GOVERNMENTS = frozenset({"provinsi", "kabupaten", "kota"})


class What(StrEnum):
    """What is proposed. `kd_lpse` is a number for a node that the register knows by name only."""

    NEW = "new"
    RENAME = "rename"
    KD_LPSE = "kd_lpse"


class ProposalState(StrEnum):
    """How a proposal stands; nobody decided on an obsolete one, the list or the register moved on."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    OBSOLETE = "obsolete"


@dataclass(frozen=True, slots=True)
class Draft:
    """One difference: what the register says now, and what the list says instead."""

    subject: Subject
    key: str
    what: What
    current: dict[str, Any] | None
    proposed: dict[str, Any]

    @property
    def place(self) -> tuple[str, str, str]:
        """There is one open proposal for each."""
        return (self.subject, self.key, self.what)

    def says_the_same_as(self, other: "Draft") -> bool:
        """Whether the same is proposed; another spelling of a name is the same name."""
        return self.place == other.place and _gist(self.proposed) == _gist(other.proposed)


_OURS = frozenset({"slug", "state", "region"})
"""What follows from the register rather than from the list."""


def _gist(proposed: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in proposed.items() if name not in _OURS}
    return said | {"name": name_key(said["name"])} if "name" in said else said


# -- what one row implies


def imply(register: Register, listed: MasterList) -> list[Draft]:
    """Everything that a list says otherwise than the register, in the list's order."""
    drafts = (_imply(register, listed.subject, key, name, kind) for key, (name, kind) in listed.rows.items())
    return [draft for draft in drafts if draft is not None]


def imply_again(register: Register, draft: Draft) -> Draft | None:
    """What the row behind a draft implies for the register as it is now; None when it is settled."""
    name = draft.proposed.get("name") or (draft.current or {})["name"]
    return _imply(register, draft.subject, draft.key, name, draft.proposed.get("stated_type"))


def _imply(register: Register, subject: Subject, key: str, name: str, kind: str | None) -> Draft | None:
    if subject is Subject.NODE:
        return _imply_node(register, int(key), name)
    return _imply_institution(register, key, name, kind)


def _imply_node(register: Register, number: int, name: str) -> Draft | None:
    key = str(number)
    known = register.node_by_number.get(number)
    if known is not None:
        if known.state == NodeState.RETIRED or known.is_named_here or name_key(known.name) == name_key(name):
            return None
        current = {"node": known.slug, "name": known.name}
        return Draft(Subject.NODE, key, What.RENAME, current, {"name": name})
    namesakes = sorted(register.nodes_by_name.get(name_key(name), ()), key=lambda node: node.slug)
    unnumbered = [
        node
        for node in namesakes
        if node.kd_lpse is None and node.state != NodeState.RETIRED and (number, node.slug) not in register.kept_apart
    ]
    if len(unnumbered) == 1:
        current = {"node": unnumbered[0].slug, "name": unnumbered[0].name}
        return Draft(Subject.NODE, key, What.KD_LPSE, current, {"node": unnumbered[0].slug, "kd_lpse": number})
    proposed = {
        "slug": _free_slug(register, number),
        "name": name,
        "kd_lpse": number,
        "state": NodeState.DISCOVERED.value,
    }
    return Draft(Subject.NODE, key, What.NEW, _same_name([node.slug for node in namesakes]), proposed)


def _free_slug(register: Register, number: int) -> str:
    wanted = f"lpse-{number}"
    spellings = (wanted if again == 1 else f"{wanted}-{again}" for again in count(1))
    return next(slug for slug in spellings if slug not in register.slugs)


def _imply_institution(register: Register, code: str, name: str, kind: str | None) -> Draft | None:
    known = register.institution_by_code.get(code)
    if known is not None:
        if name_key(known.name) == name_key(name):
            return None
        return Draft(Subject.INSTITUTION, code, What.RENAME, {"name": known.name}, {"name": name})
    word = (kind or "").casefold()
    type_ = word if word in _TYPES else _OTHER_TYPE
    regions = register.free_regions.get((type_, bare_name(name)), []) if type_ in _GOVERNMENTS else []
    proposed = {
        "name": name,
        "type": type_,
        "stated_type": kind,
        "region": regions[0] if len(regions) == 1 else None,
    }
    namesakes = sorted(set(register.codes_by_name.get(name_key(name), ())))
    return Draft(Subject.INSTITUTION, code, What.NEW, _same_name(namesakes), proposed)


def _same_name(keys: list[str]) -> dict[str, Any] | None:
    """Who bears the name already: a hint that it may be one and the same."""
    return {"same_name": keys} if keys else None


# -- what becomes of the proposals that were made before


@dataclass(frozen=True, slots=True)
class Earlier:
    """A proposal that was made before, open or dismissed."""

    id: int
    state: ProposalState
    draft: Draft


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be done after a list was read."""

    made: list[Draft]
    seen_again: list[Earlier]
    """Open ones that the list still implies, drafted anew for the register of today."""
    obsolete: list[Earlier]
    dismissed: int
    """How many were not made again because a person dismissed just that."""
    missing: int
    """How many that the register knows by number the list lacks."""
    is_short: bool


def settle(register: Register, listed: MasterList, earlier: Iterable[Earlier]) -> Settlement:
    """Hold a list against the register and against what was proposed before.

    A key that the list lacks implies nothing. It closes an open proposal only if the list looks whole, or if the register
    has settled the matter meanwhile.
    """
    known = register.numbers[listed.subject]
    missing = len(known - listed.rows.keys())
    is_short = missing > SHORT_SHARE * len(known)
    mine = [one for one in earlier if one.draft.subject is listed.subject]
    opened = {one.draft.place: one for one in mine if one.state is ProposalState.OPEN}
    dismissed = grouped((one.draft.place, one.draft) for one in mine if one.state is ProposalState.DISMISSED)
    made: list[Draft] = []
    seen_again: list[Earlier] = []
    times_dismissed = 0
    for draft in imply(register, listed):
        before = opened.get(draft.place)
        if before is not None and before.draft.says_the_same_as(draft):
            seen_again.append(replace(before, draft=draft))
        elif any(draft.says_the_same_as(one) for one in dismissed.get(draft.place, ())):
            times_dismissed += 1
        else:
            made.append(draft)
    still = {one.id for one in seen_again}
    obsolete = [
        one
        for one in opened.values()
        if one.id not in still and (one.draft.key in listed.rows or not is_short or _is_settled(register, one.draft))
    ]
    return Settlement(made, seen_again, obsolete, times_dismissed, missing, is_short)


def _is_settled(register: Register, draft: Draft) -> bool:
    again = imply_again(register, draft)
    return again is None or not again.says_the_same_as(draft)
