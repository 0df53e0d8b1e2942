"""The recurrent layers under test, and rows of distinct values and unequal lengths to feed them."""

import functools

import keras
import numpy as np
import tensorflow as tf

from seqtasks.layers import GRU, LSTM

KINDS = {
    "gru": GRU,
    "simplified gru": functools.partial(GRU, relevance_gate=False),
    "lstm": LSTM,
    "peephole lstm": functools.partial(LSTM, peephole=True),
}
# Keras's layer with the same equations, where there is one.
TWINS = {
    "gru": functools.partial(keras.layers.GRU, reset_after=False),
    "lstm": keras.layers.LSTM,
}
FEATURES, UNITS = 3, 4
LEFT, RIGHT, HOLES, EMPTY, FULL = (
    [0, 0, 1, 1, 1],
    [1, 1, 1, 0, 0],
    [0, 1, 0, 1, 0],
    [0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1],
)
MASK = np.array([LEFT, RIGHT, HOLES, EMPTY, FULL], bool)


def inputs(batch=5, time=5, features=FEATURES, dtype="float32", seed=0):
    return np.random.default_rng(seed).normal(size=(batch, time, features)).astype(dtype)


def states(layer, batch=5, dtype="float32", seed=1):
    """Distinct initial states, as many as the layer has."""
    rng = np.random.default_rng(seed)
    count = len(layer.get_initial_state(1))
    return [rng.normal(size=(batch, layer.units)).astype(dtype) for _ in range(count)]


def with_weights(layer, features=FEATURES, batch=None, seed=2):
    """Build the layer and give every weight, biases and peepholes too, values of its own."""
    if not layer.built:
        layer.build((batch, None, features))
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()])
    return layer


def as_list(result):
    return list(result) if isinstance(result, list | tuple) else [result]


def results_and_gradients(layer, x, initial_state=None, **kwargs):
    """What the layer returns; and the gradients of a loss over all of it, by x, states, weights.

    The loss is not symmetric: every output element has a weight of its own.
    """
    x = tf.convert_to_tensor(x)
    initial = None if initial_state is None else [tf.convert_to_tensor(s) for s in initial_state]
    watched = [x, *(initial or [])]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        results = as_list(layer(x, initial_state=initial, **kwargs))
        loss = sum(tf.reduce_sum(tf.cast(r, "float64") * weights_of_loss(r.shape)) for r in results)
    gradients = tape.gradient(loss, [*watched, *layer.trainable_variables])
    return results, gradients


def weights_of_loss(shape):
    """By rows: a row alone and the same row first in a batch get the same weights."""
    one_row = np.random.default_rng(3).normal(size=int(np.prod(shape[1:])))
    return np.broadcast_to(one_row.reshape(shape[1:]), shape)


def assert_close(ours, theirs, tolerance=1e-6):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)
