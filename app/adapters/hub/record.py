"""A package's document in the feed, read into the fields of a record. Pure."""

from typing import Any, cast

from app.adapters.hub.reading import Document, Reader
from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageFields
from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus, ValueBasis

_TEXTS = (
    "name",
    "institution",
    "institution_name",
    "satker_name",
    "category_text",
    "method_text",
    "evaluation_text",
    "qualification_text",
    "business_size",
    "contract_type",
    "description",
    "stage",
    "reason",
)
_TEXT_LISTS = ("labels", "locations", "fund_sources", "rup_codes")
_AGREED = tuple(f"{basis}_value" for basis in ValueBasis)
_SHARES = ("pdn_value", "umk_value")
_AMOUNTS = ("pagu", "hps", *_AGREED, *_SHARES, "realized_value")
_COUNTS = ("self_managed_type", "participants", "bidders")
_MOMENTS = ("announced_at", "awarded_at", "contracted_at")
_DAYS = ("created_on", "finished_on")


def read_package(
    document: Document, kind: PackageKind, code: str, zone: TimeZone
) -> tuple[PackageFields, list[Problem]]:
    """All that a hub says of a package. What follows from it (its value, its months) is derived here, not believed."""
    reader = Reader(kind, code, zone)
    fields: dict[str, Any] = {}
    for names, read in (
        (_TEXTS, reader.text),
        (_TEXT_LISTS, reader.texts),
        (_AMOUNTS, reader.amount),
        (_COUNTS, reader.count),
        (_MOMENTS, reader.moment),
        (_DAYS, reader.day),
    ):
        fields |= reader.each(names, document, read)
    fields["fiscal_years"] = reader.years(document.get("fiscal_years"))
    fields["status"] = reader.word(document.get("status"), PackageStatus, "status") or PackageStatus.OTHER
    fields |= _word(reader, document, "category", Category) | _word(reader, document, "method", Method)
    basis = document.get("date_basis")
    fields["date_basis"] = DateBasis(basis) if basis in set(DateBasis) else None
    fields["source_ids"] = reader.ids(document.get("source_ids"))
    for name, read_part in (
        ("awards", _award),
        ("offers", _offer),
        ("realizations", _realization),
        ("schedule", _stage),
    ):
        if (parts := reader.parts(document, name)) is not None:
            fields[name] = [read_part(reader, part) for part in parts]
    if reader.has_lost_amount:
        # A weaker amount could pass for the one that could not be read.
        for name in ("awards", *_AGREED, *_SHARES):
            fields.pop(name, None)
    return cast("PackageFields", fields), reader.problems


def _word(reader: Reader, document: Document, name: str, words: type[Category] | type[Method]) -> dict[str, Any]:
    """A word that this hub does not know yet is kept as text, if nothing else is told of it."""
    stated = document.get(name)
    found = reader.word(stated, words, name)
    told = {name: found}
    if found is not None and found != stated and document.get(f"{name}_text") is None:
        told[f"{name}_text"] = stated
    return told


def _award(reader: Reader, part: Document) -> dict[str, Any]:
    return {
        "supplier_name": reader.name(part, "awards.supplier_name"),
        **reader.each(("npwp", "address"), part, reader.text),
        **reader.each((*_AGREED, *_SHARES), part, reader.amount, "awards"),
    }


def _offer(reader: Reader, part: Document) -> dict[str, Any]:
    told = {
        **reader.each(("supplier_name", "npwp", "reason"), part, reader.text),
        **reader.each(("bid_value", "corrected_value", "negotiated_value"), part, reader.side_amount, "offers"),
        **reader.each(("score",), part, reader.score, "offers"),
    }
    if isinstance(part.get("is_winner", ""), bool | None):
        told["is_winner"] = part["is_winner"]
    return told


def _realization(reader: Reader, part: Document) -> dict[str, Any]:
    return {
        **reader.each(("type_text", "number", "supplier_name", "npwp", "note"), part, reader.text),
        **reader.each(("value",), part, reader.side_amount, "realizations"),
        **reader.each(("realized_on",), part, reader.day, "realizations"),
    }


def _stage(reader: Reader, part: Document) -> dict[str, Any]:
    told = {
        **reader.each(("name",), part, reader.text),
        **reader.each(("starts_at", "ends_at"), part, reader.moment, "schedule"),
        **reader.each(("changes",), part, reader.count, "schedule"),
    }
    if (revisions := reader.parts(part, "revisions")) is not None:
        told["revisions"] = [_revision(reader, revision) for revision in revisions]
    return told


def _revision(reader: Reader, part: Document) -> dict[str, Any]:
    return {
        **reader.each(("edited_at", "starts_at", "ends_at"), part, reader.moment, "schedule.revisions"),
        **reader.each(("reason",), part, reader.text),
    }
