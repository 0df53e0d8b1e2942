"""A piece of music on a grid of time steps: what every reader of music yields."""

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

LOWEST, HIGHEST = 1, 127  # MIDI pitches; the lowest of MIDI, 0, is no tone that anything plays
TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")  # by pitch class


def pitch_name(pitch: int) -> str:
    """A MIDI pitch for people: 60 is C4."""
    return f"{TONICS[pitch % 12]}{pitch // 12 - 1}"


class Genres(NamedTuple):
    """Genres by number, the first of which is number 1.

    by_tonic: they are modes, each in twelve keys: number 1 is the first mode on C, and so on.
    """

    names: tuple[str, ...]
    by_tonic: bool


def genres_of(pieces: Iterable["Piece"]) -> Genres:
    """Those of some pieces, in order of their names; keys where all tonics are known."""
    known = {(piece.genre, piece.tonic is not None) for piece in pieces if piece.genre}
    modes = sorted({genre for genre, _ in known})
    if known and all(has_tonic for _, has_tonic in known):
        return Genres(tuple(f"{tonic} {mode}" for mode in modes for tonic in TONICS), True)
    return Genres(tuple(modes), False)


class Note(NamedTuple):
    """A tone on the grid: it is struck at step `start` and sounds until before step `end`."""

    start: int
    end: int
    pitch: int


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of music on a grid.

    Attributes:
        name: where it came from, for people.
        pitches: uint8 (steps, width), the MIDI pitches that sound in each step; 0 is silence. Of
            a piece with voices a column is a voice; otherwise each row goes from the highest
            pitch to the lowest, none twice, with 0 behind them.
        struck: bool (steps, width): struck in this step, not held over from the one before it.
            False where there is silence.
        steps_per_beat: steps of a quarter note.
        voices: the names of the columns, or () where the source has no fixed voices.
        places: int16 (steps, 2), for each step how many steps its bar had before it, and how many
            it has in all; None where the source has no bars.
        genre: a name, or "" where none is known; where a tonic is known, its mode.
        tonic: the pitch class of the tonic, 0 (C) to 11 (B), where it is known.
        group: pieces that must not be parted by a split have the same; "" is by content, the
            same in every key.
    """

    name: str
    pitches: np.ndarray
    struck: np.ndarray
    steps_per_beat: int
    voices: tuple[str, ...] = ()
    places: np.ndarray | None = None
    genre: str = ""
    tonic: int | None = None
    group: str = ""

    def __len__(self) -> int:
        """Steps."""
        return len(self.pitches)


def piece_of_notes(notes: Iterable[Note], steps: int, name: str, steps_per_beat: int) -> Piece:
    """The piece in which these notes sound, without voices; it has `steps` steps.

    Where notes of the same pitch overlap, they sound as one; each start strikes it anew.
    """
    sounds = np.zeros((steps, HIGHEST + 1), bool)
    begins = np.zeros((steps, HIGHEST + 1), bool)
    for start, end, pitch in notes:
        sounds[max(start, 0) : max(end, 0), pitch] = True
        if 0 <= start < min(end, steps):
            begins[start, pitch] = True
    counts = sounds.sum(axis=1)
    pitches = np.zeros((steps, int(counts.max(initial=0))), np.uint8)
    struck = np.zeros(pitches.shape, bool)
    rows, upside_down = np.nonzero(sounds[:, ::-1])
    columns = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    pitches[rows, columns] = HIGHEST - upside_down
    struck[rows, columns] = begins[rows, HIGHEST - upside_down]
    return Piece(name, pitches, struck, steps_per_beat)


def notes_of(piece: Piece) -> list[tuple[int, Note]]:
    """Every tone of a piece with its column, in order of its start, then from the first column.

    A held tone goes on the one before it: in a piece with voices that of its column, otherwise
    that of the same pitch, which keeps the column where it was struck. What is held over from
    nothing counts as struck.
    """
    open_: dict[int, tuple[int, int, int]] = {}  # key -> start, column, pitch
    found: list[tuple[int, Note]] = []

    def close(key: int, end: int) -> None:
        start, column, pitch = open_.pop(key)
        found.append((column, Note(start, end, pitch)))

    for step, (row, row_struck) in enumerate(zip(piece.pitches, piece.struck, strict=True)):
        keys = {}
        for column, pitch in enumerate(row.tolist()):
            if pitch:
                keys[column if piece.voices else pitch] = (column, pitch, bool(row_struck[column]))
        for key in list(open_):
            if key not in keys or keys[key][2] or keys[key][1] != open_[key][2]:
                close(key, step)
        for key, (column, pitch, _) in keys.items():
            if key not in open_:
                open_[key] = (step, column, pitch)
    for key in list(open_):
        close(key, len(piece))
    return sorted(found, key=lambda item: (item[1].start, item[0], item[1].pitch))


def as_set(piece: Piece) -> Piece:
    """The piece without its voices: each step's pitches from high to low, none twice.

    A pitch that two voices have is struck where one of them strikes it.
    """
    if not piece.voices:
        return piece
    notes = [note for _, note in notes_of(piece)]
    plain = piece_of_notes(notes, len(piece), piece.name, piece.steps_per_beat)
    return dataclasses.replace(piece, pitches=plain.pitches, struck=plain.struck, voices=())


def without_ties(piece: Piece) -> Piece:
    """The piece with every tone struck in every step that it sounds in."""
    return dataclasses.replace(piece, struck=piece.pitches > 0)


def transposed(piece: Piece, by: int) -> Piece:
    """The piece so many semitones higher.

    Raises ValueError where a pitch would leave MIDI's.
    """
    there = piece.pitches > 0
    pitches = piece.pitches.astype(np.int16) + by
    heard = pitches[there]
    if heard.size and (heard.min() < LOWEST or heard.max() > HIGHEST):
        raise ValueError(f"{piece.name}: {by} semitones higher it would leave {LOWEST}–{HIGHEST}")
    return dataclasses.replace(
        piece,
        pitches=np.where(there, pitches, 0).astype(np.uint8),
        tonic=None if piece.tonic is None else (piece.tonic + by) % 12,
    )


def group_of(piece: Piece) -> str:
    """What places a piece in a split: its `group`, or a hash of its notes that no key changes."""
    if piece.group:
        return piece.group
    there = piece.pitches > 0
    first = int(piece.pitches[there][0]) if there.any() else 0
    relative = np.where(there, piece.pitches.astype(np.int16) - first, -1000)
    digest = hashlib.blake2b(np.ascontiguousarray(relative).tobytes(), digest_size=16)
    digest.update(np.ascontiguousarray(piece.struck).tobytes())
    return digest.hexdigest()
