"""Another hub that collects from this one by OCDS knows the same of tenders and non-tenders, to the sen."""

import pytest

from app.adapters.ocds.adapter import OcdsAdapter
from app.adapters.protocol import Endpoint, IndexEntry
from app.core.dates import TimeZone
from app.core.vocabulary import Interface, PackageKind
from app.kit.http import GuardedClient
from app.kit.json import dumps, loads, normalised
from app.procurement.derive import Said, derive
from tests.adapters.loopback import POLICY
from tests.contract.serving import serving
from tests.exchange.ocds.packages import everything
from tests.records import a_sketch

KINDS = (PackageKind.TENDER, PackageKind.NON_TENDER)
COMPARED = (
    "name", "description", "institution", "satker_name", "status", "fiscal_year", "pagu", "hps", "value", "contract_value",
    "bidders", "participants", "evaluation_text", "stage",
)  # fmt: skip
DATES = ("date_basis", "announced_at", "awarded_at", "contracted_at")
FEEDS = [
    ("releases?fiscal_year={year}&kind=tender&kind=non_tender&limit=20", {}),
    ("records?fiscal_year={year}&kind=tender&kind=non_tender&limit=20", {}),
    ("bulk/{year}.jsonl?content=records", {"publication": "lines"}),
]


def state_of(fields):
    said = loads(dumps(normalised({"fiscal_years": [2025], **fields})))
    return derive([Said("spse", said)], zone=TimeZone.WIB, institutions={"D181": "D181"})


async def collected(address, options):
    """What the adapter makes of a feed, by kind and code."""
    found = {}
    async with GuardedClient(POLICY) as client:
        endpoint = Endpoint(Interface.OCDS, address, TimeZone.WIB, options)
        async with OcdsAdapter().visit(client, endpoint) as visit:
            for kind in KINDS:
                rows = {}
                async for page in visit.index(kind, 2025):
                    assert page.problems == ()
                    for entry in page.entries:
                        rows.setdefault(entry.code, {}).update(entry.row)
                for code, row in rows.items():
                    record = await visit.detail(IndexEntry(kind, code, row, fingerprint="", settled=True))
                    found[kind, code] = record
    return found


@pytest.mark.parametrize(("path", "options"), FEEDS, ids=["releases", "records", "lines"])
async def test_a_hub_that_collects_from_this_one_knows_the_same(settings, door, path, options):
    packages = {(kind, code): fields for kind, code, fields in everything() if kind in KINDS}
    # Told of twice, so that releases have to be merged.
    await door.record(*[a_sketch(code, kind=kind, name="Nama lama") for kind, code in packages])
    await door.record(*[a_sketch(code, kind=kind, **fields) for (kind, code), fields in packages.items()])
    with serving(settings) as base:
        records = await collected(f"{base}/api/v1/ocds/{path}", options)

    assert set(packages) <= set(records)
    for key, fields in packages.items():
        record = records[key]
        expected, found = state_of(fields), state_of(record.fields)
        assert {problem.code for problem in record.problems} <= KNOWN_LOSSES, (key, record.problems)
        names = [*COMPARED, *happened(fields)]
        assert {name: found[name] for name in names if name in told(fields)} == {
            name: expected[name] for name in names if name in told(fields)
        }, key


def happened(fields):
    """Dates that can be told: of an award, and of a contract where it is clear whose it is."""
    winners = fields.get("awards") or []
    if fields.get("status") != "completed" or not winners:
        return ()
    return DATES if len(winners) == 1 else DATES[:3]


KNOWN_LOSSES = {
    "row-unreadable",
    "completed-without-winner",
    "winner-without-amount",
    "category-unknown",
    "method-unknown",
}


def told(fields):
    """What of the package is compared: what was told of it, and what follows from that."""
    follows = {"value", "status", "fiscal_year", "contract_value"}
    return {name for name in fields if fields[name] is not None} | follows
