"""Knowing that this process was asked to leave, before its server waits for the answers that are under way."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def noticing_departure(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` at SIGTERM and SIGINT, and then whoever handled them before.

    An answer that never ends by itself (a stream of events) would otherwise keep the server waiting.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def noticing(number: int, frame: FrameType | None) -> None:
        act()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler is signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in before:
        signal.signal(number, noticing)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is noticing:
                signal.signal(number, handler)
