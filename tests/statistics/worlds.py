"""Random and varied packages for figures: recorded through the one door, and reckoned beside it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle

from hypothesis import strategies as st

from app.core.vocabulary import Category, Interface, Method, PackageKind, PackageStatus
from app.kit.db import Database
from tests.records import a_sketch, an_award, door_of
from tests.statistics.reckoning import BASES, HOURS_AHEAD, PLACES, reckon

AMOUNTS = st.none() | st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("12345678901234567.89")]) | st.decimals("1.00", "9e9", places=2)  # fmt: skip
MOMENTS = st.none() | st.sampled_from([datetime(2025, 12, 31, hour, 30, tzinfo=UTC) for hour in (0, 14, 15, 16, 17)])
WINNERS = st.lists(
    st.dictionaries(st.sampled_from([f"{basis}_value" for basis in BASES]), AMOUNTS, max_size=3), max_size=3
)


def maybe(strategy):
    """Said, said to be none, or not spoken of."""
    return strategy | st.none()


FIELDS = st.fixed_dictionaries(
    {"fiscal_years": st.lists(st.sampled_from([2024, 2025, 2026]), min_size=1, max_size=3)},
    optional={
        "status": st.sampled_from([PackageStatus.COMPLETED] * 4 + list(PackageStatus)),
        "category": maybe(st.sampled_from([Category.GOODS, Category.WORKS])),
        "method": maybe(st.sampled_from([Method.TENDER, Method.SELECTION])),
        "institution_name": st.sampled_from(list(PLACES)),
        "awarded_at": MOMENTS,
        "pagu": AMOUNTS,
        "hps": AMOUNTS,
        "contract_value": AMOUNTS,
        "award_value": AMOUNTS,
        "awards": WINNERS.map(lambda winners: [an_award(f"CV Contoh {n}", **won) for n, won in enumerate(winners)]),
    },
)
SENT = st.tuples(
    st.sampled_from(list(HOURS_AHEAD)),
    st.sampled_from([Interface.SPSE] * 3 + [Interface.PUSH, Interface.INAPROC]),
    st.sampled_from([PackageKind.TENDER] * 2 + [PackageKind.NON_TENDER] * 2 + [PackageKind.RECORDED]),
    st.sampled_from(["1", "2", "3"]),
    FIELDS,
)


_DAYS = st.none() | st.integers(-3, 40).map(
    lambda days: datetime(2025, 12, 31, 16, 30, tzinfo=UTC) + timedelta(days=days)
)
_PEOPLE = st.none() | st.integers(0, 9)
_LABELS = ["Tender Ulang", "Evaluasi Ulang", " ulang ", "Ulang Tahun", "Pengadaan Langsung  ULANG", "Konsolidasi"]
_SIZES = ["Usaha Kecil", "Usaha Non Kecil", "Perusahaan Kecil atau Non-Kecil", "Usaha KECIL.", "mengecil", "Menengah"]
_VERSIONS = st.sampled_from(["1", "2", "03", "x", ""])
_STAGE = st.fixed_dictionaries({"name": st.just("Tahap Contoh")}, optional={"changes": st.none() | st.integers(0, 3)})
_WON = st.fixed_dictionaries(
    {"name": st.sampled_from(["CV Contoh", "cv  contoh", "PT Khayalan"])},
    optional={
        "npwp": st.sampled_from(["01.2*", None]),
        "contract_value": AMOUNTS,
        "pdn_value": AMOUNTS,
        "umk_value": AMOUNTS,
    },
)
EVERYTHING = st.tuples(
    FIELDS,
    st.fixed_dictionaries(
        {},
        optional={
            "announced_at": _DAYS,
            "awarded_at": _DAYS,
            "contracted_at": _DAYS,
            "date_basis": maybe(st.sampled_from(["actual", "scheduled"])),
            "labels": st.lists(st.sampled_from(_LABELS), max_size=2),
            "source_ids": st.dictionaries(st.sampled_from(["versi_tender", "kd_pkt_dce"]), _VERSIONS, max_size=2),
            "schedule": st.lists(_STAGE, max_size=3),
            "fund_sources": st.lists(st.sampled_from(["APBD", "APBN", "BLUD"]), max_size=3),
            "rup_codes": st.lists(st.sampled_from(["11", "12"]), max_size=2),
            "business_size": maybe(st.sampled_from(_SIZES)),
            "participants": _PEOPLE,
            "bidders": _PEOPLE,
            "realized_value": AMOUNTS,
            "pdn_value": AMOUNTS,
            "umk_value": AMOUNTS,
            "pagu": st.sampled_from([Decimal("15000000000.00"), Decimal("15000000000.01"), None]),
            "awards": st.lists(_WON, max_size=3).map(lambda winners: [an_award(**won) for won in winners]),
        },
    ),
).map(lambda said: {**said[0], **said[1]})
"""Everything that figures rest on, said, said to be none, or not spoken of."""

KEPT = ("pagu", "hps", "institution_name")


async def record(database: Database, sent) -> list:
    """Send records through the door one after another; the reckoning of where that leads."""
    doors = {slug: await door_of(database, slug) for slug in {slug for slug, *_ in sent}}
    said: dict = {}
    for slug, source, kind, code, fields in sent:
        await doors[slug].speaking(source).record(a_sketch(code, kind=kind, **fields))
        words = said.setdefault((slug, str(kind), code), {})
        before = words.get(str(source), {}) if source != Interface.PUSH else {}
        # What a pulled source used to state and now leaves empty stands.
        kept = {name: before.get(name) for name in KEPT if name in fields and fields[name] is None}
        if fields.get("status") == "other" and before.get("status") not in {None, "other"}:
            kept["status"] = before["status"]
        words[str(source)] = {**fields, **kept}
    return [reckon(slug, kind, words) for (slug, kind, _code), words in said.items()]


def a_varied_world():
    """Every dimension takes several values, each figure some weight; no chance involved."""
    places, slugs = cycle(PLACES), cycle(HOURS_AHEAD)
    for n in range(60):
        fields = {
            "fiscal_years": [2024 + n % 3, 2026],
            "status": PackageStatus.COMPLETED if n % 4 else list(PackageStatus)[n // 4 % 6],
            "category": (Category.GOODS, Category.WORKS, None)[n % 3],
            "method": (Method.TENDER, Method.SELECTION, None, Method.OTHER)[n // 2 % 4],
            "institution_name": next(places),
            "awarded_at": None if n % 7 == 0 else datetime(2025, 1 + n % 12, 28, 20, tzinfo=UTC) + timedelta(days=n % 5),
            "pagu": None if n % 11 == 0 else Decimal(n * 1_000_003) / 4,
            "hps": None if n % 6 == 0 else Decimal(n * 999_983) / 4,
            "awards": [an_award(f"CV Contoh {m}", **{f"{BASES[(n + m) % 5]}_value": Decimal(n * 400_001) / 2, "bid_value": Decimal(n)}) for m in range(n % 3)],
        }  # fmt: skip
        kind = (PackageKind.TENDER, PackageKind.NON_TENDER, PackageKind.NON_TENDER, PackageKind.EMERGENCY)[n % 4]
        yield next(slugs), Interface.SPSE, kind, str(n), fields
