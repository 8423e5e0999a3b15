"""Reading details: a few at once, handed on soon, and failures judged by what else the node let come."""

import asyncio
from types import SimpleNamespace

import pytest

from app.adapters.protocol import IndexEntry, NodeRefused, NodeUnreachable
from app.collection import details
from app.collection.details import DEAD_STREAK, MAX_BROKEN_PACKAGES, STORE_AFTER_SECONDS, DetailReader
from app.core.vocabulary import PackageKind
from tests.records import a_sketch


class Book:
    """A node whose packages fail as told, and what of them was handed on."""

    def __init__(self, count, failing=(), *, seconds=0.0, refusing=()):
        self.entries = [IndexEntry(PackageKind.TENDER, str(code), [], "", settled=True) for code in range(1, count + 1)]
        self.failing, self.refusing, self.seconds = set(failing), set(refusing), seconds
        self.read, self.broken, self.batches = [], [], []
        self.most_at_once = self.at_once = 0

    async def detail(self, entry):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        if int(entry.code) in self.refusing:
            raise NodeRefused("no")
        if int(entry.code) in self.failing:
            raise NodeUnreachable("gone")
        return a_sketch(entry.code)

    async def load(self, limit):
        done = {*self.read, *self.broken}
        return [entry for entry in self.entries if int(entry.code) not in done][:limit]

    async def store(self, found, broken):
        assert all(entry.code == record.code for entry, record in found)
        self.read += [int(record.code) for _entry, record in found]
        self.broken += [int(entry.code) for entry, _failure in broken]
        self.batches.append(len(found))

    def reader(self, *, at_once=1, per_commit=10, is_stopping=lambda: False):
        return DetailReader(
            self,
            self.load,
            self.store,
            packages_at_once=at_once,
            packages_per_commit=per_commit,
            is_stopping=is_stopping,
        )


@pytest.fixture
def clock(monkeypatch):
    """The reader's clock, which only the test moves."""
    told = SimpleNamespace(now=0.0)
    monkeypatch.setattr(details, "time", SimpleNamespace(monotonic=lambda: told.now))
    return told


async def test_every_package_is_handed_on_once_in_batches():
    book = Book(250)

    assert await book.reader(at_once=4).read_all()

    assert sorted(book.read) == list(range(1, 251))
    assert max(book.batches) < 10 + 4
    assert len(book.batches) <= 26


async def test_no_more_are_under_way_than_allowed():
    book = Book(20, seconds=0.001)

    await book.reader(at_once=3).read_all()

    assert book.most_at_once == 3


async def test_nothing_to_read_is_read_at_once():
    assert await Book(0).reader().read_all()


async def test_single_broken_packages_are_noted_and_stop_nobody():
    book = Book(20, failing={1, 7, 8, 9, 20})

    assert await book.reader().read_all()

    assert book.broken == [1, 7, 8, 9, 20]
    assert sorted(book.read + book.broken) == list(range(1, 21))


async def test_a_node_that_falls_silent_ends_it_and_its_packages_go_on_waiting():
    book = Book(30, failing=range(11, 31))

    with pytest.raises(NodeUnreachable):
        await book.reader().read_all()

    assert (book.read, book.broken) == (list(range(1, 11)), [])


async def test_fewer_failures_than_a_streak_at_the_end_are_broken_packages():
    last = range(21 - DEAD_STREAK + 1, 21)
    book = Book(20, failing=last)

    assert await book.reader().read_all()

    assert book.broken == list(last)


async def test_a_node_that_gives_nothing_at_all_is_down_however_little_was_asked():
    with pytest.raises(NodeUnreachable):
        await Book(1, failing={1}).reader().read_all()


async def test_a_refusal_ends_it_at_once_and_what_was_read_is_kept():
    book = Book(20, refusing={6})

    with pytest.raises(NodeRefused):
        await book.reader().read_all()

    assert (book.read, book.broken) == ([1, 2, 3, 4, 5], [])


async def test_a_node_that_fails_for_too_many_packages_is_left_alone():
    book = Book(200, failing=range(2, 201, 2))

    with pytest.raises(NodeUnreachable):
        await book.reader().read_all()

    assert MAX_BROKEN_PACKAGES < len(book.broken) <= MAX_BROKEN_PACKAGES + 2


async def test_a_fault_of_ours_is_loud_and_what_was_read_before_is_kept():
    book = Book(10)
    book.detail = _stumbling(book.detail, at="4")

    with pytest.raises(ZeroDivisionError):
        await book.reader().read_all()

    assert book.read == [1, 2, 3]


async def test_who_is_asked_to_stop_hands_on_what_came_and_waits_for_nothing_more(clock):
    book = Book(50, failing={5}, seconds=0.001)
    stopping, usual = asyncio.Event(), book.detail

    async def detail(entry):
        if int(entry.code) > 8:
            while len(reader._records) < 7:
                await asyncio.sleep(0.001)
            stopping.set()
            await asyncio.Event().wait()
        return await usual(entry)

    book.detail = detail
    reader = book.reader(at_once=4, per_commit=100, is_stopping=stopping.is_set)

    async with asyncio.timeout(60):
        assert not await reader.read_all()

    assert sorted(book.read) == [1, 2, 3, 4, 6, 7, 8]
    assert book.broken == []


async def test_slow_packages_are_handed_on_after_a_second_however_few(clock):
    book = Book(5)
    usual = book.detail

    async def slow(entry):
        clock.now += STORE_AFTER_SECONDS / 2.5
        return await usual(entry)

    book.detail = slow

    await book.reader(per_commit=100).read_all()

    assert book.batches == [4, 1]


def _stumbling(detail, *, at):
    async def stumbling(entry):
        return await detail(entry) if entry.code != at else 1 // 0

    return stumbling
