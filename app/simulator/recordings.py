"""Makes the packages that are only recorded: procurement without tender, self-managed work and emergencies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from app.simulator import inventing, names
from app.simulator.amounts import share, tidy
from app.simulator.codes import Codes
from app.simulator.nodes import Kind, SimulatedNode, WorldSettings
from app.simulator.packages import Realization, SimulatedPackage, Status, Supplier
from app.simulator.seeds import dice

STAGES: dict[Status, str] = {
    "completed": "Paket Sudah Selesai",
    "running": "Paket Sedang Berjalan",
    "cancelled": "Paket Dibatalkan",
}
_STATUS_WEIGHTS: dict[Status, int] = {"completed": 70, "running": 22, "cancelled": 8}
_REALIZATION_TYPES = (
    "Kuitansi", "Surat Perjanjian", "Surat Pesanan", "Bukti Pembelian", "Dokumen Lainnya", "Dokumen FA Detail",
)  # fmt: skip
_SELF_MANAGED_TYPES = ("Kuitansi", "Surat Permintaan Pembayaran", "Surat Perjanjian", "Dokumen Lainnya")
_MILLIONS: dict[Kind, tuple[int, int]] = {
    "recorded": (3, 400),
    "self_managed": (5, 900),
    "emergency": (100, 4_000),
}
_ACTIVITIES = (
    "Sosialisasi Layanan", "Bimbingan Teknis Aparatur", "Pendampingan Kelompok Tani", "Perjalanan Dinas Koordinasi",
    "Honorarium Tim & Narasumber",
)  # fmt: skip
_DISASTERS = ("Penanganan Darurat Jalan", "Penanganan Darurat Jembatan", "Logistik Tanggap Darurat Banjir")


def generate_recordings(node: SimulatedNode, settings: WorldSettings, year: int, kind: Kind) -> list[SimulatedPackage]:
    """Make the packages whose first fiscal year it is, in order of creation."""
    rng = dice(f"{settings.seed}/{node.slug}/{year}/{kind}")
    wanted = rng.randint(*settings.bounds(kind))
    drafts = [_draft(rng, node, settings, year, kind) for _ in range(wanted)]
    drafts.sort(key=lambda draft: draft.created_on)
    codes = Codes(node, year, parity=wanted % 2)
    codes.last_old = (year - 2000) * 400
    return [replace(draft, code=code_for(codes, draft, rng)) for draft in drafts]


def code_for(codes: Codes, package: SimulatedPackage, rng: Random) -> str:
    """Emergencies are so few that their codes are short; the other kinds may share a code with a package of another kind."""
    if package.kind == "emergency":
        return codes.old(codes.node.kd_lpse or 0, rng)
    return codes.new(package.created_on, rng)


def announce_recording(
    rng: Random, node: SimulatedNode, settings: WorldSettings, day: date, kind: Kind
) -> SimulatedPackage:
    """A package that is created on a day while time passes; its code is still to be given."""
    return _draft(rng, node, settings, day.year, kind, created_on=day)


def _draft(
    rng: Random,
    node: SimulatedNode,
    settings: WorldSettings,
    year: int,
    kind: Kind,
    created_on: date | None = None,
) -> SimulatedPackage:
    status = rng.choices(list(_STATUS_WEIGHTS), list(_STATUS_WEIGHTS.values()))[0]
    today = settings.reference_day
    latest = min(date(year, 12, 20), today - timedelta(days=5))
    created = date(year, 1, 10) + timedelta(days=rng.randint(0, max((latest - date(year, 1, 10)).days, 0)))
    if created_on is not None:
        status, created, today = "running", created_on, created_on
    category = _category(rng, kind)
    name = _name(rng, kind, category)
    low, high = _MILLIONS[kind]
    pagu = Decimal(min(rng.randint(low * 1000, high * 1000) for _ in range(2)) * 1000).quantize(Decimal("0.01"))
    until = _finish_day(rng, status, created, today)
    payments = _payments(rng, node, kind, status, pagu, created, min(until, today))
    package = SimulatedPackage(
        slug=node.slug,
        kind=kind,
        code="",
        name=name,
        badges=(),
        status=status,
        stage=STAGES[status],
        institution=inventing.pick_institution(rng, node),
        satker=rng.choice(names.SATKERS),
        category=category,
        method=_method(rng, kind),
        qualification="",
        evaluation="",
        fiscal_years=(year, year + 1) if rng.random() < 0.03 else (year,),
        plan=() if kind == "emergency" else inventing.make_plan(rng, name),
        pagu=None if rng.random() < 0.01 else pagu,
        hps=None,
        contract_type="",
        business_size="",
        locations=(),
        created_on=created,
        published_on=created,
        schedule=(),
        registered=0,
        finished=status == "completed",
        reason_cancelled=rng.choice(names.REASONS_CANCELLED) if status == "cancelled" else None,
        self_managed_type=rng.choices((1, 2, 3, 4), (60, 15, 10, 15))[0] if kind == "self_managed" else None,
        finished_on=until,
    )
    return with_realizations(package, payments, rng)


def with_realizations(package: SimulatedPackage, rows: Sequence[Realization], rng: Random) -> SimulatedPackage:
    """The package with these payments and the totals that follow from them.

    One total in thirty was typed in before the last payment came: it is not the sum of the rows. Domestic and small
    business shares are empty on some pages, and self-managed packages have none.
    """
    total = sum((row.value for row in rows), Decimal("0.00"))
    stated = total
    if len(rows) > 1 and rng.random() < 1 / 30:
        stated = total - rows[-1].value
    if package.kind == "self_managed":
        return replace(package, realizations=tuple(rows), realized=stated)
    pdn = rng.choices((stated, Decimal("0.00"), None), (60, 20, 20))[0]
    umk = rng.choices((stated, Decimal("0.00"), None), (35, 40, 25))[0]
    return replace(package, realizations=tuple(rows), realized=stated, pdn=pdn, umk=umk)


def make_payment(rng: Random, node: SimulatedNode, kind: Kind, value: Decimal, day: date, category: str) -> Realization:
    types = _SELF_MANAGED_TYPES if kind == "self_managed" else _REALIZATION_TYPES
    paid_to: Supplier | None = None
    if rng.random() < 0.85:
        paid_to = inventing.pick_suppliers(rng, node, category, 1)[0]
        if rng.random() < 0.4:
            paid_to = replace(paid_to, npwp="")
    return Realization(
        type_text=rng.choice(types),
        number=f"{rng.randint(1, 999):03d}/SIM/{day:%m/%Y}",
        value=value,
        realized_on=day,
        paid_to=paid_to,
        note=f"Pembayaran bulan {day:%m} (simulasi)" if rng.random() < 0.5 else None,
    )


def _payments(
    rng: Random, node: SimulatedNode, kind: Kind, status: Status, pagu: Decimal, first: date, last: date
) -> list[Realization]:
    if status == "cancelled" and rng.random() < 0.7:
        return []
    count = rng.choices((0, 1, 2, 3, 6), (15, 50, 20, 10, 5) if status == "completed" else (55, 30, 10, 5, 0))[0]
    spent = share(pagu, rng, 0.6, 1.0) if status == "completed" else share(pagu, rng, 0.1, 0.5)
    days = sorted(first + timedelta(days=rng.randint(0, max((last - first).days, 0))) for _ in range(count))
    return [make_payment(rng, node, kind, tidy(spent / count, rng), day, names.GOODS) for day in days]


def _finish_day(rng: Random, status: Status, created: date, today: date) -> date:
    if status == "running":
        return today + timedelta(days=rng.randint(1, 60))
    return min(created + timedelta(days=rng.randint(0, 90)), today)


def _category(rng: Random, kind: Kind) -> str:
    match kind:
        case "self_managed":
            return ""
        case "emergency":
            return rng.choice((names.WORKS, names.GOODS))
        case _:
            return rng.choices(
                (names.GOODS, names.OTHER_SERVICES, names.WORKS, names.CONSULTING_FIRM), (45, 35, 15, 5)
            )[0]


def _method(rng: Random, kind: Kind) -> str:
    match kind:
        case "self_managed":
            return "Swakelola"
        case "emergency":
            return "Darurat"
        case _:
            return rng.choices(("Pengadaan Langsung", "Penunjukan Langsung"), (85, 15))[0]


def _name(rng: Random, kind: Kind, category: str) -> str:
    match kind:
        case "self_managed":
            return f"{rng.choice(_ACTIVITIES)} {rng.choice(names.PLACES)} {rng.randint(1, 60)} (simulasi)"
        case "emergency":
            return f"{rng.choice(_DISASTERS)} {rng.choice(names.PLACES)} {rng.randint(1, 60)} (simulasi)"
        case _:
            return inventing.make_name(rng, category)
