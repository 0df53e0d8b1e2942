"""From pieces to arrays, and to batches of them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_buckets
from seqtasks.datasets.music.piece import Piece
from seqtasks.tasks.music.config import Config
from seqtasks.tasks.music.notation import NOTHING, Notation, pitches_of, tokens_of

# What a step knows of its place; 0 in each column: unknown.
PLACES = 97  # 1 + steps of its bar before it, up to 95; and steps of its bar, up to 96
LEFT = 66  # 1 + steps left with this one, up to 64; 1: the piece is over
CLOCK = (PLACES, PLACES, LEFT, 2)  # the last column: 1 in the first step of a piece

# What `batches` yields; time has one step more than the longest stretch: see `Stretch.over`.
SIGNATURE = (
    tf.TensorSpec((None, None, None), tf.int32),  # tokens (batch, time, columns)
    tf.TensorSpec((None, None), tf.int32),  # tokens of the step before the first (batch, columns)
    tf.TensorSpec((None, None, len(CLOCK)), tf.int32),
    tf.TensorSpec((None,), tf.int32),  # genre
    tf.TensorSpec((None,), tf.int32),  # steps of the stretch
    tf.TensorSpec((None,), tf.bool),  # whether the piece is over behind it
)


class Encoded(NamedTuple):
    """A piece as arrays.

    tokens: uint8 (steps, columns), see `notation`; clock: uint8 (steps + 1, 4), see CLOCK, of
    every step and of the place behind the last one; genre, tonic: as the piece says.
    """

    tokens: np.ndarray
    clock: np.ndarray
    genre: str
    tonic: int | None


class Stretch(NamedTuple):
    """Steps of a piece that are read as a whole: `tokens[first:end]`."""

    tokens: np.ndarray  # of the whole piece
    clock: np.ndarray
    genre: int
    first: int
    end: int

    @property
    def over(self) -> bool:
        """Whether the piece ends with it."""
        return self.end == len(self.tokens)


def encode(piece: Piece, notation: Notation) -> Encoded:
    """The arrays of a piece in this notation; TaskError for one that it cannot write."""
    piece = notation.written(piece)
    places = piece.places if notation.bar else None  # the model has never seen one
    return Encoded(tokens_of(piece), clock(len(piece), places), piece.genre, piece.tonic)


def clock(steps: int, places: np.ndarray | None) -> np.ndarray:
    """What each step knows of its place, and the place behind the last one: uint8 (steps + 1, 4).

    places: as in `Piece`.
    """
    found = np.zeros((steps + 1, len(CLOCK)), np.uint8)
    if places is not None and steps:
        before, bar = places[:, 0].astype(int), places[:, 1].astype(int)
        after = (before[-1] + 1) % max(bar[-1], 1)
        found[:, 0] = np.minimum(np.append(before, after), PLACES - 2) + 1
        found[:, 1] = np.minimum(np.append(bar, bar[-1]), PLACES - 1)
    found[:, 2] = np.minimum(np.arange(steps, -1, -1), LEFT - 2) + 1
    found[0, 3] = 1
    return found


def windows(length: int, most: int, generator: np.random.Generator) -> list[tuple[int, int]]:
    """Stretches that cover so many steps, each of `most` or, where moved, a little longer.

    Their number depends on the length alone; where one ends and the next begins is drawn.
    """
    count = -(-length // most)
    size = length / count
    shift = (generator.random() - 0.5) * size / 2
    cuts = [0, *(round(i * size + shift) for i in range(1, count)), length]
    return [(first, end) for first, end in pairwise(cuts) if end > first]


def epoch_steps(pieces: Sequence[Encoded], config: Config) -> int:
    """How many batches `batches` yields."""
    most = config.steps or 1  # resolved, and so not None
    count = sum(-(-len(piece.tokens) // most) for piece in pieces)
    return -(-count // config.batch_size)


def batches(
    pieces: Sequence[Encoded], notation: Notation, config: Config, epoch: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """The batches of an epoch, as SIGNATURE says; a function of its arguments.

    Each piece is moved by a number of semitones that keeps it within the notation's ranges, up to
    `config.transposition` either way; its genre, and how many steps are left, may be hidden.
    """
    generator = np.random.default_rng([config.seed, epoch])
    found = []
    for piece in pieces:
        by = _shift(piece, notation, config.transposition, generator)
        tokens = np.where(piece.tokens > NOTHING, piece.tokens + np.int16(by), 0).astype(np.uint8)
        tonic = None if piece.tonic is None else (piece.tonic + by) % 12
        genre = notation.number(piece.genre, tonic)
        hidden = generator.random(2) < config.hiding
        known = piece.clock.copy()
        if hidden[0]:
            genre = 0
        if hidden[1] or not config.countdown:
            known[:, 2] = 0
        for first, end in windows(len(tokens), config.steps or 1, generator):
            found.append(Stretch(tokens, known, genre, first, end))
    lengths = [stretch.end - stretch.first for stretch in found]
    for chosen in length_buckets(lengths, config.batch_size, config.seed, epoch):
        yield batch([found[i] for i in chosen], notation)


def batch(stretches: Sequence[Stretch], notation: Notation) -> tuple[np.ndarray, ...]:
    """Stretches side by side, padded, as SIGNATURE says.

    Where steps are sets there is a column more than the fullest step needs, for its end.
    """
    lengths = np.array([s.end - s.first for s in stretches], np.int32)
    width = max(s.tokens.shape[1] for s in stretches) + (not notation.voices)
    time = int(lengths.max()) + 1
    tokens = np.zeros((len(stretches), time, width), np.int32)
    before = np.zeros((len(stretches), width), np.int32)
    known = np.zeros((len(stretches), time, len(CLOCK)), np.int32)
    for row, s in enumerate(stretches):
        columns = s.tokens.shape[1]
        tokens[row, : lengths[row], :columns] = s.tokens[s.first : s.end]
        known[row, : lengths[row] + 1] = s.clock[s.first : s.end + 1]
        if s.first:
            before[row, :columns] = s.tokens[s.first - 1]
    genre = np.array([s.genre for s in stretches], np.int32)
    over = np.array([s.over for s in stretches])
    return tokens, before, known, genre, lengths, over


def _shift(piece: Encoded, notation: Notation, most: int, generator: np.random.Generator) -> int:
    """How many semitones a piece moves: up to `most` either way, each voice within its range."""
    low, high = -most, most
    pitches = pitches_of(piece.tokens)
    columns = pitches.T if notation.voices else [pitches.ravel()]
    for column, (lowest, highest) in zip(columns, notation.ranges, strict=True):
        heard = column[column > NOTHING]
        if heard.size:
            low = max(low, lowest - int(heard.min()))
            high = min(high, highest - int(heard.max()))
    return int(generator.integers(min(low, 0), max(high, 0) + 1))
