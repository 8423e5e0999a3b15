"""Places at a host, shared: never more than there are, what one does not want the others get, and nobody waits for ever."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from app.collection.hosts import RENEW_SECONDS
from app.collection.leases import TURN_SECONDS, UNSERVED_SECONDS, Holder, Wish, share_of

WORKERS = st.integers(1, 6)


@dataclass
class Worker:
    """One worker as the table of leases knows it; `used` is what only it knows."""

    places: int = 0
    wanted: int = 0
    used: int = 0
    since: float = 0.0
    is_known: bool = False


class Hall:
    """The table of leases of one host, and a clock."""

    def __init__(self, concurrency, workers):
        self.concurrency = concurrency
        self.workers = [Worker() for _ in range(workers)]
        self.now = 0.0

    def renew(self, worker, wanted):
        """What renew_lease does, with dictionaries for the database."""
        others = [self._holder(other) for other in self.workers if other is not worker and other.is_known]
        mine = self._holder(worker) if worker.is_known else None
        granted = share_of(Wish(self.concurrency, wanted, worker.used), mine, others)
        places = max(granted, worker.used)
        if not worker.is_known or (worker.places == 0) != (places == 0):
            worker.since = self.now
        worker.places, worker.wanted, worker.is_known = places, wanted, True
        return granted

    def leave(self, worker):
        if not worker.used:
            worker.places, worker.wanted, worker.is_known = 0, 0, False

    def taken(self):
        return sum(worker.places for worker in self.workers)

    def _holder(self, worker):
        return Holder(worker.places, worker.wanted, self.now - worker.since)


@given(
    st.integers(1, 12),
    WORKERS,
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 15), st.floats(0, 1), st.floats(0, 8)), max_size=60),
)
def test_no_sequence_of_renewals_gives_more_places_than_there_are(concurrency, workers, steps):
    hall = Hall(concurrency, workers)

    for number, wanted, busy, seconds in steps:
        hall.now += seconds
        worker = hall.workers[number % workers]
        if wanted == 0:
            worker.used = 0
            hall.leave(worker)
            continue
        # Requests come and go between renewals, but never more of them than were granted last.
        worker.used = min(worker.used, wanted)
        granted = hall.renew(worker, min(max(wanted, worker.used), concurrency))
        worker.used = max(min(worker.used, granted), round(granted * busy))

        assert hall.taken() <= concurrency
        assert worker.used <= worker.places
        assert granted >= 0


@given(st.integers(1, 12), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_nobody_starves_and_nothing_lies_idle(concurrency, wants):
    hall = Hall(concurrency, len(wants))
    waiting = [0.0] * len(wants)
    longest = [0.0] * len(wants)
    # Everybody may have to wait for the turns of all others, and each turn ends with somebody's next renewal.
    turns = -(-len(wants) // concurrency)
    patience = turns * (TURN_SECONDS + 3 * RENEW_SECONDS) + 2 * RENEW_SECONDS

    for _round in range(60):
        for number, (worker, wanted) in enumerate(zip(hall.workers, wants, strict=True)):
            hall.now += RENEW_SECONDS / len(wants)
            granted = hall.renew(worker, min(wanted, concurrency))
            worker.used = 0  # its requests are short
            waiting[number] = 0.0 if granted else waiting[number] + RENEW_SECONDS
            longest[number] = max(longest[number], waiting[number])

    assert max(longest) <= patience
    # At the moment of looking, at most as many places change hands as there are workers without one.
    changing = max(0, len(wants) - concurrency)
    assert hall.taken() >= min(concurrency, sum(min(wanted, concurrency) for wanted in wants)) - changing


@given(st.integers(2, 64), WORKERS)
def test_those_who_want_as_much_get_as_much(concurrency, workers):
    hall = Hall(concurrency, workers)

    for _round in range(4):
        for worker in hall.workers:
            hall.now += 0.1
            hall.renew(worker, concurrency)

    places = sorted(worker.places for worker in hall.workers)
    if workers <= concurrency:
        assert sum(places) == concurrency
        assert places[0] >= concurrency // workers


def test_what_one_does_not_want_is_the_others():
    modest, eager = Holder(places=3, wanted=3, waiting_seconds=9), Holder(places=7, wanted=50, waiting_seconds=9)

    assert share_of(Wish(10, wanted=50, used=0), eager, [modest]) == 7
    assert share_of(Wish(10, wanted=3, used=0), modest, [eager]) == 3
    assert share_of(Wish(10, wanted=50, used=7), eager, [replace(modest, wanted=50)]) == 5


def test_who_has_waited_longest_comes_first():
    patient, late = Holder(0, 1, waiting_seconds=8.0), Holder(0, 1, waiting_seconds=1.0)

    assert share_of(Wish(1, 1, 0), late, [patient]) == 0
    assert share_of(Wish(1, 1, 0), patient, [late]) == 1
    assert share_of(Wish(1, 1, 0), None, [late]) == 0


def test_a_turn_ends_only_while_others_wait():
    mine = Holder(places=1, wanted=1, waiting_seconds=TURN_SECONDS)
    unserved = Holder(0, 1, waiting_seconds=UNSERVED_SECONDS)

    assert share_of(Wish(1, 1, used=1), mine, []) == 1
    assert share_of(Wish(1, 1, used=1), mine, [unserved]) == 0
    assert share_of(Wish(1, 1, used=1), mine, [replace(unserved, waiting_seconds=0.1)]) == 1
    assert share_of(Wish(1, 1, used=1), replace(mine, waiting_seconds=1.0), [unserved]) == 1


def test_no_more_make_room_than_wait_and_who_has_sat_longest_first():
    sitting = [Holder(1, 1, waiting_seconds=seconds) for seconds in (9.0, 8.0, 7.0)]
    waiting = Holder(0, 1, waiting_seconds=4.0)

    granted = [
        share_of(Wish(3, 1, used=1), mine, [*(other for other in sitting if other is not mine), waiting])
        for mine in sitting
    ]

    assert granted == [0, 1, 1]
