"""Answer how far each local government has come with e-procurement, and which SPSE versions are in use."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.savings import ratio
from app.core.vocabulary import SAVING_KINDS, NodeState, PackageKind
from app.kit.db import ReadSession
from app.statistics.progress import queries
from app.statistics.progress.itkp import ALL_POINTS, components_of
from app.statistics.progress.queries import SUMS, Government, Host
from app.statistics.progress.versions import Release, Releases, release_of
from app.statistics.queries import Coverage, cover
from app.statistics.questions import FigureFilter

Sums = dict[str, int | Decimal]


@dataclass(frozen=True, slots=True)
class UsedHost:
    """A node that a government uses, and how many of its packages of the year it has."""

    host: Host
    packages: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One government and fiscal year."""

    government: Government
    fiscal_year: int
    figure: Mapping[str, Any]
    hosts: Sequence[UsedHost]


@dataclass(frozen=True, slots=True)
class Software:
    """Which SPSE versions the active nodes of the places asked for run, newest first, each with the slugs of its nodes.

    `releases` is over all active nodes of the hub, so that a province in which everybody is behind sees it.
    """

    releases: Releases
    nodes: int
    outdated: int
    versions: Sequence[tuple[str, Sequence[str]]]
    unknown: Sequence[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """One page of governments and years, all of them together, and the software of their nodes."""

    rows: Sequence[Row]
    next: tuple[str, int] | None
    count: int
    total: Mapping[str, Any]
    software: Software
    coverage: Coverage


async def measure_progress(
    session: ReadSession,
    wanted: FigureFilter,
    *,
    after: tuple[str, int] | None,
    limit: int,
    now: datetime,
) -> Progress:
    """Measure each government in each fiscal year asked for, else in each year that any of them has packages of.

    A government of which nothing is known is a row too: that nothing is known is what one wants to see.
    """
    governments = await queries.list_governments(session, provinces=wanted.province, regions=wanted.region)
    regions = [government.region for government in governments]
    years = sorted(set(wanted.fiscal_year)) or await queries.list_years(session, regions)
    keys = [(government, year) for government in governments for year in years]
    following = [(government, year) for government, year in keys if after is None or (government.region, year) > after]
    shown = following[:limit]
    hosts = await queries.list_hosts(session)
    last = (shown[-1][0].region, shown[-1][1]) if shown else None
    return Progress(
        rows=await _rows(session, shown, hosts),
        next=last if len(following) > limit else None,
        count=len(keys),
        total=figure_of(await queries.sum_governments(session, regions, years, apart=False)),
        software=software_of(hosts, wanted),
        coverage=await cover(session, wanted, now=now),
    )


async def _rows(session: ReadSession, shown: Sequence[tuple[Government, int]], hosts: Sequence[Host]) -> list[Row]:
    regions = sorted({government.region for government, _year in shown})
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in await queries.sum_governments(session, regions, sorted({year for _, year in shown}), apart=True):
        found.setdefault((row["region"], row["fiscal_year"]), []).append(row)
    uses = await queries.list_uses(session, regions)
    used_by: dict[str, set[int]] = {}
    for region, node_id in uses:
        used_by.setdefault(region, set()).add(node_id)
    by_id = {host.id: host for host in hosts}
    return [
        Row(
            government=government,
            fiscal_year=year,
            figure=figure_of(sums := found.get((government.region, year), [])),
            hosts=_used(government, sums, used_by.get(government.region, set()), by_id),
        )
        for government, year in shown
    ]


def _used(
    government: Government, sums: Iterable[Mapping[str, Any]], registered: set[int], by_id: Mapping[int, Host]
) -> list[UsedHost]:
    """The nodes with packages of the government, most first, and those that the register gives it besides."""
    packages: Counter[int] = Counter()
    for row in sums:
        packages[row["node_id"]] += int(row["packages"])
    used = [
        UsedHost(by_id[node], packages[node], by_id[node].region == government.region)
        for node in registered | set(packages)
    ]
    return sorted(used, key=lambda one: (-one.packages, one.host.slug))


# -- one figure from its sums

_GROUPS = {
    "electronic": SAVING_KINDS,
    "recorded": (PackageKind.RECORDED, PackageKind.SELF_MANAGED, PackageKind.EMERGENCY),
}


def figure_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts, shares and components of what the rows add up to; each row is of one kind."""
    kinds: dict[str, Sums] = {kind: dict.fromkeys(SUMS, 0) for kind in PackageKind}
    for row in rows:
        for name in SUMS:
            kinds[row["kind"]][name] += row[name]
    whole = _added(kinds.values())
    parts = {name: _added(kinds[kind] for kind in among) for name, among in _GROUPS.items()}
    planned = {"packages": whole["planned"], "pagu": whole["planned_pagu"]}
    return {
        **_amounts(whole),
        "kinds": {kind: _amounts(sums) for kind, sums in kinds.items()},
        "planned": _share(planned, whole),
        **{name: _share(part, whole) for name, part in parts.items()},
        "itkp": _itkp(kinds),
    }


def _added(parts: Iterable[Sums]) -> Sums:
    total: Sums = dict.fromkeys(SUMS, 0)
    for part in parts:
        for name in SUMS:
            total[name] += part[name]
    return total


def _amounts(sums: Sums) -> dict[str, Any]:
    return {
        "packages": int(sums["packages"]),
        "completed": int(sums["completed"]),
        "pagu_known": int(sums["pagu_known"]),
        "pagu": _pagu(sums),
    }


def _pagu(sums: Mapping[str, int | Decimal]) -> Decimal | None:
    """No packages have no pagu: zero. Of packages whose pagu nobody states it is not known."""
    return None if sums["packages"] and not sums["pagu_known"] else _money(sums["pagu"])


def _share(part: Mapping[str, int | Decimal], whole: Sums) -> dict[str, Any]:
    return {
        "packages": int(part["packages"]),
        "pagu": _money(part["pagu"]),
        "packages_ratio": ratio(Decimal(part["packages"]), Decimal(whole["packages"])),
        "pagu_ratio": ratio(Decimal(part["pagu"]), Decimal(whole["pagu"])),
    }


def _itkp(kinds: Mapping[str, Sums]) -> dict[str, Any]:
    sold = _added(kinds[kind] for kind in SAVING_KINDS)
    others = _added(kinds[kind] for kind in (PackageKind.NON_TENDER, PackageKind.RECORDED))
    components = components_of(
        {
            "tender_pagu": _pagu(kinds[PackageKind.TENDER]),
            "other_pagu": _pagu(others),
            "contracted": int(sold["contracted"]),
            "sold_completed": int(sold["completed"]),
        }
    )
    available = [component for component in components if component["available"]]
    return {
        "points": sum((component["points"] for component in available), Decimal(0)) if available else None,
        "points_possible": sum(component["weight"] for component in available),
        "points_of_all": ALL_POINTS,
        "components": components,
    }


def _money(amount: int | Decimal) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


# -- software


def software_of(hosts: Sequence[Host], wanted: FigureFilter) -> Software:
    """The versions on active nodes of the places asked for, newest first; the newest of all is over the whole hub."""
    active = [host for host in hosts if host.state == NodeState.ACTIVE]
    releases = Releases(host.version for host in active)
    here = [
        host
        for host in active
        if (not wanted.province or host.province in wanted.province)
        and (not wanted.region or host.region in wanted.region)
    ]
    by_version: dict[str | None, list[str]] = {}
    for host in here:
        by_version.setdefault(host.version, []).append(host.slug)
    unknown = by_version.pop(None, [])
    known = [version for version in by_version if version is not None]
    # What cannot be put in order comes last.
    ordered = sorted((version for version in known if release_of(version)), key=_release, reverse=True)
    ordered += sorted(version for version in known if not release_of(version))
    return Software(
        releases=releases,
        nodes=len(here),
        outdated=sum(releases.standing_of(host.version).outdated is True for host in here),
        versions=[(version, by_version[version]) for version in ordered],
        unknown=unknown,
    )


def _release(version: str) -> Release:
    release = release_of(version)
    assert release is not None
    return release
