"""Progress of long work on standard error: a bar on a terminal, plain lines in a log."""

import sys
import time
from contextlib import suppress
from typing import TextIO


class Progress:
    """Tells how far a number of equal steps has come, and how long the rest may take.

    On a terminal one line is drawn over and over; elsewhere a line is written when `done` is
    called, so that logs stay short. Where nobody is left to read them (the terminal was closed),
    the work goes on.
    """

    def __init__(self, label: str, steps: int, stream: TextIO | None = None) -> None:
        self._label, self._steps = label, max(steps, 1)
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._start = self._drawn = time.monotonic()

    def step(self, count: int, note: str = "") -> None:
        """`count` steps are done by now; at most ten times a second it is shown."""
        now = time.monotonic()
        if not self._terminal or (now - self._drawn < 0.1 and count < self._steps):
            return
        self._drawn = now
        share = min(count / self._steps, 1)
        left = (now - self._start) * (1 - share) / share if share else 0
        filled = int(24 * share)
        bar = "█" * filled + "·" * (24 - filled)
        self._write(f"\r\x1b[K{self._label} {bar} {100 * share:3.0f}%  {clock(left)} left {note}")

    def done(self, summary: str) -> None:
        """Put `summary` in the place of the bar."""
        self._write(("\r\x1b[K" if self._terminal else "") + summary + "\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def clock(seconds: float) -> str:
    """95 seconds as 1:35."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
