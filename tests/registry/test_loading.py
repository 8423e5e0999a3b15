"""Loading the shipped register: repeatable, and what a person did here stays."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from app.registry.loading import load_register
from app.registry.seed import EndpointSeed, NodeSeed, RegisterSeed, read_seed
from app.registry.service import EndpointDraft, NodeDraft, get_node, register_node, retire_node, revise_node
from tests.conftest import NOW

TABLES = ("regions", "institutions", "institution_aliases", "nodes", "endpoints", "node_institutions")


@pytest.fixture(scope="module")
def seed() -> RegisterSeed:
    return read_seed()


def a_draft(slug="lpse-contoh", **fields):
    plain = {
        "name": "LPSE Contoh",
        "kd_lpse": None,
        "region": None,
        "institution": None,
        "time_zone": "WIB",
        "state": "active",
    }
    return NodeDraft(
        **{"slug": slug, **plain, "endpoints": (EndpointDraft("spse", "https://spse.contoh.example/contoh"),), **fields}
    )


def with_node(seed: RegisterSeed, slug, **changes) -> RegisterSeed:
    """The seed of a later release, in which one node reads otherwise."""
    nodes: tuple[NodeSeed, ...] = tuple(replace(node, **changes) if node.slug == slug else node for node in seed.nodes)
    return replace(seed, nodes=nodes)


async def load(database, seed):
    async with database.transaction() as session:
        return await load_register(session, seed, now=NOW)


async def everything(database):
    async with database.reading() as session:
        return {table: (await session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))).all() for table in TABLES}


async def change(database, verb, *arguments, **more):
    async with database.transaction() as session:
        return await verb(session, *arguments, now=NOW, **more)


async def look(database, slug):
    async with database.reading() as session:
        return await get_node(session, slug)


def addresses(node):
    return [endpoint.base_url for endpoint in node.endpoints]


async def test_loading_again_changes_nothing_at_all(database, seed):
    before = await everything(database)

    report = await load(database, seed)

    assert await everything(database) == before
    assert (report.nodes, report.new_nodes, report.changed_nodes, report.skipped) == (len(seed.nodes), 0, 0, ())
    assert {name: len(rows) for name, rows in before.items()} == {
        "regions": len(seed.regions),
        "institutions": len(seed.institutions),
        "institution_aliases": len(seed.aliases),
        "nodes": len(seed.nodes),
        "endpoints": len(seed.endpoints),
        "node_institutions": len(seed.node_institutions),
    }


async def test_a_later_release_brings_what_it_says(database, seed):
    later = with_node(seed, "surabaya", name="LPSE Kota Surabaya Baru", time_zone="WITA")

    report = await load(database, later)

    node = await look(database, "surabaya")
    assert (node.name, node.time_zone, node.kd_lpse) == ("LPSE Kota Surabaya Baru", "WITA", 10)
    assert (report.new_nodes, report.changed_nodes) == (0, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "LPSE Kota Pahlawan"), ("kd_lpse", 1_999_999_999), ("kd_lpse", None), ("region", "35.79"), ("region", None),
     ("institution", "D10"), ("time_zone", "WIT"), ("state", "discovered")],
)  # fmt: skip
async def test_what_was_edited_here_stays_and_the_rest_follows(database, seed, field, value):
    await change(database, revise_node, "surabaya", {field: value})
    other = "time_zone" if field != "time_zone" else "name"
    later = with_node(seed, "surabaya", **{other: "WITA" if other == "time_zone" else "LPSE Baru"})

    report = await load(database, later)

    node = await look(database, "surabaya")
    assert getattr(node, field) == value
    assert getattr(node, other) in {"WITA", "LPSE Baru"}
    assert node.province == (node.region[:2] if node.region else None)
    assert report.locally_edited == 1


async def test_edited_endpoints_stay_and_others_follow(database, seed):
    await change(
        database, revise_node, "surabaya", {"endpoints": (EndpointDraft("spse", "https://contoh.example/baru"),)}
    )
    moved = tuple(
        replace(endpoint, base_url="https://contoh.example/pindah")
        if endpoint.node == "malangkota" and endpoint.position == 1
        else endpoint
        for endpoint in seed.endpoints
    )

    await load(database, replace(seed, endpoints=moved))

    assert addresses(await look(database, "surabaya")) == ["https://contoh.example/baru"]
    assert addresses(await look(database, "malangkota"))[0] == "https://contoh.example/pindah"
    assert len(addresses(await look(database, "malangkota"))) == 2


async def test_a_node_and_its_links_that_were_made_here_stay(database, seed):
    await change(database, register_node, a_draft(institution="D181"))

    report = await load(database, seed)

    node = await look(database, "lpse-contoh")
    assert addresses(node) == ["https://spse.contoh.example/contoh"]
    assert node.institution == "D181"
    assert report.nodes == len(seed.nodes) + 1
    async with database.reading() as session:
        linked = await session.scalar(
            text("SELECT count(*) FROM node_institutions WHERE node_id = :id"), {"id": node.id}
        )
    assert linked == 1


async def test_a_retired_node_is_not_called_back(database, seed):
    await change(database, retire_node, "surabaya")

    await load(database, seed)

    node = await look(database, "surabaya")
    assert (node.state, node.retired_at) == ("retired", NOW)


async def test_a_new_node_of_the_file_gives_way_to_the_one_that_has_its_kd_lpse_here(database, seed):
    await change(database, register_node, a_draft(kd_lpse=1_999_999_999))
    newcomer = replace(
        seed.nodes[0], slug="pendatang", name="LPSE Pendatang", kd_lpse=1_999_999_999, region=None, institution=None
    )
    address = EndpointSeed("pendatang", seed.endpoints[0].interface, "https://contoh.example/pendatang", 1)

    report = await load(database, replace(seed, nodes=(*seed.nodes, newcomer), endpoints=(*seed.endpoints, address)))

    assert report.skipped == ("pendatang",)
    assert report.nodes == len(seed.nodes) + 1
    assert (await look(database, "lpse-contoh")).kd_lpse == 1_999_999_999


async def test_an_address_that_the_file_drops_goes(database, seed):
    without = tuple(
        endpoint for endpoint in seed.endpoints if not (endpoint.node == "surabaya" and endpoint.position == 2)
    )

    await load(database, replace(seed, endpoints=without))

    assert addresses(await look(database, "surabaya")) == ["https://spse.inaproc.id/surabaya"]


async def test_a_load_that_fails_half_way_leaves_the_register_as_it_was(database, seed):
    before = await everything(database)
    broken = with_node(with_node(seed, "surabaya", name="LPSE Baru"), "malangkota", region="99.99")

    with pytest.raises(Exception, match="fk_nodes_region_regions"):
        await load(database, broken)

    assert await everything(database) == before
