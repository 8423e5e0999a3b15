"""Recompute all published sums of every node from three sources, and compare."""

from collections.abc import Callable
from dataclasses import dataclass

from app.kit.db import ReadSession
from app.statistics.verification.comparing import Difference, Findings
from app.statistics.verification.published import read_holders, read_published
from app.statistics.verification.reading import SOURCES, Piece, pieces
from app.statistics.verification.sums import Groups, add_packages, both

Progress = Callable[[int, int], None]
"""Told how many packages are done, and of how many."""

PIECE = 2000
"""Packages that are read at once: about a quarter of a second of work, and some ten megabytes."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared (groups of all tables that hold anything), and every difference found, within bounds."""

    packages: int
    groups: int
    differences: tuple[Difference, ...]


async def verify_figures(session: ReadSession, progress: Progress | None = None, *, piece: int = PIECE) -> Verification:
    """Compare every published sum with its recomputation from observations, versions and packages.

    All pieces see one moment, for they are read in one session: what is written in between is no difference.
    """
    nodes = await read_holders(session)
    total, done, groups = sum(node.packages for node in nodes), 0, 0
    findings = Findings()
    for node in nodes:
        agreed: Groups = {}
        apart: dict[str, Groups] = {source: {} for source in SOURCES}
        async for told in pieces(session, node.id, node.clock, piece):
            _add_up(told, agreed, apart)
            done += len(told["packages"])
            if progress is not None:
                progress(done, total)
        published = await read_published(session, node.id)
        groups += len(published)
        for source in SOURCES:
            findings.compare(node.slug, source, published, both(agreed, apart[source]))
    return Verification(packages=done, groups=groups, differences=tuple(findings.differences))


def _add_up(told: Piece, agreed: Groups, apart: dict[str, Groups]) -> None:
    """Packages of which all sources tell the same, as they do of nearly all, are counted once for all of them."""
    of_observations, of_versions, of_packages = (told[source] for source in SOURCES)
    same = {
        package
        for package, facts in of_packages.items()
        if facts == of_versions[package] and facts == of_observations[package]
    }
    add_packages(agreed, (facts for package in same if (facts := of_packages[package]) is not None))
    if len(same) < len(of_packages):
        for source, groups in apart.items():
            others = (facts for package, facts in told[source].items() if package not in same and facts is not None)
            add_packages(groups, others)
