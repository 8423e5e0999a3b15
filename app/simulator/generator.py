"""Makes the tenders and non-tenders of one node and fiscal year from nothing but the settings and a seed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import cast

from app.simulator import amounts, inventing, names, schedule
from app.simulator.amounts import Outcome
from app.simulator.codes import Codes
from app.simulator.nodes import Kind, SimulatedNode, WorldSettings
from app.simulator.packages import Participant, SimulatedPackage, Stage, Status, Winner
from app.simulator.seeds import dice

_STATUS_WEIGHTS: dict[Kind, dict[Status, int]] = {
    "tender": {"completed": 72, "running": 12, "failed": 8, "cancelled": 6, "no_schedule": 2},
    # A non-tender does not fail: whatever ends it early, SPSE says "Paket Dibatalkan".
    "non_tender": {"completed": 80, "running": 11, "cancelled": 8, "no_schedule": 1},
}
_OUTCOME_WEIGHTS: dict[Outcome, int] = {
    "contract": 660, "negotiated": 100, "corrected": 55, "bid": 55, "several": 35, "mixed": 40,
    "above_hps": 20, "above_pagu": 8, "no_amount": 15, "no_winner": 12,
}  # fmt: skip


def generate_packages(node: SimulatedNode, settings: WorldSettings, year: int, kind: Kind) -> list[SimulatedPackage]:
    """Make the packages whose first fiscal year it is, in order of creation."""
    rng = dice(f"{settings.seed}/{node.slug}/{year}/{kind}")
    low, high = settings.bounds(kind)
    wanted = rng.randint(low, high)
    drafts = [draft for _ in range(wanted) for draft in _draft(rng, node, settings, year, kind)][:wanted]
    drafts.sort(key=lambda draft: draft.created_on)
    codes = Codes(node, year, parity=0 if kind == "tender" else 1)
    coded: list[SimulatedPackage] = []
    for draft in drafts:
        if node.kd_lpse is not None and year == min(settings.years) and len(coded) < wanted // 12:
            coded.append(replace(draft, code=codes.old(node.kd_lpse, rng), old_code=True))
        else:
            coded.append(replace(draft, code=codes.new(draft.created_on, rng)))
    return coded


def _draft(rng: Random, node: SimulatedNode, settings: WorldSettings, year: int, kind: Kind) -> list[SimulatedPackage]:
    """One package without a code, or two: a failed tender and its repetition."""
    package = _package(rng, node, settings, year, kind)
    if package.status not in {"failed", "cancelled"} or rng.random() < 0.5:
        return [package]
    word = "Seleksi Ulang" if package.method == "Seleksi" else "Tender Ulang"
    if kind == "non_tender":
        word = f"{package.method} Ulang"
    again = _package(rng, node, settings, year, kind, earlier=package)
    return [package, replace(again, badges=(word, *again.badges))]


def _package(
    rng: Random,
    node: SimulatedNode,
    settings: WorldSettings,
    year: int,
    kind: Kind,
    earlier: SimulatedPackage | None = None,
    announced_on: date | None = None,
) -> SimulatedPackage:
    """`announced_on` makes a package that begins on that day, whatever the dice say of its status."""
    weights = _STATUS_WEIGHTS[kind]
    status = rng.choices(list(weights), list(weights.values()))[0]
    if announced_on is not None:
        status = "running"
    today = announced_on or settings.reference_day
    if status == "running" and year < today.year and rng.random() < 0.75:
        status = "completed"  # Few packages of an earlier year are still under way.
    method, category = _method_and_category(rng, kind) if earlier is None else (earlier.method, earlier.category)
    qualification, evaluation = _rules(rng, kind, method)
    steps = schedule.steps_for(kind, method, qualification)
    current = rng.randrange(len(steps)) if announced_on is None else 0
    published = announced_on or _publication_day(rng, steps, year, today, current if status == "running" else None)
    if earlier is not None and status != "running":
        published = max(published, min(earlier.published_on + timedelta(days=25), _last_day(year, today)))
    years = _years(rng, year, kind) if earlier is None else earlier.fiscal_years
    pagu = amounts.draw_pagu(rng, kind, category, method) if earlier is None else cast("Decimal", earlier.pagu)
    hps = amounts.draw_hps(rng, pagu)
    name = inventing.make_name(rng, category) if earlier is None else earlier.name
    awarded = status == "completed" or (status == "running" and steps[current].announces_winner)
    # A package can be called off after its winner was named: the winner stays on the page, the package has no value.
    called_off_late = status == "cancelled" and rng.random() < 0.15
    winners: list[Winner] = []
    if awarded or called_off_late:
        outcome = _outcome(rng, status)
        pool = inventing.pick_suppliers(rng, node, category, 3)
        count = rng.randint(2, 3) if outcome in {"several", "mixed"} else 1
        winners = amounts.draw_winners(rng, outcome, pool[:count], pagu, hps)
        if status != "completed":
            winners = [replace(winner, contract=None, pdn=None, umk=None) for winner in winners]
    evaluated = awarded or called_off_late or (status == "failed" and rng.random() < 0.4)
    registered = _registered(rng, kind, status, current, len(winners))
    participants = make_participants(rng, node, category, registered, winners, hps) if evaluated else ()
    reverse_auction = method == "Tender Cepat" and bool(winners)
    all_contracted = bool(winners) and all(winner.contract is not None for winner in winners)
    nobody_negotiated = all(winner.negotiated is None for winner in winners)
    is_blank = rng.random()
    return SimulatedPackage(
        slug=node.slug,
        kind=kind,
        code="",
        name=name,
        badges=_badges(kind, method, status),
        status=status,
        stage=_stage_text(kind, method, status, steps, current),
        institution=inventing.pick_institution(rng, node) if earlier is None else earlier.institution,
        satker=rng.choice(names.SATKERS) if earlier is None else earlier.satker,
        category=category,
        method=method,
        qualification=qualification,
        evaluation=evaluation,
        fiscal_years=years,
        plan=inventing.make_plan(rng, name) if earlier is None else earlier.plan,
        pagu=None if status == "completed" and is_blank < 0.008 else pagu,
        hps=None if status == "completed" and 0.008 <= is_blank < 0.016 else hps,
        contract_type=rng.choice(names.CONTRACT_TYPES),
        business_size=rng.choice(names.BUSINESS_SIZES),
        locations=tuple(f"Jl. Contoh No. {rng.randint(1, 200)} - Contoh (Kab.)" for _ in range(rng.choice((1, 1, 2)))),
        created_on=published - timedelta(days=rng.randint(0, 9)),
        published_on=published,
        schedule=_timetable(rng, steps, published, status, current, today),
        registered=registered,
        participants=participants,
        winners=tuple(winners),
        evaluated=evaluated,
        finished=awarded,
        reverse_auction=reverse_auction,
        hides_negotiation=(all_contracted and reverse_auction and rng.random() < 0.5)
        or (nobody_negotiated and rng.random() < 0.5),
        reason_retried=None if earlier is None else rng.choice(names.REASONS_FAILED),
        reason_cancelled=rng.choice(names.REASONS_CANCELLED if status == "cancelled" else names.REASONS_FAILED)
        if status in {"cancelled", "failed"}
        else None,
        consolidated=rng.random() < 0.03,
        repetition=1 if earlier is None else 2,
    )


def announce_package(
    rng: Random, node: SimulatedNode, settings: WorldSettings, day: date, kind: Kind
) -> SimulatedPackage:
    """A package that is announced on a day while time passes; its code is still to be given."""
    return _package(rng, node, settings, day.year, kind, announced_on=day)


def _timetable(
    rng: Random, steps: tuple[schedule.Step, ...], published: date, status: Status, current: int, today: date
) -> tuple[Stage, ...]:
    if status == "no_schedule":
        return ()
    stages = schedule.lay_out(rng, steps, published)
    return schedule.hold_up(stages, current, today) if status == "running" else stages


def _method_and_category(rng: Random, kind: Kind) -> tuple[str, str]:
    if kind == "non_tender":
        method = rng.choices(("Pengadaan Langsung", "Penunjukan Langsung"), (90, 10))[0]
        categories: tuple[str, ...] = (
            names.GOODS, names.WORKS, names.OTHER_SERVICES, names.CONSULTING_WORKS, names.CONSULTING_FIRM,
            names.CONSULTING_PERSON,
        )  # fmt: skip
        return method, rng.choices(categories, (30, 25, 20, 14, 7, 4))[0]
    method = rng.choices(("Tender", "Tender Cepat", "Seleksi"), (70, 14, 16))[0]
    if method == "Seleksi":
        return method, rng.choices(
            (names.CONSULTING_WORKS, names.CONSULTING_FIRM, names.CONSULTING_PERSON), (60, 30, 10)
        )[0]
    if method == "Tender Cepat":
        return method, rng.choices((names.GOODS, names.OTHER_SERVICES, names.WORKS), (60, 30, 10))[0]
    categories = (names.WORKS, names.GOODS, names.OTHER_SERVICES, names.INTEGRATED_WORKS)
    return method, rng.choices(categories, (55, 27, 15, 3))[0]


def _rules(rng: Random, kind: Kind, method: str) -> tuple[str, str]:
    """How bidders qualify and how offers are compared; the index of non-tenders does not say."""
    if kind == "non_tender":
        return "", ""
    if method == "Seleksi":
        return "Prakualifikasi Dua File", rng.choice(("Kualitas dan Biaya", "Pagu Anggaran", "Kualitas"))
    if method == "Tender Cepat" or rng.random() < 0.75:
        return "Pascakualifikasi Satu File", "Harga Terendah Sistem Gugur"
    return "Pascakualifikasi Dua File", rng.choice(("Sistem Nilai", "Harga Terendah Ambang Batas"))


def _last_day(year: int, today: date) -> date:
    return min(date(year, 10, 31), today - timedelta(days=60))


def _publication_day(
    rng: Random, steps: tuple[schedule.Step, ...], year: int, today: date, current: int | None
) -> date:
    """A day that leaves time for the whole schedule, or, for a running package, puts today inside its stage."""
    if current is not None and year == today.year:
        step = steps[current]
        return today - timedelta(days=step.begins + rng.randint(0, max(step.lasts - 1, 0)))
    if current is not None:
        return date(year, 12, rng.randint(1, 20))
    first = date(year, 1, 12)
    return first + timedelta(days=rng.randint(0, max((_last_day(year, today) - first).days, 0)))


def _years(rng: Random, year: int, kind: Kind) -> tuple[int, ...]:
    """Most packages are paid from one year; the others begin in it, so that none belongs to a year before the world."""
    chance = rng.random()
    if chance < (0.07 if kind == "tender" else 0.02):
        return (year, year + 1) if chance > 0.01 else (year, year + 1, year + 2)
    return (year,)


def _outcome(rng: Random, status: Status) -> Outcome:
    if status != "completed":
        return "negotiated"
    return rng.choices(list(_OUTCOME_WEIGHTS), list(_OUTCOME_WEIGHTS.values()))[0]


def _registered(rng: Random, kind: Kind, status: Status, current: int, winners: int) -> int:
    if status == "no_schedule" or (status == "running" and current == 0 and rng.random() < 0.5):
        return 0
    most = 30 if kind == "tender" else 3
    return max(winners, min(rng.randint(1, most), rng.randint(1, most)))


def make_participants(
    rng: Random, node: SimulatedNode, category: str, registered: int, winners: Sequence[Winner], hps: Decimal
) -> tuple[Participant, ...]:
    """Winners among others; those others who made an offer asked for more."""
    taken = {winner.supplier for winner in winners}
    pool = [one for one in inventing.pick_suppliers(rng, node, category, registered + len(taken)) if one not in taken]
    people = [Participant(winner.supplier, winner.bid, winner.corrected) for winner in winners]
    offers = rng.randint(0, min(4, registered))
    for position, other in enumerate(pool[: max(registered - len(people), 0)]):
        bid = amounts.tidy(amounts.share(hps, rng, 0.9, 1.05), rng) if position < offers else None
        people.append(Participant(other, bid, bid))
    rng.shuffle(people)
    return tuple(people)


def _badges(kind: Kind, method: str, status: Status) -> tuple[str, ...]:
    if status not in {"failed", "cancelled"}:
        return ()
    if kind == "non_tender":
        return (f"{method} Batal",)
    return (call_off_words(method, status),)


def call_off_words(method: str, status: Status) -> str:
    return f"{'Seleksi' if method == 'Seleksi' else 'Tender'} {'Gagal' if status == 'failed' else 'Batal'}"


def _stage_text(kind: Kind, method: str, status: Status, steps: tuple[schedule.Step, ...], current: int) -> str:
    match status:
        case "completed":
            return "Tender Sudah Selesai" if kind == "tender" else "Paket Sudah Selesai"
        case "failed" | "cancelled":
            return call_off_words(method, status) if kind == "tender" else "Paket Dibatalkan"
        case "no_schedule":
            return "Tidak Ada Jadwal"
        case "running":
            if kind == "non_tender" and current % 2 == 0:
                return "Paket Sedang Berjalan"
            return schedule.stage_words(steps, current)
