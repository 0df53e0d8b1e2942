"""How a piece ends.

A harmony is the tones that sound together, as pitch classes counted from the tonic (tonic 0, third
3 or 4, dominant 7, leading note 11), and the lowest of them, the bass.

- A *tonic triad in root position* has the tonic in the bass, one third, minor or major (so a
  Picardy third is one), and beside them the fifth or nothing; in whatever octaves.
- A *dominant* is V, V7, V9, vii° or vii°7, complete or not, in any inversion: the leading note with
  the dominant or the fourth, and beyond them nothing but the second and either sixth. So V is one
  with a major third alone, in minor as well. Over the dominant in the bass, the leading note is
  enough, whatever other tones pass or come early.
- The last harmony comes *after a dominant* if the last other harmony before it is one. What are no
  chords, neither a triad nor a seventh chord nor a part of one that has root and third, are
  suspended or passing tones, and are passed over while they last two beats at most.
"""

from typing import NamedTuple

from seqtasks.datasets.music.piece import Piece
from seqtasks.tasks.music.keys import find_key

PASSING = 2  # beats

_TRIAD = {0, 3, 4, 7}
_FROM_ROOT = [{0, 4}, {0, 3}, {0, 4, 7}, {0, 3, 7}, {0, 3, 6}, {0, 4, 8}, {0, 4, 10}, {0, 4, 7, 10}]
_FROM_ROOT += [{0, 4, 7, 11}, {0, 3, 7, 10}, {0, 3, 6, 10}, {0, 3, 6, 9}]
_CHORDS = {
    frozenset((root + above) % 12 for above in chord) for chord in _FROM_ROOT for root in range(12)
}


class Cadence(NamedTuple):
    """How a piece ends.

    Attributes:
        tonic: the pitch class that counts as its tonic.
        tonic_triad: its last harmony is a tonic triad in root position.
        after_dominant: a dominant comes before its last harmony.
    """

    tonic: int
    tonic_triad: bool
    after_dominant: bool

    @property
    def authentic(self) -> bool:
        """It ends on a tonic triad in root position after a dominant."""
        return self.tonic_triad and self.after_dominant


class Harmony(NamedTuple):
    """What sounds together: pitch classes from the tonic, that of the bass, and steps it lasts."""

    classes: frozenset[int]
    bass: int
    steps: int


def cadence(piece: Piece, tonic: int | None = None) -> Cadence:
    """How a piece with or without voices ends. Silence is passed over.

    Args:
        piece: see the module's docstring.
        tonic: its pitch class, 0 (C) to 11; by default that of the piece, or where it says none
            that of `find_key`.
    """
    if tonic is None:
        tonic = find_key(piece).tonic if piece.tonic is None else piece.tonic
    harmonies = harmonies_of(piece, tonic)
    if not harmonies:
        return Cadence(tonic, False, False)
    before = _harmony_before_last(harmonies, PASSING * piece.steps_per_beat)
    return Cadence(tonic, is_tonic_triad(harmonies[-1]), before is not None and is_dominant(before))


def harmonies_of(piece: Piece, tonic: int) -> list[Harmony]:
    """The harmonies of a piece in order, one for each run of steps where the same pitches sound."""
    found: list[Harmony] = []
    rows: list[tuple[int, ...]] = []
    for row in piece.pitches.tolist():
        sounding = tuple(sorted(pitch for pitch in row if pitch))
        if not sounding:
            continue
        if rows and rows[-1] == sounding:
            found[-1] = found[-1]._replace(steps=found[-1].steps + 1)
            continue
        rows.append(sounding)
        classes = frozenset((pitch - tonic) % 12 for pitch in sounding)
        found.append(Harmony(classes, (sounding[0] - tonic) % 12, 1))
    return found


def is_tonic_triad(harmony: Harmony) -> bool:
    """Whether it is a tonic triad in root position, as in the module's docstring."""
    thirds = len(harmony.classes & {3, 4})
    return harmony.bass == 0 and thirds == 1 and harmony.classes <= _TRIAD


def is_dominant(harmony: Harmony) -> bool:
    """Whether it is a dominant, as in the module's docstring."""
    classes = harmony.classes
    if 11 not in classes:
        return False
    return harmony.bass == 7 or (bool(classes & {5, 7}) and classes <= {2, 5, 7, 8, 9, 11})


def _harmony_before_last(harmonies: list[Harmony], passing: int) -> Harmony | None:
    """The last harmony other than that at the end; None where too much passes, or there is none."""
    last = harmonies[-1].classes
    same = last | _TRIAD if last <= _TRIAD else last
    for harmony in reversed(harmonies[:-1]):
        if harmony.classes <= same:
            continue
        if harmony.classes in _CHORDS or is_dominant(harmony):
            return harmony
        passing -= harmony.steps
        if passing < 0:
            return None
    return None
