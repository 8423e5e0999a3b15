"""What every kind of package is made of: names, institutions, budget lines and suppliers."""

from random import Random
from zlib import crc32

from app.simulator import names
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import PlanItem, Supplier


def make_name(rng: Random, category: str) -> str:
    return f"{rng.choice(names.OBJECTS[category])} {rng.choice(names.PLACES)} {rng.randint(1, 60)} (simulasi)"


def pick_institution(rng: Random, node: SimulatedNode) -> str:
    if node.other_institutions and rng.random() < 0.04:
        return rng.choice(node.other_institutions)
    return node.institution_name


def make_plan(rng: Random, name: str) -> tuple[PlanItem, ...]:
    rows = rng.choices((1, 2, 4), (85, 12, 3))[0]
    return tuple(
        PlanItem(str(rng.randint(50_000_000, 69_999_999)), name, rng.choices(names.FUNDS, names.FUND_WEIGHTS)[0])
        for _ in range(rows)
    )


def pick_suppliers(rng: Random, node: SimulatedNode, category: str, count: int) -> list[Supplier]:
    """Different suppliers; most of them known around this node, so that the same ones win again."""
    home = crc32(node.slug.encode()) % names.SUPPLIERS
    numbers: list[int] = []
    while len(numbers) < count:
        local = rng.random() < 0.8
        number = (home + rng.randint(0, 59)) % names.SUPPLIERS if local else rng.randrange(names.SUPPLIERS)
        if number not in numbers:
            numbers.append(number)
    make = names.person if category == names.CONSULTING_PERSON else names.supplier
    return [make(number) for number in numbers]
