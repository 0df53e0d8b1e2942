"""From the parts of a score, in beats, to a piece on the grid."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from seqtasks.datasets.music.bars import LONGEST
from seqtasks.datasets.music.piece import Note, Piece, piece_of_notes
from seqtasks.datasets.music.score_parts import Bar, Score, Tone


def grid_step(beats: Fraction, steps_per_beat: int) -> int:
    """The step nearest to a time; of two, the later."""
    return int((beats * steps_per_beat * 2 + 1) // 2)


def piece_of_score(score: Score, name: str, steps_per_beat: int) -> Piece:
    """The piece of a score with at least one tone, without what is silent before and behind.

    It begins with the bar of the first tone and lasts to the end of the last one.
    Starts and ends are rounded to the nearest step, and every tone has one step at least. Where
    all parts are monophonic they are the piece's voices, in the score's order; then of tones
    that fall on the same step the last stays, and a tone ends where the next one begins.
    Otherwise the piece has no voices.
    """
    parts = score.parts
    first = min(part.tones[0].start for part in parts)
    bars = [bar for bar in score.bars if bar.start + bar.length > first]
    silent = grid_step(bars[0].start, steps_per_beat) if bars else 0
    notes = [[_note(tone, steps_per_beat, silent) for tone in part.tones] for part in parts]
    steps = max(note.end for part_notes in notes for note in part_notes)
    if all(part.monophonic for part in parts):
        pitches = np.zeros((steps, len(parts)), np.uint8)
        struck = np.zeros((steps, len(parts)), bool)
        for column, part_notes in enumerate(notes):
            for note in part_notes:
                pitches[note.start : note.end, column] = note.pitch
                struck[note.start : note.end, column] = False
                struck[note.start, column] = True
        voices = _different([part.name for part in parts])
        piece = Piece(name, pitches, struck, steps_per_beat, voices)
    else:
        flat = [note for part_notes in notes for note in part_notes]
        piece = piece_of_notes(flat, steps, name, steps_per_beat)
    return replace(piece, places=_places(bars, steps, steps_per_beat, silent))


def _note(tone: Tone, steps_per_beat: int, silent: int) -> Note:
    start = grid_step(tone.start, steps_per_beat) - silent
    end = grid_step(tone.end, steps_per_beat) - silent
    return Note(start, max(start + 1, end), tone.pitch)


def _places(bars: Sequence[Bar], steps: int, steps_per_beat: int, silent: int) -> np.ndarray | None:
    if not bars or max(bar.whole for bar in bars) * steps_per_beat > LONGEST:
        return None
    places = np.zeros((steps, 2), np.int16)
    for bar in bars:
        begin = grid_step(bar.start, steps_per_beat) - silent
        end = min(grid_step(bar.start + bar.length, steps_per_beat) - silent, steps)
        if begin >= end:
            continue
        before = grid_step(bar.before, steps_per_beat)
        whole = max(grid_step(bar.whole, steps_per_beat), before + end - begin)
        places[begin:end, 0] = np.arange(before, before + end - begin)
        places[begin:end, 1] = whole
    return places


def _different(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        number = 2
        unique = name
        while unique in found:
            unique = f"{name} {number}"
            number += 1
        found.append(unique)
    return tuple(found)
