"""From a score as music21 has it to notes in beats, to bars, and to a piece on the grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from seqtasks.datasets.music.bars import LONGEST
from seqtasks.datasets.music.piece import Note, Piece, piece_of_notes


class Tone(NamedTuple):
    """A tone of a score, ties joined: from `start` to `end` in beats, quarter notes."""

    start: Fraction
    end: Fraction
    pitch: int


class Bar(NamedTuple):
    """A bar of a score, in beats: it lasts `length` from `start`, and had `before` before it.

    `whole` is its length by the time signature; `before` is above 0 where a bar is a pickup, or
    the second part of one that a repeat cuts in two.
    """

    start: Fraction
    length: Fraction
    before: Fraction
    whole: Fraction


@dataclass(frozen=True)
class Part:
    """A part of a score: its name, and its tones in order of their starts."""

    name: str
    tones: tuple[Tone, ...]

    @property
    def monophonic(self) -> bool:
        """Whether no tone begins before the one before it ends."""
        return all(one.end <= other.start for one, other in pairwise(self.tones))


@dataclass(frozen=True)
class Score:
    """The parts of a score from the top, and its bars; () where the source has none."""

    parts: tuple[Part, ...]
    bars: tuple[Bar, ...]


def score_of(stream: Any) -> Score:
    """The parts that sound, at their sounding pitches, and the bars of a music21 score.

    Bar by bar every part begins anew, where the longest ended before: a bar that one part fills
    only half does not shift it against the others. Left out are grace notes, chord symbols and
    percussion without pitch. Repeats are not expanded: the bars come once each, as written.
    """
    from music21.stream import Measure

    if any(part.getInstrument(returnDefault=False) for part in stream.parts):
        stream.toSoundingPitch(inPlace=True)
    parts = list(stream.parts) or [stream]
    measures = [list(part.getElementsByClass(Measure)) for part in parts]
    bars = _bars(measures)
    found = []
    for number, (part, own) in enumerate(zip(parts, measures, strict=True), 1):
        if own:
            begins = [bar.start for bar in bars[: len(own)]]
            places = [(start, m) for start, m in zip(begins, own, strict=True)]
        else:
            places = [(Fraction(0), part)]
        tones = _tones(places)
        if tones:
            found.append(Part(_name(part, number), tones))
    return Score(tuple(found), bars)


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


def _bars(measures: Sequence[Sequence[Any]]) -> tuple[Bar, ...]:
    bars: list[Bar] = []
    start = Fraction(0)
    whole: Fraction | None = None
    for number in range(max(map(len, measures), default=0)):
        there = [own[number] for own in measures if number < len(own)]
        signatures = [m.timeSignature for m in there if m.timeSignature is not None]
        if signatures:
            whole = Fraction(signatures[0].barDuration.quarterLength)
        length = max(_length(own, number) for own in measures if number < len(own))
        full = max(length, whole or length)
        bars.append(Bar(start, length, _before(bars, length, full, bool(signatures)), full))
        start += length
    return tuple(bars)


def _before(bars: Sequence[Bar], length: Fraction, whole: Fraction, new_metre: bool) -> Fraction:
    """Beats of a bar before a measure: of one that is cut in two, and of a pickup."""
    if length == whole:
        return Fraction(0)
    if not bars:
        return whole - length
    last = bars[-1]
    so_far = last.before + last.length
    if so_far == last.whole:
        return Fraction(0)
    return whole - length if new_metre or so_far + length > whole else so_far


def _length(measures: Sequence[Any], number: int) -> Fraction:
    """Beats of a measure: up to the next one, or of the last one to its end."""
    if number + 1 < len(measures):
        return Fraction(measures[number + 1].offset) - Fraction(measures[number].offset)
    return Fraction(measures[number].duration.quarterLength)


def _tones(places: Sequence[tuple[Fraction, Any]]) -> tuple[Tone, ...]:
    """The tones in these measures (or in a whole part), each with its start in beats."""
    from music21.chord import Chord
    from music21.harmony import Harmony
    from music21.note import Note as Single

    raw: list[tuple[Fraction, Fraction, int, str]] = []
    for place, container in places:
        for voice in (container, *container.voices):
            shift = place + (0 if voice is container else Fraction(voice.offset))
            for element in voice.notes:
                if isinstance(element, Harmony) or element.duration.isGrace:
                    continue
                start = shift + Fraction(element.offset)
                end = start + Fraction(element.duration.quarterLength)
                if isinstance(element, Single):
                    singles = [element]
                elif isinstance(element, Chord):
                    singles = list(element.notes)
                else:
                    continue
                for single in singles:
                    tie = single.tie.type if single.tie else ""
                    raw.append((start, end, single.pitch.midi, tie))
    raw.sort()
    tones: list[Tone] = []
    tied: dict[tuple[Fraction, int], int] = {}  # where a tied tone ends, its pitch -> its number
    for start, end, pitch, tie in raw:
        number = tied.pop((start, pitch), None) if tie in ("stop", "continue") else None
        if number is None:
            number = len(tones)
            tones.append(Tone(start, end, pitch))
        else:
            tones[number] = tones[number]._replace(end=end)
        if tie in ("start", "continue"):
            tied[end, pitch] = number
    return tuple(tones)


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


def _name(part: Any, number: int) -> str:
    return " ".join((part.partName or "").split()) or f"part {number}"


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
