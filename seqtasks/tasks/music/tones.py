"""A step, tone by tone: what each token may depend on, and which tokens can be.

All of it is known of tokens alone; the weights are the `Network`'s.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from seqtasks.tasks.music.notation import HELD, NOTHING, TOKENS, Notation
from seqtasks.tasks.music.token_tensors import held_over, pitch_of

Tensor = Any
ABOVE = 3  # tones of the same step, the nearest ones above, whose motion is seen


class Tones(NamedTuple):
    """Places in steps whose tokens are asked for.

    s: (asked, hidden), of their steps. so_far: (asked, hidden), Σ S k of the tokens before each in
    its step. column: int32 (asked,), or a scalar for all. near: int32 (asked, 1 + 2 ABOVE): the
    token at this place in the step before; the ABOVE tokens before it in its step, the nearest
    first; and those at their places in the step before; 0 where there is none. sounded: bool
    (asked, 127), the pitches of the step before. held: bool (asked,), whether the step so far
    holds over all that sounded, and this token is the last that could say otherwise. tonic: int32
    (asked,), see `Network.tonic`.
    """

    s: Tensor
    so_far: Tensor
    column: Tensor
    near: Tensor
    sounded: Tensor
    held: Tensor
    tonic: Tensor


def sum_before(x: Tensor) -> tf.Tensor:
    """Sums over the columns before each: (batch, time, columns, n) to the same shape."""
    columns = tf.shape(x)[2]
    # a product with 1 below the diagonal: faster than cumsum
    earlier = tf.linalg.band_part(tf.ones((columns, columns)), -1, 0) - tf.eye(columns)
    return tf.matmul(earlier[None, None], x)


def near_of(before: Tensor, tokens: Tensor) -> tf.Tensor:
    """`Tones.near` of all tokens: int32 (batch, time, columns, 1 + 2 ABOVE)."""
    width = tf.shape(tokens)[2]

    def above(x: Tensor) -> list[Tensor]:
        padded = tf.pad(x, ((0, 0), (0, 0), (ABOVE, 0)))
        return [padded[..., ABOVE - i : ABOVE - i + width] for i in range(1, ABOVE + 1)]

    return tf.stack([before, *above(tokens), *above(before)], axis=-1)


def held_so_far(notation: Notation, before: Tensor, tokens: Tensor) -> tf.Tensor:
    """`Tones.held` of all tokens: bool (batch, time, columns)."""
    as_before = held_over(before)
    changes = sum_before(tf.cast(tokens != as_before, tf.float32)[..., None])[..., 0]
    return (changes == 0) & decides(notation, tf.range(tf.shape(tokens)[2]), as_before)


def decides(notation: Notation, column: Tensor, as_before: Tensor) -> tf.Tensor:
    """Whether behind this token, were it as before, nothing could differ from the step before.

    column: int32, and `as_before`, its token held over, (…, columns) or one of them.
    """
    if notation.voices:
        return tf.zeros_like(as_before, tf.bool) | (column == len(notation.voices) - 1)
    return as_before == NOTHING


def possible(notation: Notation, asked: Tones) -> tf.Tensor:
    """Which tokens can be, bool (asked, tokens)."""
    same, latest = asked.near[:, 0], asked.near[:, 1]
    pitches = tf.range(1, HELD + 1)[None]
    if notation.voices:
        below = tf.ones_like(latest[:, None] + pitches, tf.bool)
        sounded = pitch_of(same)[:, None] == pitches  # by the same voice
    else:
        below = (pitches < pitch_of(latest)[:, None]) | (latest == NOTHING)[:, None]
        sounded = asked.sounded
    end = tf.ones_like(below[:, :1])
    if not notation.ties:
        never = tf.zeros_like(below)
        return tf.concat([end, below, never, never[:, :1]], axis=1)
    still = end & (asked.column == 0)[..., None]
    could = tf.concat([end, below, below & sounded, still], axis=1)
    # a row that holds over the one before is said by STILL, and in no other way
    twice = asked.held[:, None] & (tf.range(TOKENS)[None] == held_over(same)[:, None])
    return could & ~twice


def by_distance(distances: Tensor, own: Tensor) -> tf.Tensor:
    """Each pitch's share of what is said of distances from `own`: (asked, 127)."""
    reach = distances.shape[-1] // 2
    place = tf.range(1, HELD + 1)[None] - own[:, None] + reach
    known = (own > 0)[:, None] & (place >= 0) & (place <= 2 * reach)
    return tf.where(known, tf.gather(distances, tf.where(known, place, 0), batch_dims=1), 0.0)
