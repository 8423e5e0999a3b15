"""What records say, in the one spelling that is kept and compared: pure, so it may run in a thread while the database works."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageRecord
from app.kit.json import dumps_sorted, normalised
from app.procurement.admission import has_plain_amounts, refusal
from app.procurement.columns import award_columns, package_columns
from app.procurement.derive import Said, derive, hash_of_canonical


@dataclass(frozen=True, slots=True)
class State:
    """A package's state with all its spellings: the JSON that is hashed and kept, and the columns of its tables."""

    fields: dict[str, Any]
    text: str
    hash: str
    columns: str
    awards: list[tuple[str, str]]
    """The identity of each winner, and the columns of its award."""

    @property
    def withdrawn(self) -> bool:
        return "withdrawn" in self.fields


def state_of(said: Sequence[Said], *, zone: TimeZone, institutions: Mapping[str, str]) -> State:
    fields = derive(said, zone=zone, institutions=institutions)
    content = dumps_sorted(fields)
    awards = [(award["identity"], award_columns(award)) for award in fields["awards"]]
    return State(fields, content.decode(), hash_of_canonical(content), package_columns(fields), awards)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record with its fields as they are kept; `refusal` says why it cannot be kept at all.

    `alone` is the state of the package if nobody else speaks of it: a guess, which the door checks.
    """

    record: PackageRecord
    fields: dict[str, Any]
    content: str
    content_hash: str
    refusal: Problem | None = None
    alone: State | None = None

    @property
    def key(self) -> tuple[str, str]:
        return str(self.record.kind), self.record.code


def prepare(records: Iterable[PackageRecord | Prepared]) -> list[Prepared]:
    """Ready for the door; what was prepared before stays as it is."""
    return [record if isinstance(record, Prepared) else _prepared(record) for record in records]


class Preparer:
    """Prepares the batches of one sender, ahead of the door: what follows from them too, while most of them are news."""

    def __init__(self, source: str, zone: TimeZone) -> None:
        self._source = source
        self._zone = zone
        self._institutions: dict[str, str] = {}
        self._expects_news = False

    def prepare(self, records: Iterable[PackageRecord]) -> list[Prepared]:
        return [self._foreseen(_prepared(record)) for record in records]

    def learn(self, outcomes: Sequence[str], institutions: Mapping[str, str]) -> None:
        """What became of the last batch, and the institutions that were met in it."""
        counts = Counter(outcomes)
        self._expects_news = 2 * (counts["new"] + counts["changed"]) > len(outcomes)
        self._institutions.update(institutions)

    def _foreseen(self, prepared: Prepared) -> Prepared:
        if prepared.refusal is not None or not self._expects_news:
            return prepared
        said = [Said(self._source, prepared.fields)]
        alone = state_of(said, zone=self._zone, institutions=self._institutions)
        return Prepared(prepared.record, prepared.fields, prepared.content, prepared.content_hash, alone=alone)


def _prepared(record: PackageRecord) -> Prepared:
    if not has_plain_amounts(record.fields):
        if (problem := refusal(record)) is not None:
            return Prepared(record, {}, "", "", problem)
        return said(record, normalised(record.fields))
    try:
        prepared = said(record, normalised(record.fields))
    except UnicodeEncodeError:
        # Half a character.
        return Prepared(record, {}, "", "", refusal(record))
    # Nearly every record is fine, and looking at each of its texts is dear: only one that may hold a NUL is looked at.
    if "\\u0000" in prepared.content and (problem := refusal(record)) is not None:
        return Prepared(record, {}, "", "", problem)
    return prepared


def said(record: PackageRecord, fields: dict[str, Any]) -> Prepared:
    """A record that says these fields, which are normalised already."""
    content = dumps_sorted(fields)
    return Prepared(record, fields, content.decode(), hash_of_canonical(content))
