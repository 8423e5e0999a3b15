"""What packages count, added up group by group."""

from collections.abc import Iterable, Mapping
from decimal import Context, Inexact, localcontext

from app.statistics.verification.facts import Facts
from app.statistics.verification.meaning import GRAINS, Number, is_sold, measures, spans

Key = tuple[str | int, ...]
"""A table, then the columns of its key in their order, without the node."""
Sums = dict[str, Number]
"""The sums of a group by their names; one that is not there is nothing."""
Groups = dict[Key, Sums]

# Sums of sums are as exact as PostgreSQL's own, whatever their size.
_EXACT = Context(prec=200, traps=[Inexact])

_DETAIL = ("category", "method", "fund_sources", "announced_month", "awarded_month")
_PLACES = {
    grain: tuple(_DETAIL.index(name) if name in told_apart else None for name in _DETAIL[:3])
    + tuple(_DETAIL.index(name) for name in told_apart if name.endswith("_month"))
    for grain, told_apart in GRAINS.items()
}
"""Where each grain finds category, method, fund sources, and its month if it has one."""


def add_packages(groups: Groups, packages: Iterable[Facts]) -> None:
    """Add packages to all groups that they belong to.

    First they are added up by all that any grain tells apart, so that the grains have few rows to add.
    """
    finest: Groups = {}
    with localcontext(_EXACT):
        for package in packages:
            place = (package.fiscal_year, package.kind, package.institution or "")
            _add(finest, (*place, *_detail(package)), measures(package))
            for span, days in spans(package):
                key = ("duration_summaries", *place, span, package.date_basis or "", days)
                _add(groups, key, (("packages", 1),))
            if is_sold(package):
                for won in package.awards:
                    value = (("valued", 1), ("value", won.value)) if won.value is not None else ()
                    _add(groups, ("supplier_summaries", *place, won.supplier), (("awards", 1), *value))
        for (year, kind, institution, *detail), sums in finest.items():
            for grain, places in _PLACES.items():
                kept = ["*" if place is None else detail[place] for place in places]
                month = () if len(kept) > 3 else ("*",)
                _add(groups, ("package_summaries", grain, year, kind, institution, *kept, *month), sums.items())


def both(one: Groups, other: Groups) -> Groups:
    """The sums of two lots of packages together; the first one is left as it is."""
    if not other:
        return one
    added = {key: dict(sums) for key, sums in one.items()}
    with localcontext(_EXACT):
        for key, sums in other.items():
            _add(added, key, sums.items())
    return added


def not_nothing(sums: Mapping[str, Number]) -> Sums:
    return {name: number for name, number in sums.items() if number}


def _detail(package: Facts) -> tuple[str, ...]:
    """What is not known is the empty text; several fund sources are one word, so that no package counts twice."""
    return (
        package.category or "",
        package.method or "",
        ",".join(package.fund_sources),
        package.announced_month or "",
        package.awarded_month or "",
    )


def _add(groups: Groups, key: Key, numbers: Iterable[tuple[str, Number]]) -> None:
    sums = groups.get(key)
    if sums is None:
        groups[key] = dict(numbers)
        return
    for name, number in numbers:
        sums[name] = sums.get(name, 0) + number
