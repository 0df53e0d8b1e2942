"""The bars of a piece, and their metre."""

from fractions import Fraction
from typing import NamedTuple

from seqtasks.datasets.music.piece import Piece

BEATS = 4  # quarter notes of a bar, where the source has no bars


class Bar(NamedTuple):
    """A bar: what there is of it goes from step `start` to before step `end`.

    Whole it has `length` steps, of which `before` come before `start`: those that a pickup lacks.
    """

    start: int
    end: int
    before: int
    length: int


def bars_of(piece: Piece) -> list[Bar]:
    """The bars of a piece in order: as its `places` say, else of four quarter notes each."""
    steps = len(piece)
    if piece.places is None:
        length = BEATS * piece.steps_per_beat
        return [Bar(at, min(at + length, steps), 0, length) for at in range(0, steps, length)]
    places = piece.places.tolist()
    starts = [
        step
        for step, (before, length) in enumerate(places)
        if step == 0 or [before, length] != [places[step - 1][0] + 1, places[step - 1][1]]
    ]
    bars = []
    for start, end in zip(starts, [*starts[1:], steps], strict=True):
        before, length = places[start]
        bars.append(Bar(start, end, before, max(length, before + end - start)))
    return bars


def metre(steps: int, steps_per_beat: int) -> tuple[int, int]:
    """The time signature of a bar of so many steps: in quarters if they fill it, else in shorter.

    A bar that even sixty-fourths do not fill has the number of them that comes nearest, and none
    has more than 255, which is all that a MIDI file can say.
    """
    wholes = Fraction(steps, 4 * steps_per_beat)
    for denominator in (4, 8, 16, 32, 64):
        if (wholes * denominator).denominator == 1:
            break
    return min(max(1, round(wholes * denominator)), 255), denominator
