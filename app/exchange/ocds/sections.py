"""Planning, tender and bids of one version of a package. Pure; `state` is a version as everybody may see it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.core.vocabulary import PackageKind
from app.exchange.ocds.parties import Parties
from app.exchange.ocds.stating import Dates, Ids, Object, Process, begin_of, end_of, rupiah, text_of, without_gaps
from app.exchange.ocds.vocabulary import (
    CATEGORIES,
    CONSULTING,
    CONSULTING_CODE,
    METHODS,
    METHODS_OF_KINDS,
    TENDER_STATUSES,
    VANISHED,
    method_details,
    period_of,
)

State = Mapping[str, Any]

# The national plan's own pages (SiRUP); a plan of self-managed work has another one.
_PLAN = "https://sirup.lkpp.go.id/sirup/rup/detailPaketPenyedia2020?idPaket="
_PLAN_OF_SELF_MANAGED = "https://sirup.lkpp.go.id/sirup/rup/detailPaketSwakelola2020?idPaket="


def planning_of(state: State, process: Process) -> Object:
    years = state["fiscal_years"]
    fund_sources = [text for source in state["fund_sources"] if (text := text_of(source))]
    page = _PLAN_OF_SELF_MANAGED if process.name.kind == PackageKind.SELF_MANAGED else _PLAN
    codes = [code for code in state["rup_codes"] if code.isascii() and code.isdecimal()]
    budget = without_gaps(
        id=text_of(state["source_ids"].get("mak")),
        description=", ".join(fund_sources),
        amount=rupiah(state["pagu"]),
        uri=f"{page}{codes[0]}" if codes else None,
        period={
            "startDate": begin_of(date(years[0], 1, 1), process.zone),
            "endDate": end_of(date(years[-1], 12, 31), process.zone),
        },
        # What each source pays is stated nowhere.
        budgetBreakdown=[{"id": str(number), "description": name} for number, name in enumerate(fund_sources, start=1)],
    )
    documents = [
        {
            "id": f"rup-{number}",
            "documentType": "procurementPlan",
            "title": f"RUP {code}",
            "url": f"{page}{code}",
            "language": "id",
        }
        for number, code in enumerate(codes, start=1)
    ]
    return without_gaps(budget=budget, documents=documents)


def buyer_of(state: State, process: Process, parties: Parties) -> Object | None:
    stated = text_of(state["institution_name"])
    registered = process.institution_name if process.institution == state["institution"] else None
    return parties.institution(state["institution"], stated or registered)


def tender_of(state: State, process: Process, parties: Parties, buyer: Object | None, dates: Dates) -> Object:
    kind = process.name.kind
    category = state["category"]
    unit = text_of(state["satker_name"])
    within = state["institution"] or state["institution_name"] or process.name.node
    entity = parties.unit(unit, within) if unit else parties.again(buyer, "procuringEntity") if buyer else None
    words = [CONSULTING_CODE] if category in CONSULTING else []
    return without_gaps(
        id=process.name.code,
        title=text_of(state["name"]),
        description=text_of(state["description"]),
        status=VANISHED if state.get("withdrawn") else TENDER_STATUSES.get(state["status"]),
        statusDetails=text_of(state["stage"]),
        statusReason=text_of(state["reason"]),
        procuringEntity=entity,
        value=rupiah(state["hps"]),
        procurementMethod=METHODS.get(state["method"], METHODS_OF_KINDS[kind]),
        procurementMethodDetails=method_details(
            kind, state["method"], text_of(state["method_text"]), state.get("self_managed_type")
        ),
        mainProcurementCategory=CATEGORIES.get(category),
        additionalProcurementCategories=[*words, *filter(None, [text_of(state["category_text"])])],
        awardCriteriaDetails=text_of(state["evaluation_text"]),
        eligibilityCriteria=text_of(state["business_size"]),
        datePublished=dates.announced,
        dateBasis=dates.basis if dates.announced else None,
        **_periods(state["schedule"]),
        numberOfTenderers=state["bidders"],
    )


def _periods(schedule: list[Object]) -> Object:
    """From the first beginning to the last end of the stages that a period is made of."""
    found: dict[str, Object] = {}
    for stage in schedule:
        name = period_of(stage.get("name"))
        if name is None:
            continue
        period = found.setdefault(name, {})
        for side, moment, choose in (
            ("startDate", stage.get("starts_at"), min),
            ("endDate", stage.get("ends_at"), max),
        ):
            if moment is not None:
                period[side] = choose(period.get(side, moment), moment)
    for period in found.values():
        if period.get("endDate", "9999") < period.get("startDate", ""):
            del period["endDate"]
    return {name: period for name, period in found.items() if period}


def add_bids(state: State, parties: Parties, tender: Object) -> Object:
    """Who took part: those who offered are tenderers, with their bids; who only registered is an interested party."""
    offers = [offer for offer in state["offers"] if text_of(offer.get("supplier_name"))]
    # A source that names bidders without what they asked has named bidders all the same.
    all_offered = state["bidders"] is not None and state["bidders"] >= len(offers)
    tenderers: dict[str, Object] = {}
    ids = Ids()
    bids: list[Object] = []
    for offer in offers:
        asked = offer.get("bid_value")
        has_offered = all_offered or any(
            offer.get(name) is not None for name in ("bid_value", "corrected_value", "negotiated_value", "score")
        )
        role = "tenderer" if has_offered else "interestedParty"
        party = parties.supplier(text_of(offer["supplier_name"]) or "", offer.get("npwp"), role)
        if not has_offered:
            continue
        tenderers.setdefault(party["id"], party)
        if asked is not None:
            lost = text_of(offer.get("reason")) is not None and not offer.get("is_winner")
            bids.append(
                {
                    "id": ids.take(f"bid-{party['id']}"),
                    "status": "disqualified" if lost else "valid",
                    "tenderers": [party],
                    "value": rupiah(asked),
                }
            )
    if tenderers:
        tender["tenderers"] = list(tenderers.values())
    statistics = [
        {"id": name, "measure": name, "value": count}
        for name, count in (("requests", state["participants"]), ("bids", state["bidders"]))
        if count is not None
    ]
    return without_gaps(statistics=statistics, details=bids)
