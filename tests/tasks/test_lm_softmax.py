"""The loss that makes its own gradients, against plain differentiation."""

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks.lm import softmax
from seqtasks.tasks.lm.softmax import losses, weighted_loss

TOKENS, SIZE = 13, 5
# numbers of z at once: of all rows; of 7, of which the last stretch is shorter; of 1; too few for 1
LARGEST = {"whole": 2**23, "sevens": 7 * TOKENS + 3, "ones": TOKENS, "less": 1}
STRETCHES = pytest.mark.parametrize("largest", LARGEST.values(), ids=LARGEST)
ROWS = (1, 7, 14, 23)
GRAPH = pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])


def random(rows, size=2.0):
    """h, vectors, bias, targets and weights; some rows have none."""
    draw = np.random.default_rng(rows)
    weight = draw.uniform(0.1, 2, rows) * (draw.random(rows) > 0.2)
    return (
        *(
            tf.constant(draw.normal(0, size, shape), tf.float32)
            for shape in ((rows, SIZE), (TOKENS, SIZE), (TOKENS,))
        ),
        tf.constant(draw.integers(0, TOKENS, rows), tf.int32),
        tf.constant(weight, tf.float32),
    )


def plain_losses(h, vectors, bias, targets):
    logs = tf.nn.log_softmax(tf.matmul(h, vectors, transpose_b=True) + bias)
    return -tf.gather(logs, targets, batch_dims=1)


def plain(h, vectors, bias, targets, weight):
    return tf.reduce_sum(plain_losses(h, vectors, bias, targets) * weight)


def with_gradients(loss, scale=1.0, graph=False):
    """A function of h, vectors, bias, targets and weight: scale · loss, and its three gradients."""

    def function(h, vectors, bias, targets, weight):
        with tf.GradientTape() as tape:
            tape.watch((h, vectors, bias))
            value = scale * loss(h, vectors, bias, targets, weight)
        return value, *tape.gradient(value, (h, vectors, bias))

    # how many rows there are is not known when it is traced, as in training
    shapes = ((None, SIZE), (TOKENS, SIZE), (TOKENS,), (None,), (None,))
    dtypes = (tf.float32, tf.float32, tf.float32, tf.int32, tf.float32)
    signature = [tf.TensorSpec(s, t) for s, t in zip(shapes, dtypes, strict=True)]
    return tf.function(function, signature, autograph=False) if graph else function


def assert_close(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@GRAPH
@STRETCHES
def test_the_loss_and_its_gradients_are_those_of_plain_differentiation(largest, graph, monkeypatch):
    monkeypatch.setattr(softmax, "LARGEST", largest)
    function = with_gradients(weighted_loss, graph=graph)
    for rows in ROWS:
        given = random(rows)
        found = function(*given)
        assert [x.shape for x in found[1:]] == [x.shape for x in given[:3]]
        assert_close(found, with_gradients(plain)(*given))


@STRETCHES
def test_losses_are_those_of_a_plain_softmax(largest, monkeypatch):
    monkeypatch.setattr(softmax, "LARGEST", largest)
    graph = tf.function(losses, autograph=False, reduce_retracing=True)
    for rows in ROWS:
        *given, _ = random(rows)
        for function in (losses, graph):
            assert_close([function(*given)], [plain_losses(*given)])


def test_of_no_rows_there_are_no_losses():
    """In a graph, as the export of a model has it."""
    *given, weight = random(0)
    assert tf.function(losses, autograph=False)(*given).shape == (0,)
    assert tf.function(weighted_loss, autograph=False)(*given, weight) == 0


@GRAPH
@pytest.mark.parametrize("largest", [2**23, 7 * TOKENS])
def test_gradients_are_scaled_by_what_comes_from_above(largest, graph, monkeypatch):
    monkeypatch.setattr(softmax, "LARGEST", largest)
    given = random(10)
    _, *once = with_gradients(weighted_loss)(*given)
    for scale in (-2.5, 0.0):
        value, *found = with_gradients(weighted_loss, scale, graph)(*given)
        assert_close(found, [scale * x for x in once])
        assert float(value) == pytest.approx(scale * float(plain(*given)), rel=1e-4)


@pytest.mark.parametrize("largest", [2**23, 7 * TOKENS])
def test_a_row_without_weight_is_as_if_it_were_not_there(largest, monkeypatch):
    monkeypatch.setattr(softmax, "LARGEST", largest)
    h, vectors, bias, targets, _ = random(10)
    weight = tf.constant([0, 1, 0, 0, 2, 1, 0, 0, 0, 3], tf.float32)
    there = weight > 0
    kept = [tf.boolean_mask(x, there) for x in (h, targets, weight)]
    value, dh, *rest = with_gradients(weighted_loss)(h, vectors, bias, targets, weight)
    one, dh_kept, *others = with_gradients(weighted_loss)(kept[0], vectors, bias, *kept[1:])
    assert_close([value, *rest, tf.boolean_mask(dh, there)], [one, *others, dh_kept])
    assert not tf.boolean_mask(dh, ~there).numpy().any()
    found = with_gradients(weighted_loss)(h, vectors, bias, targets, 0 * weight)
    assert not any(x.numpy().any() for x in found)


def test_the_gradient_is_the_slope():
    """By finite differences, which know nothing of either way of differentiating."""
    given = [x.numpy() for x in random(6, size=0.7)]
    _, *gradients = with_gradients(weighted_loss)(*map(tf.constant, given))
    wide = [x.astype(np.float64) if x.dtype == np.float32 else x for x in given]
    for i, gradient in enumerate(gradients):
        direction = np.random.default_rng(i).normal(size=wide[i].shape)
        up, down = ([*wide[:i], wide[i] + e * direction, *wide[i + 1 :]] for e in (1e-4, -1e-4))
        slope = (by_hand(*up) - by_hand(*down)) / 2e-4
        assert float(np.sum(gradient * direction)) == pytest.approx(slope, rel=1e-3, abs=1e-4)


def by_hand(h, vectors, bias, targets, weight):
    z = h @ vectors.T + bias
    return (weight * (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), targets])).sum()


def test_large_scores_stay_finite():
    given = random(20, size=60.0)
    assert_close(with_gradients(weighted_loss)(*given), with_gradients(plain)(*given))
    assert all(np.isfinite(x).all() for x in with_gradients(weighted_loss)(*given))
    assert np.isfinite(losses(*given[:4])).all()


@GRAPH
def test_weights_of_a_layer_get_their_gradients(graph):
    """Variables reach the loss by way of other operations, as in the network."""
    h, vectors, bias, targets, weight = random(9)
    kernel, variable = tf.Variable(tf.eye(SIZE) * 0.5), tf.Variable(vectors)

    def gradients(loss):
        with tf.GradientTape() as tape:
            found = loss(h @ kernel, tf.convert_to_tensor(variable), bias * 2, targets, weight)
        return tape.gradient(found, [kernel, variable])

    found = (tf.function(gradients, autograph=False) if graph else gradients)(weighted_loss)
    assert_close(found, gradients(plain))
