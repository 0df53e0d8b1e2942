"""Signals that ask a training to stop, noted until it can stop in order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from seqtasks.tasks.errors import Interrupted

# a closed terminal sends SIGHUP; Windows has none
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Signals:
    """The signals that came. The first is noted; a second stops at once.

    number: the first one's, None as long as none came.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._at_once = False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within it, a signal raises `Interrupted` wherever it finds the program."""
        self._at_once = True
        try:
            if self.number is not None:
                raise Interrupted("interrupted", self.number)
            yield
        finally:
            self._at_once = False

    def note(self, number: int, _: FrameType | None = None) -> None:
        """Handle a signal."""
        again = self.number is not None
        self.number = number
        if again or self._at_once:
            raise Interrupted("interrupted", number)


@contextmanager
def noted() -> Iterator[Signals]:
    """Within it, signals that would end the process are noted instead.

    Signals that are ignored (`nohup`) stay so. Python handles signals in its main thread; in
    another nothing is changed.
    """
    signals, before = Signals(), {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        before = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, signals.note)
        yield signals
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)
