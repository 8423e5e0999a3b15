"""A publisher of OCDS 1.1 at `/-/ocds/{slug}/…`: release packages, record packages, and releases by the line."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from app.simulator.inaproc.rows import supplier_id
from app.simulator.moments import find_stage, happened
from app.simulator.names import GOODS, INTEGRATED_WORKS, WORKS
from app.simulator.nodes import SAVING_KINDS, ZONE_HOURS, SimulatedNode
from app.simulator.packages import SimulatedPackage, Status, Winner
from app.simulator.web import JSON, Question, Reply, as_json_reply
from app.simulator.world import World

PREFIX = "ocds-simul0"
"""No registered prefix: nothing that is simulated may pass for published."""

_PAGE_SIZE = 20
_STATUS: Mapping[Status, str] = {
    "running": "active",
    "no_schedule": "planned",
    "completed": "complete",
    "cancelled": "cancelled",
    "failed": "unsuccessful",
}

Json = dict[str, Any]


class OcdsPublisher:
    """Tenders and non-tenders of each node by the year to which they belong."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._version = -1
        self._made: dict[tuple[str, int, str], list[Json]] = {}

    def answer(self, question: Question) -> Reply:
        match question.parts[2:]:
            case (slug, "release-packages") if slug in self.world.nodes:
                return self._paged(question, slug, "releases")
            case (slug, "record-packages") if slug in self.world.nodes:
                return self._paged(question, slug, "records")
            case (slug, "releases", name) if slug in self.world.nodes and name.removesuffix(".jsonl").isdecimal():
                lines = (json.dumps(one, ensure_ascii=False) for one in self._items(slug, int(name[:-6]), "releases"))
                return Reply("".join(f"{line}\n" for line in lines).encode(), content_type="application/jsonl")
            case _:
                return as_json_reply({"error": "Not found"}, 404)

    def _packages(self, slug: str, year: int) -> Iterator[tuple[SimulatedNode, SimulatedPackage]]:
        node = self.world.node(slug)
        for kind in SAVING_KINDS:
            for package in self.world.packages(slug, year, kind):
                yield node, package

    def _releases(self, slug: str, year: int) -> list[Json]:
        """By date, so that the releases of one process stand far apart and must be merged."""
        made = [release for node, package in self._packages(slug, year) for release in releases_of(node, package)]
        return sorted(made, key=lambda release: (release["date"], release["id"]))

    def _items(self, slug: str, year: int, what: str) -> list[Json]:
        """Made once for each state of the world."""
        if self._version != self.world.version:
            self._version = self.world.version
            self._made.clear()
        if (slug, year, what) not in self._made:
            self._made[slug, year, what] = (
                self._releases(slug, year)
                if what == "releases"
                else [record_of(node, package) for node, package in self._packages(slug, year)]
            )
        return self._made[slug, year, what]

    def _paged(self, question: Question, slug: str, what: str) -> Reply:
        year, page, size = (
            _number(question.query.get(name), default)
            for name, default in (("year", max(self.world.settings.years)), ("page", 1), ("size", _PAGE_SIZE))
        )
        items = self._items(slug, year, what)
        here = f"{question.base_url}{question.path}?year={year}&size={size}&page="
        links = {"next": f"{here}{page + 1}"} if page * size < len(items) else {}
        if page > 1:
            links["prev"] = f"{here}{page - 1}"
        package = {
            "uri": f"{here}{page}",
            "version": "1.1",
            "publishedDate": f"{self.world.today}T00:00:00Z",
            "publisher": {"name": "Penerbit contoh (simulasi)"},
            "license": "https://contoh.example/lisensi",
            what: items[(page - 1) * size : page * size],
            "links": links,
        }
        return Reply(json.dumps(package, ensure_ascii=False).encode(), content_type=JSON)


def ocid_of(package: SimulatedPackage) -> str:
    return f"{PREFIX}-{package.slug}-{package.code}"


def releases_of(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Json]:
    """What was published step by step: the tender, then its award or its end, then the contracts."""
    moments = happened(package)
    begun = moments.announced_at or datetime.combine(package.published_on, time(9))
    tender = _tender(node, package)
    first = {**tender, "status": "active"} if package.status != "no_schedule" else tender
    yield {
        **_head(node, package, begun, 1, ["planning", "tender"]),
        "planning": _planning(node, package),
        "tender": first,
    }
    ended = moments.awarded_at or begun + timedelta(days=30)
    if package.status in {"failed", "cancelled"}:
        state = {"id": package.code, "status": tender["status"]}
        yield {**_head(node, package, ended, 2, ["tenderCancellation"]), "tender": state}
    elif package.status == "completed" or package.winners:
        state = {"id": package.code, "status": tender["status"]}
        awards = _awards(node, package)
        yield {**_head(node, package, ended, 2, ["award"]), "tender": state, **({"awards": awards} if awards else {})}
    contracts = _contracts(node, package)
    if contracts and moments.contracted_at is not None:
        signed = max(moments.contracted_at, ended + timedelta(minutes=1))
        yield {**_head(node, package, signed, 3, ["contract"]), "contracts": contracts}


def record_of(node: SimulatedNode, package: SimulatedPackage) -> Json:
    releases = list(releases_of(node, package))
    compiled: Json = {}
    for release in releases:
        for name, value in release.items():
            merged = name == "tender" and name in compiled
            compiled[name] = {**compiled[name], **value} if merged else value
    compiled |= {"id": f"{ocid_of(package)}-compiled", "tag": ["compiled"]}
    return {"ocid": ocid_of(package), "releases": releases, "compiledRelease": compiled}


def _head(node: SimulatedNode, package: SimulatedPackage, moment: datetime, number: int, tag: list[str]) -> Json:
    buyer = {"id": node.institution_code(package.institution), "name": package.institution}
    return {
        "ocid": ocid_of(package),
        "id": f"{ocid_of(package)}-{number}",
        "date": _moment(node, moment),
        "tag": tag,
        "initiationType": "tender",
        "language": "id",
        "buyer": buyer,
    }


def _planning(node: SimulatedNode, package: SimulatedPackage) -> Json:
    budget: Json = {
        "description": f"{package.plan[0].fund if package.plan else 'APBD'} {package.fiscal_year}",
        "period": {
            "startDate": _moment(node, datetime.combine(date(package.fiscal_years[0], 1, 1), time(0))),
            "endDate": _moment(node, datetime.combine(date(package.fiscal_years[-1], 12, 31), time(23, 59))),
        },
    }
    if package.plan:
        budget["id"] = package.plan[0].code
    if package.pagu is not None:
        budget["amount"] = _value(package.pagu)
    return {"budget": budget}


def _tender(node: SimulatedNode, package: SimulatedPackage) -> Json:
    tender: Json = {
        "id": package.code,
        "title": package.name,
        "status": _STATUS[package.status],
        "mainProcurementCategory": _category(package.category),
        "additionalProcurementCategories": [package.category],
        "procurementMethod": "open" if package.kind == "tender" else "direct",
        "procurementMethodDetails": package.method,
        "procuringEntity": {"id": f"SATKER-{supplier_id(package.satker)}", "name": package.satker},
    }
    announced = happened(package).announced_at
    if announced is not None:
        tender["datePublished"] = _moment(node, announced)
    if package.hps is not None:
        tender["value"] = _value(package.hps)
    offers = find_stage(package, ("Upload Dokumen Penawaran",))
    if offers is not None:
        tender["tenderPeriod"] = {
            "startDate": _moment(node, offers.starts_at),
            "endDate": _moment(node, offers.ends_at),
        }
    if package.evaluated:
        bidders = [one.supplier for one in package.participants if one.bid is not None]
        tender["numberOfTenderers"] = len(bidders)
        tender["tenderers"] = [{"id": str(supplier_id(one.name)), "name": one.name} for one in bidders]
    return tender


def _awards(node: SimulatedNode, package: SimulatedPackage) -> list[Json]:
    awarded = happened(package).awarded_at
    made = []
    for number, winner in enumerate(package.winners, start=1):
        award: Json = {
            "id": f"{package.code}-{number}",
            "status": "active",
            "suppliers": [{"id": str(supplier_id(winner.supplier.name)), "name": winner.supplier.name}],
        }
        amount = _awarded(winner)
        if amount is not None:
            award["value"] = _value(amount)
        if awarded is not None:
            award["date"] = _moment(node, awarded)
        made.append(award)
    return made


def _awarded(winner: Winner) -> Decimal | None:
    stated = (winner.negotiated, winner.corrected, winner.bid)
    return next((amount for amount in stated if amount is not None), None)


def _contracts(node: SimulatedNode, package: SimulatedPackage) -> list[Json]:
    signed = happened(package).contracted_at
    return [
        {
            "id": f"{package.code}-K{number}",
            "awardID": f"{package.code}-{number}",
            "status": "active",
            "value": _value(winner.contract),
            **({"dateSigned": _moment(node, signed)} if signed else {}),
        }
        for number, winner in enumerate(package.winners, start=1)
        if winner.contract is not None and package.status == "completed"
    ]


def _category(category: str) -> str:
    if category == GOODS:
        return "goods"
    return "works" if category in {WORKS, INTEGRATED_WORKS} else "services"


def _value(amount: Decimal) -> Json:
    whole = amount == amount.to_integral_value()
    return {"amount": int(amount) if whole else float(amount), "currency": "IDR"}


def _moment(node: SimulatedNode, local: datetime) -> str:
    return local.replace(tzinfo=timezone(timedelta(hours=ZONE_HOURS[node.zone]))).isoformat()


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) else default
