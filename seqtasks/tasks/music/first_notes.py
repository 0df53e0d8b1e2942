"""What a new piece begins with: first notes, or a melody, as tokens."""

import dataclasses

import numpy as np

from seqtasks.datasets.music.piece import Piece, pitch_name, without_ties
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.generation import FREE
from seqtasks.tasks.music.notation import NOTHING, Notation, pitches_of, tokens_of


def given_of(primer: Piece, notation: Notation) -> np.ndarray:
    """The tokens that a piece begins with, (steps, columns).

    Of pieces with voices, single tones are those of the first voice, to which the others are
    drawn; chords are dealt out from the first voice to the last.

    Raises TaskError for a primer with more tones at once than the run knows, or out of its range.
    """
    voices = notation.voices
    if voices and not primer.voices:
        if primer.pitches.shape[1] <= 1:
            return first_voice(primer, notation)
        primer = _dealt(primer, notation)
    tokens = tokens_of(notation.written(primer)).astype(np.int32)
    if tokens.shape[1] > notation.width:
        raise TaskError(
            f"{primer.name}: {tokens.shape[1]} tones at once; the run knows at most "
            f"{notation.width}"
        )
    given = np.zeros((len(tokens), notation.width), np.int32)
    given[:, : tokens.shape[1]] = tokens
    _check_range(given, primer.name, notation)
    return _begun(given, bool(voices))


def first_voice(piece: Piece, notation: Notation) -> np.ndarray:
    """A piece's first voice, or highest tones; the other columns are free."""
    single = dataclasses.replace(
        piece, pitches=piece.pitches[:, :1], struck=piece.struck[:, :1], voices=()
    )
    if piece.steps_per_beat != notation.steps_per_beat:
        notation.written(piece)
    if not notation.ties:
        single = without_ties(single)
    given = np.full((len(piece), notation.width), FREE, np.int32)
    if single.pitches.shape[1]:
        given[:, :1] = tokens_of(single)
    _check_range(given, piece.name, notation)
    return _begun(given, voices=True)


def _dealt(piece: Piece, notation: Notation) -> Piece:
    count = len(notation.voices)
    width = piece.pitches.shape[1]
    if width > count:
        raise TaskError(f"{piece.name}: {width} tones at once; the run has {count} voices")
    room = ((0, 0), (0, count - width))
    return dataclasses.replace(
        piece,
        pitches=np.pad(piece.pitches, room),
        struck=np.pad(piece.struck, room),
        voices=notation.voices,
    )


def _check_range(tokens: np.ndarray, name: str, notation: Notation) -> None:
    for column, row in enumerate(pitches_of(tokens).T):
        low, high = notation.range_of(column)
        wrong = row[(row > 0) & ((row < low) | (row > high))]
        if wrong.size:
            voice = f"the {notation.voices[column]}" if notation.voices else "the run"
            raise TaskError(
                f"{name}: {pitch_name(int(wrong[0]))} is outside what {voice} has in training, "
                f"{pitch_name(low)} to {pitch_name(high)}; transpose it"
            )


def _begun(given: np.ndarray, voices: bool) -> np.ndarray:
    """Tokens, (steps, columns), in which a held tone that did not sound before is struck.

    A tone goes over to another voice where the one above it ends, or where chords are dealt out.
    """
    pitches = np.maximum(pitches_of(given), NOTHING)  # FREE is none
    past = np.pad(pitches, ((1, 0), (0, 0)))[:-1]
    sounded = past == pitches if voices else (past[:, None] == pitches[:, :, None]).any(axis=2)
    return np.where(sounded, given, pitches_of(given)).astype(np.int32)
