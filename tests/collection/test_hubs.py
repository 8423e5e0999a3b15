"""A hub above other hubs: it has what they have, follows what becomes of it, and never feeds itself."""

import asyncio
import json
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.core.records import AwardFields, PackageFields
from app.core.text import mask_identifier
from app.core.vocabulary import DateBasis, Interface
from app.kit.db import open_database
from app.procurement.service import withdraw_packages
from app.registry.service import EndpointDraft, NodeDraft, register_node, revise_node
from app.settings import Settings
from tests.adapters.other_hub import record_of
from tests.collection.road import SLUG, YEARS, Road, a_collector, a_world
from tests.conftest import NOW
from tests.contract.serving import serving
from tests.records import a_record, cloned, door_of, minutes

A_STRANGER = NodeDraft("asing", "LPSE Asing", 99_991, "11.71", None, "WIB", "active", ())
ITS_OWN = {"version", "first_seen_at", "changed_at", "source"}
"""What each hub says for itself."""


class Hub:
    """A real Rakor on loopback, and its database."""

    def __init__(self, urls):
        self.settings = Settings(_env_file=None, database_url=urls.app, log_level="error")
        self.url = urls.app
        self.root = ""

    def above(self, *others):
        """From now on this hub has the node from these."""

        async def register(database):
            async with database.transaction() as session:
                endpoints = tuple(EndpointDraft("hub", other.root) for other in others)
                await revise_node(session, SLUG, {"endpoints": endpoints}, now=NOW)

        self.do(register)
        return self

    def collect(self, *, years=YEARS, **policy):
        async def collect(database):
            road = Road(database, a_collector(database, **policy))
            return [(await road.collect(year=year), year) for year in years]

        return [run for run, _ in self.do(collect)]

    def do(self, work):
        async def done():
            database = open_database(self.url, pool_size=5)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(done())

    def adopt(self, other, *options):
        with pytest.MonkeyPatch.context() as told:
            told.setenv("RAKOR_DATABASE_URL", self.url)
            result = CliRunner().invoke(app, ["registry", "adopt", other.root, "--json", *options])
        said = json.loads(result.stdout)
        assert said.pop("hub") == other.root
        return result.exit_code, said

    def endpoints(self):
        return [endpoint["interface"] for endpoint in self.get(f"nodes/{SLUG}")["endpoints"]]

    def get(self, path, **parameters):
        return httpx.get(f"{self.root}/api/v1/{path}", params=parameters, timeout=60).raise_for_status().json()

    def packages(self):
        """What the feed says of each package as it is now."""
        found = {}
        page = {"next": None, "more": True}
        while page["more"]:
            after = {"after": page["next"]} if page["next"] else {}
            page = self.get("changes", entity="package", latest="true", limit=5000, **after)
            found |= {(item["package"]["kind"], item["package"]["code"]): item for item in page["items"]}
        return {
            key: {name: value for name, value in item["package"].items() if name not in ITS_OWN} | {"op": item["op"]}
            for key, item in found.items()
        }

    def savings(self):
        return [self.get("statistics/savings", node=SLUG, fiscal_year=year)["total"] for year in YEARS]


@pytest.fixture
def hubs(server, template):
    """As many hubs as a test asks for; none knows a package."""
    with ExitStack() as stack:

        def another():
            hub = Hub(stack.enter_context(cloned(server, template)))
            hub.root = stack.enter_context(serving(hub.settings))
            return hub

        yield another


@pytest.fixture
def world():
    return a_world()


def a_whole_package():
    """A package of which everything is known, personal data among it."""
    amounts = {f"{name}_value": Decimal(f"{number}00000.25") for number, name in enumerate(("bid", "corrected", "negotiated", "contract", "award", "pdn", "umk"), start=1)}  # fmt: skip
    moment = datetime(2025, 3, 4, 5, 6, 7, 891_011, tzinfo=UTC)
    winner = {
        "supplier_name": "CV Contoh  Makmur",
        "npwp": "01.234.567.8-901.000",
        "address": "Jl. Contoh 1, telp. 0812-3456-7890",
    }
    return a_record(
        "77001",
        name="Pekerjaan “Contoh” — tahap 2, hubungi budi@surat.contoh.go.id",
        labels=["Tender Ulang", "Itemized"],
        institution="D181",
        satker_name="Dinas Contoh",
        category_text="Pekerjaan Konstruksi",
        method_text="Tender - Pascakualifikasi",
        evaluation_text="Harga Terendah",
        qualification_text="Pascakualifikasi Satu File",
        business_size="Usaha Kecil",
        self_managed_type=2,
        contract_type="Lumsum",
        description="Uraian\nmasih satu baris",
        locations=["Surabaya", "Gresik"],
        stage="Tender Sudah Selesai",
        reason="Tidak ada penawaran yang sesuai",
        fiscal_years=[2025, 2026],
        fund_sources=["APBD"],
        rup_codes=["62812345678", "67643676"],
        pagu=Decimal("9999999999999999.99"),
        realized_value=Decimal("0.01"),
        participants=7,
        bidders=2,
        awards=[{**winner, **amounts}, {**winner, "supplier_name": "PT Lain", **dict.fromkeys(amounts)}],
        offers=[
            {**winner, "bid_value": Decimal("1.10"), "score": Decimal("87.55"), "is_winner": True},
            {"supplier_name": "UD Tiga", "is_winner": False, "reason": "Tidak lengkap"},
        ],
        realizations=[
            {
                "type_text": "Kwitansi",
                "number": "1/2025",
                "value": Decimal("5.00"),
                "realized_on": date(2025, 6, 1),
                "note": "lunas",
            }
        ],
        schedule=[
            {
                "name": "Pengumuman",
                "starts_at": moment,
                "ends_at": moment,
                "changes": 1,
                "revisions": [{"edited_at": moment, "starts_at": moment, "ends_at": None, "reason": "libur"}],
            }
        ],
        announced_at=moment,
        awarded_at=moment,
        contracted_at=moment,
        date_basis=DateBasis.SCHEDULED,
        created_on=date(2025, 1, 2),
        finished_on=date(2025, 12, 30),
        source_ids={"kd_pkt_dce": "62812345678", "versi_tender": "2"},
        **{name: amount * 3 for name, amount in amounts.items()},
    )


@pytest.fixture
def district(hubs, world):
    """A hub that knows a whole simulated node."""
    hub = hubs()
    details = [detail for year in YEARS for detail in world.details(SLUG, year)]

    async def fill(database):
        door = await door_of(database, SLUG, Interface.INAPROC)
        await door.record(*map(record_of, details), a_whole_package())

    hub.do(fill)
    return hub


def figures(savings):
    return [
        {name: figure[name] for name in ("packages", "completed", "by_pagu", "by_hps", "left_out", "basis")}
        for figure in savings
    ]


def test_the_hub_above_has_all_that_the_hub_below_has(hubs, district):
    province = hubs().above(district)

    runs = province.collect()

    assert [run.state for run in runs] == ["completed", "completed"]
    assert sum(run.new for run in runs) == len(district.packages())
    assert province.packages() == district.packages()
    assert {package["status"] for package in province.packages().values()} >= {"running", "completed", "failed"}
    assert {kind for kind, _ in province.packages()} == {
        "tender",
        "non_tender",
        "recorded",
        "self_managed",
        "emergency",
    }
    assert figures(province.savings()) == figures(district.savings())
    whole = province.packages()["tender", "77001"]
    # One winner of two has no amounts, so that the package has none in total.
    empty = {name for name in PackageFields.__annotations__ if whole[name] in (None, [], {})}
    assert empty == {name for name in AwardFields.__annotations__ if name.endswith("_value")}
    assert not {name for name in AwardFields.__annotations__ if whole["awards"][0][name] is None}
    assert whole["awards"][0]["npwp"] == mask_identifier("01.234.567.8-901.000")
    assert "0812-3456-7890" not in str(whole)
    [again, _] = province.collect()
    assert (again.unchanged, again.new, again.changed) == (again.seen, 0, 0)


def test_what_changes_and_what_vanishes_below_follows_above(hubs, district, world):
    province = hubs().above(district)
    province.collect(years=[2025])
    tenders = [detail for detail in world.details(SLUG, 2025) if detail["kind"] == "tender"]
    recorded = [detail for detail in world.details(SLUG, 2025) if detail["kind"] == "recorded"]

    async def change(database):
        door = await door_of(database, SLUG, Interface.INAPROC)
        await door.record(record_of({**tenders[0], "pagu": tenders[0]["pagu"] + 1}), now=NOW + minutes(5))
        async with door.writing() as session:
            gone = [(recorded[0]["kind"], recorded[0]["code"])]
            await withdraw_packages(session, door.sender, gone, now=NOW + minutes(6))

    district.do(change)
    runs = [province.collect(years=[2025])[0] for _ in range(3)]

    assert [run.changed for run in runs] == [1, 0, 0]
    assert [run.withdrawn for run in runs] == [0, 0, 1]
    below, above = district.packages(), province.packages()
    assert below["recorded", recorded[0]["code"]]["op"] == "withdrawn"
    assert above == {key: package for key, package in below.items() if key in above}
    assert figures(province.savings())[1] == figures(district.savings())[1]


def test_a_chain_of_three_hubs_carries_everything_to_its_end(hubs, district):
    province = hubs().above(district)
    province.collect()
    nation = hubs().above(province)

    assert [run.state for run in nation.collect()] == ["completed", "completed"]
    assert nation.packages() == district.packages()
    assert figures(nation.savings()) == figures(district.savings())


def test_the_nodes_of_another_hub_are_adopted_at_once(hubs, district):
    nation = hubs()
    before = nation.endpoints()
    # Whatever came of it: this node is one that the hub collects.
    assert district.above(district).collect(years=[2025])[0].state == "failed"
    district.above()

    assert nation.adopt(district, "--dry-run") == (0, {"added": [SLUG], "known": [], "unknown": []})
    assert nation.endpoints() == before
    assert nation.adopt(district) == (0, {"added": [SLUG], "known": [], "unknown": []})
    assert nation.adopt(district) == (0, {"added": [], "known": [SLUG], "unknown": []})
    assert nation.endpoints() == [*before, "hub"]
    assert nation.adopt(district, "--only")[1]["added"] == [SLUG]
    assert nation.endpoints() == ["hub"]
    assert nation.collect(years=[2025])[0].state == "completed"
    code, said = nation.adopt(district, "--province", "35")
    assert (code, len(said["added"]), said["known"]) == (0, 38, [SLUG])


def test_nodes_that_are_not_on_the_register_are_not_adopted(hubs, district):
    async def register(database):
        async with database.transaction() as session:
            await register_node(session, A_STRANGER, now=NOW)

    district.do(register)

    code, said = hubs().adopt(district, "--province", "11")

    assert (code, said["unknown"]) == (1, ["asing"])
    assert "asing" not in said["added"]


def test_a_hub_never_collects_from_itself(hubs, district):
    before = district.packages()
    district.above(district)

    [run] = district.collect(years=[2025])

    assert (run.state, run.seen) == ("failed", 0)
    assert district.packages() == before


def test_two_hubs_do_not_confirm_each_other_for_ever(hubs, district):
    other = hubs().above(district)
    assert other.collect(years=[2025])[0].state == "completed"
    district.above(other)

    assert [hub.collect(years=[2025])[0].state for hub in (district, other)] == ["failed", "failed"]
