"""What the generator makes and the pages show: packages, their winners, participants and stages."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from app.simulator.nodes import Kind

Status = Literal["running", "completed", "failed", "cancelled", "no_schedule"]
STATUSES: tuple[Status, ...] = ("running", "completed", "failed", "cancelled", "no_schedule")

Basis = Literal["contract", "negotiated", "corrected", "bid"]
BASES: tuple[Basis, ...] = ("contract", "negotiated", "corrected", "bid")
"""Strongest first."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """An invented company; `npwp` is masked as SPSE masks it."""

    name: str
    npwp: str
    street: str
    city: str
    province: str


@dataclass(frozen=True, slots=True)
class Winner:
    """One row of the winners' table; amounts in rupiah, None where the cell is empty."""

    supplier: Supplier
    bid: Decimal | None = None
    corrected: Decimal | None = None
    negotiated: Decimal | None = None
    contract: Decimal | None = None
    pdn: Decimal | None = None
    umk: Decimal | None = None

    def amount(self, basis: Basis) -> Decimal | None:
        match basis:
            case "contract":
                return self.contract
            case "negotiated":
                return self.negotiated
            case "corrected":
                return self.corrected
            case "bid":
                return self.bid


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who registered; `bid` is None when no offer followed."""

    supplier: Supplier
    bid: Decimal | None = None
    corrected: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """How a stage stood before it was moved, and when that was; in the node's local time."""

    edited_at: datetime
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the schedule, in the node's local time."""

    name: str
    starts_at: datetime
    ends_at: datetime
    revisions: tuple[Revision, ...] = ()

    @property
    def changes(self) -> int:
        return len(self.revisions)


@dataclass(frozen=True, slots=True)
class Realization:
    """One payment by which a recorded package was carried out; `paid_to` is None where nobody is named."""

    type_text: str
    number: str
    value: Decimal
    realized_on: date
    paid_to: Supplier | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One row of *Rencana Umum Pengadaan*."""

    code: str
    name: str
    fund: str


@dataclass(frozen=True, slots=True)
class SimulatedPackage:
    """One procurement process with everything its pages say."""

    slug: str
    kind: Kind
    code: str
    name: str
    badges: tuple[str, ...]
    status: Status
    stage: str
    """The node's own words, as its index and its announcement show them."""
    institution: str
    satker: str
    category: str
    method: str
    qualification: str
    evaluation: str
    fiscal_years: tuple[int, ...]
    plan: tuple[PlanItem, ...]
    pagu: Decimal | None
    hps: Decimal | None
    contract_type: str
    business_size: str
    locations: tuple[str, ...]
    created_on: date
    published_on: date
    schedule: tuple[Stage, ...]
    registered: int
    participants: tuple[Participant, ...] = ()
    winners: tuple[Winner, ...] = ()
    evaluated: bool = False
    """The evaluation and the winners' page can be opened."""
    finished: bool = False
    """The page of contracts can be opened."""
    reverse_auction: bool = False
    hides_negotiation: bool = False
    """The winners' table has no column *Hasil Negosiasi*."""
    old_code: bool = False
    reason_retried: str | None = None
    reason_cancelled: str | None = None
    consolidated: bool = False
    self_managed_type: int | None = None
    """*Tipe swakelola*, 1 to 4."""
    realizations: tuple[Realization, ...] = ()
    realized: Decimal | None = None
    """The total that the page states; on a few packages it is not the sum of the rows."""
    pdn: Decimal | None = None
    umk: Decimal | None = None
    finished_on: date | None = None
    """*Tanggal paket selesai*; of a package that runs it lies ahead."""
    repetition: int = 1
    """*Versi*: 2 for a tender that was opened again."""

    @property
    def fiscal_year(self) -> int:
        """The year to which the package belongs: the first of its years."""
        return self.fiscal_years[0]
