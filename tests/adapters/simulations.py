"""One simulated world, the interfaces that tell of it, and what each of them says and leaves out."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import Endpoint
from app.core.dates import TimeZone
from app.core.vocabulary import DateBasis, Interface, PackageKind
from app.simulator.inaproc.gateway import TOKEN, TOKEN_WITHOUT_ROLE
from app.simulator.inaproc.rows import moves_over_the_year
from app.simulator.isb import DATASETS, KEY
from app.simulator.nodes import SAVING_KINDS, SimulatedNode, WorldSettings
from app.simulator.world import World
from tests.adapters.loopback import POLICY, a_visit_to

YEAR = 2025
SLUG = "rekaan"
OURS, GUEST = "Kab. Rekaan", "Kementerian Contoh"
BASES = ("contract_value", "negotiated_value", "corrected_value", "bid_value", "award_value")


def a_world():
    """A node that a ministry uses too, and a neighbour on which the node's own institution has packages."""
    codes = {OURS: "D999", GUEST: "K99"}
    nodes = [
        SimulatedNode(SLUG, OURS, kd_lpse=7, other_institutions=(GUEST,), kd_klpd=codes),
        SimulatedNode("tetangga", "Kota Contoh", kd_lpse=8, other_institutions=(OURS,), kd_klpd=codes),
    ]
    return World(
        nodes, WorldSettings(years=(YEAR, YEAR + 1), tenders=(60, 60), non_tenders=(45, 45), recorded=(20, 20),
                             self_managed=(15, 15), emergency=(3, 3))
    )  # fmt: skip


@dataclass(frozen=True)
class Simulation:
    """Where one interface of the simulator is, how it is asked, and what it says of the world."""

    interface: Interface
    path: str
    """Below the simulator's address, without its first slash."""
    hosts: set[int | None]
    """The LPSEs that it names for packages; None: it names none, they are of the one that was asked."""
    unspoken: dict[str, str]
    """Facts of which the interface says nothing or something coarser, and what that is."""
    expects: Callable[[dict[str, Any], dict[str, Any]], None]
    """Turns the whole truth of one package into what this interface can know of it."""
    options: dict[str, Any] = field(default_factory=dict)
    secret: str | None = "rahasia-rekaan-0123456789"
    """Where an interface wants none it must not tell of this one either."""
    hidden: tuple[str, ...] = ("rahasia-rekaan",)
    """What nobody may read anywhere."""
    wrong: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Endpoints at which an operator made a mistake: the failure's class, and what is changed."""
    unharmed: dict[str, str] = field(default_factory=dict)
    """Faults of the simulator that do not exist on this interface, and why."""
    one_word_for: dict[str, str] = field(default_factory=dict)
    """Statuses that the interface does not tell apart."""

    @property
    def adapter(self):
        return ADAPTERS[self.interface]

    @property
    def kinds(self):
        return sorted(self.adapter.kinds)

    def endpoint(self, simulator, **changes):
        path = changes.pop("path", self.path)
        settings = {"options": self.options, "secret": self.secret, **changes}
        return Endpoint(self.interface, f"{simulator.base_url}/{path}", TimeZone.WIB, **settings)

    def visit(self, simulator, *, policy=POLICY, **changes):
        """A sitting; `changes` are those of the endpoint: path, options, secret."""
        return a_visit_to(self.endpoint(simulator, **changes), policy)

    def years(self, world):
        """The years whose lists must be read for all that is said of the packages of one year."""
        return sorted(world.years(SLUG)) if self.adapter.joins else [YEAR]

    def listed(self, world, kind, year):
        """The codes of the node's packages that a year's lists speak of."""
        if self.interface is Interface.SPSE:
            return {package.code for package in world.listed(SLUG, year, kind.value)}
        codes = {package.code for package in world.packages(SLUG, year, kind.value)}
        if self.interface not in {Interface.OCDS, Interface.HUB} and kind is PackageKind.TENDER:
            every = world.everything(SLUG, kind.value).values()
            codes |= {one.code for one in every if moves_over_the_year(one) and one.fiscal_years[-1] == year}
        return codes


# What one package comes to, read from the simulator's truth and from a record in the same words. Absent is None: what
# an interface does not speak of at all stands in its `unspoken`.


def truth_of(detail, simulation):
    """The facts of one package (see `details.detail_of`), as far as the interface can know them."""
    ended = detail["status"] in {"failed", "cancelled"}
    facts = {name: detail[name] for name in _SAME}
    facts |= {
        "name": _typed(detail["name"]),
        "satker": _typed(detail["satker"]),
        "institution": detail["institution"],
        "kd_klpd": detail["kd_klpd"],
        "method": detail["method"] if detail["kind"] != "self_managed" else None,
        "reason": detail["reason"] if ended else None,
        "labels": sorted(detail["badges"]),
        "winners": sorted(
            tuple(map(str, (one["name"], one["bid"], one["corrected"], one["negotiated"], one["contract"], one["pdn"], one["umk"])))
            for one in detail["winners"]
        )
        or None,
        "offers": sorted((_typed(one["name"]), one["bid"] or 0) for one in detail["offers"]) or None,
        "realizations": _paid(detail["realizations"], "value", "date", "name"),
        "realization_types": _paid(detail["realizations"], "type"),
        "realization_numbers": _paid(detail["realizations"], "number"),
        "stages": sorted((one["starts_at"], one["ends_at"]) for one in detail["schedule"]) or None,
        **{name: detail["actual"][name] for name in _MOMENTS},
        "date_basis": DateBasis.ACTUAL,
    }  # fmt: skip
    simulation.expects(facts, detail)
    facts["status"] = simulation.one_word_for.get(facts["status"], facts["status"])
    if not any(facts[name] for name in _MOMENTS):
        facts["date_basis"] = None
    return {name: value for name, value in facts.items() if name not in simulation.unspoken}


def told_by(record, simulation):
    """The facts of one package as its record tells them."""
    fields = record.fields
    ended = fields["status"].value in {"failed", "cancelled"}
    facts = {name: fields.get(name) for name in _SAME}
    facts |= {
        "status": simulation.one_word_for.get(fields["status"].value, fields["status"].value),
        "category": fields.get("category_text"),
        "satker": fields.get("satker_name"),
        "institution": fields.get("institution_name"),
        "kd_klpd": fields.get("institution"),
        # The pages of an LPSE say the method with its documents.
        "method": (fields.get("method_text") or "").partition(" - ")[0] or None,
        "reason": fields.get("reason") if ended else None,
        "labels": sorted(fields.get("labels", [])),
        "value": value_of(record),
        "winners": sorted(
            tuple(str(award.get(name)) for name in ("supplier_name", "bid_value", "corrected_value", "negotiated_value", "contract_value", "pdn_value", "umk_value"))
            for award in fields.get("awards", [])
        )
        or None,
        "offers": sorted((one["supplier_name"], one.get("bid_value") or 0) for one in fields.get("offers", [])) or None,
        "realized": fields.get("realized_value"),
        "pdn": fields.get("pdn_value"),
        "umk": fields.get("umk_value"),
        "realizations": _paid(fields.get("realizations", []), "value", "realized_on", "supplier_name"),
        "realization_types": _paid(fields.get("realizations", []), "type_text"),
        "realization_numbers": _paid(fields.get("realizations", []), "number"),
        "stages": sorted((one["starts_at"], one["ends_at"]) for one in fields.get("schedule", [])) or None,
        **{name: fields.get(name) for name in _MOMENTS},
        "date_basis": fields.get("date_basis"),
    }  # fmt: skip
    return {name: value for name, value in facts.items() if name not in simulation.unspoken}


_SAME = (
    "name", "status", "stage", "category", "fiscal_years", "fund_sources", "rup_codes", "self_managed_type", "pagu", "hps",
    "value", "participants", "bidders", "created_on", "finished_on", "realized", "pdn", "umk",
)  # fmt: skip
_MOMENTS = ("announced_at", "awarded_at", "contracted_at")


def value_of(record):
    """What was agreed, by the first basis that every winner of a completed package has."""
    awards = record.fields.get("awards") or []
    for basis in BASES:
        amounts = [award.get(basis) for award in awards]
        if awards and None not in amounts and record.fields["status"].value == "completed":
            return sum(amounts, Decimal(0))
    return None


def _typed(text):
    """Two spaces are one to every reader."""
    return " ".join(text.split())


def _paid(rows, *names):
    return sorted(tuple(str(row.get(name)) for name in names) for row in rows) or None


# What each interface can know.


def _spse(facts, detail):
    facts |= {**detail["scheduled"], "date_basis": DateBasis.SCHEDULED}
    if detail["kind"] not in SAVING_KINDS:
        facts["participants"] = None
    if not detail["rup_codes"]:
        facts["rup_codes"] = facts["fund_sources"] = None
    if detail["status"] == "running":
        facts["bidders"] = facts["offers"] = None  # What is not decided yet is not read.
    if detail["status"] != "completed":
        facts["winners"] = None


def _lkpp(facts, detail):
    """What INAPROC and ISB have in common: who took part is told of tenders, who won of what is finished."""
    kind = detail["kind"]
    if kind != "tender":
        facts["fiscal_years"] = detail["fiscal_years"][:1]
        facts["participants"] = facts["bidders"] = facts["offers"] = None
    if detail["status"] != "completed":
        facts["winners"] = None
    elif kind == "non_tender" and detail["winners"]:
        facts["finished_on"] = detail["actual"]["awarded_at"].astimezone(TimeZone.WIB.info).date()


def _inaproc(facts, detail):
    _lkpp(facts, detail)
    if detail["bidders"] is None:
        facts["participants"] = None


def _ocds(facts, detail):
    """Winners with what they were awarded, whichever amount that was, and with their contracts."""
    facts["offers"] = sorted((_typed(one["name"]), 0) for one in detail["offers"] if one["bid"] is not None) or None
    signed = [one["contract"] for one in detail["winners"]]
    awarded = [one["negotiated"] or one["corrected"] or one["bid"] for one in detail["winners"]]
    given = signed if None not in signed else awarded
    facts["value"] = sum(given) if given and None not in given and detail["status"] == "completed" else None


def _hub(facts, detail):
    """A hub tells of the package what its winners' shares come to."""
    for share in ("pdn", "umk"):
        shares = [one[share] for one in detail["winners"]]
        if shares and None not in shares:
            facts[share] = sum(shares)


_NO_SESSION = "there are no sessions and no pages for people"
_NO_PAGES = {
    "login_page": _NO_SESSION,
    "login_everywhere": _NO_SESSION,
    "unordered": "rows are known by what they say, wherever they stand",
}
_SHORT_WORDS = {
    "stage": "one word for the end of all",
    "labels": "only that it was announced anew",
    "realization_types": "other words for the types",
    "self_managed_type": "left out of half of the rows",
}
_ENDS = {"failed": "ended", "cancelled": "ended", "no_schedule": "running"}
_ISB_PATHS = {name: f"{KEY}/{number}" for name, (number, _) in DATASETS.items()}
_ISB_OPTIONS = {"kd_lpse": 7, "satudata": True}

SIMULATIONS = {
    Interface.SPSE: Simulation(
        Interface.SPSE,
        path=SLUG,
        hosts={None},
        unspoken={
            "kd_klpd": "the name of the institution, without its code",
            "realization_numbers": "no numbers of payments",
        },
        wrong={"another node": ("NodeContractBroken", {"path": "tidak-ada"})},
        expects=_spse,
    ),
    Interface.INAPROC: Simulation(
        Interface.INAPROC,
        path="-/inaproc",
        hosts={7, 8},
        unspoken=_SHORT_WORDS,
        options={"kd_klpd": ["D999", "K99"]},
        secret=TOKEN,
        hidden=(TOKEN, TOKEN_WITHOUT_ROLE),
        wrong={
            "no token": ("NodeRefused", {"secret": None}),
            "an unknown token": ("NodeRefused", {"secret": "rahasia-rekaan"}),
            "a token without the role": ("NodeRefused", {"secret": TOKEN_WITHOUT_ROLE}),
            "no institution": ("NodeRefused", {"options": {}}),
            "another service": ("NodeContractBroken", {"path": "-/ocds"}),
        },
        unharmed=_NO_PAGES,
        expects=_inaproc,
        one_word_for=_ENDS,
    ),
    Interface.ISB: Simulation(
        Interface.ISB,
        path="-/isb/api",
        hosts={7},
        unspoken=_SHORT_WORDS,
        options=_ISB_OPTIONS,
        secret=json.dumps(_ISB_PATHS),
        hidden=(KEY, "kunci-salah"),
        wrong={
            "no LPSE": ("NodeRefused", {"options": {"satudata": True}}),
            "paths that are none": ("NodeRefused", {"secret": KEY}),
            "a wrong key": ("NodeContractBroken", {"secret": json.dumps(dict.fromkeys(_ISB_PATHS, "kunci-salah/1"))}),
            "another service": ("NodeContractBroken", {"path": "-/ocds"}),
        },
        unharmed=_NO_PAGES,
        expects=_lkpp,
        one_word_for=_ENDS,
    ),
    Interface.OCDS: Simulation(
        Interface.OCDS,
        path=f"-/ocds/{SLUG}/release-packages?size=60&year={{year}}",
        hosts={None},
        unspoken={
            "stage": "a word of the standard",
            "labels": "nothing",
            "reason": "nothing",
            "fund_sources": "nothing",
            "rup_codes": "nothing",
            "participants": "only who made an offer",
            "winners": "one amount, whichever it was, and the contract",
            "stages": "when offers are taken",
            "created_on": "nothing",
        },
        wrong={
            "an unknown publication": ("NodeRefused", {"options": {"publication": "kabar"}}),
            "no feed": ("NodeContractBroken", {"path": "-/ocds/tidak-ada/{year}"}),
        },
        unharmed=_NO_PAGES,
        expects=_ocds,
    ),
    Interface.HUB: Simulation(
        Interface.HUB,
        path="-/hub",
        hosts={None},
        unspoken={},
        options={"node": SLUG},
        wrong={
            "another node": ("NodeRefused", {"options": {"node": "tidak-ada"}}),
            "no slug": ("NodeRefused", {"options": {"node": "../rahasia-rekaan"}}),
            "another service": ("NodeContractBroken", {"path": "-/ocds"}),
        },
        unharmed=_NO_PAGES,
        expects=_hub,
    ),
}
