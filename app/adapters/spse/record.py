"""Putting together what the list and the pages of one package say. Pure."""

from dataclasses import dataclass, field

from app.adapters.spse.announcement import Announcement
from app.adapters.spse.kinds import DetailPage
from app.adapters.spse.offers import Offers, bidders_among, merge_offers
from app.adapters.spse.reading import Reader
from app.adapters.spse.schedule import Schedule, planned_dates
from app.adapters.spse.vocabulary import badge_status, method_of
from app.adapters.spse.winners import contract_total, has_price, merge_awards
from app.core.money import format_rupiah
from app.core.records import AwardFields, PackageFields
from app.core.vocabulary import Category, Method, PackageStatus


@dataclass
class Found:
    """What was read of one package so far; None stands for a page that did not speak."""

    row: PackageFields
    announcement: Announcement | None = None
    schedule: Schedule | None = None
    participants: Offers | None = None
    evaluation: Offers | None = None
    winners: list[AwardFields] | None = None
    contracted: list[AwardFields] | None = None
    realizations: PackageFields | None = None
    lost: set[DetailPage] = field(default_factory=set)
    """Pages that were asked for and could not be had or understood."""

    @property
    def status(self) -> PackageStatus:
        return _announced(self).get("status", PackageStatus.OTHER)


def combine(found: Found, reader: Reader) -> PackageFields:
    """The package as the node states it, with problems reported for what does not fit together."""
    fields = _announced(found)
    _report_unknown_words(fields, reader)
    if "fiscal_years" not in fields:
        reader.report("fiscal-year-unreadable", value=fields.get("category_text"))
    if found.schedule is not None:
        fields["schedule"] = found.schedule.stages
        fields.update(planned_dates(found.schedule.stages))
    _add_offers(found, fields, reader)
    if fields.get("status") is PackageStatus.COMPLETED:
        _add_awards(found, fields, reader)
    if found.realizations is not None:
        fields.update(found.realizations)
    return fields


def _add_offers(found: Found, fields: PackageFields, reader: Reader) -> None:
    """Offers are told whole or not at all: with one of their pages lost, what is known of them already is more."""
    if found.participants is not None and fields.get("participants") is None:
        fields["participants"] = found.participants.count
    if not found.lost.isdisjoint({DetailPage.PARTICIPANTS, DetailPage.EVALUATION}):
        return
    offers = merge_offers(found.participants, found.evaluation, reader)
    if offers is None or offers.listed is None:
        return
    fields["offers"] = offers.listed
    if (bidders := bidders_among(offers)) is not None:
        fields["bidders"] = bidders


def _announced(found: Found) -> PackageFields:
    """The announcement is fuller and later than the list and goes first, except where it has no word that we know."""
    row = found.row
    fields = row.copy()
    if found.announcement is not None:
        page = found.announcement.fields
        fields.update(page)
        fields["labels"] = list(dict.fromkeys([*row.get("labels", []), *page.get("labels", [])]))
        if fields.get("status") is PackageStatus.OTHER:
            fields["status"] = row.get("status", PackageStatus.OTHER)
        if fields.get("category") is Category.OTHER and "category" in row:
            fields["category"], fields["category_text"] = row["category"], row.get("category_text")
        if fields.get("method") is Method.OTHER and row.get("method", Method.OTHER) is not Method.OTHER:
            fields["method"], fields["method_text"] = row["method"], row.get("method_text")
    if fields.get("status") is PackageStatus.OTHER:
        fields["status"] = badge_status(fields.get("labels", [])) or PackageStatus.OTHER
    return fields


def _report_unknown_words(fields: PackageFields, reader: Reader) -> None:
    if fields.get("status") is PackageStatus.OTHER:
        reader.report("status-unknown", field="tahap", value=fields.get("stage"))
    if fields.get("category") is Category.OTHER:
        reader.report("category-unknown", field="jenis pengadaan", value=fields.get("category_text"))
    if fields.get("method") is Method.OTHER and method_of(fields.get("method_text") or "") is None:
        reader.report("method-unknown", field="metode", value=fields.get("method_text"))


def _add_awards(found: Found, fields: PackageFields, reader: Reader) -> None:
    awards = merge_awards(found.winners, found.contracted)
    if awards is None:
        # The list's contract value may be the sum of some contracts only; without the winners nobody can tell.
        fields.pop("contract_value", None)
        return
    fields["awards"] = awards
    if not awards:
        reader.report("completed-without-winner")
    for award in awards:
        if not has_price(award):
            reader.report("winner-without-amount", field="pemenang", value=award["supplier_name"])
    listed = fields.get("contract_value")
    total = contract_total(awards)
    if listed is not None and total is not None and listed != total:
        reader.report("contract-value-differs", field="nilai kontrak", value=format_rupiah(listed))
