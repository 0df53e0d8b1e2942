"""How the voices of a piece go together."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from seqtasks.datasets.music.piece import Piece, notes_of

Range = tuple[int, int]  # the lowest and the highest pitch, both within


class Parallels(NamedTuple):
    """Forbidden parallels, and where there could be some.

    Attributes:
        fifths: parallel perfect fifths.
        octaves: parallel octaves and unisons.
        chances: pairs of voices that move at once, both to another pitch, in whatever directions.
    """

    fifths: int
    octaves: int
    chances: int

    @property
    def per_100(self) -> float:
        """Parallels of both kinds in a hundred chances; 0 where there were none."""
        return 100 * (self.fifths + self.octaves) / self.chances if self.chances else 0.0


def parallels(piece: Piece) -> Parallels | None:
    """Counts parallels of each pair of voices; None for a piece without voices.

    Two voices are parallel from one step to the next if both move to another pitch, both up or both
    down, and are a perfect fifth apart before and after, or both times an octave or a unison;
    octaves in between do not matter, nor which of the two is higher (Aldwell and Schachter,
    "Harmony and Voice Leading", on forbidden parallel motion). So a fifth that is repeated, one
    that follows a diminished one, and fifths in contrary motion are none, nor is what a rest or a
    tone of either voice parts.
    """
    if not piece.voices:
        return None
    pitches = piece.pitches.astype(np.int64)
    moves = np.where((pitches[1:] > 0) & (pitches[:-1] > 0), np.sign(np.diff(pitches, axis=0)), 0)
    fifths = octaves = chances = 0
    for one, other in combinations(range(len(piece.voices)), 2):
        apart = np.abs(pitches[:, one] - pitches[:, other]) % 12
        together = moves[:, one] * moves[:, other]
        alike = (together > 0) & (apart[1:] == apart[:-1])
        chances += int((together != 0).sum())
        fifths += int((alike & (apart[1:] == 7)).sum())
        octaves += int((alike & (apart[1:] == 0)).sum())
    return Parallels(fifths, octaves, chances)


def crossing(piece: Piece) -> float | None:
    """The share of steps in which a voice is above one that is named before it.

    It is of the steps in which at least two voices sound; 0 where there are none, and None for a
    piece without voices. Voices that meet on a pitch do not cross.
    """
    if not piece.voices:
        return None
    pitches = piece.pitches.astype(np.int64)
    sounding = pitches > 0
    lowest = np.minimum.accumulate(np.where(sounding, pitches, 999), axis=1)
    crossed = (sounding[:, 1:] & (pitches[:, 1:] > lowest[:, :-1])).any(axis=1)
    together = int((sounding.sum(axis=1) > 1).sum())
    return float(crossed.sum()) / together if together else 0.0


def ranges_of(pieces: Sequence[Piece]) -> tuple[Range, ...]:
    """The range of each voice over all pieces; of pieces without voices one range of all tones.

    Raises:
        ValueError: if nothing sounds in a voice, or if pieces differ in their voices.
    """
    if len({piece.voices for piece in pieces}) > 1:
        raise ValueError("expected pieces with the same voices")
    found = []
    for column, name in enumerate((pieces[0].voices if pieces else ()) or ("any voice",)):
        sounding = [
            part[part > 0]
            for piece in pieces
            for part in [piece.pitches[:, column] if piece.voices else piece.pitches]
        ]
        ends = [(int(part.min()), int(part.max())) for part in sounding if part.size]
        if not ends:
            raise ValueError(f"nothing sounds in {name}")
        found.append((min(low for low, _ in ends), max(high for _, high in ends)))
    return tuple(found)


def out_of_range(piece: Piece, ranges: Sequence[Range]) -> float:
    """The share of tones, each counted once however long, that lie outside their voice's range.

    Args:
        piece: with voices or without.
        ranges: as of `ranges_of`, for pieces like this one.
    """
    notes = notes_of(piece)
    outside = 0
    for column, note in notes:
        low, high = ranges[column if piece.voices else 0]
        outside += not low <= note.pitch <= high
    return outside / len(notes) if notes else 0.0
