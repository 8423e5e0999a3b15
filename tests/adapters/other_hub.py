"""A second, real Rakor that knows a simulated world, told of it by its own one door; and a simulator that answers for it."""

import asyncio
from contextlib import contextmanager

import httpx

from app.core.records import PackageRecord
from app.core.vocabulary import Category, DateBasis, Interface, Method, PackageKind, PackageStatus
from app.kit.db import open_database
from app.registry.service import EndpointDraft, NodeDraft, register_node
from app.settings import Settings
from app.simulator.web import Reply
from tests.conftest import NOW
from tests.contract.serving import serving
from tests.records import cloned, door_of, execute


@contextmanager
def a_hub_that_knows(world, slug, server, template):
    """Its root address, for as long as the block lasts."""
    with cloned(server, template) as urls:
        asyncio.run(_fill(urls.app, world, slug))
        with serving(Settings(_env_file=None, database_url=urls.app, log_level="error")) as root:
            yield root


async def _fill(url, world, slug):
    database = open_database(url)
    node = NodeDraft(
        slug,
        "LPSE Rekaan",
        None,
        None,
        None,
        "WIB",
        "active",
        (EndpointDraft("spse", "https://spse.contoh.id/rekaan"),),
    )
    async with database.transaction() as session:
        await register_node(session, node, now=NOW)
    details = [detail for year in world.years(slug) for detail in world.details(slug, year)]
    buyers = {(detail["kd_klpd"], detail["institution"]) for detail in details}
    await execute(
        database,
        *(f"INSERT INTO institutions VALUES ('{code}', '{name}', 'lembaga', NULL)" for code, name in sorted(buyers)),
    )
    door = await door_of(database, slug, Interface.PUSH)
    await door.record(*map(record_of, details))
    await database.close()


def record_of(detail):
    """All that there is to know of a package."""
    method = detail["method"] if detail["kind"] != "self_managed" else None
    told = {
        "name": " ".join(detail["name"].split()),
        "labels": list(detail["badges"]),
        "institution": detail["kd_klpd"],
        "institution_name": detail["institution"],
        "satker_name": " ".join(detail["satker"].split()),
        "category": Category.OTHER if detail["category"] else None,
        "category_text": detail["category"],
        "method": Method.OTHER if method else None,
        "method_text": method,
        "status": PackageStatus(detail["status"]),
        "awards": [
            {
                "supplier_name": one["name"],
                "npwp": one["npwp"],
                **{f"{basis}_value": one[basis] for basis in ("bid", "corrected", "negotiated", "contract", "pdn", "umk")},
            }
            for one in detail["winners"]
        ],
        "offers": [
            {"supplier_name": " ".join(one["name"].split()), "bid_value": one["bid"], "corrected_value": one["corrected"]}
            for one in detail["offers"]
        ],
        "realized_value": detail["realized"],
        "pdn_value": detail["pdn"],
        "umk_value": detail["umk"],
        "realizations": [
            {
                "type_text": one["type"],
                "number": one["number"],
                "value": one["value"],
                "realized_on": one["date"],
                "supplier_name": one["name"],
            }
            for one in detail["realizations"]
        ],
        "schedule": [dict(stage) for stage in detail["schedule"]],
        **detail["actual"],
        "date_basis": DateBasis.ACTUAL,
        **{
            name: detail[name]
            for name in (
                "stage", "reason", "self_managed_type", "fiscal_years", "fund_sources", "rup_codes", "pagu", "hps",
                "participants", "bidders", "created_on", "finished_on",
            )
        },
    }  # fmt: skip
    return PackageRecord(PackageKind(detail["kind"]), detail["code"], told)


def answer_for(simulator, root):
    """From now on the simulator answers at `/-/hub/…` what the hub at `root` answers, with all its faults."""
    hub = httpx.Client(base_url=root, headers={"Accept-Encoding": "identity"}, timeout=60)

    def answer(question):
        path = question.path.removeprefix("/-/hub")
        found = hub.get(path, params=question.query, headers={"Accept": question.header(b"accept")})
        kept = [(name, value) for name, value in found.headers.raw if name.lower() in _KEPT]
        return Reply(found.content, found.status_code, found.headers.get("content-type", ""), kept)

    simulator.app._control._services["hub"] = answer
    return hub


_KEPT = {b"x-next-cursor", b"x-more", b"repr-digest"}
