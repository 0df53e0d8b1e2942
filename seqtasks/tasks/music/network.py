"""The music model's network: from the steps before, and the tones of a step so far, to the next.

Two clocks. Recurrent layers go from time step to time step; within a step, a feed-forward network
goes from tone to tone, given what the recurrent layers remember and the tones that the step
already has. All tones of a piece are so trained in parallel, and a loop runs over time alone.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.tasks.music.config import Config
from seqtasks.tasks.music.data import CLOCK
from seqtasks.tasks.music.notation import HELD, NOTHING, STILL, TOKENS, Notation
from seqtasks.tasks.music.token_tensors import DEGREES, degree_of, interval, pitch_of, sounding
from seqtasks.tasks.music.tones import (
    ABOVE,
    Tones,
    by_distance,
    held_so_far,
    near_of,
    possible,
    sum_before,
)
from seqtasks.tasks.recurrent_layer import recurrent_layer

Tensor = Any
States = list[list[Tensor]]
NEVER = -1e9  # logit of what cannot be
COLUMNS = 16  # columns that the network tells apart; those behind count as the last
REACH = 24  # semitones that a tone may be from the one before it to be seen as a step from there
SPEED = 3.0  # what is learnt of intervals counts so much: small steps take it far
GAP, MOVE = 48, 24  # semitones: intervals between tones, and motions, are seen up to these


class Network(keras.Model):
    """The probability of a piece, tone by tone.

    With tokens k<t,1> … k<t,n> of step t (see `notation`), clock and genre c<t>:

        x<t>, y<t> = Σ_i E k<t-1,i> + C c<t>                         what came before
        h<t>       = recurrent layers over x<1> … x<t>               (units,)
        s<t>       = W h<t> + y<t>                                   (hidden,)
        a<t,i>     = s<t> + Σ_{j<i} S k<t,j> + what is near          (hidden,)
        z<t,i>     = relu(V relu(a<t,i>) + b)                        (hidden,)
        p(k<t,i>)  = softmax(U z<t,i> + R z<t,i> from the tone at this place before
                             + D z<t,i> from the tonic, where it is known
                             + for each of the tones above, what is usual of their interval)

    What is near: the token before it in this step, the token at the same place in the step
    before, and, of the nearest tones above, how far away they were and how they moved. The last
    terms see pitches as distances, from the tone at this place before, from the tonic and from the
    tones above: what is learnt in one key holds in all. Tokens that cannot be have probability 0:
    a held tone that did not sound; in sets, a tone that is not below the one before it. Recurrence
    over steps with a network over the tones of a step: Boulanger-Lewandowski, Bengio and Vincent,
    "Modeling temporal dependencies in high-dimensional sequences", 2012 (RNN-NADE).

    The end: p(the piece ends before step t) = σ(v s<t> + b).
    """

    def __init__(self, config: Config, notation: Notation) -> None:
        super().__init__(name="music_model")
        self.config, self.notation = config, notation
        size, hidden = config.embedding_size, config.hidden
        voices = len(notation.voices) or 1

        def table(rows: int, length: int, name: str) -> keras.layers.Embedding:
            first = keras.initializers.RandomNormal(stddev=0.1)
            return keras.layers.Embedding(rows, length, first, name=name)

        # of each, a table for x and one for y
        self.heard = [table(voices * TOKENS, n, f"heard_{i}") for i, n in enumerate((size, hidden))]
        self.seen = [
            [table(rows, n, f"seen_{i}_{j}") for j, n in enumerate((size, hidden))]
            for i, rows in enumerate((*CLOCK, len(notation.genres) + 1))
        ]
        self.recurrent = [
            recurrent_layer(config, number, return_state=True) for number in range(config.layers)
        ]
        self.remembered = keras.layers.Dense(hidden, name="remembered")
        self.so_far = table(voices * TOKENS, hidden, "so_far")
        self.latest = table(TOKENS, hidden, "latest")
        self.same_place = table(TOKENS, hidden, "same_place")
        self.columns = table(COLUMNS, hidden, "columns")
        self.gaps = table(ABOVE * (2 * GAP + 2), hidden, "gaps")
        self.moves = table(ABOVE * (2 * MOVE + 2), hidden, "moves")
        # by how far a pitch is above the tonic, where that is known
        self.degrees_before = table(voices * DEGREES, hidden, "degrees_before")
        self.degrees_near = table((1 + ABOVE) * DEGREES, hidden, "degrees_near")
        self.degrees = keras.layers.Dense(DEGREES - 1, name="degrees")
        self.middle = keras.layers.Dense(hidden, activation="relu", name="middle")
        self.tokens = keras.layers.Dense(TOKENS, name="tokens")
        self.distances = keras.layers.Dense(2 * REACH + 1, name="distances")
        zeros = keras.initializers.Zeros()
        self.intervals = keras.layers.Embedding(
            ABOVE * 2 * (2 * GAP + 2), 2 * GAP + 1, zeros, name="intervals"
        )
        self.holding = keras.layers.Dense(1, name="holding")
        self.ending = keras.layers.Dense(1, name="ending")
        self.random = keras.random.SeedGenerator(config.seed)
        tokens = np.ones((1, 1, notation.width + (not voices)), np.int32)
        before = np.zeros_like(tokens)
        s, _ = self(before, np.zeros((1, 1, len(CLOCK)), np.int32), np.zeros(1, np.int32))
        there = np.ones(tokens.shape, bool)
        self.note_logits(self.tones(s, before, tokens, np.zeros(1, np.int32), there))
        self.end_logits(s)

    def build(self, *shapes: Any) -> None:
        """Nothing: the constructor makes all weights."""

    def call(
        self,
        before: Tensor,
        clock: Tensor,
        genre: Tensor,
        states: States | None = None,
        training: bool = False,
    ) -> Any:
        """s<t>, (batch, time, hidden), and the states after the last step.

        before: int32 (batch, time, columns), the tokens of the step before each; clock: int32
        (batch, time, 4); genre: int32 (batch,). states: of each layer, (batch, units) each; None:
        zeros.
        """
        x, past = self._inputs(before, clock, genre[:, None], training)
        after = []
        for number, layer in enumerate(self.recurrent):
            first = None if states is None else states[number]
            x, *last = layer(x, initial_state=first, training=training)
            x = self._drop(x, training)
            after.append(last)
        return self.remembered(x) + past, after

    def step(self, before: Tensor, clock: Tensor, genre: Tensor, states: States) -> Any:
        """`call` for one step: before (batch, columns), clock (batch, 4) to s (batch, hidden)."""
        x, past = self._inputs(before, clock, genre)
        after = []
        for layer, state in zip(self.recurrent, states, strict=True):
            x, last = layer.cell(x, state)
            after.append(list(last))
        return self.remembered(x) + past, after

    def first_states(self, batch: Tensor) -> States:
        """Zeros, (batch, units) each: a list of the states of each layer."""
        count = 2 if self.config.cell == "lstm" else 1
        zeros = tf.zeros((batch, self.config.units))
        return [[zeros] * count for _ in self.recurrent]

    def tonic(self, genre: Tensor) -> tf.Tensor:
        """The tonic of a genre, int32: 1 (C) to 12 (B), and 0 where it is not known."""
        return tf.where((genre > 0) & self.notation.by_tonic, (genre - 1) % 12 + 1, 0)

    def tones(
        self, s: Tensor, before: Tensor, tokens: Tensor, genre: Tensor, there: Tensor
    ) -> Tones:
        """What `note_logits` takes, of all tokens of known steps at once.

        s: (batch, time, hidden); before, tokens: int32 (batch, time, columns), of the step before
        each and of itself; genre: int32 (batch,); there: bool, which tokens are asked for, `asked`
        in all.
        """
        shape = tf.shape(tokens)
        index = tf.cast(tf.where(there), tf.int32)  # batch, time, column
        step = index[:, 0] * shape[1] + index[:, 1]
        so_far = self.so_far(self._by_voice(tokens))
        so_far *= tf.cast(self._counted(tokens), so_far.dtype)[..., None]
        so_far = tf.gather_nd(sum_before(so_far), index)
        near = tf.gather_nd(near_of(before, tokens), index)
        sounded = tf.gather(tf.reshape(sounding(before), (-1, HELD)), step)
        s = tf.gather(tf.reshape(s, (-1, s.shape[-1])), step)
        held = tf.gather_nd(held_so_far(self.notation, before, tokens), index)
        tonic = tf.gather(self.tonic(genre), index[:, 0])
        return Tones(s, so_far, index[:, 2], near, sounded, held, tonic)

    def note_logits(self, asked: Tones, training: bool = False) -> tf.Tensor:
        """Logits of the tokens asked for, (asked, tokens); NEVER where one cannot be."""
        s, so_far, column, near = asked[:4]
        same, above, past = near[:, 0], near[:, 1 : 1 + ABOVE], near[:, 1 + ABOVE :]
        own = pitch_of(same)
        gaps = interval(own[:, None], pitch_of(past), GAP)
        moves = interval(pitch_of(past), pitch_of(above), MOVE)
        slot = tf.range(ABOVE)
        a = s + so_far + self.same_place(same) + self.latest(above[:, 0])
        a += self.columns(tf.minimum(column, COLUMNS - 1))
        a += tf.reduce_sum(self.gaps(gaps + slot * (2 * GAP + 2)), axis=1)
        a += tf.reduce_sum(self.moves(moves + slot * (2 * MOVE + 2)), axis=1)
        degrees = degree_of(near[:, : 1 + ABOVE], asked.tonic[:, None])
        a += tf.reduce_sum(self.degrees_near(degrees + DEGREES * tf.range(1 + ABOVE)), axis=1)
        z = self._drop(tf.nn.relu(a), training)
        z = self._drop(self.middle(z), training)
        plain = self.tokens(z)
        struck = plain[:, 1 : HELD + 1] + by_distance(self.distances(z), own)
        places = degree_of(tf.range(1, HELD + 1)[None], asked.tonic[:, None])
        struck += tf.gather(tf.pad(self.degrees(z), ((0, 0), (1, 0))), places, batch_dims=1)
        # a row for each tone above: whether it moved, and how far it was from the tone here before
        moved = tf.cast(pitch_of(above) != pitch_of(past), tf.int32)
        rows_of = SPEED * self.intervals((2 * slot + moved) * (2 * GAP + 2) + gaps)
        for i in range(ABOVE):
            struck += by_distance(rows_of[:, i, ::-1], pitch_of(above[:, i]))
        over = plain[:, HELD + 1 : STILL] + self.holding(z)
        logits = tf.concat([plain[:, :1], struck, over, plain[:, STILL:]], axis=1)
        return tf.where(possible(self.notation, asked), logits, NEVER)

    def of_token(self, tokens: Tensor, column: Tensor) -> tf.Tensor:
        """S k of tokens of one column, (…,) to (…, hidden); of sets 0 for the end of the step."""
        if self.notation.voices:
            return self.so_far(tokens + TOKENS * column)
        there = tf.cast(tokens != NOTHING, self.so_far.compute_dtype)
        return self.so_far(tokens) * there[..., None]

    def end_logits(self, s: Tensor) -> tf.Tensor:
        """Log odds that the piece is over before step t: (…, hidden) to (…,)."""
        return self.ending(s)[..., 0]

    def _by_voice(self, tokens: Tensor) -> tf.Tensor:
        """Rows of the tables that tell voices apart; `tokens` have a last axis of columns."""
        if not self.notation.voices:
            return tokens
        return tokens + TOKENS * tf.range(len(self.notation.voices))

    def _counted(self, tokens: Tensor) -> tf.Tensor:
        """Where a token says something: of sets, not behind the end of the step."""
        return tf.ones_like(tokens, tf.bool) if self.notation.voices else tokens != NOTHING

    def _inputs(
        self, before: Tensor, clock: Tensor, genre: Tensor, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """x and y of each step; before: (…, columns), clock: (…, 4), genre: (…,)."""
        share = self.config.input_dropout
        rows = self._by_voice(before)
        there = tf.cast(self._counted(before), self.compute_dtype)[..., None]
        kept = keras.random.dropout(there, share, seed=self.random) if training and share else there
        seen = tf.concat([clock, genre[..., None] + tf.zeros_like(clock[..., :1])], axis=-1)
        both = []
        for part, counted in enumerate((kept, there)):
            found = tf.reduce_sum(self.heard[part](rows) * counted, axis=-2)
            for number, tables in enumerate(self.seen):
                found += tables[part](seen[..., number])
            both.append(found)
        degrees = degree_of(before, self.tonic(genre)[..., None])
        if self.notation.voices:
            degrees += DEGREES * tf.range(len(self.notation.voices))
        return both[0], both[1] + tf.reduce_sum(self.degrees_before(degrees) * there, axis=-2)

    def _drop(self, x: Tensor, training: bool) -> tf.Tensor:
        if not training or not self.config.dropout:
            return x
        return keras.random.dropout(x, self.config.dropout, seed=self.random)
