"""A piece as a MIDI file."""

from pathlib import Path
from typing import Any

from seqtasks.datasets.music.piece import Note, Piece, notes_of
from seqtasks.tasks.music.bars import bars_of, metre
from seqtasks.tasks.whole_files import whole_file

TICKS = 480  # of a quarter note, or the next number that the grid divides
VELOCITY = 80
PIANO, CHOIR = 0, 52  # programmes of General MIDI: acoustic grand piano, choir aahs


def write_midi(path: Path, piece: Piece, tempo: float) -> None:
    """Writes a file of type 1: a track a voice with its name, or one track for all notes.

    Voices sing, what has none is played on a piano. Tones that are held over are one note. Each
    change of metre is written; a pickup is a shorter bar.

    Args:
        path: the file; what it held before is lost only once the new one is whole.
        piece: see `notes_of` for its notes.
        tempo: quarter notes a minute.

    Raises:
        TaskError: if it cannot be written.
    """
    score = midi_score(piece, tempo)
    with whole_file(path) as part:
        part.write_bytes(score.dumps_midi())


def midi_score(piece: Piece, tempo: float) -> Any:
    """The piece as a symusic.Score in ticks."""
    from symusic import Note as MidiNote
    from symusic import Score, Tempo, TimeSignature, Track

    per_step = -(-TICKS // piece.steps_per_beat)
    score: Any = Score(per_step * piece.steps_per_beat)
    score.tempos.append(Tempo(0, qpm=tempo))
    for step, (beats, unit) in _metres(piece):
        score.time_signatures.append(TimeSignature(step * per_step, beats, unit))
    parts: list[list[Note]] = [[] for _ in piece.voices or ("",)]
    for column, note in notes_of(piece):
        parts[column if piece.voices else 0].append(note)
    for name, notes in zip(piece.voices or ("",), parts, strict=True):
        track: Any = Track(name, CHOIR if piece.voices else PIANO)
        for start, end, pitch in notes:
            track.notes.append(
                MidiNote(start * per_step, (end - start) * per_step, pitch, VELOCITY)
            )
        score.tracks.append(track)
    return score


def _metres(piece: Piece) -> list[tuple[int, tuple[int, int]]]:
    """The steps where the metre changes, each with the new one."""
    bars = bars_of(piece)
    changes: list[tuple[int, tuple[int, int]]] = []
    for bar in bars:
        # the last bar may be cut short, and is then still one of its metre
        steps = bar.length - bar.before if bar is bars[-1] else bar.end - bar.start
        found = metre(steps, piece.steps_per_beat)
        if not changes or changes[-1][1] != found:
            changes.append((bar.start, found))
    return changes
