"""Rankings in plain Python: who is ranked at all, ties share a rank, scores know no scale, peers are compared with peers.

Indicators are compared as they are published, in whole points: millionths of a share or a score, tenths of a day. Two nodes
with the same published figure share a rank.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from enum import StrEnum
from itertools import pairwise

from app.core.formulas import Formula


class Direction(StrEnum):
    """Which end of an indicator is the better one."""

    HIGHER = "higher"
    LOWER = "lower"


class Unit(StrEnum):
    """What an indicator is: a share or a mean score with six decimals, or days with one."""

    SHARE = "share"
    DAYS = "days"
    SCORE = "score"


class StepUnit(StrEnum):
    """In what the way to the next place is counted."""

    RUPIAH = "rupiah"
    PACKAGES = "packages"
    FACTS = "facts"
    CONDITIONS = "conditions"
    SCORE = "score"


class Peers(StrEnum):
    """Whose node it is: peers are compared with peers."""

    PROVINCE = "province"
    REGENCY = "regency"
    CITY = "city"
    MINISTRY_OTHER = "ministry-other"

    @classmethod
    def of(cls, region_type: str | None) -> "Peers":
        """By the type of the node's region; ministries, agencies and all others have none."""
        types = {"provinsi": cls.PROVINCE, "kabupaten": cls.REGENCY, "kota": cls.CITY}
        return types.get(region_type or "", cls.MINISTRY_OTHER)


class Volume(StrEnum):
    """The third of its peers in which a node is, by pagu."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


Number = int | Decimal
Text = Mapping[str, str]
"""A text for people by language: `id` and `en`."""
_DECIMALS = {Unit.SHARE: 6, Unit.SCORE: 6, Unit.DAYS: 1}
_SIX_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition under which a node is ranked; `sentence` says what is missing, with `{found}` and `{needed}`.

    `fact` names what is judged. Shares are told as percent. A fact that cannot be told (nothing to divide by) is not
    judged: the rule that counts says why.
    """

    code: str
    fact: str
    sentence: Text
    at_least: Number | None = None
    at_most: Number | None = None
    is_share: bool = False

    @property
    def needed(self) -> Number:
        bound = self.at_least if self.at_least is not None else self.at_most
        assert bound is not None
        return bound

    def told(self, found: Number | None) -> Number:
        """What was found, as it is told: a share with six decimals, never rounded up to what is needed."""
        assert found is not None
        rounding = ROUND_DOWN if self.at_least is not None else ROUND_UP
        return Decimal(found).quantize(_SIX_DECIMALS, rounding=rounding) if self.is_share else found

    def fails(self, found: Number | None) -> bool:
        if found is None:
            return False
        if self.at_least is not None:
            return found < self.at_least
        return self.at_most is not None and found > self.at_most


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the uncertainty of a rank is found: `what` is drawn anew, so many times, and how many cells it takes."""

    what: Text
    replicates: int = 200
    level: Decimal = Decimal("0.90")
    cells_needed: int = 4
    """Drawing anew from fewer cells would only repeat them and look certain."""


@dataclass(frozen=True, slots=True)
class RankingFormula:
    """One published ranking as data. A change of what is computed gets the next version; the id stays."""

    ranking: str
    version: int
    title: Text
    definition: Text
    unit: Unit
    direction: Direction
    rules: Sequence[Rule]
    resampling: Resampling | None
    """None: the indicator states what is, and is no sample of anything."""
    step_unit: StepUnit
    step: Text
    """What would move a node up, with `{change}`, `{node}`, `{rank}` and, where days count, `{days}`."""
    components: Sequence[str] = ()
    parameters: Mapping[str, Number] | None = None
    """Thresholds inside the indicator itself."""

    @property
    def id(self) -> str:
        """Formulas of figures have the plain names."""
        return f"ranking-{self.ranking}"

    @property
    def formula(self) -> Formula:
        """What of it every published formula has."""
        return Formula(id=self.id, version=self.version, title=dict(self.title), definition=dict(self.definition))

    @property
    def seed(self) -> str:
        return f"{self.id}/{self.version}"

    def published(self, points: int) -> Decimal:
        """Points as the figure that is published."""
        return Decimal(points).scaleb(-_DECIMALS[self.unit])

    def merit(self, points: int) -> int:
        """Points turned so that more is better."""
        return points if self.direction is Direction.HIGHER else -points


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a node is not ranked; of a composite, in which of its components."""

    code: str
    found: Number
    needed: Number
    sentence: dict[str, str]
    component: str | None = None


def judge(rules: Sequence[Rule], facts: Mapping[str, Number | None]) -> list[Shortfall]:
    """Everything for which a node cannot be ranked, in the order of the rules; empty: it is ranked."""
    return [
        Shortfall(rule.code, found, rule.needed, _told(rule, found))
        for rule in rules
        if rule.fails(facts[rule.fact])
        for found in (rule.told(facts[rule.fact]),)
    ]


def _told(rule: Rule, found: Number) -> dict[str, str]:
    return {
        language: text.format(found=_figure(rule, found)[language], needed=_figure(rule, rule.needed)[language])
        for language, text in rule.sentence.items()
    }


def _figure(rule: Rule, number: Number) -> dict[str, str]:
    if not rule.is_share:
        return in_both(number)
    percent = Decimal(number) * 100
    whole = percent.to_integral_value()
    return {
        language: f"{figure} %"
        for language, figure in in_both(whole if whole == percent else percent.normalize()).items()
    }


def in_both(number: Number) -> dict[str, str]:
    """A number for a sentence in either language: 1.234,5 and 1,234.5."""
    figure = f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"
    return {"id": figure.translate(str.maketrans(",.", ".,")), "en": figure}


def rupiah(sen: int) -> dict[str, str]:
    """An amount for a sentence in either language."""
    return {language: f"Rp{figure}" for language, figure in in_both(Decimal(sen).scaleb(-2)).items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one node stands. `score` is in millionths: the share of its peers that it leaves behind, ties half."""

    rank: int
    score: int


def stand(merits: Mapping[str, int]) -> dict[str, Standing]:
    """Rank by merit: 1 + how many are better, so that equals share a rank and the next one is skipped ("1, 1, 3")."""
    count = len(merits)
    places = places_of(merits.values())
    return {
        key: Standing(rank=count - below - equal + 1, score=mid_rank(below, equal, count))
        for key, merit in merits.items()
        for below, equal in (places[merit],)
    }


def places_of(merits: Iterable[int]) -> dict[int, tuple[int, int]]:
    """For each merit how many are below it and how many equal it, itself included."""
    places: dict[int, tuple[int, int]] = {}
    for position, merit in enumerate(sorted(merits)):
        below, equal = places.get(merit, (position, 0))
        places[merit] = (below, equal + 1)
    return places


def mid_rank(below: int, equal: int, count: int) -> int:
    """The mid-rank percentile in millionths: (below + equal / 2) / count. A node alone scores one half."""
    return ((2 * below + equal) * 1_000_000 + count) // (2 * count)


def mean_score(scores: Sequence[int]) -> int:
    """The composite: the mean of component scores, in millionths, half up."""
    return (2 * sum(scores) + len(scores)) // (2 * len(scores))


def next_better(merits: Mapping[str, int]) -> dict[str, str]:
    """For every node but the best: the node (first by name) with the least merit above its own."""
    first: dict[int, str] = {}
    for key in sorted(merits):
        first.setdefault(merits[key], key)
    ladder = sorted(first)
    above = dict(pairwise(ladder))
    return {key: first[above[merit]] for key, merit in merits.items() if merit in above}


def volumes_of(amounts: Mapping[str, Number]) -> dict[str, Volume]:
    """Thirds by amount: small while less than a third of all is smaller, large from two thirds on; equals stay together."""
    groups = (Volume.SMALL, Volume.MEDIUM, Volume.LARGE)
    first: dict[Number, int] = {}
    for position, amount in enumerate(sorted(amounts.values())):
        first.setdefault(amount, position)
    return {key: groups[3 * first[amount] // len(amounts)] for key, amount in amounts.items()}
