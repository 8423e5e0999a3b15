"""What a day does to a package: it moves through its stages, is decided, paid, put off, or silently corrected."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from random import Random

from app.simulator import amounts, inventing, names
from app.simulator.codes import Codes
from app.simulator.generator import announce_package, call_off_words, make_participants
from app.simulator.moments import REVEALING, find_stage
from app.simulator.nodes import SAVING_KINDS, Kind, SimulatedNode, WorldSettings
from app.simulator.packages import SimulatedPackage, Status, Winner
from app.simulator.recordings import STAGES, announce_recording, code_for, make_payment, with_realizations
from app.simulator.schedule import move, step_at
from app.simulator.seeds import dice

_WORKING_DAYS = 250


def after_a_day(
    node: SimulatedNode, settings: WorldSettings, package: SimulatedPackage, today: date
) -> SimulatedPackage:
    """The package on the evening of a day; the same object if nothing happened to it."""
    if package.status != "running":
        return package
    rng = dice(f"{settings.seed}/{node.slug}/{package.kind}/{package.code}/{today}")
    if package.kind in SAVING_KINDS:
        return _compete(rng, node, package, today)
    return _carry_out(rng, node, package, today)


def announced_on(
    node: SimulatedNode, settings: WorldSettings, kind: Kind, today: date, held: Iterable[SimulatedPackage]
) -> list[SimulatedPackage]:
    """The packages that a node announces on a day: about as many in a year as its worlds have."""
    rng = dice(f"{settings.seed}/{node.slug}/{kind}/announced/{today}")
    low, high = settings.bounds(kind)
    expected = (low + high) / 2 / _WORKING_DAYS
    count = int(expected) + (rng.random() < expected % 1)
    if today.weekday() > 4 or not count:
        return []
    return make_new(rng, node, settings, kind, today, held, count)


def make_new(
    rng: Random,
    node: SimulatedNode,
    settings: WorldSettings,
    kind: Kind,
    today: date,
    held: Iterable[SimulatedPackage],
    count: int,
) -> list[SimulatedPackage]:
    """New packages whose codes follow on those that the node has."""
    codes = Codes(node, today.year, parity=1 if kind == "non_tender" else 0)
    for package in held:
        sequence = int(package.code) // 1000 // 2 * 2
        if package.old_code or kind == "emergency":
            codes.last_old = max(codes.last_old, sequence)
        else:
            codes.last = max(codes.last, sequence)
    made = []
    for _ in range(count):
        if kind in SAVING_KINDS:
            draft = announce_package(rng, node, settings, today, kind)
            made.append(replace(draft, code=codes.new(today, rng)))
        else:
            draft = announce_recording(rng, node, settings, today, kind)
            made.append(replace(draft, code=code_for(codes, draft, rng)))
    return made


def silently_edited(package: SimulatedPackage, rng: Random) -> SimulatedPackage:
    """Another state of the package that its row in the list does not betray."""
    if package.kind in SAVING_KINDS:
        if package.pagu is not None:
            return replace(package, pagu=package.pagu + rng.randint(1, 9) * 1_000_000)
    elif package.realizations:
        more = Decimal(rng.randint(1, 90) * 1000)
        *before, last = package.realizations
        return replace(
            package,
            realizations=(*before, replace(last, value=last.value + more)),
            realized=(package.realized or Decimal("0.00")) + more,
        )
    return replace(package, satker=f"{package.satker} Bidang {rng.randint(1, 99)}")


def _compete(rng: Random, node: SimulatedNode, package: SimulatedPackage, today: date) -> SimulatedPackage:
    if not package.schedule:
        return package
    if rng.random() < 0.03:
        package = _put_off(rng, package, today)
    if package.schedule[-1].ends_at.date() < today:
        return _finish(rng, node, package)
    revealing = find_stage(package, REVEALING)
    if not package.evaluated and revealing is not None and revealing.starts_at.date() <= today:
        if rng.random() < 0.06:
            return _call_off(rng, package)
        package = _reveal(rng, node, package)
    elif not package.evaluated and step_at(package.schedule, today) < 4 and rng.random() < 0.3:
        package = replace(package, registered=package.registered + 1)
    words = _stage_words(package, today)
    return package if words == package.stage else replace(package, stage=words)


def _put_off(rng: Random, package: SimulatedPackage, today: date) -> SimulatedPackage:
    """Everything that has not begun is moved by some days."""
    days = rng.randint(1, 4)
    edited_at = datetime.combine(today, time(10, 15))
    return replace(
        package,
        schedule=tuple(
            move(stage, days, edited_at) if stage.starts_at.date() > today else stage for stage in package.schedule
        ),
    )


def _reveal(rng: Random, node: SimulatedNode, package: SimulatedPackage) -> SimulatedPackage:
    pagu = package.pagu or Decimal(100_000_000)
    hps = package.hps or pagu
    pool = inventing.pick_suppliers(rng, node, package.category, 1)
    winners = [
        replace(winner, contract=None, pdn=None, umk=None)
        for winner in amounts.draw_winners(rng, "negotiated", pool, pagu, hps)
    ]
    registered = max(package.registered, 1)
    return replace(
        package,
        registered=registered,
        winners=tuple(winners),
        participants=make_participants(rng, node, package.category, registered, winners, hps),
        evaluated=True,
        finished=True,
        reverse_auction=package.method == "Tender Cepat",
    )


def _finish(rng: Random, node: SimulatedNode, package: SimulatedPackage) -> SimulatedPackage:
    if not package.evaluated:
        package = _reveal(rng, node, package)
    stage = "Tender Sudah Selesai" if package.kind == "tender" else "Paket Sudah Selesai"
    winners = package.winners if rng.random() < 0.05 else tuple(_contracted(winner) for winner in package.winners)
    return replace(package, status="completed", stage=stage, winners=winners, finished=True)


def _contracted(winner: Winner) -> Winner:
    agreed = winner.negotiated or winner.corrected or winner.bid
    return replace(winner, contract=agreed, pdn=agreed, umk=None)


def _call_off(rng: Random, package: SimulatedPackage) -> SimulatedPackage:
    status: Status = "failed" if package.kind == "tender" and rng.random() < 0.6 else "cancelled"
    words = call_off_words(package.method, status)
    return replace(
        package,
        status=status,
        stage=words if package.kind == "tender" else "Paket Dibatalkan",
        badges=(*package.badges, words if package.kind == "tender" else f"{package.method} Batal"),
        reason_cancelled=rng.choice(names.REASONS_CANCELLED if status == "cancelled" else names.REASONS_FAILED),
    )


def _stage_words(package: SimulatedPackage, today: date) -> str:
    """The first stage that is open, with `[...]` behind it when there are more; some non-tenders only say that they run."""
    latest = step_at(package.schedule, today)
    if package.kind == "non_tender" and latest % 2 == 0:
        return "Paket Sedang Berjalan"
    open_stages = [
        stage for stage in package.schedule if stage.starts_at.date() <= today <= stage.ends_at.date()
    ]  # fmt: skip
    if not open_stages:
        return package.schedule[latest].name
    return open_stages[0].name + (" [...]" if len(open_stages) > 1 else "")


def _carry_out(rng: Random, node: SimulatedNode, package: SimulatedPackage, today: date) -> SimulatedPackage:
    if rng.random() < 0.08:
        pagu = package.pagu or Decimal(10_000_000)
        value = amounts.tidy(amounts.share(pagu, rng, 0.02, 0.2), rng)
        payment = make_payment(rng, node, package.kind, value, today, names.GOODS)
        package = with_realizations(package, (*package.realizations, payment), rng)
    if package.finished_on is not None and package.finished_on <= today:
        return replace(package, status="completed", stage=STAGES["completed"], finished=True)
    return package
