"""What the register says and takes over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints
from typing_extensions import TypedDict

from app.core.text import clean_text
from app.core.vocabulary import Interface, NodeState
from app.kit.web.schema import Input, Message, OptionalRatio, Page, Schema, WholeNumber
from app.registry.health import FailureCode

ZONES = Literal["WIB", "WITA", "WIT"]
Health = Literal["fresh", "stale", "failing", "never"]
Availability = Literal["ok", "failing", "open", "unknown"]
RegionType = Literal["provinsi", "kabupaten", "kota"]
InstitutionType = Literal["provinsi", "kabupaten", "kota", "kementerian", "lembaga"]


def _is_clean(text: str) -> str:
    if clean_text(text) != text:
        msg = "must be one line without control characters or surrounding space"
        raise ValueError(msg)
    return text


def _has_port(url: str) -> str:
    urlsplit(url).port  # noqa: B018 (reading it is what judges it)
    return url


def _are_distinct(endpoints: list["EndpointWrite"]) -> list["EndpointWrite"]:
    if len({(endpoint.interface, endpoint.base_url) for endpoint in endpoints}) < len(endpoints):
        msg = "name each address once per interface"
        raise ValueError(msg)
    return endpoints


Slug = Annotated[
    str,
    StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,62}$"),
    Field(description="Short name in addresses.", examples=["surabaya"]),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_is_clean),
    Field(examples=["LPSE Kota Surabaya"]),
]
RegionCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}(\.[0-9]{2})?$"),
    Field(description="Kemendagri code.", examples=["35.78"]),
]
ProvinceCode = Annotated[
    str, StringConstraints(pattern="^[0-9]{2}$"), Field(description="Kemendagri code of a province.", examples=["35"])
]
InstitutionCode = Annotated[
    str, StringConstraints(pattern="^[A-Z][0-9]{1,5}$"), Field(description="kd_klpd.", examples=["D181"])
]
BaseURL = Annotated[
    str,
    # Printable ASCII without query, fragment, user name or backslash, which readers of addresses understand differently.
    StringConstraints(pattern=r'^https?://[0-9A-Za-z._:\[\]-]+(/[!-"$->@-\[\]-~]*)?$', max_length=300),
    AfterValidator(_has_port),
    Field(description="Where the node answers, without query.", examples=["https://spse.inaproc.id/surabaya"]),
]
KdLPSE = Annotated[
    WholeNumber, Field(ge=1, le=2_000_000_000, description="LKPP's number of the LPSE, unique for ever.", examples=[10])
]


class RegionRead(Schema):
    """A province, regency or city."""

    code: RegionCode
    name: Annotated[str, Field(examples=["Kota Surabaya"])]
    type: RegionType
    parent: Annotated[str | None, Field(description="Code of the province; null for a province.", examples=["35"])]
    nodes: Annotated[
        list[str],
        Field(description="Slugs of the nodes that serve it; empty is a gap in the register.", examples=[["surabaya"]]),
    ]


class InstitutionRead(Schema):
    """A K/L/PD."""

    kd_klpd: InstitutionCode
    name: Annotated[str, Field(examples=["Kota Surabaya"])]
    type: InstitutionType
    region: Annotated[
        str | None, Field(description="The territory it governs; null for ministries and agencies.", examples=["35.78"])
    ]


class EndpointRead(Schema):
    """Where a node answers by one interface."""

    interface: Interface
    base_url: Annotated[str, Field(examples=["https://spse.inaproc.id/surabaya"])]
    options: dict[str, Any]


class FreshnessRead(Schema):
    """How the collection of one fiscal year stands."""

    fiscal_year: Annotated[int, Field(examples=[2025])]
    last_attempt_at: datetime
    last_completed_at: Annotated[
        datetime | None, Field(description="When the year was last read completely; null if never.")
    ]
    last_state: Annotated[str, Field(description="How the last attempt ended.", examples=["completed"])]
    software_version: Annotated[
        str | None, Field(description="What the node's footer said.", examples=["4.5u20250321"])
    ]


class NodeRead(Schema):
    """One LPSE on the register."""

    slug: Slug
    name: str
    kd_lpse: int | None
    region: Annotated[
        str | None, Field(description="Kemendagri code of the government it belongs to.", examples=["35.78"])
    ]
    province: Annotated[str | None, Field(examples=["35"])]
    institution: Annotated[
        str | None, Field(description="kd_klpd of the institution it belongs to.", examples=["D181"])
    ]
    institutions: Annotated[
        list[str], Field(description="kd_klpd of all institutions known to buy through it.", examples=[["D181"]])
    ]
    time_zone: Annotated[ZONES, Field(description="The clock on its wall.")]
    state: NodeState
    endpoints: list[EndpointRead]
    health: Annotated[
        Health, Field(description="never collected; failing at the last attempt; fresh for 48 hours; then stale.")
    ]
    availability: Annotated[
        Availability,
        Field(
            description="By probes: ok answers; failing did not at last; open is down and left alone but for probes; "
            "unknown was never probed. Of several endpoints the worst counts."
        ),
    ]
    freshness: Annotated[list[FreshnessRead], Field(description="Per fiscal year, latest first.")]
    created_at: datetime
    changed_at: datetime
    retired_at: datetime | None


class RetirementRead(NodeRead):
    """A node that was retired or, on a dry run, the node as it stands and would be."""

    dry_run: Annotated[bool, Field(description="True when nothing was changed.")]
    follows: Annotated[Message, Field(description="What follows from retiring it, and how it is undone.")]


class ProbeRead(Schema):
    """One probe: is the node there, and is it what it says?"""

    at: datetime
    interface: Interface
    base_url: Annotated[str, Field(description="What was asked.", examples=["https://spse.inaproc.id/surabaya"])]
    ok: bool
    failure: Annotated[
        FailureCode | None, Field(description="Why not, as a stable code; null when it went well.", examples=[None])
    ]
    message: Annotated[Message | None, Field(description="The failure as a sentence for the node's operator.")]
    latency_ms: Annotated[
        int | None,
        Field(
            description="How long the node took to answer, in milliseconds; waiting for its host's turn is not counted. "
            "Null when there was no answer.",
            examples=[184],
        ),
    ]
    software_version: Annotated[
        str | None, Field(description="What the node's footer said.", examples=["4.5u20250321"])
    ]
    certificate_expires_at: Annotated[
        datetime | None, Field(description="When the TLS certificate ends; null without TLS or without an answer.")
    ]
    detail: Annotated[
        str | None, Field(description="What exactly went wrong, for a technician.", examples=[None], max_length=300)
    ]


class UptimeRead(Schema):
    """How a node answered its probes within a window of whole hours."""

    probes: Annotated[int, Field(description="How many probes it rests on.", examples=[96])]
    ok: Annotated[int, Field(description="How many of them went well.", examples=[95])]
    ratio: OptionalRatio
    latency_ms_mean: Annotated[
        int | None, Field(description="Mean over those that went well; null when there are none.", examples=[184])
    ]


Uptimes = TypedDict("Uptimes", {"24h": UptimeRead, "30d": UptimeRead, "365d": UptimeRead})
Uptimes.__doc__ = "Uptime of the last 24 hours, 30 days and 365 days, over all endpoints of the node."


class ProbePage(Page[ProbeRead]):
    """A node's probes, newest first, and its uptime."""

    uptime: Uptimes


class EndpointHealthRead(Schema):
    """One endpoint, and how it is."""

    interface: Interface
    base_url: Annotated[str, Field(examples=["https://spse.inaproc.id/surabaya"])]
    state: Annotated[
        Availability,
        Field(description="ok answers; failing did not at last; open is left alone but for probes; unknown."),
    ]
    consecutive_failures: Annotated[int, Field(description="Failures in a row, of probes and of runs.", examples=[0])]
    opened_at: Annotated[datetime | None, Field(description="Since when the circuit is open.")]
    last_probe_at: datetime | None
    next_probe_at: datetime | None
    last_ok_at: datetime | None
    last_failure: Annotated[FailureCode | None, Field(examples=[None])]
    last_failure_at: datetime | None
    message: Annotated[
        Message | None,
        Field(description="What is wrong now, as a sentence for the node's operator; null when it is ok."),
    ]
    latency_ms: Annotated[int | None, Field(description="Of the last probe that went well.", examples=[184])]
    software_version: Annotated[str | None, Field(examples=["4.5u20250321"])]
    certificate_expires_at: Annotated[datetime | None, Field(description="When the TLS certificate ends.")]
    moved_to: Annotated[
        str | None,
        Field(
            description="Where the node really answers, if its address leads elsewhere: a hint to correct the register."
        ),
    ]


class PassportRead(Schema):
    """A node on one page: what the register says of it, and how it is."""

    node: NodeRead
    endpoints: Annotated[list[EndpointHealthRead], Field(description="In the order in which they are asked.")]
    uptime: Uptimes


OptionName = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_.-]{1,100}$")]
OptionText = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_is_clean)]
OptionNumber = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)]


class EndpointWrite(Input):
    """Where a node answers by one interface; the first one is asked first."""

    interface: Interface
    base_url: BaseURL
    options: Annotated[
        dict[OptionName, OptionText | OptionNumber | StrictBool | None], Field(max_length=20, default_factory=dict)
    ]


Endpoints = Annotated[list[EndpointWrite], Field(max_length=20), AfterValidator(_are_distinct)]


class NodeCreate(Input):
    """A node to be registered."""

    slug: Slug
    name: Name
    kd_lpse: KdLPSE | None = None
    region: RegionCode | None = None
    institution: InstitutionCode | None = None
    time_zone: ZONES = "WIB"
    state: Literal["active", "discovered"] = "active"
    endpoints: Annotated[Endpoints, Field(default_factory=list)]
    province: Annotated[ProvinceCode | None, Field(description="Follows from region; accepted when it agrees.")] = None


class NodeUpdate(Input):
    """The fields of a node to replace; what is not given stays."""

    name: Name | None = None
    kd_lpse: KdLPSE | None = None
    region: RegionCode | None = None
    institution: InstitutionCode | None = None
    time_zone: ZONES | None = None
    state: NodeState | None = None
    endpoints: Endpoints | None = None
