"""Canonical records: what an adapter or a push hands to the one door of procurement."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from app.core.problems import Problem
from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus


class AwardFields(TypedDict, total=False):
    """One winner. Amounts are rupiah; an absent key was not spoken of."""

    supplier_name: str
    npwp: str | None
    address: str | None
    bid_value: Decimal | None
    corrected_value: Decimal | None
    negotiated_value: Decimal | None
    contract_value: Decimal | None
    award_value: Decimal | None
    pdn_value: Decimal | None
    umk_value: Decimal | None


class OfferFields(TypedDict, total=False):
    """One participant (*peserta*) and what they offered; `bid_value` is absent or None for one who only registered."""

    supplier_name: str
    npwp: str | None
    bid_value: Decimal | None
    corrected_value: Decimal | None
    negotiated_value: Decimal | None
    score: Decimal | None
    """The final score (*SA*, skor akhir) where offers are compared by points."""
    is_winner: bool | None
    reason: str | None
    """Why the offer failed (*alasan*), as stated."""


class RealizationFields(TypedDict, total=False):
    """One realisation (*realisasi*): a payment or contract by which a recorded package was carried out."""

    type_text: str | None
    """The source's own words: Kwitansi, Surat Perjanjian, …"""
    number: str | None
    value: Decimal | None
    realized_on: date | None
    supplier_name: str | None
    npwp: str | None
    note: str | None


class StageRevisionFields(TypedDict, total=False):
    """How a stage stood in the schedule before one change of it, and why it was changed."""

    edited_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    reason: str | None


class StageFields(TypedDict, total=False):
    """One stage (*tahap*) of the schedule; planned moments, never actual ones. `changes` counts how often it was moved."""

    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    changes: int | None
    revisions: list[StageRevisionFields]


class PackageFields(TypedDict, total=False):
    """What one source says of one package. An absent key means "does not speak of it"; None means "says: none"."""

    name: str | None
    labels: list[str]
    institution: str | None
    institution_name: str | None
    satker_name: str | None
    category: Category | None
    category_text: str | None
    method: Method | None
    method_text: str | None
    evaluation_text: str | None
    qualification_text: str | None
    """*Metode kualifikasi* with its documents: "Pascakualifikasi Satu File"."""
    business_size: str | None
    """*Kualifikasi usaha* a bidder must have: "Usaha Kecil"."""
    self_managed_type: int | None
    """*Tipe swakelola*, 1 to 4."""
    contract_type: str | None
    description: str | None
    """*Uraian pekerjaan*, as text without markup."""
    locations: list[str]
    status: PackageStatus
    stage: str | None
    reason: str | None
    fiscal_years: list[int]
    fund_sources: list[str]
    rup_codes: list[str]
    pagu: Decimal | None
    hps: Decimal | None
    contract_value: Decimal | None
    negotiated_value: Decimal | None
    corrected_value: Decimal | None
    bid_value: Decimal | None
    award_value: Decimal | None
    pdn_value: Decimal | None
    umk_value: Decimal | None
    realized_value: Decimal | None
    participants: int | None
    bidders: int | None
    awards: list[AwardFields]
    offers: list[OfferFields]
    realizations: list[RealizationFields]
    schedule: list[StageFields]
    announced_at: datetime | None
    awarded_at: datetime | None
    contracted_at: datetime | None
    date_basis: DateBasis | None
    created_on: date | None
    finished_on: date | None
    """*Tanggal paket selesai* of a recorded, self-managed or emergency package."""
    source_ids: dict[str, str]
    """Other ids that the source gives the package (kd_pkt_dce, versi_tender, ocid, …), by the source's own names."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer of a source as it came: `page` says which (index, pengumuman, pemenang, …)."""

    page: str
    url: str
    body: bytes
    media_type: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """One observation of one package by one source."""

    kind: PackageKind
    code: str
    fields: PackageFields
    source_at: datetime | None = None
    raw: tuple[RawAnswer, ...] = ()
    problems: tuple[Problem, ...] = field(default=())
    lpse: int | None = None
    """kd_lpse of the node that the package belongs to, where the source states it; None: the node that was asked."""
    row: int | None = None
    """Which row of a pushed body it was read from; the first one where several make one package."""
