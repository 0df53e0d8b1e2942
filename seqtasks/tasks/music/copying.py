"""How much of a piece is the same as before: in itself, and in the pieces of training."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqtasks.datasets.music.piece import Piece, as_set
from seqtasks.tasks.music.bars import bars_of

_BASE = 0x9E3779B97F4A7C15  # odd, so that its powers lose no bits


class Copy(NamedTuple):
    """A run that a piece has in common with another one.

    Attributes:
        beats: how many quarter notes it lasts; 0 where there is none.
        source: the name of the other piece; "" where there is none.
    """

    beats: float
    source: str


def repetition(piece: Piece) -> float:
    """The share of bars that are exactly as an earlier one, in pitches and strokes, untransposed.

    Only bars in which something sounds count, and in each voice it must sound alike. 0 where
    there are none.
    """
    seen: set[tuple[int, bytes, bytes]] = set()
    bars = 0
    for bar in bars_of(piece):
        pitches, struck = piece.pitches[bar.start : bar.end], piece.struck[bar.start : bar.end]
        if pitches.any():
            bars += 1
            seen.add((bar.before, pitches.tobytes(), struck.tobytes()))
    return 1 - len(seen) / bars if bars else 0.0


class Copies:
    """Finds what other pieces have in common with those of training.

    Pieces are compared as sets, each step's pitches and which of them are struck, whatever the
    voices; in any key, since all tones may lie higher by the same number of semitones; and without
    the steps in which nothing sounds, so that no rest hides a copy. A run in which the pitches
    never change is no copy: everything holds a chord.

    Args:
        pieces: of training, on one grid, with or without ties as those that will be asked about.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._grids = {piece.steps_per_beat for piece in pieces}
        self._names = [piece.name for piece in pieces]
        found = [_digests(piece) for piece in pieces]
        self._ends = np.cumsum([len(steps.first) + 1 for steps in found])
        # behind each piece a step that no other equals
        walls = _mixed((np.arange(len(pieces), dtype=np.uint64) + 1) << np.uint64(32))
        self._runs = _Runs(
            _joined([steps.first for steps in found], walls),
            _joined([steps.later for steps in found], walls),
        )

    def longest(self, piece: Piece) -> Copy:
        """The longest run that the piece has in common with one of training.

        Raises:
            ValueError: if its grid is another one.
        """
        if self._grids - {piece.steps_per_beat}:
            raise ValueError("expected pieces on one grid")
        steps = _digests(piece)
        runs = _Runs(steps.first, steps.later)
        # a run in common holds shorter ones: the longest lies between `low`, which was found, or 1,
        # and `high`
        low, high = 1, len(steps.first)
        place = -1
        while low < high:
            length = (low + high + 1) // 2
            wanted = runs.of(length)
            changing = steps.changes[length - 1 :] > steps.changes[: len(wanted)]
            found = self._find(wanted[changing], length)
            if found < 0:
                high = length - 1
            else:
                low, place = length, found
        if place < 0:
            return Copy(0.0, "")
        source = int(np.searchsorted(self._ends, place, side="right"))
        return Copy(low / piece.steps_per_beat, self._names[source])

    def _find(self, wanted: np.ndarray, length: int) -> int:
        """Where one of these runs of so many steps begins in training; -1 if none does."""
        there = self._runs.of(length)
        marks = np.zeros(1 << 20, bool)
        last_bits = np.uint64(len(marks) - 1)
        marks[wanted & last_bits] = True
        likely = np.flatnonzero(marks[there & last_bits])  # few, and so the next line is quick
        found = likely[np.isin(there[likely], wanted)]
        return int(found[0]) if len(found) else -1


class _Digests(NamedTuple):
    """Of each sounding step a number, uint64 (steps,).

    `first` is of its chord, from its highest tone, and of what is struck; `later` also of how the
    highest tone moved. `changes` counts how often the pitches changed up to there.
    """

    first: np.ndarray
    later: np.ndarray
    changes: np.ndarray


def _digests(piece: Piece) -> _Digests:
    plain = as_set(piece)
    heard = (plain.pitches > 0).any(axis=1)
    pitches, struck = plain.pitches[heard].astype(np.int64), plain.struck[heard]
    there = pitches > 0
    top = pitches[:, 0] if pitches.shape[1] else np.zeros(0, np.int64)
    chord = (256 * (np.arange(pitches.shape[1]) + 1) + top[:, None] - pitches) * 2 + struck
    first = np.where(there, _mixed(chord.astype(np.uint64)), np.uint64(0)).sum(1, dtype=np.uint64)
    moved = np.diff(top, prepend=top[:1])
    later = _mixed(first + _mixed((moved + 1000).astype(np.uint64)))
    changed = (pitches[1:] != pitches[:-1]).any(axis=1)
    return _Digests(first, later, np.concatenate([[0], np.cumsum(changed)])[: len(first)])


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers as good as random, the same for the same: the finalizer of SplitMix64."""
    numbers = numbers + np.uint64(_BASE)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _joined(parts: list[np.ndarray], walls: np.ndarray) -> np.ndarray:
    """All parts in a row, each with its wall behind it."""
    rows = [np.append(part, wall) for part, wall in zip(parts, walls, strict=True)]
    return np.concatenate([np.zeros(0, np.uint64), *rows])


class _Runs:
    """Numbers for the runs of a sequence of steps, alike for runs that are.

    That of steps i to j is f<i> + sum over t = i+1 to j of l<t> B^(t-i), modulo 2^64, where f are
    the steps' `first` and l their `later` digests: a difference of two sums, times B^-i.
    """

    def __init__(self, first: np.ndarray, later: np.ndarray) -> None:
        self._first = first
        self._sums = np.cumsum(later * _powers(_BASE, len(later)), dtype=np.uint64)
        self._inverses = _powers(pow(_BASE, -1, 1 << 64), len(later))

    def of(self, length: int) -> np.ndarray:
        """A number for each run of so many steps, uint64; the n-th begins at step n."""
        starts = max(0, len(self._first) - length + 1)
        sums = self._sums[length - 1 :][:starts] - self._sums[:starts]
        return self._first[:starts] + sums * self._inverses[:starts]


def _powers(base: int, count: int) -> np.ndarray:
    """The powers of a number from the 0th, modulo 2^64."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)
