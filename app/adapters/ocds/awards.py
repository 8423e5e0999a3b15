"""Winners, contracts and offers of a compiled release. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.adapters.ocds.reading import Object, Reader, child, children, text_of
from app.core.records import AwardFields, OfferFields, PackageFields, RealizationFields
from app.core.text import name_key
from app.kit.json_plain import plain_bytes

# Of the codelists awardStatus and contractStatus. A status that is left out denies nothing.
_AWARDED = frozenset({None, "active"})
_NOT_SIGNED = frozenset({"cancelled"})
# Of the codelist bidStatus (extension "bids").
_NO_OFFER = frozenset({"invited", "withdrawn"})


def distinct(items: Iterable[Object]) -> list[Object]:
    """Each object once: those without an id cannot be merged and come with every release."""
    return list({plain_bytes(item): item for item in items}.values())


def active_awards(release: Object) -> list[Object]:
    return [award for award in distinct(children(release, "awards")) if text_of(award, "status") in _AWARDED]


class Organizations:
    """What `parties` say of organizations, by their ids."""

    def __init__(self, release: Object) -> None:
        self._by_id = {key: party for party in children(release, "parties") if (key := text_of(party, "id"))}

    def name(self, reference: Object) -> str | None:
        return text_of(reference, "name") or text_of(self._party(reference), "name")

    def npwp(self, reference: Object) -> str | None:
        """The tax number, where an identifier's scheme says that it is one."""
        for holder in (reference, self._party(reference)):
            identifier = child(holder, "identifier")
            if "npwp" in name_key(text_of(identifier, "scheme") or "").split():
                return text_of(identifier, "id")
        return None

    def address(self, reference: Object) -> str | None:
        address = child(self._party(reference), "address")
        parts = [text_of(address, name) for name in ("streetAddress", "locality", "region")]
        return ", ".join(part for part in parts if part) or None

    def _party(self, reference: Object) -> Object:
        return self._by_id.get(text_of(reference, "id") or "", {})


def add_awards(release: Object, organizations: Organizations, fields: PackageFields, reader: Reader) -> None:
    """Active awards, each with what was signed for it. Suppliers who won together are one winner."""
    if not isinstance(release.get("awards"), list):
        _add_bare_contracts(release, fields, reader)
        return
    active = active_awards(release)
    signed = _signed(release, active, reader)
    if active and not any(children(award, "suppliers") for award in active):
        _add_totals(active, signed, fields, reader)
        return
    awards: list[AwardFields] = []
    for award in active:
        suppliers = children(award, "suppliers")
        names = [name for supplier in suppliers if (name := organizations.name(supplier))]
        if not names:
            # One winner left out would make the sum over the others pass for the whole.
            reader.report("row-unreadable", field="awards.suppliers", value=text_of(award, "id"))
            return
        found = AwardFields(supplier_name="; ".join(names))
        if len(suppliers) == 1:
            if npwp := organizations.npwp(suppliers[0]):
                found["npwp"] = npwp
            if address := organizations.address(suppliers[0]):
                found["address"] = address
        if "value" in award:
            found["award_value"] = reader.price(award, "value", "awards.value")
        if signed is not None:
            found["contract_value"] = signed.get(text_of(award, "id") or "")
        if found.get("award_value") is None and found.get("contract_value") is None:
            reader.report("winner-without-amount", field="awards", value=found["supplier_name"])
        awards.append(found)
    fields["awards"] = awards


def _add_totals(
    active: list[Object], signed: dict[str, Decimal | None] | None, fields: PackageFields, reader: Reader
) -> None:
    """Awards that all name nobody are no winners, but what they are worth together was agreed."""
    reader.report("row-unreadable", field="awards.suppliers", value=text_of(active[0], "id"))
    if any("value" in award for award in active):
        fields["award_value"] = _sum([reader.price(award, "value", "awards.value") for award in active])
    if signed is not None:
        fields["contract_value"] = _sum([signed.get(text_of(award, "id") or "") for award in active])


def _contracts(release: Object) -> list[Object]:
    return [
        contract
        for contract in distinct(children(release, "contracts"))
        if text_of(contract, "status") not in _NOT_SIGNED
    ]


def _signed(release: Object, active: list[Object], reader: Reader) -> dict[str, Decimal | None] | None:
    """What was signed for each award, by its id; None where there are no contracts, or one that belongs to none."""
    contracts = _contracts(release)
    if not contracts:
        return None
    known = {text_of(award, "id") or "": award for award in children(release, "awards")}
    alone = text_of(active[0], "id") or "" if len(active) == 1 else None
    signed: dict[str, list[Decimal | None]] = {}
    for contract in contracts:
        award_id = text_of(contract, "awardID")
        place = alone if award_id is None else award_id
        if place is None or place not in known:
            reader.report("detail-drift", field="contracts.awardID", value=award_id or text_of(contract, "id"))
            return None
        signed.setdefault(place, []).append(reader.price(contract, "value", "contracts.value"))
    return {place: _sum(amounts) for place, amounts in signed.items()}


def _add_bare_contracts(release: Object, fields: PackageFields, reader: Reader) -> None:
    """Contracts without any award name no winner, but their sum is what was agreed."""
    if contracts := _contracts(release):
        fields["contract_value"] = _sum([reader.price(contract, "value", "contracts.value") for contract in contracts])


def _sum(amounts: list[Decimal | None]) -> Decimal | None:
    """A sum with an unknown part is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def add_offers(release: Object, organizations: Organizations, fields: PackageFields, reader: Reader) -> None:
    """Participants from tender.tenderers, their offers from the extension "bids"."""
    tender = child(release, "tender")
    bids = [
        bid for bid in distinct(children(child(release, "bids"), "details")) if text_of(bid, "status") not in _NO_OFFER
    ]
    winners = {_key(supplier) for award in active_awards(release) for supplier in children(award, "suppliers")}
    offers: dict[Any, OfferFields] = {}
    for tenderer in distinct(children(tender, "tenderers")):
        if name := organizations.name(tenderer):
            offers[_key(tenderer)] = OfferFields(supplier_name=name, bid_value=None)
            _describe(offers[_key(tenderer)], tenderer, winners, organizations)
    extra: list[OfferFields] = []
    for bid in bids:
        tenderers = children(bid, "tenderers")
        names = [name for tenderer in tenderers if (name := organizations.name(tenderer))]
        if not names:
            continue
        first = _key(tenderers[0])
        offer = offers.get(first)
        if offer is None or offer.get("bid_value") is not None or len(tenderers) > 1:
            offer = OfferFields(supplier_name="; ".join(names))
            _describe(offer, tenderers[0], winners, organizations)
            extra.append(offer)
        offer["bid_value"] = reader.price(bid, "value", "bids.value")
    found = [*offers.values(), *extra]
    if found:
        fields["offers"] = sorted(found, key=lambda offer: (offer["supplier_name"], plain_bytes(dict(offer))))
    bidders = reader.count(tender, "numberOfTenderers", "tender.numberOfTenderers")
    if bidders is None and bids:
        bidders = sum(offer.get("bid_value") is not None for offer in found)
    if bidders is not None:
        fields["bidders"] = bidders
    registered = next(
        (one for one in children(child(release, "bids"), "statistics") if text_of(one, "measure") == "requests"), {}
    )
    if (participants := reader.count(registered, "value", "bids.statistics")) is not None:
        fields["participants"] = participants
        return
    # By the standard tenderers are those who made an offer; where more are named, they are all who took part.
    if isinstance(tender.get("tenderers"), list) and (bidders is None or len(found) > bidders):
        fields["participants"] = len(found)


def _key(reference: Object) -> str:
    return text_of(reference, "id") or name_key(text_of(reference, "name") or "")


def _describe(offer: OfferFields, tenderer: Object, winners: set[str], organizations: Organizations) -> None:
    if npwp := organizations.npwp(tenderer):
        offer["npwp"] = npwp
    if winners:
        offer["is_winner"] = _key(tenderer) in winners


def add_realizations(release: Object, organizations: Organizations, fields: PackageFields, reader: Reader) -> None:
    """Payments, from the transactions of each contract's implementation."""
    found: list[RealizationFields] = []
    for contract in _contracts(release):
        for transaction in distinct(children(child(contract, "implementation"), "transactions")):
            payee = child(transaction, "payee")
            moment = reader.moment(transaction, "date", "transactions.date")
            found.append(
                RealizationFields(
                    number=text_of(transaction, "id"),
                    value=reader.amount(transaction, "value", "transactions.value"),
                    realized_on=None if moment is None else moment.astimezone(reader.zone.info).date(),
                    supplier_name=organizations.name(payee),
                )
            )
    if found:
        fields["realizations"] = found
