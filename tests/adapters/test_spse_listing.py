"""Walking a list that shifts, lies and ends early: complete, or said to be incomplete."""

from itertools import pairwise

import pytest

from app.adapters.protocol import IndexIncomplete
from app.adapters.spse import listing
from app.adapters.spse.index import Direction, ListAnswer
from app.adapters.spse.listing import walk
from app.core.vocabulary import PackageKind
from tests.adapters.spse_replies import a_row

KIND = PackageKind.TENDER


class FakeList:
    """A node's list in memory; `before` may change it before the nth question."""

    def __init__(self, numbers, *, cap=1000, declared=(), before=None):
        self.numbers = list(numbers)
        self.cap = cap
        self.declared = frozenset(declared)
        self.before = before or {}
        self.asked = 0

    async def ask(self, start, length, direction):
        self.asked += 1
        self.before.get(self.asked, lambda _: None)(self)
        ordered = self.order(direction)
        rows = [a_row(_0=str(number)) for number in ordered[start : start + min(length, self.cap)]]
        return ListAnswer(rows, self.declared)

    def order(self, direction):
        return sorted(self.numbers, reverse=direction is Direction.DESCENDING)


async def read(fake, resume=""):
    """All pages; the failure at the end if there is one."""
    pages = []
    try:
        async for page in walk(KIND, fake.ask, resume=resume):
            pages.append(page)  # noqa: PERF401 (what came before a failure counts)
    except IndexIncomplete as failure:
        return pages, failure
    return pages, None


def numbers(pages):
    return [int(entry.code) for page in pages for entry in page.entries]


@pytest.mark.parametrize("size", [0, 1, 2, 99, 100, 101, 199, 200, 345])
@pytest.mark.parametrize("cap", [7, 100, 1000])
async def test_every_row_is_yielded_once_in_order(size, cap):
    fake = FakeList(range(1000, 1000 + size), cap=cap)

    pages, failure = await read(fake)

    assert failure is None
    assert numbers(pages) == sorted(fake.numbers)
    assert sum(page.received for page in pages) == size
    assert all(
        int(one.position.partition(":")[0]) < int(other.position.partition(":")[0]) for one, other in pairwise(pages)
    )


async def test_a_short_list_costs_three_questions():
    fake = FakeList(range(1, 61))

    await read(fake)

    assert fake.asked == 3


async def broken_off(size=250):
    """The position of the first page of a list whose reading ended there."""
    pages, _ = await read(FakeList(range(10, 10 + 10 * size, 10)))
    return pages[0].position


async def test_a_resumed_list_goes_on_a_few_rows_before_its_place():
    fake = FakeList(range(10, 2510, 10))

    pages, failure = await read(fake, await broken_off())

    assert failure is None
    assert numbers(pages) == list(range(910, 2510, 10))
    assert fake.asked == 4


async def test_rows_that_vanished_before_the_place_of_resuming_hide_no_other():
    fake = FakeList(number for number in range(10, 2510, 10) if not 100 <= number < 190)

    pages, failure = await read(fake, await broken_off())

    assert failure is None
    assert numbers(pages) == list(range(1000, 2510, 10))


async def test_the_row_before_the_place_of_resuming_may_itself_have_vanished():
    fake = FakeList(number for number in range(10, 2510, 10) if number != 1000)

    pages, failure = await read(fake, await broken_off())

    assert failure is None
    assert numbers(pages) == [*range(910, 1000, 10), *range(1010, 2510, 10)]


async def test_a_list_that_lost_more_rows_than_that_is_read_again():
    fake = FakeList(number for number in range(10, 2510, 10) if not 100 <= number < 210)

    pages, failure = await read(fake, await broken_off())

    assert failure is None
    assert set(numbers(pages)) == set(fake.numbers)


async def test_a_row_that_appeared_before_the_place_of_resuming_is_found():
    fake = FakeList([15, *range(10, 2510, 10)])

    pages, failure = await read(fake, await broken_off())

    assert failure is None
    assert 15 in numbers(pages)
    assert set(range(1010, 2510, 10)) <= set(numbers(pages))


@pytest.mark.parametrize("cap", [3, 9])
async def test_a_resumed_list_is_complete_however_few_rows_an_answer_has(cap):
    pages, failure = await read(FakeList(range(10, 2510, 10), cap=cap), await broken_off())

    assert failure is None
    assert numbers(pages) == list(range(910, 2510, 10))


async def test_a_list_resumed_at_its_end_is_proved_at_once():
    fake = FakeList(range(1, 51))

    pages, failure = await read(fake, "50:50")

    assert failure is None
    assert numbers(pages) == list(range(41, 51))
    assert fake.asked == 3


async def test_a_list_that_shrank_below_the_place_of_resuming_is_read_again():
    pages, failure = await read(FakeList(range(1, 31)), "100:100")

    assert failure is None
    assert numbers(pages) == list(range(1, 31))


@pytest.mark.parametrize("position", ["100", "x", "100:", ":5", "-1:5", "1e3:5", "٣:5", "100:5:5"])
async def test_a_place_that_is_not_understood_is_the_beginning(position):
    pages, failure = await read(FakeList(range(1, 31)), position)

    assert failure is None
    assert numbers(pages) == list(range(1, 31))


async def test_a_row_that_vanishes_while_paging_hides_no_other():
    fake = FakeList(range(1, 251), before={2: lambda the: the.numbers.remove(50)})

    pages, failure = await read(fake)

    assert failure is None
    assert set(numbers(pages)) == set(range(1, 251))
    assert len(numbers(pages)) == 250


async def test_a_row_that_appears_among_those_read_is_found():
    fake = FakeList(range(10, 260), before={2: lambda the: the.numbers.append(5)})

    pages, failure = await read(fake)

    assert failure is None
    assert set(numbers(pages)) == {5, *range(10, 260)}


async def test_a_package_announced_while_the_end_is_proved_is_found():
    fake = FakeList(range(1, 61), before={3: lambda the: the.numbers.append(99)})

    pages, failure = await read(fake)

    assert failure is None
    assert numbers(pages) == [*range(1, 61), 99]


async def test_a_highest_code_that_no_page_shows_leaves_the_list_incomplete():
    class Hiding(FakeList):
        def order(self, direction):
            ordered = super().order(direction)
            return ordered if direction is Direction.DESCENDING else ordered[:-1]

    pages, failure = await read(Hiding(range(1, 61)))

    assert "60" in failure.reason
    assert numbers(pages) == list(range(1, 60))


@pytest.mark.parametrize("declared", [59, 61, 0, -1])
async def test_a_stated_count_that_is_not_shown_leaves_the_list_incomplete(declared):
    pages, failure = await read(FakeList(range(1, 61), declared=[declared]))

    assert str(declared) in failure.reason
    assert numbers(pages) == list(range(1, 61))


async def test_a_true_count_is_believed():
    _, failure = await read(FakeList(range(1, 61), declared=[60]))

    assert failure is None


async def test_a_list_without_order_is_read_as_far_as_it_goes_and_called_incomplete():
    class Unordered(FakeList):
        def order(self, _direction):
            return self.numbers

    fake = Unordered([*range(150, 300), *range(1, 150)])

    pages, failure = await read(fake)

    assert failure is not None
    assert sorted(numbers(pages)) == list(range(1, 300))
    assert sum(page.received for page in pages) == 299


async def test_a_list_that_ignores_where_to_start_ends():
    class Stuck(FakeList):
        async def ask(self, _start, length, direction):
            return await super().ask(0, length, direction)

    fake = Stuck(range(1, 301))

    pages, failure = await read(fake)

    assert failure is not None
    assert fake.asked < 20
    assert numbers(pages) == list(range(1, 101))


async def test_a_list_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(listing, "MAX_ROWS", 2_000)

    class Endless(FakeList):
        async def ask(self, start, _length, _direction):
            row = a_row()
            rows = [[str(number + 1), *row[1:]] for number in range(start, start + 300)]
            return ListAnswer(rows, frozenset())

    with pytest.raises(IndexIncomplete):
        async for _ in walk(KIND, Endless([]).ask):
            pass


async def test_an_empty_list_is_a_list():
    assert await read(FakeList([])) == ([], None)


async def test_a_code_twice_in_one_answer_is_used_once_and_reported():
    pages, failure = await read(FakeList([1, 2, 2, 3]))

    assert failure is None
    assert numbers(pages) == [1, 2, 3]
    assert [(problem.code, problem.package) for problem in pages[0].problems] == [("duplicate-row", "2")]
    assert pages[0].received == 4


async def test_a_broken_row_does_not_cost_the_others():
    class Broken(FakeList):
        async def ask(self, start, length, direction):
            answer = await super().ask(start, length, direction)
            for row in answer.rows:
                if row[0] == "2":
                    row[0] = "dua"
            return answer

    pages, failure = await read(Broken([1, 2, 3]))

    assert failure is None
    assert numbers(pages) == [1, 3]
    assert [problem.code for problem in pages[0].problems] == ["code-unreadable"]
    assert pages[0].received == 3
