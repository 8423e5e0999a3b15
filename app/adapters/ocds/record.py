"""A compiled release as a package. Pure; the mapping follows the Open Contracting Data Standard 1.1."""

import re
from datetime import datetime

from app.adapters.ocds.awards import Organizations, active_awards, add_awards, add_offers, add_realizations
from app.adapters.ocds.merging import Compiled
from app.adapters.ocds.reading import Object, Reader, child, children, text_of
from app.adapters.ocds.survey import Facts
from app.adapters.ocds.vocabulary import category_of, method_of, status_of
from app.core.records import PackageFields, StageFields
from app.core.text import clean_text
from app.core.vocabulary import Category, DateBasis, Method, PackageStatus

_KD_KLPD = re.compile(r"[A-Z]\d{1,4}", re.ASCII)
"""K34, L4, D181: the codes of ministries, agencies and regional governments."""
# planning.budget.uri is SiRUP's link to the plan: …/detailPaketPenyedia2020?idPaket=44604827
_RUP_LINK = re.compile(r"sirup\S*?(?:=|/)(\d{5,12})(?=$|[&#?/])", re.ASCII | re.IGNORECASE)
_PERIODS = ("enquiryPeriod", "tenderPeriod", "awardPeriod")


def combine(compiled: Compiled, listed: list[int], reader: Reader) -> PackageFields:
    """The package as its publisher states it, with problems reported for what does not fit together."""
    release = compiled.release
    tender = child(release, "tender")
    fields = PackageFields(source_ids={"ocid": compiled.ocid})
    organizations = Organizations(release)
    if (tender_id := text_of(tender, "id")) is not None:
        fields["source_ids"]["tender.id"] = tender_id
    if compiled.lost is not None:
        reader.report("source-without-part", field="releases", value=compiled.lost)
    _say_years(release, listed, fields, reader)
    _say_texts(tender, fields)
    _say_words(tender, fields, reader)
    _say_buyer(release, organizations, fields)
    _say_budget(release, fields, reader)
    add_offers(release, organizations, fields, reader)
    add_awards(release, organizations, fields, reader)
    add_realizations(release, organizations, fields, reader)
    _say_dates(release, fields, reader)
    if fields.get("status") is PackageStatus.COMPLETED and fields.get("awards") == []:
        reader.report("completed-without-winner")
    return fields


def _say_years(release: Object, listed: list[int], fields: PackageFields, reader: Reader) -> None:
    """The year under which the package is listed goes first; a budget of several years adds those that follow."""
    facts = Facts()
    facts.learn(release, reader.zone)
    years = list(facts.years(reader.zone))
    if listed:
        years = [listed[0], *(year for year in years if year > listed[0])]
    if years:
        fields["fiscal_years"] = years
    else:
        reader.report("fiscal-year-unreadable", field="tender.datePublished", value=release.get("date"))


def _say_texts(tender: Object, fields: PackageFields) -> None:
    if "title" in tender:
        fields["name"] = text_of(tender, "title")
    if "description" in tender:
        fields["description"] = text_of(tender, "description")
    evaluation = text_of(tender, "awardCriteriaDetails") or text_of(tender, "awardCriteria")
    if evaluation is not None:
        fields["evaluation_text"] = evaluation
    if "statusDetails" in tender or "status" in tender:
        fields["stage"] = text_of(tender, "statusDetails") or text_of(tender, "status")


def _say_words(tender: Object, fields: PackageFields, reader: Reader) -> None:
    if (status := text_of(tender, "status")) is not None:
        fields["status"] = status_of(status) or PackageStatus.OTHER
        if fields["status"] is PackageStatus.OTHER:
            reader.report("status-unknown", field="tender.status", value=status)
    names = ("mainProcurementCategoryDetails", "description", "mainProcurementCategory")
    texts = [text for name in names if (text := text_of(tender, name))]
    more = tender.get("additionalProcurementCategories")
    texts += [clean_text(text) for text in more if isinstance(text, str)] if isinstance(more, list) else []
    stated = text_of(tender, "mainProcurementCategory")
    if (category := category_of(texts)) is not None:
        fields["category"], fields["category_text"] = category
    elif stated is not None:
        fields["category"], fields["category_text"] = Category.OTHER, stated
        reader.report("category-unknown", field="tender.mainProcurementCategory", value=stated)
    details, method = text_of(tender, "procurementMethodDetails"), text_of(tender, "procurementMethod")
    if details or method:
        found = method_of(details, method)
        fields["method"], fields["method_text"] = found or Method.OTHER, details or method
        if found is None:
            reader.report("method-unknown", field="tender.procurementMethodDetails", value=details or method)


def _say_buyer(release: Object, organizations: Organizations, fields: PackageFields) -> None:
    """The buyer is the K/L/PD, the procuring entity its work unit (*satker*)."""
    entity = child(release, "tender", "procuringEntity")
    buyer = child(release, "buyer") or entity
    identifier = text_of(buyer, "id")
    if identifier is not None and _KD_KLPD.fullmatch(identifier):
        fields["institution"] = identifier
    if (name := organizations.name(buyer)) is not None:
        fields["institution_name"] = name
    unit = organizations.name(entity)
    if unit is not None and unit != name:
        fields["satker_name"] = unit


def _say_budget(release: Object, fields: PackageFields, reader: Reader) -> None:
    budget = child(release, "planning", "budget")
    if "amount" in budget:
        fields["pagu"] = reader.amount(budget, "amount", "planning.budget.amount")
    tender = child(release, "tender")
    if "value" in tender:
        fields["hps"] = reader.amount(tender, "value", "tender.value")
    if (account := text_of(budget, "id")) is not None:
        fields["source_ids"]["mak"] = account
    if codes := _RUP_LINK.findall(text_of(budget, "uri") or ""):
        fields["rup_codes"] = list(dict.fromkeys(codes))


def _say_dates(release: Object, fields: PackageFields, reader: Reader) -> None:
    """What happened, and apart from it what is planned: the periods of the tender are its schedule."""
    tender = child(release, "tender")
    if (announced := reader.moment(tender, "datePublished", "tender.datePublished")) is not None:
        fields["announced_at"] = announced
    awarded = _earliest(active_awards(release), "date", "awards.date", reader)
    if awarded is not None:
        fields["awarded_at"] = awarded
    signed = [contract for contract in children(release, "contracts") if text_of(contract, "status") != "cancelled"]
    contracted = _earliest(signed, "dateSigned", "contracts.dateSigned", reader)
    if contracted is not None:
        fields["contracted_at"] = contracted
    if {"announced_at", "awarded_at", "contracted_at"} & fields.keys():
        # What another hub publishes says which of the two it is.
        scheduled = "scheduled" in {text_of(part, "dateBasis") for part in (tender, *active_awards(release), *signed)}
        fields["date_basis"] = DateBasis.SCHEDULED if scheduled else DateBasis.ACTUAL
    schedule = [
        StageFields(
            name=name,
            starts_at=reader.moment(period, "startDate", f"tender.{name}"),
            ends_at=reader.moment(period, "endDate", f"tender.{name}"),
        )
        for name in _PERIODS
        if (period := child(tender, name))
    ]
    if schedule:
        fields["schedule"] = schedule


def _earliest(items: list[Object], name: str, field: str, reader: Reader) -> datetime | None:
    return min((moment for item in items if (moment := reader.moment(item, name, field)) is not None), default=None)
