"""The softmax over a vocabulary and its loss, in one piece and stretch by stretch.

    z<t>    = E h<t> + b                                  (tokens,)
    loss<t> = −log softmax(z<t>)(y<t>)

With tens of thousands of tokens known, z of a batch is the largest thing that training makes, and
plain differentiation keeps it three times. Here the rows go through in stretches of so few that z
stays small; each stretch gives its part of the gradient at once, while z is there, and is
forgotten.
"""

from typing import Any

import tensorflow as tf

Tensor = Any
LARGEST = 2**23  # numbers of z that are there at once


def losses(h: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor) -> tf.Tensor:
    """−log p of each target, natural, float32 (rows,); for use, not for training.

    h: (rows, size); vectors: (tokens, size); bias: (tokens,); targets: int32 (rows,).
    """
    rows, few = tf.shape(h)[0], _rows_at_once(vectors)

    def more(first: Tensor, done: Tensor) -> tuple[Tensor, Tensor]:
        upto = tf.minimum(first + few, rows)
        z = tf.matmul(h[first:upto], vectors, transpose_b=True) + bias
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(targets[first:upto], z)
        return upto, done.write(first // few, loss)

    parts = tf.TensorArray(
        tf.float32, size=(rows + few - 1) // few, element_shape=(None,), infer_shape=False
    )
    start = (tf.constant(0), parts)
    _, parts = tf.while_loop(lambda first, _: first < rows, more, start, parallel_iterations=1)
    return parts.concat()


def weighted_loss(h: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, weight: Tensor) -> Any:
    """Σ weight · −log p(target), a number whose gradients are made with it.

    h: (rows, size); vectors: (tokens, size); bias: (tokens,); targets: int32, weight: (rows,).
    """

    @tf.custom_gradient
    def value(h: Tensor, vectors: Tensor, bias: Tensor) -> Any:
        # an eager tape would keep what is done here for a second derivative
        h, vectors, bias = (tf.stop_gradient(x) for x in (h, vectors, bias))
        loss, *parts = _with_gradients(h, vectors, bias, targets, weight)
        return loss, lambda scale: [scale * part for part in parts]

    return value(h, vectors, bias)


def _with_gradients(
    h: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, weight: Tensor
) -> tuple[Tensor, ...]:
    """The loss and its gradients by h, vectors and bias."""

    def of(h: Tensor, targets: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        z = tf.matmul(h, vectors, transpose_b=True) + bias
        loss, dz = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=z, labels=targets)
        column = weight[:, None]  # put to the small ones, since dz is the large one
        return (
            tf.reduce_sum(loss * weight),
            tf.matmul(dz, vectors) * column,
            tf.matmul(dz, h * column, transpose_a=True),
            tf.linalg.matvec(dz, weight, transpose_a=True),
        )

    rows, few = tf.shape(h)[0], _rows_at_once(vectors)

    def in_stretches() -> tuple[Tensor, ...]:
        def more(first: Tensor, loss: Tensor, dh: Tensor, *sums: Tensor) -> tuple[Tensor, ...]:
            upto = tf.minimum(first + few, rows)
            part = of(h[first:upto], targets[first:upto], weight[first:upto])
            sums = tuple(a + b for a, b in zip(sums, part[2:], strict=True))
            return (upto, loss + part[0], tf.concat([dh, part[1]], axis=0), *sums)

        start = (tf.constant(0), tf.constant(0.0), h[:0], vectors * 0, bias * 0)
        shapes = tuple(x.shape for x in start)
        shapes = (*shapes[:2], tf.TensorShape((None, h.shape[-1])), *shapes[3:])
        return tuple(
            tf.while_loop(
                lambda first, *_: first < rows,
                more,
                start,
                shape_invariants=shapes,
                parallel_iterations=1,
            )[1:]
        )

    return tuple(tf.cond(rows <= few, lambda: of(h, targets, weight), in_stretches))


def _rows_at_once(vectors: Tensor) -> Tensor:
    return tf.maximum(LARGEST // tf.shape(vectors)[0], 1)
