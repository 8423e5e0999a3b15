"""What packages look like over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.core.vocabulary import Category, DateBasis, Interface, Method, PackageKind, PackageStatus, ValueBasis
from app.kit.web.schema import OptionalAmount, Schema


class AwardRead(Schema):
    """One winner."""

    supplier_id: Annotated[int | None, Field(description="Of /suppliers/{supplier}; null in a history.", examples=[1])]
    supplier_name: Annotated[str, Field(examples=["CV Contoh Makmur"])]
    npwp: Annotated[str | None, Field(description="Masked for the public.", examples=["0*1*2*3*4******"])]
    address: str | None
    value: OptionalAmount
    contract_value: OptionalAmount
    negotiated_value: OptionalAmount
    corrected_value: OptionalAmount
    bid_value: OptionalAmount
    award_value: OptionalAmount
    pdn_value: OptionalAmount
    umk_value: OptionalAmount


class PackageRead(Schema):
    """One procurement process. Amounts are rupiah; null is unknown, never zero."""

    node: Annotated[str, Field(examples=["surabaya"])]
    kind: PackageKind
    code: Annotated[str, Field(description="The node's own code, without leading zeros.", examples=["10102584000"])]
    name: Annotated[str | None, Field(examples=["Pemeliharaan Jalan Contoh"])]
    labels: Annotated[list[str], Field(description="Badges such as Tender Ulang.")]
    institution: Annotated[
        str | None, Field(description="kd_klpd; null when the name matches none.", examples=["D181"])
    ]
    institution_name: Annotated[str | None, Field(examples=["Kota Surabaya"])]
    satker_name: Annotated[str | None, Field(description="The work unit that buys.")]
    category: Category | None
    category_text: Annotated[
        str | None, Field(description="The source's own words.", examples=["Pekerjaan Konstruksi"])
    ]
    method: Method | None
    method_text: Annotated[str | None, Field(description="The source's own words.", examples=["Tender"])]
    evaluation_text: Annotated[str | None, Field(examples=["Harga Terendah Sistem Gugur"])]
    qualification_text: Annotated[str | None, Field(examples=["Pascakualifikasi Satu File"])]
    business_size: Annotated[str | None, Field(description="What size a bidder must have.", examples=["Usaha Kecil"])]
    self_managed_type: Annotated[int | None, Field(description="*Tipe swakelola*, 1 to 4.", examples=[1])]
    contract_type: Annotated[str | None, Field(examples=["Lumsum"])]
    locations: list[str]
    status: PackageStatus
    stage: Annotated[
        str | None, Field(description="The node's own words for the status.", examples=["Tender Sudah Selesai"])
    ]
    reason: Annotated[str | None, Field(description="Why it was cancelled or repeated, as stated.")]
    withdrawn: Annotated[bool, Field(description="It vanished from its node.")]
    fiscal_year: Annotated[int, Field(description="The first of its fiscal years; it counts there.", examples=[2025])]
    fiscal_years: list[int]
    fund_sources: Annotated[list[str], Field(examples=[["APBD"]])]
    rup_codes: Annotated[
        list[str], Field(description="Codes in the general procurement plan.", examples=[["67643676"]])
    ]
    pagu: Annotated[OptionalAmount, Field(description="Budget ceiling.")]
    hps: Annotated[OptionalAmount, Field(description="Owner's estimate.")]
    value: Annotated[OptionalAmount, Field(description="What was finally agreed; only a completed package has one.")]
    value_basis: Annotated[ValueBasis | None, Field(description="Where value comes from.")]
    contract_value: OptionalAmount
    negotiated_value: OptionalAmount
    corrected_value: OptionalAmount
    bid_value: OptionalAmount
    award_value: OptionalAmount
    pdn_value: OptionalAmount
    umk_value: OptionalAmount
    realized_value: OptionalAmount
    participants: int | None
    bidders: int | None
    awards: list[AwardRead]
    announced_at: datetime | None
    awarded_at: datetime | None
    contracted_at: datetime | None
    date_basis: Annotated[DateBasis | None, Field(description="Whether the dates happened or were only scheduled.")]
    announced_month: Annotated[
        str | None, Field(description="Month of the announcement on the node's clock.", examples=["2025-03"])
    ]
    awarded_month: Annotated[
        str | None, Field(description="Month of the award on the node's clock.", examples=["2025-07"])
    ]
    days_to_award: Annotated[
        int | None,
        Field(
            description="Calendar days from announcement to award on the node's clock; below 0 where the stated dates are "
            "in an order that cannot be.",
            examples=[31],
        ),
    ]
    days_to_contract: Annotated[int | None, Field(description="The same from award to contract.", examples=[14])]
    is_repeated: Annotated[
        bool, Field(description="Announced anew after a failure, by its badge or its version (Tender Ulang).")
    ]
    schedule_changes: Annotated[
        int | None,
        Field(
            description="How often stages of its schedule were moved; null where no schedule is known.", examples=[2]
        ),
    ]
    created_on: date | None
    finished_on: Annotated[date | None, Field(description="When a recorded package was finished.")]
    first_seen_at: datetime
    last_seen_at: Annotated[
        datetime | None,
        Field(description="When a source last showed it; null with `as_of`, for only the last time is kept."),
    ]
    changed_at: datetime
    version: Annotated[int, Field(examples=[1])]
    source: Annotated[Interface, Field(description="The most trusted source that speaks of it.")]


class OfferRead(Schema):
    """One participant and what they offered."""

    supplier_name: str | None
    npwp: Annotated[str | None, Field(description="Masked for the public.")]
    bid_value: Annotated[OptionalAmount, Field(description="Null for one who registered only.")]
    corrected_value: OptionalAmount
    negotiated_value: OptionalAmount
    score: Annotated[OptionalAmount, Field(description="Points, where offers are compared by points.")]
    is_winner: bool | None
    reason: Annotated[str | None, Field(description="Why the offer failed, as stated.")]


class RealizationRead(Schema):
    """One payment or contract by which a recorded package was carried out."""

    type_text: Annotated[str | None, Field(examples=["Kwitansi"])]
    number: str | None
    value: OptionalAmount
    realized_on: date | None
    supplier_name: str | None
    npwp: Annotated[str | None, Field(description="Masked for the public.")]
    note: str | None


class StageRevisionRead(Schema):
    """How a stage stood before one change."""

    edited_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    reason: str | None


class StageRead(Schema):
    """One stage of the schedule: planned moments."""

    name: Annotated[str | None, Field(examples=["Pengumuman Pemenang"])]
    starts_at: datetime | None
    ends_at: datetime | None
    changes: Annotated[int | None, Field(description="How often it was moved.")]
    revisions: Annotated[list[StageRevisionRead], Field(description="How it stood before each change, first to last.")]


class PackageDetail(PackageRead):
    """One procurement process with all that is known of it, and where each field comes from."""

    may_be_sparse: ClassVar[bool] = True

    description: str | None
    offers: list[OfferRead]
    realizations: list[RealizationRead]
    schedule: list[StageRead]
    source_ids: Annotated[
        dict[str, str], Field(description="Other ids of the package, by the source's own names.", examples=[{}])
    ]
    field_sources: Annotated[
        dict[str, str],
        Field(
            description="Which source each field was taken from; pushes by the shape of their rows (push:ocds).",
            examples=[{"pagu": "spse"}],
        ),
    ]
    disagreements: Annotated[
        list["Disagreement"], Field(description="Fields of which several sources state different things.")
    ]


class Disagreement(Schema):
    """One field on which sources differ; the package shows what the most trusted of them says."""

    field: Annotated[str, Field(examples=["pagu"])]
    stated: Annotated[dict[str, Any], Field(description="What each source states.", examples=[{"spse": 1000000}])]


class RawAnswerRead(Schema):
    """One answer as it came, kept for evidence; its content needs a key."""

    page: Annotated[str, Field(examples=["pengumuman"])]
    url: str
    sha256: Annotated[str, Field(min_length=64, max_length=64)]
    length: Annotated[int, Field(description="Bytes.")]
    media_type: str
    fetched_at: datetime


class ObservationRead(Schema):
    """What one source said at one time."""

    id: int
    source: Annotated[str, Field(description="An interface; what was pushed says in which shape.", examples=["spse"])]
    source_at: Annotated[datetime | None, Field(description="The source's own time, where it states one.")]
    received_at: datetime
    last_seen_at: datetime
    run_id: int | None
    submission_id: Annotated[int | None, Field(description="The submission it was pushed with.")]
    submission_row: Annotated[int | None, Field(description="Its row there.")]
    content_hash: str
    parser_version: str
    answers: list[RawAnswerRead]


class VersionRead(Schema):
    """One state of a package, and the observations it follows from."""

    version: Annotated[int, Field(examples=[1])]
    at: Annotated[datetime, Field(description="When the hub recorded it.")]
    changed: Annotated[
        list[str], Field(description="Fields that differ from the version before.", examples=[["status", "value"]])
    ]
    package: Annotated[
        dict[str, Any], Field(description="The state: the fields of a package that follow from its observations.")
    ]
    observations: list[ObservationRead]
