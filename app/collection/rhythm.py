"""How often a node's fiscal years are asked: pure, but for the dice that keep nodes out of step."""

from dataclasses import dataclass
from datetime import timedelta
from random import SystemRandom

_chance = SystemRandom()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what is asked; a year's rhythm follows from its age."""

    every: timedelta = timedelta(hours=24)
    """The current fiscal year's."""
    last_year_factor: int = 7
    older_factor: int = 30
    years: int = 3
    """How many fiscal years are kept up to date, the current one among them."""
    full_every: timedelta = timedelta(days=30)
    """After so long everything of a year is read again, whatever the lists say: the proof that nothing was skipped."""
    first_retry: timedelta = timedelta(minutes=15)
    jitter: float = 0.10

    def interval(self, age: int) -> timedelta:
        factors = (1, self.last_year_factor)
        return self.every * (factors[max(age, 0)] if age < len(factors) else self.older_factor)

    def due_after(self, state: str, *, age: int, failures: int) -> timedelta:
        """How long after a run ended the next one is due; after failures sooner at first, then as usual."""
        usual = self.interval(age)
        if state in {"failed", "incomplete"}:
            usual = min(usual, self.first_retry * 2 ** min(max(failures, 1) - 1, 10))
        return self._spread(usual)

    def full_after(self) -> timedelta:
        """How long after a full reading the next one is due."""
        return self._spread(self.full_every)

    def _spread(self, interval: timedelta) -> timedelta:
        return interval * _chance.uniform(1 - self.jitter, 1 + self.jitter)
