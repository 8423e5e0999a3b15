"""When a package was announced, awarded and contracted: as its schedule planned it, and as it happened."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zlib import crc32

from app.simulator.nodes import ZONE_HOURS, SimulatedNode
from app.simulator.packages import SimulatedPackage, Stage

ANNOUNCING = ("Pengumuman Pascakualifikasi", "Pengumuman Prakualifikasi", "Pengumuman Tender")
AWARDING = ("Penetapan Pemenang",)
CONTRACTING = ("Penandatanganan Kontrak",)
REVEALING = ("Pengumuman Pemenang", "Penandatanganan Kontrak")
"""Stages from which on names, evaluation and winners are public."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Three moments in the node's local time, None where there is none."""

    announced_at: datetime | None = None
    awarded_at: datetime | None = None
    contracted_at: datetime | None = None


def find_stage(package: SimulatedPackage, names: tuple[str, ...]) -> Stage | None:
    return next((stage for stage in package.schedule if stage.name in names), None)


def planned(package: SimulatedPackage) -> Moments:
    """The starts of the stages, whether or not the package ever came so far."""

    def start(names: tuple[str, ...]) -> datetime | None:
        stage = find_stage(package, names)
        return stage.starts_at if stage else None

    return Moments(start(ANNOUNCING), start(AWARDING), start(CONTRACTING))


def happened(package: SimulatedPackage) -> Moments:
    """What only the national services state: the hour of each event, a little off the plan; of what was decided and
    signed they speak once the package is completed.

    A non-tender has no stage that announces or awards: it is announced when offers are asked for, and awarded when
    the negotiation ends.
    """
    if not package.schedule:
        return Moments()
    plan = planned(package)
    first = package.schedule[0]
    announced = _off_plan(package, "announced", plan.announced_at or first.starts_at)
    completed = package.status == "completed" and bool(package.winners)
    awarded = contracted = None
    if completed:
        negotiation = package.schedule[-2] if len(package.schedule) > 1 else first
        awarded = _off_plan(package, "awarded", plan.awarded_at or negotiation.ends_at)
    if completed and any(winner.contract is not None for winner in package.winners):
        contracting = find_stage(package, CONTRACTING) or package.schedule[-1]
        contracted = contracting.starts_at.replace(hour=0, minute=0) + timedelta(
            days=_number(package, "contracted") % 6
        )
    return Moments(announced, awarded, contracted)


def _off_plan(package: SimulatedPackage, event: str, moment: datetime) -> datetime:
    return moment + timedelta(minutes=_number(package, event) % 12 * 5)


def _number(package: SimulatedPackage, event: str) -> int:
    return crc32(f"{package.kind}/{package.code}/{event}".encode())


def as_utc(node: SimulatedNode, local: datetime | None) -> datetime | None:
    if local is None:
        return None
    return local.replace(tzinfo=timezone(timedelta(hours=ZONE_HOURS[node.zone]))).astimezone(UTC)
