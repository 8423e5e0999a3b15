"""What each figure looks like over HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.core.vocabulary import PackageStatus
from app.kit.web.schema import Amount, OptionalAmount, OptionalRatio, Ratio, Schema
from app.statistics.schemas import GroupKeys, StatisticRead


class _Figure(Schema):
    """A figure; whoever compares finds last year's in `previous`."""

    model_config = ConfigDict(extra="allow")


# Savings


class SavingsByPagu(Schema):
    """Savings against the budget ceiling, over exactly `packages` packages."""

    packages: int
    pagu: Amount
    value: Amount
    savings: Amount
    ratio: OptionalRatio


class SavingsByHPS(Schema):
    """Savings against the owner's estimate, over exactly `packages` packages."""

    packages: int
    hps: Amount
    value: Amount
    savings: Amount
    ratio: OptionalRatio


class LeftOut(Schema):
    """Completed packages that a block could not count, by reason."""

    no_value: Annotated[int, Field(description="Completed, but no agreed amount is known: in neither block.")]
    no_pagu: Annotated[int, Field(description="Has a value but no pagu: not in by_pagu.")]
    no_hps: Annotated[int, Field(description="Has a value but no HPS: not in by_hps.")]


class BasisCounts(Schema):
    """How many values rest on which amount."""

    contract: int
    negotiated: int
    corrected: int
    bid: int
    award: int


class SavingsFigure(_Figure):
    """One savings figure and what it rests on."""

    packages: Annotated[
        int, Field(description="All tender and non-tender packages of the group, whatever their status.")
    ]
    completed: int
    by_pagu: SavingsByPagu
    by_hps: SavingsByHPS
    left_out: LeftOut
    basis: BasisCounts


class SavingsItem(GroupKeys, SavingsFigure):
    """The savings of one group."""

    previous: SavingsFigure | None = None


class SavingsRead(StatisticRead[SavingsItem, SavingsFigure]):
    """Savings per group and in total, with what they rest on."""


# Packages


class StatusFigure(Schema):
    """The packages of one status."""

    packages: int
    pagu: Amount
    hps: Amount


class PackagesLeftOut(Schema):
    """Packages whose amount is not known, so that it is not in the sums."""

    no_pagu: int
    no_hps: Annotated[int, Field(description="Of tenders and non-tenders; others have no HPS.")]
    no_value: Annotated[int, Field(description="Of completed tenders and non-tenders.")]


class PackagesFigure(_Figure):
    """Counts and amounts; each sum is over the packages of which the amount is known."""

    packages: int
    by_status: dict[PackageStatus, StatusFigure]
    pagu: Amount
    hps: Amount
    value: Amount
    repeated: Annotated[int, Field(description="Announced anew (tender ulang).")]
    left_out: PackagesLeftOut


class PackagesItem(GroupKeys, PackagesFigure):
    """The packages of one group."""

    previous: PackagesFigure | None = None


class PackagesRead(StatisticRead[PackagesItem, PackagesFigure]):
    """Counts and amounts per group and in total."""


# Competition


class ParticipantsFigure(Schema):
    """Who registered, over completed packages of which it is known."""

    packages: int
    sum: int
    mean: OptionalRatio


class BiddersFigure(ParticipantsFigure):
    """Who handed in an offer, over completed packages of which it is known."""

    single: Annotated[int, Field(description="Packages with exactly one bidder.")]
    single_share: OptionalRatio


class SuppliersFigure(Schema):
    """Who won completed packages, and how agreed value is spread over them."""

    distinct: int
    new: Annotated[int, Field(description="Suppliers whose first fiscal year on this hub is one of the group's.")]
    awards: int
    valued_awards: Annotated[int, Field(description="Awards with an agreed value; the shares rest on these.")]
    value: Amount
    hhi: Annotated[
        OptionalRatio, Field(description="Herfindahl–Hirschman index from 0 (many) to 1 (one supplier has all).")
    ]
    top_1_share: OptionalRatio
    top_5_share: OptionalRatio
    top_10_share: OptionalRatio


class CompetitionLeftOut(Schema):
    """Completed packages of which it is not known."""

    no_participants: int
    no_bidders: int


class CompetitionFigure(_Figure):
    """Competition in tenders and non-tenders."""

    packages: int
    completed: int
    failed: int
    cancelled: int
    failed_share: OptionalRatio
    repeated: int
    repeated_share: OptionalRatio
    participants: ParticipantsFigure
    bidders: BiddersFigure
    suppliers: SuppliersFigure
    left_out: CompetitionLeftOut


class CompetitionItem(GroupKeys, CompetitionFigure):
    """The competition of one group."""

    previous: CompetitionFigure | None = None


class CompetitionRead(StatisticRead[CompetitionItem, CompetitionFigure]):
    """Competition per group and in total."""


# Timeliness

Days = Annotated[float | None, Field(description="Days, exact to a tenth; null where no package counts.")]


class DaysFigure(Schema):
    """Days over exactly `packages` packages."""

    packages: int
    median: Days
    p90: Days


class SpansFigure(Schema):
    """announced → awarded, awarded → contracted, announced → contracted."""

    award: DaysFigure
    contract: DaysFigure
    whole: DaysFigure


class ScheduleFigure(Schema):
    """How often schedules were changed, over packages whose schedule is known."""

    packages: int
    moved: int
    moved_share: OptionalRatio
    changes: int


class DaysLeftOut(Schema):
    """Completed packages without days."""

    unknown: Annotated[int, Field(description="One of the two dates is not known.")]
    out_of_order: Annotated[int, Field(description="The later step is dated before the earlier one.")]


class TimelinessLeftOut(Schema):
    """What each span leaves out."""

    award: DaysLeftOut
    contract: DaysLeftOut
    whole: DaysLeftOut


class TimelinessFigure(_Figure):
    """Days by actual dates; by scheduled ones apart."""

    packages: int
    completed: int
    award: DaysFigure
    contract: DaysFigure
    whole: DaysFigure
    scheduled: SpansFigure
    schedule: ScheduleFigure
    left_out: TimelinessLeftOut


class TimelinessItem(GroupKeys, TimelinessFigure):
    """The timeliness of one group."""

    previous: TimelinessFigure | None = None


class TimelinessRead(StatisticRead[TimelinessItem, TimelinessFigure]):
    """Timeliness per group and in total."""


# Absorption


class AbsorbedFigure(Schema):
    """Realisation against pagu, over packages that have both."""

    packages: int
    pagu: Amount
    realized: Amount
    remaining: Amount
    ratio: OptionalRatio


class AbsorptionLeftOut(Schema):
    """Packages that the block does not count, by reason."""

    not_carried: Annotated[int, Field(description="Neither running nor completed.")]
    no_realized: int
    no_pagu: int


class AbsorptionFigure(_Figure):
    """Absorption of recorded, self-managed and emergency packages."""

    packages: int
    carried: Annotated[int, Field(description="Running or completed.")]
    absorbed: AbsorbedFigure
    realized: Annotated[Amount, Field(description="All realisation, also of packages without a pagu.")]
    left_out: AbsorptionLeftOut


class AbsorptionItem(GroupKeys, AbsorptionFigure):
    """The absorption of one group."""

    previous: AbsorptionFigure | None = None


class AbsorptionRead(StatisticRead[AbsorptionItem, AbsorptionFigure]):
    """Absorption per group and in total."""


# PDN and UMK


class SpentFigure(Schema):
    """What was spent."""

    packages: int
    value: Amount


class PdnFigure(Schema):
    """Domestic product, over packages of which it and the spending are known."""

    packages: int
    spent: Amount
    value: Amount
    share: OptionalRatio


class UmkFigure(PdnFigure):
    """Small business, beside the prescribed share."""

    threshold: Ratio
    to_threshold: Annotated[
        OptionalAmount, Field(description="Rupiah that are missing to the threshold; negative when it is passed.")
    ]
    reaches_threshold: bool | None


class ReservedFigure(Schema):
    """Tenders and non-tenders with a pagu up to Rp15 miliar whose bidder size is known."""

    packages: int
    small: int
    small_share: OptionalRatio


class PdnUmkLeftOut(Schema):
    """Packages that the blocks do not count, by reason."""

    no_spending: int
    no_pdn: int
    no_umk: int


class PdnUmkFigure(_Figure):
    """Use of domestic product and small business."""

    packages: int
    spent: SpentFigure
    pdn: PdnFigure
    umk: UmkFigure
    reserved: ReservedFigure
    left_out: PdnUmkLeftOut


class PdnUmkItem(GroupKeys, PdnUmkFigure):
    """PDN and UMK of one group."""

    previous: PdnUmkFigure | None = None


class PdnUmkRead(StatisticRead[PdnUmkItem, PdnUmkFigure]):
    """PDN and UMK per group and in total."""


# Coverage


class KnownFact(Schema):
    """Of how many packages a fact is known, of how many that should have it."""

    packages: int
    of: int
    share: OptionalRatio


class CoverageFigure(_Figure):
    """How complete the packages of a group are."""

    packages: int
    completed: int
    known: Annotated[dict[str, KnownFact], Field(examples=[{"pagu": {"packages": 9, "of": 10, "share": 0.9}}])]
    scheduled_dates: Annotated[int, Field(description="Packages whose dates were only planned.")]


class CoverageItem(GroupKeys, CoverageFigure):
    """The completeness of one group."""

    previous: CoverageFigure | None = None


class StaleNode(Schema):
    """A node that is not fresh for what was asked."""

    node: Annotated[str, Field(examples=["surabaya"])]
    completed_at: Annotated[
        datetime | None, Field(description="Its oldest complete reading; null when a year asked for was never read.")
    ]


class CoverageFigureRead(StatisticRead[CoverageItem, CoverageFigure]):
    """Completeness per group and in total."""

    stale_nodes: Annotated[list[StaleNode], Field(description="At most a hundred, by slug.")]
