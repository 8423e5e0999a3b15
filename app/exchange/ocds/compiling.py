"""Releases merged as the standard says, by the OCP's own library and with the rules of its schema for what is published here."""

from collections.abc import Iterable
from typing import Any

Object = dict[str, Any]

# What the schema leaves out when it merges. Every list of objects published here has ids, and lists of words are taken
# whole without being told: no other rule of the schema applies (https://standard.open-contracting.org/1.1/en/schema/merging/).
MERGE_RULES = {("id",): "omitWhenMerged", ("date",): "omitWhenMerged", ("tag",): "omitWhenMerged"}


def compile_releases(releases: list[Object]) -> Object:
    """The state after all releases; they come in the order of their dates."""
    if len(releases) == 1:
        (release,) = releases
        # Nothing to merge, which is most of a year: the library would only copy it.
        return {"tag": ["compiled"], "id": f"{release['ocid']}-{release['date']}"} | {
            name: value for name, value in release.items() if name not in {"tag", "id"}
        }
    return Compiling(releases).now


class Compiling:
    """A compiled release that grows by one release after another."""

    def __init__(self, releases: Iterable[Object] = ()) -> None:
        # Loading it takes a fifth of a second, which only who merges has to wait for.
        from ocdsmerge.merge import CompiledRelease  # noqa: PLC0415

        self._merged = CompiledRelease(merge_rules=MERGE_RULES)
        for release in releases:
            self.add(release)

    def add(self, release: Object) -> None:
        self._merged.append(release)

    @property
    def now(self) -> Object:
        compiled: Object = self._merged.asdict()
        return compiled


def version_releases(releases: list[Object]) -> Object:
    """Every field with all values that it ever had, and the releases that gave it them."""
    from ocdsmerge.merge import VersionedRelease  # noqa: PLC0415

    merged = VersionedRelease(merge_rules=MERGE_RULES)
    for release in releases:
        merged.append(release)
    versioned: Object = merged.asdict()
    return versioned
