"""Drawing the next token: temperature, top-k, top-p, and random numbers that anyone can repeat.

Everything is graph, and every setting may be a tensor, so that an exported model takes them too.
"""

from typing import Any

import tensorflow as tf

Tensor = Any
GREEDY = 1e-4  # temperatures below it take the most probable token


def uniform(seed: Tensor, step: Tensor, rows: Tensor, first: Tensor | None = None) -> tf.Tensor:
    """A number in [0, 1) for each row, a function of (seed, step, row) alone; float32 (rows,).

    first: the number of the first row; None: 0.

    By the Philox algorithm: the seed is its key, the step and the row are its counter. So a row
    gets the same numbers however many rows there are, and on every device.
    """
    key = tf.cast(tf.reshape(seed, (1,)), tf.uint64)
    counter = tf.stack([tf.constant(0, tf.uint64), tf.cast(step, tf.uint64)])
    drawn = rows if first is None else first + rows
    numbers = tf.raw_ops.StatelessRandomUniformV2(
        shape=tf.reshape(drawn, (1,)), key=key, counter=counter, alg=1, dtype=tf.float32
    )
    return numbers if first is None else numbers[first:]


def kept(logits: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor) -> tuple[Any, Any]:
    """What may be drawn, the most probable first: probabilities and ids, (batch, tokens) each.

    The order of things: logits by the temperature, then the `top_k` largest (0: all), then the
    fewest of these that together have `top_p` of the probability (1: all). What was cut away has
    probability 0; the others sum to 1. Logits of -inf are never drawn.
    """
    scaled = logits / tf.maximum(tf.cast(temperature, logits.dtype), GREEDY)
    values, ids = tf.math.top_k(scaled, tf.shape(logits)[-1])
    rank = tf.range(tf.shape(logits)[-1])
    few = tf.where(top_k > 0, top_k, tf.shape(logits)[-1])
    few = tf.where(temperature < GREEDY, 1, few)
    p = tf.nn.softmax(tf.where(rank < few, values, -float("inf")))
    before = tf.cumsum(p, axis=-1, exclusive=True)
    inside = (before < tf.cast(top_p, p.dtype)) | (top_p >= 1.0) | (rank == 0)
    p = tf.where(inside, p, 0.0)
    return p / tf.reduce_sum(p, axis=-1, keepdims=True), ids


def draw(
    logits: Tensor, number: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor
) -> tf.Tensor:
    """One id a row, int32 (batch,).

    logits: (batch, tokens); number: in [0, 1), (batch,), see `uniform`.
    temperature: 0 takes the most probable token. top_k: 0 keeps all. top_p: 1 keeps all.
    """

    def of_all() -> tf.Tensor:
        return _place(tf.nn.softmax(logits / tf.cast(temperature, logits.dtype)), number)

    def of_few() -> tf.Tensor:
        p, ids = kept(logits, temperature, top_k, top_p)
        return tf.gather(ids, _place(p, number), batch_dims=1)

    everything = (top_k <= 0) & (top_p >= 1.0) & (temperature >= GREEDY)
    # sorting takes longer than all else, and to draw among all tokens needs none
    return tf.cond(tf.convert_to_tensor(everything), of_all, of_few)


def _place(p: Tensor, number: Tensor) -> tf.Tensor:
    """Where the running sum of each row's probabilities passes the number; int32 (batch,)."""
    upto = tf.cumsum(p, axis=-1)
    place = tf.reduce_sum(tf.cast(upto <= number[:, None] * upto[:, -1:], tf.int32), axis=-1)
    # the sum of a row is 1 but for rounding: never behind the last token that may be drawn
    there = tf.where(p > 0, tf.range(tf.shape(p)[-1]), 0)
    return tf.minimum(place, tf.reduce_max(there, axis=-1))
