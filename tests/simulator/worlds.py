"""Small worlds that the simulator's tests share."""

from app.simulator.nodes import KINDS, SimulatedNode, WorldSettings
from app.simulator.world import World

YEARS = (2025, 2026)


def a_node(slug="contoh", **changes):
    return SimulatedNode(**{"slug": slug, "institution_name": f"Kab. {slug.title()}", "kd_lpse": 7, **changes})


def a_world(*nodes, **changes):
    settings = {"years": YEARS, "tenders": (6, 8), "non_tenders": (8, 10), **changes}
    return World(nodes or (a_node(),), WorldSettings(**settings))


def a_province(**changes):
    """Enough packages for every rare outcome to occur."""
    guests = ("Kementerian Contoh", "Provinsi Contoh")
    nodes = (a_node(f"n{number}", kd_lpse=number, other_institutions=guests) for number in range(1, 31))
    return a_world(*nodes, **{"tenders": (20, 25), "non_tenders": (28, 40), **changes})


def all_packages(world, kinds=("tender", "non_tender")):
    return [package for slug in world.nodes for kind in kinds for package in world.everything(slug, kind).values()]


def every_package(world):
    return all_packages(world, KINDS)


def all_recordings(world):
    return all_packages(world, KINDS[2:])
