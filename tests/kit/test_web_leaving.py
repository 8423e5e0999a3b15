"""A process that is asked to leave says so before its server waits for answers under way."""

import signal
import threading

import pytest

from app.kit.web.leaving import noticing_departure


@pytest.fixture
def handled():
    """What the handlers of whoever came before were told; they are put back after the test."""
    told = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda number, _frame: told.append(number))
    yield told
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_hear_of_it_and_in_order(handled, number):
    with noticing_departure(lambda: handled.append("leaving")):
        signal.raise_signal(number)

    assert handled == ["leaving", number]


def test_afterwards_everything_is_as_before(handled):
    with noticing_departure(lambda: handled.append("leaving")):
        pass
    signal.raise_signal(signal.SIGTERM)

    assert handled == [signal.SIGTERM]


def test_handlers_that_somebody_set_meanwhile_stay(handled):
    later = []
    with noticing_departure(lambda: handled.append("leaving")):
        signal.signal(signal.SIGTERM, lambda number, _frame: later.append(number))
    signal.raise_signal(signal.SIGTERM)

    assert (later, handled) == ([signal.SIGTERM], [])


def test_only_the_main_thread_hears_signals(handled):
    def elsewhere():
        with noticing_departure(lambda: handled.append("leaving")):
            handled.append("inside")

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()

    assert handled == ["inside"]
