"""A trained music model: pieces in, their likelihoods out; and new pieces."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.music.piece import Piece
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.data import SIGNATURE, Stretch, batch, encode
from seqtasks.tasks.music.first_notes import first_voice, given_of
from seqtasks.tasks.music.generation import Ask, Half, begun, greedy, sample
from seqtasks.tasks.music.keys import key_of
from seqtasks.tasks.music.likelihood import nats
from seqtasks.tasks.music.network import Network
from seqtasks.tasks.music.notation import NOTHING, Notation, piece_of

AT_ONCE = 2**15  # tokens that are read together
APART = 128  # steps before the end, the takes of a piece part

_WHOLE, _REAL, _TRUTH = (tf.TensorSpec((), t) for t in (tf.int32, tf.float32, tf.bool))
ASK = Ask(
    genre=tf.TensorSpec((None,), tf.int32),
    steps=_WHOLE,
    bar=_WHOLE,
    place=_WHOLE,
    countdown=_TRUTH,
    temperature=_REAL,
    top_p=_REAL,
    seed=tf.TensorSpec((), tf.int64),
    given=tf.TensorSpec((None, None), tf.int32),
    first=_WHOLE,
)


class Reading(NamedTuple):
    """What the model makes of a piece.

    nats: float32 (steps,), −ln p of each step's tones; ends: float32 (steps + 1,), −ln p of its
    going on, and of its being over; guess: uint8 (steps, columns), the pitches that the model
    holds for likeliest, tone by tone, after the true steps before.
    """

    nats: np.ndarray
    ends: np.ndarray
    guess: np.ndarray


class Composer:
    """The network of a run with its notation."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.notation: Notation = network.notation
        self.config = network.config
        signature = (*SIGNATURE, self._states())
        self._read = tf.function(self._read_traced, autograph=False, input_signature=signature)
        self._count = tf.function(self._count_traced, autograph=False, input_signature=signature)
        half = Half(
            _WHOLE,
            tf.TensorSpec((None,), tf.bool),
            tf.TensorSpec((None,), tf.bool),
            tf.TensorSpec((None, self.notation.width), tf.int32),
            self._states(),
        )
        self._sample = tf.function(
            self._sample_traced, autograph=False, input_signature=[ASK, half, _WHOLE]
        )

    def read(
        self,
        pieces: Sequence[Piece],
        progress: Callable[[int, int], object] = lambda done, all: 0,
        told: bool = True,
    ) -> list[Reading]:
        """The likelihood of every step of every piece, from its first step.

        progress: is told how many steps of how many are read. told: whether a model that counts
        down is told how many steps are left.
        Raises TaskError for a piece that the notation cannot write.
        """
        return self._readings(pieces, progress, told, self._read)

    def _readings(
        self,
        pieces: Sequence[Piece],
        progress: Callable[[int, int], object],
        told: bool,
        read: Any,
    ) -> list[Reading]:
        encoded = [encode(piece, self.notation) for piece in pieces]
        found: list[Any] = [None] * len(pieces)
        all_ = sum(len(piece) for piece in pieces)
        done = 0
        for group in length_batches([len(e.tokens) for e in encoded], AT_ONCE // 8):
            stretches = []
            for number in group:
                tokens, clock, genre, tonic = encoded[number]
                if not (self.config.countdown and told):
                    clock = clock.copy()
                    clock[:, 2] = 0
                genre_number = self.notation.number(genre, tonic)
                stretches.append(Stretch(tokens, clock, genre_number, 0, len(tokens)))
            for number, reading in zip(group, self._read_group(stretches, read), strict=True):
                found[number] = reading
                done += len(reading.nats)
            progress(done, all_)
        return found

    def nats_per_step(self, pieces: Sequence[Piece]) -> float:
        """Mean −ln p of the steps, as `read` finds it, without guesses: what training watches."""
        readings = self._readings(pieces, lambda done, all: None, True, self._count)
        steps = sum(len(piece) for piece in pieces)
        return sum(float(r.nats.sum(dtype=np.float64)) for r in readings) / max(steps, 1)

    def _read_group(self, stretches: Sequence[Stretch], read: Any) -> list[Reading]:
        tokens, before, clock, genre, length, over = batch(stretches, self.notation)
        states = self.network.first_states(len(stretches))
        size = max(AT_ONCE // (tokens.shape[0] * tokens.shape[2]), 1)
        parts = []
        for first in range(0, tokens.shape[1], size):
            part = slice(first, first + size)
            left = length - first
            *figures, states = read(
                tokens[:, part],
                before,
                clock[:, part],
                genre,
                np.clip(left, 0, size),
                over & (left >= 0),
                states,
            )
            parts.append([x.numpy() for x in figures])
            before = tokens[:, part][:, -1]
        steps, ends, guess = (np.concatenate(x, axis=1) for x in zip(*parts, strict=True))
        return [
            Reading(steps[row, :n], ends[row, : n + 1], guess[row, :n])
            for row, n in enumerate(length)
        ]

    def _read_traced(self, *given: Any) -> Any:
        *arrays, states = given
        found, states, s = nats(self.network, arrays, states)
        tokens, before = arrays[:2]
        before = tf.concat([before[:, None], tokens[:, :-1]], axis=1)
        return found.tones, found.ends, greedy(self.network, s, before, arrays[3]), states

    def _count_traced(self, *given: Any) -> Any:
        *arrays, states = given
        found, states, _ = nats(self.network, arrays, states)
        return found.tones, found.ends, arrays[0], states

    def _states(self) -> Any:
        return [
            [tf.TensorSpec((None, self.config.units), tf.float32) for _ in layer]
            for layer in self.network.first_states(1)
        ]

    def _sample_traced(self, ask: Ask, half: Half, until: tf.Tensor) -> Any:
        return sample(self.network, ask, half, until)

    def generate(
        self,
        steps: int,
        num: int = 1,
        genre: int | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 1,
        primer: Piece | None = None,
        melody: Piece | None = None,
        bar: int | None = None,
        place: int = 0,
        open_end: bool = False,
        takes: int = 1,
        number: int = 0,
    ) -> list[Piece]:
        """New pieces, `num` at once; the same arguments give the same ones.

        As it stands, tones are drawn with the probabilities that the model gives them; what
        `seqtasks music generate` does instead stands in `config.Drawing`.
        Of each, so many `takes` are drawn, in long pieces of their ends alone, and the one is kept
        that the model finds best ended: its probability of being over where it is, when nobody has
        told how many steps there are.

        steps: at most; a model that counts down ends with the last of them unless `open_end`.
        genre: its number, 0 for none. None is the key of the first notes, where genres are keys;
        without first notes one is drawn for each piece, as often as training has it.
        bar: steps of a bar, None for the commonest of training.
        primer: what the pieces begin with. melody: the first voice, throughout; it says how long
        they are. number: of the first piece, from 0, among all that the seed makes: a thousand can
        be drawn in groups.
        Raises TaskError for a primer or a melody in which nothing sounds, or with pitches that
        training did not have.
        """
        bar = self.notation.bar if bar is None else bar
        given = np.zeros((0, self.notation.width), np.int32)
        if melody is not None:
            if not self.notation.voices:
                raise TaskError("the run's pieces have no voices: there is none to harmonise")
            given, steps = first_voice(melody, self.notation), len(melody)
        elif primer is not None:
            given = given_of(primer, self.notation)[:steps]
        first = primer if melody is None else melody
        if first is not None and len(given) == steps and not (given > NOTHING).any():
            problem = f"nothing sounds in its {steps} steps"
            raise TaskError(f"{first.name}: {problem}; begin with something that does")
        if first is not None and first.places is not None and len(first):
            place, bar = (int(x) for x in first.places[0])
        if genre is None and first is not None:
            genre = self._genre_of(first)
        drawn = self.notation.drawn(seed, number + num)[number:]
        genres = drawn if genre is None else [genre] * num
        ask = Ask(
            genre=tf.constant(genres, tf.int32),
            steps=tf.constant(steps),
            bar=tf.constant(bar if self.notation.bar else 0),  # the model knows none otherwise
            place=tf.constant(place),
            countdown=tf.constant(self.config.countdown and not open_end),
            temperature=tf.constant(temperature, tf.float32),
            top_p=tf.constant(top_p, tf.float32),
            seed=tf.constant(seed, tf.int64),
            given=tf.constant(given),
            first=tf.constant(number),
        )
        tokens, length = self._draw(ask, steps, takes)
        owner = np.repeat(np.arange(num), takes)
        pieces = [
            self._piece(row[:end], genres[i], bar, place, f"piece {number + i + 1}")
            for i, row, end in zip(owner, tokens, length, strict=True)
        ]
        return self._best_ended(pieces, takes)

    def _genre_of(self, first: Piece) -> int:
        """The genre that first notes ask for: their key, where genres are keys; otherwise none."""
        if not self.notation.by_tonic:
            return 0
        key = key_of(first)
        return self.notation.number(key.mode, key.tonic)

    def _draw(self, ask: Ask, steps: int, takes: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens and lengths of all takes of all pieces; they part APART steps before the end."""
        half, parts = begun(self.network, len(ask.genre)), []
        length = np.zeros(takes * len(ask.genre), np.int32)
        if takes > 1 and steps > APART:
            (tokens, some), half = self._sample(ask, half, tf.constant(steps - APART))
            parts, length = [np.repeat(tokens.numpy(), takes, axis=0)], np.repeat(some, takes)
        half = tf.nest.map_structure(lambda x: tf.repeat(x, takes, 0) if x.shape.rank else x, half)
        ask = ask._replace(genre=tf.repeat(ask.genre, takes), first=ask.first * takes)
        (tokens, more), _ = self._sample(ask, half, ask.steps)
        return np.concatenate([*parts, tokens.numpy()], axis=1), length + more.numpy()

    def _best_ended(self, pieces: list[Piece], takes: int) -> list[Piece]:
        """Of every `takes` pieces the one whose end the model finds likeliest, untold."""
        if takes == 1:
            return pieces
        ends = np.array([reading.ends[-1] for reading in self.read(pieces, told=False)])
        best = ends.reshape(-1, takes).argmin(axis=1)
        return [pieces[i * takes + int(j)] for i, j in enumerate(best)]

    def _piece(self, tokens: np.ndarray, genre: int, bar: int, place: int, name: str) -> Piece:
        mode, tonic = self.notation.tonic_of(genre)
        places = None
        if bar:
            before = (place + np.arange(len(tokens))) % bar
            places = np.stack([before, np.full(len(tokens), bar)], axis=1).astype(np.int16)
        piece = piece_of(tokens, self.notation, name)
        return dataclasses.replace(piece, places=places, genre=mode, tonic=tonic)
