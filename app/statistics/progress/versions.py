"""SPSE's versions as its pages print them, which of them is the newest, and how far the others are behind. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# "4.5u20250321": major, minor, day of the release (FACTS: footers of all recorded pages since 4.3).
_VERSION = re.compile(r"(\d{1,2})\.(\d{1,2})u(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A release of SPSE; later ones are greater."""

    major: int
    minor: int
    released_on: date


def release_of(version: str | None) -> Release | None:
    """The release that a version names; None for what cannot be put in order."""
    match = _VERSION.fullmatch(version or "")
    if match is None:
        return None
    major, minor, *day = (int(part) for part in match.groups())
    try:
        return Release(major, minor, date(*day))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a version stands to the newest one: None where either is not known."""

    outdated: bool | None
    releases_behind: int | None
    days_behind: int | None


class Releases:
    """The versions seen on the hub, in order."""

    def __init__(self, versions: Iterable[str | None]) -> None:
        self._known = {release: version for version in versions if (release := release_of(version)) is not None}

    @property
    def current(self) -> str | None:
        """The newest version seen anywhere; None where none is known."""
        return self._known[max(self._known)] if self._known else None

    def standing_of(self, version: str | None) -> Standing:
        """How many seen releases are newer, and how many days lie between this release and the newest."""
        release = release_of(version)
        if release is None or not self._known:
            return Standing(None, None, None)
        newest = max(self._known)
        newer = sum(known > release for known in self._known)
        # A later number may carry an earlier day; time does not run backwards for it.
        days = max((newest.released_on - release.released_on).days, 0)
        return Standing(newer > 0, newer, days)
