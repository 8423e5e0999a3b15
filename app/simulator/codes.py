"""The codes of packages, which grow with the day of creation as the real ones do."""

from dataclasses import dataclass
from datetime import date
from random import Random
from zlib import crc32

from app.simulator.nodes import SimulatedNode

_SEQUENCES_PER_YEAR = 600_000
_SEQUENCES_PER_DAY = 1_600


@dataclass
class Codes:
    """Tenders have even sequence numbers, non-tenders odd ones; other kinds share the numbers of both.

    Consolidated codes are a sequence from 10 000 000 on followed by 000; older ones end in the node's kd_lpse.
    """

    node: SimulatedNode
    year: int
    parity: int
    last: int = 0
    last_old: int = 0

    def new(self, day: date, rng: Random) -> str:
        band = 10_000_000 + (self.year - 2020) % 100 * _SEQUENCES_PER_YEAR
        into_year = min(max((day - date(self.year, 1, 1)).days, 0), 365) * _SEQUENCES_PER_DAY
        spread = crc32(self.node.slug.encode()) % 700 * 2
        self.last = max(self.last + 2 * rng.randint(1, 4), band + into_year + spread)
        return f"{self.last + self.parity}000"

    def old(self, kd_lpse: int, rng: Random) -> str:
        self.last_old = max(self.last_old, 12_000) + 2 * rng.randint(1, 60)
        return f"{self.last_old + self.parity}{kd_lpse:03d}"
