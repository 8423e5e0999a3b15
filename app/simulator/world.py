"""The world that is simulated: its nodes, their packages, and what a test may do to them while it is served."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random
from threading import Lock
from typing import Any

from app.simulator import passing
from app.simulator.details import details_of
from app.simulator.generator import generate_packages
from app.simulator.nodes import KINDS, SAVING_KINDS, Kind, SimulatedNode, WorldSettings
from app.simulator.packages import SimulatedPackage
from app.simulator.recordings import generate_recordings
from app.simulator.seeds import dice
from app.simulator.truth import truth_of


class UnknownNode(LookupError):
    """The world has no such node."""


class UnknownPackage(LookupError):
    """The node has no such package."""


class World:
    """Every node's packages, generated when first asked for and the same each time.

    Packages may be amended or withdrawn while the world is served, and time may pass; the truth follows, because it
    counts the packages. `version` is another number after every change.
    """

    def __init__(self, nodes: Iterable[SimulatedNode], settings: WorldSettings) -> None:
        self.nodes = {node.slug: node for node in nodes}
        self.settings = settings
        self.today = settings.reference_day
        self.version = 0
        self._requested = 0
        self._packages: dict[tuple[str, Kind], dict[str, SimulatedPackage]] = {}
        self._generating = Lock()

    def node(self, slug: str) -> SimulatedNode:
        try:
            return self.nodes[slug]
        except KeyError as error:
            raise UnknownNode(slug) from error

    def packages(self, slug: str, year: int, kind: Kind) -> list[SimulatedPackage]:
        """The packages that belong to a fiscal year: those whose first year it is."""
        return [package for package in self.everything(slug, kind).values() if package.fiscal_year == year]

    def listed(self, slug: str, year: int | None, kind: Kind) -> list[SimulatedPackage]:
        """The packages that a node lists in a year: a package of several years stands in each of them."""
        return [
            package for package in self.everything(slug, kind).values() if year is None or year in package.fiscal_years
        ]

    def find_package(self, slug: str, kind: Kind, code: str) -> SimulatedPackage | None:
        return self.everything(slug, kind).get(code)

    def everything(self, slug: str, kind: Kind) -> dict[str, SimulatedPackage]:
        """All packages of one node and kind by their code. Do not change the dictionary."""
        held = self._packages.get((slug, kind))
        if held is not None:
            return held
        node = self.node(slug)
        with self._generating:  # The server's thread and a test's may both be the first to ask.
            if (slug, kind) not in self._packages:
                years = sorted(set(self.settings.years))
                generate = generate_packages if kind in SAVING_KINDS else generate_recordings
                made = (package for year in years for package in generate(node, self.settings, year, kind))
                self._packages[slug, kind] = {package.code: package for package in made}
        return self._packages[slug, kind]

    def years(self, slug: str) -> list[int]:
        """The years that the node offers, the latest first."""
        offered = set(self.settings.years)
        for kind in KINDS:
            for package in self.everything(slug, kind).values():
                offered.update(package.fiscal_years)
        return sorted(offered, reverse=True)

    def truth(self, slug: str, year: int) -> dict[str, Any]:
        """The totals of one node and fiscal year, with amounts as Decimal (see `truth.truth_of`)."""
        packages = [package for kind in SAVING_KINDS for package in self.packages(slug, year, kind)]
        return truth_of(self.node(slug).slug, year, packages)

    def details(self, slug: str, year: int) -> list[dict[str, Any]]:
        """Every package of one node and fiscal year, of all kinds (see `details.detail_of`)."""
        packages = [package for kind in KINDS for package in self.packages(slug, year, kind)]
        return details_of(self.node(slug), packages)

    def amend(self, slug: str, kind: Kind, code: str, **changes: Any) -> SimulatedPackage:
        """Change fields of a package. Raises UnknownPackage."""
        package = self.find_package(slug, kind, code)
        if package is None:
            raise UnknownPackage(f"{slug}/{kind}/{code}")
        amended = replace(package, **changes)
        self.add(amended)
        return amended

    def add(self, package: SimulatedPackage) -> None:
        """Put a package on its node, in the place of the one with its code if there is one."""
        held = self.everything(package.slug, package.kind)
        self._store(package.slug, package.kind, {**held, package.code: package})

    def withdraw(self, slug: str, kind: Kind, code: str) -> SimulatedPackage:
        """Let a package vanish from its node. Raises UnknownPackage."""
        held = dict(self.everything(slug, kind))
        try:
            withdrawn = held.pop(code)
        except KeyError as error:
            raise UnknownPackage(f"{slug}/{kind}/{code}") from error
        self._store(slug, kind, held)
        return withdrawn

    def advance(self, days: int = 1) -> None:
        """Let days pass for every node: packages move on, are decided and paid, and new ones are announced.

        The same days bring the same, whether they pass one by one or all at once.
        """
        held = {(slug, kind): dict(self.everything(slug, kind)) for slug in self.nodes for kind in KINDS}
        running = {key: [code for code, one in ones.items() if one.status == "running"] for key, ones in held.items()}
        changed = set()
        for _ in range(days):
            self.today += timedelta(days=1)
            for (slug, kind), packages in held.items():
                node = self.nodes[slug]
                for code in running[slug, kind]:
                    after = passing.after_a_day(node, self.settings, packages[code], self.today)
                    if after is not packages[code]:
                        packages[code] = after
                        changed.add((slug, kind))
                running[slug, kind] = [code for code in running[slug, kind] if packages[code].status == "running"]
                for new in passing.announced_on(node, self.settings, kind, self.today, packages.values()):
                    packages[new.code] = new
                    running[slug, kind].append(new.code)
                    changed.add((slug, kind))
        for slug, kind in changed:
            self._store(slug, kind, held[slug, kind])

    def announce(self, slug: str, kind: Kind = "tender", count: int = 1) -> list[SimulatedPackage]:
        """Put new packages on a node today."""
        held = self.everything(slug, kind)
        rng = self._request_dice(slug)
        new = passing.make_new(rng, self.node(slug), self.settings, kind, self.today, held.values(), count)
        self._store(slug, kind, {**held, **{package.code: package for package in new}})
        return new

    def edit_silently(self, slug: str, count: int = 1, *, kind: Kind | None = None) -> list[SimulatedPackage]:
        """Change details of finished packages so that no row of a list tells of it; the packages as they are now."""
        rng = self._request_dice(slug)
        finished = [one for one in self._all(slug, kind) if one.status == "completed"]
        chosen = rng.sample(finished, min(count, len(finished)))
        edited = [passing.silently_edited(package, rng) for package in chosen]
        for package in edited:
            self.add(package)
        return edited

    def vanish(self, slug: str, count: int = 1, *, kind: Kind | None = None) -> list[SimulatedPackage]:
        """Let packages disappear from a node, without a word; the packages as they were."""
        every = self._all(slug, kind)
        chosen = self._request_dice(slug).sample(every, min(count, len(every)))
        return [self.withdraw(package.slug, package.kind, package.code) for package in chosen]

    def _all(self, slug: str, kind: Kind | None) -> list[SimulatedPackage]:
        return [one for each in KINDS if kind in {None, each} for one in self.everything(slug, each).values()]

    def _request_dice(self, slug: str) -> Random:
        """Chance for the next thing that is asked of the world: the same requests bring the same."""
        self._requested += 1
        return dice(f"{self.settings.seed}/{slug}/request/{self._requested}")

    def _store(self, slug: str, kind: Kind, packages: dict[str, SimulatedPackage]) -> None:
        # A fresh dictionary takes the old one's place: the server's thread may be reading that one.
        self._packages[slug, kind] = packages
        self.version += 1
