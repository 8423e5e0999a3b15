"""Validation alone, as pydantic does it line by line: nothing is stored."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.vocabulary import Category, Method, PackageKind, PackageStatus

Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=2)]


class AwardRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    supplier_name: str
    npwp: str | None = None
    address: str | None = None
    bid_value: Amount | None = None
    corrected_value: Amount | None = None
    negotiated_value: Amount | None = None
    contract_value: Amount | None = None


class PackageRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: PackageKind
    code: str
    name: str | None = None
    labels: list[str] = []
    institution_name: str | None = None
    satker_name: str | None = None
    category: Category | None = None
    category_text: str | None = None
    method: Method | None = None
    method_text: str | None = None
    evaluation_text: str | None = None
    qualification_text: str | None = None
    business_size: str | None = None
    contract_type: str | None = None
    locations: list[str] = []
    status: PackageStatus | None = None
    stage: str | None = None
    fiscal_years: list[int] = []
    fund_sources: list[Literal["APBD", "APBN", "BLUD"]] = []
    rup_codes: list[str] = []
    pagu: Amount | None = None
    hps: Amount | None = None
    pdn_value: Amount | None = None
    participants: int | None = None
    bidders: int | None = None
    announced_at: datetime | None = None
    awarded_at: datetime | None = None
    contracted_at: datetime | None = None
    created_on: date | None = None
    awards: list[AwardRow] = []


def read_by_pydantic(lines: Iterable[bytes]) -> None:
    for line in lines:
        PackageRow.model_validate_json(line)
