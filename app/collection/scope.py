"""A run in the hands of one attempt: what it is to read and where, and within what its findings are judged."""

from dataclasses import dataclass, field
from typing import Any

from app.core.vocabulary import Interface, PackageKind


@dataclass(frozen=True, slots=True)
class Place:
    """One endpoint at which the run may ask; the first that lets it in is used."""

    endpoint_id: int
    base_url: str
    options: dict[str, Any]
    secret: str | None = field(default=None, repr=False)
    missing_credential: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A run in the hands of one attempt of one worker."""

    run_id: int
    attempt: int
    node_id: int
    slug: str
    time_zone: str
    fiscal_year: int
    interface: Interface
    kinds: tuple[PackageKind, ...]
    full: bool
    kd_lpse: int | None
    places: tuple[Place, ...]


def scope_of(claim: Claim) -> dict[str, Any]:
    """Within what absence is judged: one node's one interface and one fiscal year."""
    return {
        "run_id": claim.run_id,
        "node_id": claim.node_id,
        "interface": claim.interface,
        "fiscal_year": claim.fiscal_year,
    }
