"""The register as it ships with the project, read from the files in `data/`, whose README says what is in them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from app.core.dates import TimeZone
from app.core.text import name_key
from app.core.vocabulary import Interface, NodeState


@dataclass(frozen=True, slots=True)
class RegionSeed:
    """A province, regency or city with its Kemendagri code; `parent` is the province of a regency or city."""

    code: str
    name: str
    type: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class InstitutionSeed:
    """A K/L/PD; `region` is the Kemendagri code of the territory that a local government governs."""

    kd_klpd: str
    name: str
    type: str
    region: str | None


@dataclass(frozen=True, slots=True)
class NodeSeed:
    """One LPSE; `region` and `institution` are those it belongs to, not all that it serves."""

    slug: str
    name: str
    kd_lpse: int | None
    region: str | None
    province: str | None
    institution: str | None
    time_zone: TimeZone
    state: NodeState


@dataclass(frozen=True, slots=True)
class EndpointSeed:
    """Where a node answers; position 1 is asked first."""

    node: str
    interface: Interface
    base_url: str
    position: int


@dataclass(frozen=True, slots=True)
class NodeInstitutionSeed:
    """An institution buys through a node."""

    slug: str
    kd_klpd: str


@dataclass(frozen=True, slots=True)
class AliasSeed:
    """A name under which sources mention an institution; the institution's own name is among its aliases."""

    alias: str
    kd_klpd: str

    @property
    def key(self) -> str:
        """The form in which names are compared; one key leads to one institution."""
        return name_key(self.alias)


@dataclass(frozen=True, slots=True)
class RegisterSeed:
    """The whole shipped register. Each tuple can be stored in its order: what is referred to stands earlier."""

    regions: tuple[RegionSeed, ...]
    institutions: tuple[InstitutionSeed, ...]
    aliases: tuple[AliasSeed, ...]
    nodes: tuple[NodeSeed, ...]
    endpoints: tuple[EndpointSeed, ...]
    node_institutions: tuple[NodeInstitutionSeed, ...]


def read_seed() -> RegisterSeed:
    """Read the shipped files. A ValueError or KeyError means that a file is damaged."""
    return RegisterSeed(
        regions=tuple(
            RegionSeed(code=row["code"], name=row["name"], type=row["type"], parent=row["parent"] or None)
            for row in _rows("regions.csv")
        ),
        institutions=tuple(
            InstitutionSeed(kd_klpd=row["kd_klpd"], name=row["name"], type=row["type"], region=row["region"] or None)
            for row in _rows("institutions.csv")
        ),
        aliases=tuple(
            AliasSeed(alias=row["alias"], kd_klpd=row["kd_klpd"]) for row in _rows("institution_aliases.csv")
        ),
        nodes=tuple(_node(row) for row in _rows("nodes.csv")),
        endpoints=tuple(
            EndpointSeed(
                node=row["node"],
                interface=Interface(row["interface"]),
                base_url=row["base_url"],
                position=int(row["position"]),
            )
            for row in _rows("endpoints.csv")
        ),
        node_institutions=tuple(
            NodeInstitutionSeed(slug=row["slug"], kd_klpd=row["kd_klpd"]) for row in _rows("node_institutions.csv")
        ),
    )


def _node(row: dict[str, str]) -> NodeSeed:
    return NodeSeed(
        slug=row["slug"],
        name=row["name"],
        kd_lpse=int(row["kd_lpse"]) if row["kd_lpse"] else None,
        region=row["region"] or None,
        province=row["province"] or None,
        institution=row["institution"] or None,
        time_zone=TimeZone(row["time_zone"]),
        state=NodeState(row["state"]),
    )


def _rows(file_name: str) -> Iterator[dict[str, str]]:
    """The rows of one file; a row with more or fewer cells than the header is refused."""
    text = (files("app.registry") / "data" / file_name).read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    for row in rows:
        yield dict(zip(header, row, strict=True))
