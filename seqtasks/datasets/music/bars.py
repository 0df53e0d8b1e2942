"""Bars on the grid: which step of which bar each step is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LONGEST = 1 << 14  # steps of a bar; a signature that asks for more is none


class Metre(NamedTuple):
    """A time signature, `numerator` notes of 1 / `denominator` a bar, from a tick on."""

    tick: int
    numerator: int
    denominator: int


COMMON_TIME = Metre(0, 4, 4)


def bar_lines(
    metres: Sequence[Metre], ticks_per_beat: int, steps_per_beat: int, steps: int
) -> np.ndarray:
    """The first steps of all bars, int64, ascending; the last one is `steps` or later.

    Each signature begins a bar; 4/4 holds before the first one. Of several at the same tick the
    last holds; one that makes no bar is passed over. Where a bar is no whole number of steps, its
    lines are rounded to the grid, half a step up, so that bars differ by one step.
    """
    held = {0: COMMON_TIME}
    for metre in sorted(metres, key=lambda metre: metre.tick):
        if metre.numerator > 0 and metre.denominator > 0 and metre.tick >= 0:
            whole = metre.numerator * 4 * steps_per_beat
            if whole <= LONGEST * metre.denominator:
                held[metre.tick] = metre
    end = -(-steps * ticks_per_beat // steps_per_beat)  # the tick at which the last step ends
    starts = [tick for tick in held if tick < end] or [0]
    lines = []
    for tick, next_tick in zip(starts, [*starts[1:], None], strict=True):
        _, count, unit = held[tick]
        length = count * 4 * ticks_per_beat  # of a bar, in ticks, times `unit`
        span = (end if next_tick is None else next_tick) - tick
        bars = -(-span * unit // length) + (2 if next_tick is None else 0)
        twice = 2 * (tick * unit + np.arange(bars) * length) * steps_per_beat
        lines.append((twice + ticks_per_beat * unit) // (2 * ticks_per_beat * unit))
    return np.unique(np.concatenate(lines))


def places_of(lines: np.ndarray, steps: int) -> np.ndarray:
    """`Piece.places`, int16 (steps, 2), where bars begin at these steps.

    Args:
        lines: ascending, as of `bar_lines`: from step 0 or earlier to `steps` or later.
        steps: of the piece.
    """
    step = np.arange(steps)
    bar = np.searchsorted(lines, step, side="right") - 1
    first = lines[bar]
    return np.stack([step - first, lines[bar + 1] - first], axis=1).astype(np.int16)
