"""What routes of the publication share: as whom it publishes, where it was asked, and the addresses of neighbours."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request

from app.exchange.feed.cursor import Position
from app.exchange.ocds.packaging import Place, Publication
from app.exchange.ocds.stating import Object


def _publication(request: Request) -> Publication:
    publication: Publication = request.app.state.ocds
    return publication


Publishing = Annotated[Publication, Depends(_publication)]


def place_of(request: Request, publication: Publication) -> Place:
    """The address that was asked, behind the one by which the hub is known outside."""
    root = (publication.root or str(request.base_url)).rstrip("/")
    query = f"?{request.url.query}" if request.url.query else ""
    return Place(root, f"{root}{request.url.path}{query}")


def links_of(place: Place, *, following: str, after: Position | None, before: Position | None) -> Object:
    """Links to the page behind `after`, by the parameter `following`, and to that before `before`."""
    return {
        "next": None if after is None else _asking(place, following, after.encode()),
        "prev": None if before is None else _asking(place, "before", before.encode()),
    }


def next_link(place: Place, cursor: str | None) -> Object:
    return {"next": None if cursor is None else _asking(place, "after", cursor)}


def _asking(place: Place, name: str, value: str) -> str:
    """The same question, from another place on."""
    address, _, query = place.url.partition("?")
    asked = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in {"after", "before", "cursor"}]
    return f"{address}?{urlencode([*asked, (name, value)])}"
