"""What a score says that we keep: the tones of its parts, in beats, and its bars.

Read from music21's streams.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple


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
    found: list[Part] = []
    for part, own in zip(parts, measures, strict=True):
        if own:
            begins = [bar.start for bar in bars[: len(own)]]
            places = [(start, m) for start, m in zip(begins, own, strict=True)]
        else:
            places = [(Fraction(0), part)]
        tones = _tones(places)
        if tones:
            name = " ".join((getattr(part, "partName", None) or "").split())
            found.append(Part(name or f"part {len(found) + 1}", tones))
    return Score(tuple(found), bars)


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
                    raw.append((start, end, round(single.pitch.ps), tie))
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
