"""MIDI files, types 0 and 1, on the grid. symusic parses them.

A step is `1 / steps_per_beat` of a quarter note, whatever the tempo. Where a note begins and where
it ends is rounded to the grid, half a step up, so that no note begins before one that it followed;
every note lasts a step or more, and those closer to one another than the grid sound together.
Notes that last no tick at all, pitch 0 and drums (channel 10) are left out.

Bars are counted from the beginning of the file by its time signatures, 4/4 where it has none: of
a pickup MIDI knows nothing. Whole bars of silence before the first note, and silence after the
last one, are left out.

Native code reads the file: for files of strangers go through `isolated`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.bars import Metre, bar_lines, places_of
from seqtasks.datasets.music.piece import LOWEST, Note, Piece, piece_of_notes

MOST_BYTES = 16 << 20
MOST_STEPS = 200_000  # 7 hours at 4 steps a beat and 120 beats a minute

ANOTHER = "get the file again, or leave it out"


def read(path: Path, steps_per_beat: int) -> Piece:
    """The music of a file, with bars, without voices.

    Raises:
        DataError: for what is no MIDI file or a damaged one, for type 2 and for time in seconds
            (SMPTE), where no tone sounds, and for more than MOST_BYTES or MOST_STEPS.
    """
    data = _bytes_of(path)
    kind, division = (int.from_bytes(data[place : place + 2]) for place in (8, 12))
    if kind == 2:
        raise DataError(
            path, "expected MIDI of type 0 or 1, got type 2", "save its patterns as files"
        )
    if division >= 1 << 15 or division == 0:
        raise DataError(
            path,
            "expected ticks of a quarter note, got "
            + ("time in seconds (SMPTE)" if division else "none"),
            "save it with musical time",
        )
    score = _parse(path, data)
    start, end, pitch = _tones(path, score)
    start, end = (_rounded(ticks, steps_per_beat, division) for ticks in (start, end))
    end = np.maximum(end, start + 1)
    steps = int(end.max())
    if start.min() < 0 or steps > MOST_STEPS:
        length = "longer than can be counted" if start.min() < 0 else f"of {steps:,} steps"
        raise DataError(
            path,
            f"expected {MOST_STEPS:,} steps at most, got a piece {length}",
            "cut it into pieces, or choose fewer steps a beat",
        )
    metres = [
        Metre(found.time, found.numerator, found.denominator) for found in score.time_signatures
    ]
    lines = bar_lines(metres, division, steps_per_beat, steps)
    silent = lines[np.searchsorted(lines, start.min(), side="right") - 1]
    notes = map(Note, (start - silent).tolist(), (end - silent).tolist(), pitch.tolist())
    piece = piece_of_notes(notes, steps - int(silent), path.name, steps_per_beat)
    places = places_of(lines - silent, len(piece))
    return Piece(path.name, piece.pitches, piece.struck, steps_per_beat, places=places)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(path, f"cannot be read ({reason})", "check the path") from None
    if not data:
        raise DataError(path, "expected a MIDI file, got an empty one", ANOTHER)
    if len(data) > MOST_BYTES:
        problem = f"expected {MOST_BYTES >> 20} MiB of MIDI at most, got more"
        raise DataError(path, problem, "leave it out, or cut it into pieces")
    if data[:4] != b"MThd":
        problem = f"expected a MIDI file, which begins with b'MThd', got {data[:4]!r}"
        raise DataError(path, problem, "check what kind of file it is")
    if len(data) < 14:
        raise DataError(path, f"a MIDI file cut off after {len(data)} bytes", ANOTHER)
    place = 8 + int.from_bytes(data[4:8])
    while data[place : place + 4] == b"MTrk":  # the parser does not look where a track ends
        place += 8 + int.from_bytes(data[place + 4 : place + 8])
    if place > len(data):
        raise DataError(path, f"a MIDI file cut off after {len(data):,} bytes", ANOTHER)
    return data


def _parse(path: Path, data: bytes) -> Any:
    import symusic

    try:
        return symusic.Score.from_midi(data)
    except (RuntimeError, ValueError) as error:
        reason = str(error).removeprefix("MiniMidi: ").removesuffix(": iostream error")
        raise DataError(path, f"a damaged MIDI file ({reason})", ANOTHER) from None


def _tones(path: Path, score: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end in ticks, and pitch, of all notes that we keep; int64 (notes,)."""
    parts = []
    for track in score.tracks:
        if not track.is_drum:
            columns = track.notes.numpy()
            time, duration, pitch = (
                columns[name].astype(np.int64) for name in ("time", "duration", "pitch")
            )
            parts.append(np.stack([time, time + duration, pitch])[:, (duration > 0)])
    tones = np.concatenate([np.zeros((3, 0), np.int64), *parts], axis=1)
    start, end, pitch = tones[:, tones[2] >= LOWEST]
    if not start.size:
        drums = any(track.is_drum and len(track.notes) for track in score.tracks)
        got = "only drums" if drums and not any(part.size for part in parts) else "none"
        raise DataError(path, f"expected notes with a pitch, got {got}", "leave the file out")
    return start, end, pitch


def _rounded(ticks: np.ndarray, steps_per_beat: int, ticks_per_beat: int) -> np.ndarray:
    """The step nearest to each tick; halfway between two, the later one."""
    return (2 * ticks * steps_per_beat + ticks_per_beat) // (2 * ticks_per_beat)
