"""One compiled release out of the rows of one package, whatever their order and however often they came. Pure."""

import warnings
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.adapters.ocds.reading import Object, children, moment_of
from app.core.dates import TimeZone
from app.kit.json_plain import plain_bytes

RELEASE = "release"
RECORD = "record"
YEAR = "fiscal_year"
"""Not a row of the source: the year under which the package was listed."""

# What the standard leaves out when it merges (https://standard.open-contracting.org/1.1/en/schema/merging/). All lists
# that are read here are merged by the ids of their objects, which needs no rule.
_RULES = {("id",): "omitWhenMerged", ("date",): "omitWhenMerged", ("tag",): "omitWhenMerged"}
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_TOO_ODD = (TypeError, ValueError, KeyError, AttributeError)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What all releases of one contracting process come to. `lost` says why some could not be used."""

    ocid: str
    release: Object
    lost: str | None = None


def is_whole(row: Object) -> bool:
    """Whether a row holds a whole contracting process: a record, or a release that its publisher compiled."""
    return is_record(row) or "compiled" in _tags(row)


def is_record(row: Object) -> bool:
    return "compiledRelease" in row or isinstance(row.get("releases"), list)


def _tags(release: Object) -> list[Any]:
    tags = release.get("tag")
    return tags if isinstance(tags, list) else [tags]


def years_listed(rows: Mapping[str, Any]) -> list[int]:
    """The years under which the package was listed; more than one if its publisher moved it."""
    found = [child.get(YEAR) for key, child in rows.items() if _is_of(key, YEAR) and isinstance(child, dict)]
    return sorted(year for year in found if isinstance(year, int))


def _is_of(key: str, resource: str) -> bool:
    return key.partition("#")[0] == resource


def compile_rows(rows: Mapping[str, Any], zone: TimeZone) -> list[Compiled]:
    """The contracting processes that the rows of one package speak of, by ocid: one, as it should be."""
    records: dict[str, list[Object]] = {}
    releases: dict[str, list[Object]] = {}
    for key in sorted(rows):
        row = rows[key]
        if not isinstance(row, dict) or _is_of(key, YEAR):
            continue
        into = records if is_record(row) else releases
        into.setdefault(str(row.get("ocid")), []).append(row)
    return [
        _compile(ocid, records.get(ocid, []), releases.get(ocid, []), zone) for ocid in sorted({*records, *releases})
    ]


def _compile(ocid: str, records: list[Object], releases: list[Object], zone: TimeZone) -> Compiled:
    whole: list[Object] = [
        compiled for record in records if isinstance(compiled := record.get("compiledRelease"), dict)
    ]
    whole += [release for release in releases if "compiled" in _tags(release)]
    if whole:
        return Compiled(ocid, in_order(whole, zone)[-1])
    embedded = [release for record in records for release in children(record, "releases")]
    # A record may hold links to its releases only ("url"), which say nothing by themselves.
    parts = in_order((release for release in (*releases, *embedded) if "url" not in release), zone)
    if not parts:
        return Compiled(ocid, {}, lost="the record links to its releases instead of holding them")
    return _merge(ocid, parts)


def in_order(releases: Iterable[Object], zone: TimeZone) -> list[Object]:
    """Each release once, the oldest first; those of one moment by their id, then by what they say."""
    distinct = {plain_bytes(release): release for release in releases}
    return [
        release
        for _, _, _, release in sorted(
            (moment_of(release.get("date"), zone) or _BEFORE_ALL, str(release.get("id")), content, release)
            for content, release in distinct.items()
        )
    ]


def _merge(ocid: str, parts: list[Object]) -> Compiled:
    """Merge as the standard says. What it does not foresee leaves the latest release alone, and is told."""
    if len(parts) == 1:
        return Compiled(ocid, parts[0])
    # Loading it takes a fifth of a second, which only who merges has to wait for.
    from ocdsmerge.exceptions import OCDSMergeError, OCDSMergeWarning  # noqa: PLC0415
    from ocdsmerge.merge import CompiledRelease  # noqa: PLC0415

    merged = CompiledRelease(merge_rules=_RULES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OCDSMergeWarning)
            for release in parts:
                # Where the releases differ in shape, the library writes into the lists that it was given.
                merged.append(deepcopy(dict(release)))
            return Compiled(ocid, merged.asdict())
    except (OCDSMergeError, *_TOO_ODD) as error:
        return Compiled(ocid, parts[-1], lost=f"{len(parts) - 1}: {type(error).__name__}")
