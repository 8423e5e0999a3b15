"""Release packages and record packages: who publishes, by which extensions, and where the next page is. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.exchange.ocds.extensions import EXTENSIONS
from app.exchange.ocds.stating import Object, without_gaps

VERSION = "1.1"
API = "/api/v1/ocds"


@dataclass(frozen=True, slots=True)
class Publication:
    """As whom the hub publishes. `prefix` is the publisher's own in all ocids, given out by the OCP."""

    prefix: str = "ocds-000000"
    publisher: str = "Rakor"
    publisher_url: str | None = None
    license: str | None = None
    root: str | None = None
    """By which address the hub is known outside; by the one that is asked where it is not said."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the hub was asked: `root` is its address without a slash at the end, `url` that of the package itself."""

    root: str
    url: str


def release_package(
    publication: Publication, place: Place, releases: list[Object], *, now: datetime, links: Object | None = None
) -> Object:
    return {**_metadata(publication, place, _latest(releases, now)), "releases": releases, **_links(links)}


def record_package(
    publication: Publication, place: Place, records: list[Object], *, now: datetime, links: Object | None = None
) -> Object:
    releases = [record["compiledRelease"] for record in records]
    return {**_metadata(publication, place, _latest(releases, now)), "records": records, **_links(links)}


def _metadata(publication: Publication, place: Place, published: str) -> Object:
    return without_gaps(
        uri=place.url,
        version=VERSION,
        extensions=[f"{place.root}{API}/extensions/{name}/extension.json" for name in EXTENSIONS],
        publishedDate=published,
        publisher=without_gaps(name=publication.publisher, uri=publication.publisher_url),
        license=publication.license,
    )


def _latest(releases: list[Object], now: datetime) -> str:
    """Packages are made when they are asked for: what counts is the last change of what is in them."""
    dates = [release["date"] for release in releases]
    return max(dates) if dates else now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _links(links: Object | None) -> Object:
    known = without_gaps(**(links or {}))
    return {"links": known} if known else {}
