"""A small world of eight nodes of one province, and every ranking of it reckoned from the records alone."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from app.registry.service import note_attempt
from tests.records import a_sketch, door_of, rows
from tests.statistics.reckoning import rounded

NOW_READ = datetime(2026, 2, 1, 3, tzinfo=UTC)
PEERS = {
    "jatimprov": "province",
    "surabaya": "city", "malangkota": "city", "kedirikota": "city", "batukota": "city",
    "gresikkab": "regency", "jemberkab": "regency", "blitarkab": "regency",
}  # fmt: skip
PACKAGES = {"blitarkab": 4, "kedirikota": 14}
YEARS = dict.fromkeys(PEERS, (2025, 2024, 2023)) | {"batukota": (2025,)}


def packages_of(slug, year):
    """What a node published of a year: kind, and the fields of each record. Each node has a weakness of its own."""
    dice = random.Random(f"{slug} {year}")
    for number in range(PACKAGES.get(slug, 22)):
        kind = (
            PackageKind.TENDER,
            PackageKind.TENDER,
            PackageKind.TENDER,
            PackageKind.NON_TENDER,
            PackageKind.SELF_MANAGED,
        )[number % 5]
        announced = datetime(year, 1 + number * 10 // 22, dice.randint(1, 27), 3, tzinfo=UTC)
        is_sold = kind in {PackageKind.TENDER, PackageKind.NON_TENDER}
        pagu = Decimal(dice.randrange(10**7, 10**11)) / 100
        fields = {
            "fiscal_years": [year],
            "status": PackageStatus.FAILED
            if number == 7
            else PackageStatus.RUNNING
            if number == 8
            else PackageStatus.COMPLETED,
            "institution_name": None if dice.random() < 0.1 else "Kota Surabaya",
            "pagu": None if number == 11 or (slug == "jemberkab" and number % 4 == 1) else pagu,
        }
        if is_sold:
            fields |= {
                "hps": None if dice.random() < 0.2 else pagu * 97 / 100,
                "category": dice.choice([Category.WORKS, Category.GOODS, Category.OTHER, None]),
                "method": dice.choice([Method.TENDER, Method.SELECTION, Method.TENDER, None]),
                "announced_at": announced,
                "awarded_at": announced + timedelta(days=dice.randint(9, 45) if number != 2 else -3),
                "date_basis": DateBasis.SCHEDULED if slug == "jemberkab" else DateBasis.ACTUAL,
                "bidders": None if slug == "batukota" and number % 3 == 0 else dice.choice([1, 1, 2, 3, 7]),
                "contract_value": None if slug == "kedirikota" and number % 3 == 1 else pagu * dice.randint(85, 101) / 100,
            }  # fmt: skip
            # The hub keeps sen.
            for name in ("hps", "contract_value"):
                fields[name] = fields[name] and fields[name].quantize(Decimal("0.01"))
        yield kind, f"{year}{number:03}", fields


async def record(database):
    """Everything through the one door, and when each year was read."""
    for slug in PEERS:
        door = await door_of(database, slug)
        for year in YEARS[slug]:
            await door.record(*(a_sketch(code, kind=kind, **fields) for kind, code, fields in packages_of(slug, year)))
            state = "incomplete" if (slug, year) == ("malangkota", 2024) else "completed"
            async with database.transaction() as session:
                await note_attempt(
                    session,
                    node_id=door.sender.node_id,
                    fiscal_year=year,
                    state=state,
                    software_version=None,
                    now=NOW_READ,
                )


async def nodes(database):
    return {row["slug"]: row["id"] for row in await rows(database, "SELECT slug, id FROM nodes")}


# -- the reckoning: every ranking as its definition says, in whole numbers and fractions


def figures_of(slug, year, *, judged=4, met=3):
    """Each indicator with what it rests on, and the codes of the reasons that keep the node out."""
    found = list(packages_of(slug, year)) if year in YEARS[slug] else []
    sold = [fields for kind, _code, fields in found if kind in {PackageKind.TENDER, PackageKind.NON_TENDER}]
    done = [fields for fields in sold if fields["status"] == PackageStatus.COMPLETED]
    tenders = [
        fields for kind, _code, fields in found
        if kind == PackageKind.TENDER and fields["status"] == PackageStatus.COMPLETED
    ]  # fmt: skip
    both = [
        (fields["pagu"], fields["contract_value"])
        for fields in done
        if None not in (fields["pagu"], fields["contract_value"])
    ]
    bids = [fields["bidders"] for fields in tenders if fields["bidders"] is not None]
    taken = sorted(
        (fields["awarded_at"] - fields["announced_at"]).days
        for fields in tenders
        if fields["date_basis"] == DateBasis.ACTUAL and fields["awarded_at"] >= fields["announced_at"]
    )
    known = sum((fields["pagu"] is not None) + (fields["institution_name"] is not None) for _, _, fields in found)
    for fields in sold:
        known += fields["hps"] is not None
        known += fields["category"] not in {None, Category.OTHER}
        known += fields["method"] is not None
        known += 1
    known += sum(fields["contract_value"] is not None for fields in done)
    expected = 2 * len(found) + 4 * len(sold) + len(done)
    saved = sum((pagu - value for pagu, value in both), Decimal(0))
    base = sum((pagu for pagu, _value in both), Decimal(0))
    in_part = ["year-read-in-part"] if (slug, year) == ("malangkota", 2024) else []
    few = {
        "savings": in_part
        + ["too-few-packages"] * (len(both) < 10)
        + ["too-many-left-out"] * (5 * (len(done) - len(both)) > len(done))
        + ["pagu-zero"] * (base == 0),
        "competition": in_part
        + ["too-few-tenders"] * (len(bids) < 10)
        + ["bidders-unknown"] * (5 * len(bids) < 4 * len(tenders)),
        "timeliness": in_part
        + ["too-few-dates"] * (len(taken) < 10)
        + ["dates-unknown"] * (5 * len(taken) < 4 * len(tenders)),
        "completeness": in_part + ["too-few-packages"] * (len(found) < 10),
        "readiness": ["too-few-conditions"] * (judged < 4),
    }
    values = {
        "savings": (saved, base),
        "competition": (sum(bid == 1 for bid in bids), len(bids)),
        "timeliness": (Decimal(str(median(taken))) if taken else None, 1),
        "completeness": (known, expected),
        "readiness": (met, judged),
    }
    return values, few


def reckon(year, slugs, readiness):
    """Per ranking: {slug: (rank, value, score)} and {slug: codes}."""
    told = {slug: figures_of(slug, year, **readiness[slug]) for slug in slugs}
    placed, out = {}, {}
    for ranking in ("savings", "competition", "timeliness", "completeness", "readiness"):
        out[ranking] = {slug: few[ranking] for slug, (_values, few) in told.items() if few[ranking]}
        figures = {
            slug: rounded(Fraction(values[ranking][0]) / Fraction(values[ranking][1]))
            for slug, (values, few) in told.items()
            if not few[ranking]
        }
        placed[ranking] = by_rank(figures, lower=ranking in {"competition", "timeliness"})
    out["composite"] = {
        slug: [(ranking, code) for ranking in placed for code in out[ranking].get(slug, [])]
        for slug in slugs
        if any(slug in out[ranking] for ranking in placed)
    }
    means = {
        slug: rounded(Fraction(sum(Fraction(placed[ranking][slug][2]) for ranking in placed), 5))
        for slug in slugs
        if slug not in out["composite"]
    }
    placed["composite"] = by_rank(means, lower=False)
    return placed, out


def by_rank(figures, *, lower):
    found = {}
    for slug, figure in figures.items():
        better = sum(other < figure if lower else other > figure for other in figures.values())
        equal = sum(other == figure for other in figures.values())
        below = len(figures) - better - equal
        found[slug] = (1 + better, figure, rounded(Fraction(2 * below + equal, 2 * len(figures))))
    return found


def volumes_of(year, slugs):
    """Thirds by the pagu of running and completed packages of every kind."""
    amounts = {
        slug: sum(
            (
                fields["pagu"]
                for _kind, _code, fields in (packages_of(slug, year) if year in YEARS[slug] else ())
                if fields["pagu"] is not None and fields["status"] != PackageStatus.FAILED
            ),
            Decimal(0),
        )
        for slug in slugs
    }
    known = {slug: amount for slug, amount in amounts.items() if amount}
    thirds = {
        slug: ("small", "medium", "large")[3 * sum(other < amount for other in known.values()) // len(known)]
        for slug, amount in known.items()
    }
    return thirds, amounts
