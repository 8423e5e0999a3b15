"""The page *pengumuman* of one package. Pure; everything is found by its label.

A mandatory label that is missing is reported as drift, and its field is not spoken of.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from app.adapters.spse import labels as words
from app.adapters.spse.kinds import DetailPage, KindSpec
from app.adapters.spse.markup import Labels, PackagePage, grids_in, links_in, take_badges, text_of
from app.adapters.spse.pages import page_in, tabs_of
from app.adapters.spse.reading import NOTHING, Reader, years_in
from app.adapters.spse.vocabulary import category_of, method_of, self_managed_type_of, status_of
from app.core.records import PackageFields
from app.core.vocabulary import Category, Method, PackageStatus

_MANDATORY = {"Kode": words.CODE, "Nama": words.NAME, "Nilai Pagu Paket": words.PAGU}
_MANDATORY_OF_CONTESTS = _MANDATORY | {"Tahap Saat Ini": words.STAGE, "Nilai HPS Paket": words.HPS}
"""Of packages that suppliers compete for; a recorded one states neither HPS nor stage."""
# "APBD 2026   APBDP 2026". Bounded, because a stranger's cell may be a megabyte of letters.
_LONGEST_YEARS = 2_000
_FUND = re.compile(r"\b([A-Za-z][A-Za-z./ ]{0,40}?)\W{0,5}\b20\d{2}\b")
_QUALIFICATION = re.compile(r"(?:pasca|pra)kualifikasi\b", re.IGNORECASE)
_YES = "ya"
_NATIVE_PAPUANS_LABEL = "Khusus OAP"
_SHOWN_LABELS = 12
_MAX_ATTACHMENTS = 50


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the announcement says. `tabs` are the other pages it links to; None when it shows no tabs at all."""

    fields: PackageFields
    tabs: frozenset[DetailPage] | None
    has_schedule: bool
    """The stage links to the schedule, which has no tab."""


def read_announcement(page: PackagePage, spec: KindSpec, reader: Reader) -> Announcement:
    labels = page.labels
    mandatory = _MANDATORY_OF_CONTESTS if DetailPage.WINNERS in spec.pages else _MANDATORY
    for field, names in mandatory.items():
        if labels.find(names) is None:
            found = ", ".join(labels.names()[:_SHOWN_LABELS])
            reader.report("detail-drift", field=f"{DetailPage.ANNOUNCEMENT}: {field}", value=found)

    fields = PackageFields(reason=None)
    _read_heading(labels, fields)
    _read_money(labels, fields, reader)
    for amount in ("Nilai Pagu Paket", "Nilai HPS Paket"):
        # One may honestly be empty; when many are, the amounts have moved to somewhere else.
        cell = labels.find(mandatory[amount]) if amount in mandatory else None
        if cell is not None and text_of(cell) in NOTHING:
            reader.report("field-empty", field=f"{DetailPage.ANNOUNCEMENT}: {amount}")
    _read_classification(labels, fields, reader)
    _read_conditions(labels, fields)
    _read_plans(labels, fields)
    if (cell := labels.find(words.CREATED)) is not None:
        fields["created_on"] = reader.day(text_of(cell), "Tanggal Pembuatan")
    if (cell := labels.find(words.PARTICIPANTS)) is not None:
        fields["participants"] = reader.count(text_of(cell), "Peserta")
    stage = labels.find(words.STAGE)
    schedule = [] if stage is None else [link for link in links_in(stage) if page_in(link) == DetailPage.SCHEDULE]
    return Announcement(fields, tabs_of(page, spec), bool(schedule))


def _read_heading(labels: Labels, fields: PackageFields) -> None:
    if (cell := labels.find(words.NAME)) is not None:
        fields["labels"] = take_badges(cell)
        if name := text_of(cell):
            fields["name"] = name
    if (cell := labels.find(words.NATIVE_PAPUANS)) is not None and text_of(cell).casefold().startswith(_YES):
        fields["labels"] = [*fields.get("labels", []), _NATIVE_PAPUANS_LABEL]
    if (cell := labels.find(words.STAGE)) is not None and (stage := text_of(cell)):
        fields["stage"] = stage
        fields["status"] = status_of(stage) or PackageStatus.OTHER
    if (cell := labels.find(words.INSTITUTION)) is not None and (text := text_of(cell)):
        fields["institution_name"] = text
    if (cell := labels.find(words.SATKER)) is not None:
        fields["satker_name"] = text_of(cell) or None
    for reason in words.REASONS:
        if (cell := labels.find((reason,))) is not None and (text := text_of(cell)):
            fields["reason"] = text
            break


def _read_money(labels: Labels, fields: PackageFields, reader: Reader) -> None:
    if (cell := labels.find(words.PAGU)) is not None:
        fields["pagu"] = reader.amount(text_of(cell), "Nilai Pagu Paket")
    if (cell := labels.find(words.HPS)) is not None:
        fields["hps"] = reader.amount(text_of(cell), "Nilai HPS Paket")


def _read_classification(labels: Labels, fields: PackageFields, reader: Reader) -> None:
    if (cell := labels.find(words.CATEGORY)) is not None and (text := text_of(cell)):
        fields["category"] = category_of(text) or Category.OTHER
        fields["category_text"] = text
    if (cell := labels.find(words.METHOD)) is not None and (text := text_of(cell)):
        fields["method"] = method_of(text) or Method.OTHER
        fields["method_text"] = text
        _read_method_parts(text, fields)
    if (cell := labels.find(words.QUALIFICATION)) is not None and (text := text_of(cell)):
        documents = labels.find(words.DOCUMENTS)
        fields["qualification_text"] = text if documents is None else f"{text} {text_of(documents)}".strip()
    if (cell := labels.find(words.EVALUATION)) is not None and (text := text_of(cell)):
        fields["evaluation_text"] = text
    if (cell := labels.find(words.SELF_MANAGED_TYPE)) is not None and (text := text_of(cell)):
        fields["self_managed_type"] = self_managed_type_of(text)
        if fields["self_managed_type"] is None:
            reader.report("self-managed-type-unknown", field="Tipe Pelaksana Swakelola", value=text)


def _read_method_parts(text: str, fields: PackageFields) -> None:
    """Tenders write "Tender - Pascakualifikasi Satu File - Harga Terendah Sistem Gugur"."""
    parts = [part.strip() for part in text.split(" - ")]
    if len(parts) > 1 and _QUALIFICATION.match(parts[1]):
        fields["qualification_text"] = parts[1]
        if evaluation := " - ".join(parts[2:]):
            fields["evaluation_text"] = evaluation


def _read_conditions(labels: Labels, fields: PackageFields) -> None:
    if (cell := labels.find(words.BUSINESS_SIZE)) is not None:
        fields["business_size"] = text_of(cell) or None
    if (cell := labels.find(words.CONTRACT_TYPE)) is not None:
        fields["contract_type"] = text_of(cell) or None
    if (cell := labels.find(words.LOCATIONS)) is not None:
        places = [text_of(item) for item in cell.css("li")] or [text_of(cell)]
        fields["locations"] = [place for place in places if place]
    if (cell := labels.find(words.DESCRIPTION)) is not None:
        fields["description"] = _without_attachments(cell) or None


def _without_attachments(cell: LexborNode) -> str:
    """The text of a description; often it is nothing but a file to download, whose name describes no work."""
    text = text_of(cell)
    for link in cell.css("a")[:_MAX_ATTACHMENTS]:
        text = text.replace(text_of(link), "", 1)
    return " ".join(text.split())


def _read_plans(labels: Labels, fields: PackageFields) -> None:
    """Fiscal years, fund sources, and the codes of the annual plan (RUP) that the package comes from."""
    sources: list[str] = []
    if (cell := labels.find(words.YEARS)) is not None:
        text = text_of(cell)
        if years := years_in(text):
            fields["fiscal_years"] = years
        sources = [source.strip().upper() for source in _FUND.findall(text[:_LONGEST_YEARS])]
    if (cell := labels.find(words.PLANS)) is not None:
        fields["rup_codes"] = _column(cell, "kode rup")
        sources = sources or _column(cell, "sumber dana")
    if sources:
        fields["fund_sources"] = list(dict.fromkeys(sources))


def _column(node: LexborNode, header: str) -> list[str]:
    """The different texts of one column of the tables in a cell."""
    texts: dict[str, None] = {}
    for grid in grids_in(node):
        if header in grid.headers:
            position = grid.headers.index(header)
            texts.update((text_of(row[position]), None) for row in grid.rows if len(row) > position)
    return [text for text in texts if text]
