"""New pieces, drawn tone by tone: one piece of graph, a loop over time that carries the states.

The export has it too.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.tasks import sampling
from seqtasks.tasks.music.data import LEFT, PLACES
from seqtasks.tasks.music.network import NEVER, Network, States
from seqtasks.tasks.music.notation import HELD, NOTHING, STILL, TOKENS
from seqtasks.tasks.music.token_tensors import held_over, pitch_of, sounding
from seqtasks.tasks.music.tones import ABOVE, Tones, decides

Tensor = Any
FREE = -1  # a token that is to be drawn
DRAWS = 256  # random numbers kept for each step: one a column, and the last for the end


class Drawn(NamedTuple):
    """tokens: int32 (batch, steps, columns), 0 behind the end; length: int32 (batch,)."""

    tokens: tf.Tensor
    length: tf.Tensor


class Ask(NamedTuple):
    """What a piece is to be; scalars but for `genre`, and tensors all.

    Attributes:
        genre: int32 (batch,), see `Notation`; 0 is none.
        steps: int32, at most.
        bar: int32, steps of a bar; 0 where there are none.
        place: int32, steps of the first bar that are left out, as before an upbeat.
        countdown: bool, whether the model knows how many steps are left; then it ends there.
        temperature: float32; 0 takes the most probable token, and ends where that is likelier.
        top_p: float32; draws among the fewest tokens that have so much of the probability.
        seed: int64.
        given: int32 (time, columns), tokens that are there already, FREE where one is to be drawn;
            where it is shorter than the piece, the rest is drawn.
        first: int32, the number of the first piece among all that the seed makes; None: 0.
    """

    genre: Tensor
    steps: Tensor
    bar: Tensor
    place: Tensor
    countdown: Tensor
    temperature: Tensor
    top_p: Tensor
    seed: Tensor
    given: Tensor
    first: Tensor = None


class Half(NamedTuple):
    """Pieces of which some steps are drawn.

    t: int32, how many. going: bool (batch,), which have not ended; sounded: bool (batch,), in which
    something was heard. before: int32 (batch, columns), the last step. states: behind it.
    """

    t: Tensor
    going: Tensor
    sounded: Tensor
    before: Tensor
    states: States


def begun(network: Network, rows: Tensor) -> Half:
    """So many pieces of which nothing is drawn."""
    return Half(
        tf.constant(0),
        tf.fill((rows,), True),
        tf.fill((rows,), False),
        tf.zeros((rows, network.notation.width), tf.int32),
        network.first_states(rows),
    )


def sample(
    network: Network, ask: Ask, half: Half | None = None, until: Tensor | None = None
) -> tuple[Drawn, Half]:
    """Pieces drawn by chance, as many as `ask.genre` is long.

    A token is drawn among the pitches that its voice had in training. Row by row the numbers are
    those of `sampling.uniform`, so that a piece does not depend on how many others there are.
    Something sounds in every piece: one that was silent so far cannot end so.

    half: what to go on from; None begins. until: the step before which to stop; None goes on to
    the end. Gives what was drawn here, and what to go on from.
    """
    width = network.notation.width
    rows = tf.shape(ask.genre)[0]
    primed = tf.shape(ask.given)[0]
    half = begun(network, rows) if half is None else half
    last = ask.steps if until is None else tf.minimum(until, ask.steps)

    def unfinished(now: Half, drawn: Any) -> Tensor:
        return (now.t < last) & tf.reduce_any(now.going)

    def more(now: Half, drawn: Any) -> tuple[Half, Any]:
        row, s, states = following(network, ask, now.t, now.before, now.states, now.sounded)
        chance = sampling.uniform(ask.seed, now.t * DRAWS + DRAWS - 1, rows, ask.first)
        odds = network.end_logits(s) / tf.maximum(ask.temperature, sampling.GREEDY)
        ends = (chance < tf.sigmoid(odds)) & ~ask.countdown
        going = now.going & ~(ends & now.sounded & (now.t >= primed))
        row = tf.where(going[:, None], row, NOTHING)
        sounded = now.sounded | tf.reduce_any(row != NOTHING, axis=1)
        drawn = drawn.write(now.t - half.t, tf.concat([row, _one(going)], 1))
        return Half(now.t + 1, going, sounded, row, states), drawn

    drawn = tf.TensorArray(tf.int32, size=0, dynamic_size=True, element_shape=(None, width + 1))
    drawn = drawn.write(0, tf.zeros((rows, width + 1), tf.int32))  # of nothing cannot be stacked
    after, drawn = tf.while_loop(unfinished, more, (half, drawn), parallel_iterations=1)
    found = tf.transpose(drawn.stack(), (1, 0, 2))[:, : after.t - half.t]
    return Drawn(found[..., :width], tf.reduce_sum(found[..., width], axis=1)), after


def greedy(network: Network, s: Tensor, before: Tensor, genre: Tensor) -> tf.Tensor:
    """The likeliest tones of every step, one after the other: uint8 pitches as `before`.

    s: (batch, time, hidden); before: int32 (batch, time, columns), the true tokens of the step
    before each; genre: int32 (batch,).
    """
    shape = tf.shape(before)
    width = network.notation.width
    flat = before[..., :width]
    flat = tf.pad(flat, ((0, 0), (0, 0), (0, width - tf.shape(flat)[-1])))
    flat = tf.reshape(flat, (-1, width))
    zero = tf.constant(0)
    ask = Ask(
        tf.repeat(genre, shape[1]),
        zero,
        zero,
        zero,
        tf.constant(True),
        tf.constant(0.0),
        tf.constant(1.0),
        tf.constant(0, tf.int64),
        zero,
    )
    s = tf.reshape(s, (-1, s.shape[-1]))
    row = _row(
        network, ask, zero, s, flat, tf.fill((width,), FREE), tf.fill(tf.shape(s)[:1], False)
    )
    return tf.cast(tf.reshape(pitch_of(row), (shape[0], shape[1], width)), tf.uint8)


def following(
    network: Network, ask: Ask, t: Tensor, before: Tensor, states: States, sounded: Tensor
) -> tuple[tf.Tensor, tf.Tensor, States]:
    """The tokens of step t, (batch, columns), its s<t>, and the states after it.

    before: int32 (batch, columns), of the step before. sounded: bool (batch,), whether anything
    has; otherwise something does in the last step.
    """
    width, primed = network.notation.width, tf.shape(ask.given)[0]
    s, states = network.step(before, _clock(ask, t), ask.genre, states)
    given = tf.fill((width,), FREE)
    if ask.given.shape[0] != 0:
        given = tf.cond(t < primed, lambda: ask.given[t], lambda: given)
    must = ~sounded & (t == ask.steps - 1)
    return _row(network, ask, t, s, before, given, must), s, states


def _row(
    network: Network, ask: Ask, t: Tensor, s: Tensor, before: Tensor, given: Tensor, must: Tensor
) -> tf.Tensor:
    """The tokens of a step, (batch, columns), where `must` says so not all of them silent."""
    notation, rows = network.notation, tf.shape(before)[0]
    width = notation.width
    allowed = tf.constant(_allowed(network))
    past, sounded = tf.pad(before, ((0, 0), (ABOVE, 0))), sounding(before)
    as_before = held_over(before)
    tonic = network.tonic(ask.genre)
    agrees = tf.reduce_all((given == FREE)[None] | (given[None] == as_before), axis=1)
    nothing = tf.range(TOKENS)[None] == NOTHING

    def unfinished(column: Tensor, open_: Tensor, *_: Any) -> Tensor:
        return (column < width) & tf.reduce_any(open_)

    def more(
        column: Tensor, open_: Tensor, held: Tensor, so_far: Tensor, above: Tensor, row: Tensor
    ) -> tuple[Any, ...]:
        same, over = before[:, column], as_before[:, column]
        near = [same[:, None], above, past[:, column : column + ABOVE][:, ::-1]]
        last = held & decides(notation, column, over)
        tones = Tones(s, so_far, column, tf.concat(near, axis=1), sounded, last, tonic)
        logits = network.note_logits(tones)
        first, tokens, asked = column == 0, tf.range(TOKENS)[None], given[column]
        still = tokens == STILL
        there = (allowed[column] | still) & ~((must & first)[:, None] & (nothing | still))
        # what is given may be said by STILL, where the whole row can be
        there &= (asked == FREE) | (tokens == asked) | (still & agrees[:, None])
        there &= ~still | agrees[:, None]
        logits = tf.where(there, logits, -float("inf"))
        chance = sampling.uniform(ask.seed, t * DRAWS + column, rows, ask.first)
        token = sampling.draw(logits, chance, ask.temperature, tf.constant(0), ask.top_p)
        # all of a set is held over, and no tone that may be drawn is left below: it is as before
        token = tf.where(tf.reduce_max(logits, axis=1) > NEVER, token, NOTHING)
        token = tf.ensure_shape(token, open_.shape)
        token = tf.where((asked == FREE) | (token == STILL), token, asked)
        token = tf.where(open_, token, NOTHING)
        row += tf.where(token == STILL, 0, token)[:, None] * tf.one_hot(
            column, width, dtype=tf.int32
        )
        row = tf.where((token == STILL)[:, None], as_before, row)
        open_ &= token != STILL
        if not notation.voices:  # the end of a set
            open_ &= token != NOTHING
        so_far += network.of_token(token, column)
        above = tf.concat([token[:, None], above[:, : ABOVE - 1]], axis=1)
        return column + 1, open_, held & (token == over), so_far, above, row

    start = (
        tf.constant(0),
        tf.fill((rows,), True),
        tf.fill((rows,), True),
        tf.zeros_like(s),
        tf.zeros((rows, ABOVE), tf.int32),
        tf.zeros((rows, width), tf.int32),
    )
    return tf.while_loop(unfinished, more, start, parallel_iterations=1)[-1]


def _allowed(network: Network) -> np.ndarray:
    """Which tokens may be drawn in each column: the pitches it had in training."""
    notation = network.notation
    allowed = np.zeros((notation.width, TOKENS), bool)
    allowed[:, NOTHING] = True
    for column in range(notation.width):
        low, high = notation.range_of(column)
        allowed[column, low : high + 1] = True
        allowed[column, HELD + low : HELD + high + 1] = True
    return allowed


def _clock(ask: Ask, t: Tensor) -> tf.Tensor:
    """As `data.clock`, of one step: int32 (batch, 4)."""
    barred = ask.bar > 0
    place = tf.math.floormod(ask.place + t, tf.maximum(ask.bar, 1))
    found = tf.stack(
        [
            tf.where(barred, tf.minimum(place, PLACES - 2) + 1, 0),
            tf.minimum(ask.bar, PLACES - 1),
            tf.where(ask.countdown, tf.minimum(ask.steps - t, LEFT - 2) + 1, 0),
            tf.cast(t == 0, tf.int32),
        ]
    )
    return tf.tile(found[None], (tf.shape(ask.genre)[0], 1))


def _one(there: Tensor) -> tf.Tensor:
    return tf.cast(there, tf.int32)[:, None]
