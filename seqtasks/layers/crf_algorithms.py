"""The recursions of a linear-chain conditional random field, as TensorFlow graph code.

Symbols, in one row of n steps: u_t(j) is the score of tag j at step t (with the start scores in
u_0 and the end scores in u_{n-1}), T_ij the score of tag i being followed by tag j, y a path of
tags. With logΣ for the logarithm of a sum of exponentials:

    score(y) = Σ_t u_t(y_t) + Σ_{t>0} T_{y_{t-1} y_t}            Z = Σ_y exp score(y)
    α_0 = u_0,      α_t(j) = u_t(j) + logΣ_i (α_{t-1}(i) + T_ij)
    β_{n-1} = u_{n-1},  β_t(i) = u_t(i) + logΣ_j (T_ij + β_{t+1}(j))

    log Z = logΣ_j α_{n-1}(j)
    p(y_t = j) ∝ exp(α_t(j) + β_t(j) − u_t(j))
    p(y_t = i, y_{t+1} = j) ∝ exp(α_t(i) + T_ij + β_{t+1}(j))
    p(y_{t+1} = j | y_t = i) ∝ exp(T_ij + β_{t+1}(j))
    p(y_t = i | y_{t+1} = j) ∝ exp(α_t(i) + T_ij)

β holds its own step's score here, so that it is α of the row read backwards. α and β are kept
with their maximum at 0, which loses nothing: each use normalises again, and α's maxima are summed
for log Z. So float32 stays exact to its last digits over thousands of steps.

Every function takes rows whose n = `lengths` steps come first (`compact` makes them so), scores
of shape (batch, time, tags) and transitions of shape (tags, tags); time is at least 1. What stands
after a row's end must be finite and has no influence.

Reference: Lafferty, McCallum and Pereira, "Conditional random fields", ICML 2001; Rabiner, "A
tutorial on hidden Markov models", Proceedings of the IEEE 77(2), 1989, for the recursions.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

# The score of what a constraint rules out. Far below any sum of real scores, and yet small enough
# that a row without any allowed path keeps finite values.
FORBIDDEN = -1e6

Tensor = Any


class Compact(NamedTuple):
    """Rows with their unmasked steps moved to the front, and where each step went."""

    values: list[Tensor]  # each (batch, max(time, 1), ...), masked steps 0
    lengths: Tensor  # (batch,) unmasked steps
    positions: Tensor  # (batch, time) where a step went
    mask: Tensor  # (batch, time)

    def spread(self, values: Tensor) -> Tensor:
        """Values of the compact rows put back at the steps' own places; 0 at masked ones."""
        values = tf.gather(values, self.positions, axis=1, batch_dims=1)
        return _zero_unless(self.mask, values)


def _zero_unless(keep: Tensor, values: Tensor) -> Tensor:
    # not a product: 0 · NaN would leak
    for _ in range(values.shape.rank - keep.shape.rank):
        keep = keep[..., None]
    return tf.where(keep, values, tf.zeros((), values.dtype))


def compact(mask: Tensor, *values: Tensor) -> Compact:
    """Skip masked steps, wherever they are: move the others to the front, in order.

    `mask` is boolean of shape (batch, time), `values` (batch, time, ...). The result has at least
    one step, so that recursions have a first one to start from.
    """
    time = tf.shape(mask)[1]
    steps = tf.range(time)
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    # distinct keys: unmasked steps in order, then the masked ones
    order = tf.argsort(tf.where(mask, steps, steps + time), axis=1)
    inside = steps < lengths[:, None]
    moved = []
    for value in values:
        value = tf.gather(value, order, axis=1, batch_dims=1)
        value = _zero_unless(inside, value)
        if not mask.shape[1]:  # unknown, or 0
            others = [[0, 0]] * (value.shape.rank - 2)
            value = tf.pad(value, [[0, 0], [0, tf.maximum(1 - time, 0)], *others])
        moved.append(value)
    positions = tf.maximum(tf.cumsum(tf.cast(mask, tf.int32), axis=1) - 1, 0)
    return Compact(moved, lengths, positions, mask)


def _log_sum_exp(x: Tensor, axis: int = -1) -> Tensor:
    # tf.reduce_logsumexp guards against infinities, which costs three more passes
    peak = tf.stop_gradient(tf.reduce_max(x, axis=axis, keepdims=True))
    return tf.squeeze(peak, axis) + tf.math.log(tf.reduce_sum(tf.exp(x - peak), axis=axis))


def _recursion(
    scores: Tensor, transitions: Tensor, combine: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Every α_t less its maximum, (time, batch, tags), and the maxima taken off, (time, batch).

    `combine` brings (batch, tags to, tags from) to (batch, tags to): logΣ or max.
    """
    scores = tf.transpose(scores, [1, 0, 2])
    time = tf.shape(scores)[0]
    arriving = tf.transpose(transitions)  # (to, from): `combine` runs over what lies together
    unread = tf.TensorArray(scores.dtype, time, element_shape=scores.shape[1:]).unstack(scores)
    written = tf.TensorArray(scores.dtype, time, element_shape=scores.shape[1:])

    def center(alpha: Tensor) -> Tensor:
        return alpha - tf.stop_gradient(tf.reduce_max(alpha, axis=-1, keepdims=True))

    def step(t: Tensor, alpha: Tensor, written: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        alpha = combine(tf.expand_dims(alpha, 1) + arriving) + unread.read(t)
        return t + 1, center(alpha), written.write(t, alpha)

    first = unread.read(0)
    _, _, written = tf.while_loop(
        lambda t, *_: t < time, step, (1, center(first), written.write(0, first))
    )
    alphas = written.stack()
    maxima = tf.stop_gradient(tf.reduce_max(alphas, axis=-1, keepdims=True))
    return alphas - maxima, maxima[..., 0]


def _forward(scores: Tensor, transitions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """α, (batch, time, tags), and log Z, (batch,)."""
    alpha, maxima = _recursion(scores, transitions, _log_sum_exp)
    alpha = tf.transpose(alpha, [1, 0, 2])
    maxima = tf.transpose(maxima)
    inside = tf.sequence_mask(lengths, tf.shape(scores)[1])
    last = tf.gather(alpha, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
    log_z = tf.reduce_sum(_zero_unless(inside, maxima), axis=1)
    return alpha, tf.where(lengths > 0, log_z + _log_sum_exp(last), tf.zeros_like(log_z))


def _backward(scores: Tensor, transitions: Tensor, lengths: Tensor) -> Tensor:
    """β, (batch, time, tags)."""
    backwards = tf.reverse_sequence(scores, lengths, seq_axis=1, batch_axis=0)
    beta, _ = _recursion(backwards, tf.transpose(transitions), _log_sum_exp)
    return tf.reverse_sequence(tf.transpose(beta, [1, 0, 2]), lengths, seq_axis=1, batch_axis=0)


def path_score(scores: Tensor, transitions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
    """score(y) of one path a row, (batch,); `tags` are integers of shape (batch, time)."""
    inside = tf.sequence_mask(lengths, tf.shape(scores)[1])
    emitted = tf.gather(scores, tags, axis=2, batch_dims=2)
    pairs = tags[:, :-1] * tf.shape(scores)[2] + tags[:, 1:]
    moved = tf.gather(tf.reshape(transitions, [-1]), pairs)
    return tf.reduce_sum(_zero_unless(inside, emitted), axis=1) + tf.reduce_sum(
        _zero_unless(inside[:, 1:], moved), axis=1
    )


@tf.custom_gradient
def log_partition(
    scores: Tensor, transitions: Tensor, lengths: Tensor
) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, None]]]:
    """Log Z, (batch,); 0 for an empty row.

    Its derivatives are the posteriors: ∂ log Z / ∂u_t(j) = p(y_t = j), and ∂ log Z / ∂T_ij is
    the expected number of times that j follows i. They are computed so, from α and β, and not by
    automatic differentiation through the loop.
    """
    alpha, log_z = _forward(scores, transitions, lengths)

    def gradient(upstream: Tensor) -> tuple[Tensor, Tensor, None]:
        batch, time, tags = tf.unstack(tf.shape(scores))
        beta = _backward(scores, transitions, lengths)
        weight = tf.sequence_mask(lengths, time, dtype=scores.dtype) * upstream[:, None]
        unary = tf.nn.softmax(alpha + beta - scores) * weight[:, :, None]
        pairs = alpha[:, :-1, :, None] + transitions + beta[:, 1:, None, :]
        pairs = tf.nn.softmax(tf.reshape(pairs, [batch * (time - 1), tags * tags]))
        counts = tf.linalg.matvec(pairs, tf.reshape(weight[:, 1:], [-1]), transpose_a=True)
        return unary, tf.reshape(counts, [tags, tags]), None

    return log_z, gradient


def marginals(scores: Tensor, transitions: Tensor, lengths: Tensor) -> Tensor:
    """p(y_t = j), (batch, time, tags)."""
    alpha, _ = _forward(scores, transitions, lengths)
    return tf.nn.softmax(alpha + _backward(scores, transitions, lengths) - scores)


def viterbi(scores: Tensor, transitions: Tensor, lengths: Tensor) -> Tensor:
    """The path of the highest score, int32 (batch, time).

    α with max in place of logΣ; then from the last step backwards, each time the tag that led
    there. It is found anew from α, which is cheaper than storing where every maximum came from.
    """
    delta, _ = _recursion(scores, transitions, lambda x: tf.reduce_max(x, axis=-1))
    time, batch = tf.shape(delta)[0], tf.shape(delta)[1]
    arriving = tf.transpose(transitions)
    written = tf.TensorArray(tf.int32, time, element_shape=scores.shape[:1])

    def step(t: Tensor, after: Tensor, written: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # a row ends here or goes on: past the end nothing follows
        onward = tf.where((t + 1 < lengths)[:, None], tf.gather(arriving, after), 0)
        tag = tf.argmax(delta[t] + onward, axis=-1, output_type=tf.int32)
        return t - 1, tag, written.write(t, tag)

    _, _, written = tf.while_loop(
        lambda t, *_: t >= 0, step, (time - 1, tf.zeros([batch], tf.int32), written)
    )
    return tf.transpose(written.stack())


def span_log_probability(
    scores: Tensor, transitions: Tensor, tags: Tensor, continues: Tensor, lengths: Tensor
) -> Tensor:
    """For each step the log-probability of the span that it lies in, (batch, time).

    `continues`, boolean (tags, tags), says which tag carries on a span after which. The given
    path falls into spans y_i … y_j at every pair that it does not join, and the result is

        log p(y_{i-1} does not continue into y_i, the path is y_i … y_j there, y_{j+1} does not
        continue y_j)

    which, the posterior being a Markov chain, is p(y_i) times p(y_t | y_{t-1}) for i < t ≤ j,
    times p(some such y_{j+1} | y_j), times p(some such y_{i-1} | y_i).
    """
    batch, time = tf.unstack(tf.shape(tags))
    alpha, _ = _forward(scores, transitions, lengths)
    beta = _backward(scores, transitions, lengths)
    here, next_ = tags[:, :-1], tags[:, 1:]

    def pick(table: Tensor, tag: Tensor) -> Tensor:
        return tf.gather(table, tag, axis=2, batch_dims=2)

    def log_total(table: Tensor, left_out: Tensor) -> Tensor:
        return _log_sum_exp(tf.where(left_out, tf.constant(FORBIDDEN, table.dtype), table))

    single = pick(tf.nn.log_softmax(alpha + beta - scores), tags)
    follower = tf.nn.log_softmax(tf.gather(transitions, here) + beta[:, 1:])
    leader = tf.nn.log_softmax(tf.gather(tf.transpose(transitions), next_) + alpha[:, :-1])
    goes_on = pick(follower, next_)
    stops = log_total(follower, tf.gather(continues, here))
    begins = log_total(leader, tf.gather(tf.transpose(continues), next_))

    inside = tf.sequence_mask(lengths, time)
    joined = pick(tf.gather(continues, here), next_) & inside[:, 1:]
    # each step's terms: how it is arrived at, and how it is left where its span ends
    arrives = tf.where(joined, goes_on, begins + single[:, 1:])
    leaves = _zero_unless(~joined & inside[:, 1:], stops)
    terms = tf.concat([single[:, :1], arrives], 1) + tf.pad(leaves, [[0, 0], [0, 1]])
    terms = _zero_unless(inside, terms)

    number = tf.cumsum(tf.pad(tf.cast(~joined, tf.int32), [[0, 0], [1, 0]]), axis=1)
    number += time * tf.range(batch)[:, None]
    return tf.gather(tf.math.unsorted_segment_sum(terms, number, batch * time), number)
