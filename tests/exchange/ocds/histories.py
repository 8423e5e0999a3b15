"""Releases of invented packages without a database, and what every release must be like."""

from datetime import timedelta

from app.core.dates import TimeZone
from app.exchange.ocds.identity import PackageName, ocid_of
from app.exchange.ocds.releases import Version, releases_of
from app.exchange.ocds.stating import Process
from app.kit.json import dumps, loads, normalised
from app.procurement.derive import Said, derive
from app.procurement.masking import masked
from tests.conftest import NOW

PREFIX = "ocds-abc123"


def a_process(kind="tender", code="1001", node="surabaya", zone=TimeZone.WIB):
    name = PackageName(node, str(kind), code)
    return Process(name, ocid_of(PREFIX, name), zone, "D181", "Kota Surabaya")


def state_of(fields, *, withdrawn=False):
    """A package's kept state as it follows from what one source says, as everybody may see it."""
    said = loads(dumps(normalised({"fiscal_years": [2025], **fields})))
    state = derive([Said("spse", said, withdrawn)], zone=TimeZone.WIB, institutions={"D181": "D181"})
    return masked(loads(dumps(state)))


def releases_told(*tellings, kind="tender", code="1001", at=None):
    """One release for each time that the package was told of anew; None is the package vanishing."""
    versions, last = [], {}
    for number, fields in enumerate(tellings, start=1):
        state = state_of(last if fields is None else fields, withdrawn=fields is None)
        last = last if fields is None else fields
        moment = at[number - 1] if at else NOW + timedelta(days=number)
        versions.append(Version(number, moment, state))
    return loads(dumps(releases_of(a_process(kind, code), versions)))


def told(*tellings, **about):
    return releases_told(*tellings, **about)[-1]


def objects_in(value):
    """Every object and list below, itself among them."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from objects_in(child)
    elif isinstance(value, list):
        yield value
        for child in value:
            yield from objects_in(child)


def references_in(release):
    """Every reference to an organisation."""
    found = [release.get("buyer"), release["tender"].get("procuringEntity"), *release["tender"].get("tenderers", [])]
    for bid in release.get("bids", {}).get("details", []):
        found += bid.get("tenderers", [])
    for award in release.get("awards", []):
        found += award.get("suppliers", [])
    for contract in release.get("contracts", []):
        found += [one.get("payee") for one in contract.get("implementation", {}).get("transactions", [])]
    return [one for one in found if one is not None]
