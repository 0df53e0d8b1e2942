"""A piece as a MusicXML file."""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from seqtasks.datasets.music.piece import Note, Piece, notes_of
from seqtasks.tasks.music.bars import Bar, bars_of, metre
from seqtasks.tasks.music.keys import Key, key_of, spelling
from seqtasks.tasks.whole_files import whole_file

MIDDLE_C = 60
BASS_CLEF = 63  # the mean pitch below which a voice has it: a tenor's is lower, an alto's higher
_DAY = re.compile(rb"\s*<encoding-date>[^<]*</encoding-date>")
_SIGNS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}  # as music21 writes accidentals


class Staff(NamedTuple):
    """What one staff shows."""

    name: str
    treble: bool
    notes: list[Note]


def write_musicxml(path: Path, piece: Piece, tempo: float) -> None:
    """Writes a score: a staff a voice, or treble and bass staff for notes without voices.

    Low voices, tenor and bass, have the bass clef. Without voices, notes from middle C on are on
    the treble staff, and a staff without notes is left out. Tones are cut at the bar lines, and in
    chords wherever one of the staff's tones begins or ends, and tied. The signature and the
    accidentals are those of the piece's key, known or estimated (`key_of`).

    Args:
        path: the file; what it held before is lost only once the new one is whole.
        piece: see `notes_of` for its notes, and `bars_of` for its bars.
        tempo: quarter notes a minute.

    Raises:
        TaskError: if it cannot be written.
    """
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    score = music21_score(piece, tempo)
    with whole_file(path) as part:
        # without the day, so that the same piece is the same file
        part.write_bytes(_DAY.sub(b"", GeneralObjectExporter(score).parse()))


def music21_score(piece: Piece, tempo: float) -> Any:
    """The piece as a music21.stream.Score with its measures made."""
    from music21 import instrument, metadata, stream

    key = key_of(piece)
    bars = bars_of(piece)
    score = stream.Score()
    score.metadata = metadata.Metadata(title=piece.name, composer="seqtasks")
    for number, staff in enumerate(staves_of(piece), 1):
        player = instrument.Instrument(staff.name)
        player.partId, player.instrumentId = f"P{number}", f"I{number}"
        part = stream.Part(id=player.partId)
        part.insert(0, player)
        for measure in _measures(staff, bars, piece.steps_per_beat, key):
            part.append(measure)
        _frame(part, staff, key, tempo if number == 1 else None)
        score.insert(0, part)
    return score


def staves_of(piece: Piece) -> list[Staff]:
    """The staves that the piece needs, from the highest; at least one."""
    notes = notes_of(piece)
    if piece.voices:
        voices = [
            [note for column, note in notes if column == voice]
            for voice in range(len(piece.voices))
        ]
        return [
            Staff(name, _mean_pitch(own) >= BASS_CLEF, own)
            for name, own in zip(piece.voices, voices, strict=True)
        ]
    staves = [
        Staff("", treble, [n for _, n in notes if (n.pitch >= MIDDLE_C) == treble])
        for treble in (True, False)
    ]
    return [staff for staff in staves if staff.notes] or staves[:1]


def _mean_pitch(notes: Iterable[Note]) -> float:
    """Over time; the lowest for a treble clef where nothing sounds."""
    lengths = [(note.end - note.start, note.pitch) for note in notes]
    total = sum(length for length, _ in lengths)
    return sum(length * pitch for length, pitch in lengths) / total if total else BASS_CLEF


def _frame(part: Any, staff: Staff, key: Key, tempo: float | None) -> None:
    """Puts clef, key and tempo in the first measure, and a final bar line behind the last."""
    from music21 import clef, stream
    from music21 import key as keys
    from music21 import tempo as tempi

    measures = part.getElementsByClass(stream.Measure)
    measures.last().rightBarline = "final"
    first = measures.first()
    first.insert(0, clef.TrebleClef() if staff.treble else clef.BassClef())
    first.insert(0, keys.KeySignature(key.sharps))
    if tempo is not None:
        first.insert(0, tempi.MetronomeMark(number=round(tempo, 3), referent=1.0))


class Slice(NamedTuple):
    """What a staff has from step `start` to before step `end`; nothing is a rest."""

    start: int
    end: int
    notes: list[Note]


def _slices(staff: Staff, bars: list[Bar]) -> list[list[Slice]]:
    """Each bar's slices: within one, no tone of the staff begins or ends."""
    cuts = {edge for note in staff.notes for edge in (note.start, note.end)}
    waiting = sorted(staff.notes, reverse=True)  # the next to begin is the last
    sounding: list[Note] = []
    found: list[list[Slice]] = []
    places = iter(sorted(cuts | {edge for bar in bars for edge in (bar.start, bar.end)}))
    start = next(places, 0)
    for bar in bars:
        found.append([])
        while start < bar.end:
            end = next(places)
            while waiting and waiting[-1].start <= start:
                sounding.append(waiting.pop())
            sounding = [note for note in sounding if note.end > start]
            found[-1].append(Slice(start, end, sorted(sounding, key=lambda note: note.pitch)))
            start = end
    return found


def _measures(staff: Staff, bars: list[Bar], steps_per_beat: int, key: Key) -> Iterator[Any]:
    """The staff's bars; a pickup is bar 0, and lacks what comes before it."""
    from music21 import meter, stream

    shown = None
    pickup = bool(bars and bars[0].before)
    for number, (bar, slices) in enumerate(zip(bars, _slices(staff, bars), strict=True)):
        measure = stream.Measure(number=number + (not pickup))
        if shown != bar.length:
            shown = bar.length
            beats, unit = metre(shown, steps_per_beat)
            measure.timeSignature = meter.TimeSignature(f"{beats}/{unit}")
        if bar.before:
            measure.paddingLeft = Fraction(bar.before, steps_per_beat)
        for part in slices:
            length = Fraction(part.end - part.start, steps_per_beat)
            measure.insert(
                Fraction(part.start - bar.start, steps_per_beat), _element(part, key, length)
            )
        yield measure


def _element(part: Slice, key: Key, length: Fraction) -> Any:
    """A slice as a rest, a note or a chord."""
    from music21 import chord, note

    if not part.notes:
        return note.Rest(quarterLength=length)
    tones = [_tone(tone, part, key, length) for tone in part.notes]
    return tones[0] if len(tones) == 1 else chord.Chord(tones, quarterLength=length)


def _tone(tone: Note, part: Slice, key: Key, length: Fraction) -> Any:
    from music21 import note, tie

    letter, alteration, octave = spelling(tone.pitch, key)
    written = note.Note(f"{letter}{_SIGNS[alteration]}{octave}", quarterLength=length)
    before, after = tone.start < part.start, tone.end > part.end
    if before or after:
        kind = "continue" if before and after else "stop" if before else "start"
        written.tie = tie.Tie(kind)
    return written
