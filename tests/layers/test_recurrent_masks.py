"""A padded row gives what the row alone gives: outputs, states, gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import Bidirectional
from tests.layers.recurrent_kinds import (
    EMPTY,
    FEATURES,
    FULL,
    HOLES,
    KINDS,
    LEFT,
    MASK,
    RIGHT,
    UNITS,
    as_list,
    assert_close,
    inputs,
    results_and_gradients,
    states,
    weights_of_loss,
    with_weights,
)

PATTERNS = {"left": LEFT, "right": RIGHT, "holes": HOLES, "full": FULL}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "pattern, go_backwards",
    [("left", True), ("right", True), ("right", False), ("holes", False), ("full", False)],
)
def test_padded_row_gives_what_the_row_alone_gives(kind, pattern, go_backwards):
    keep = np.array(PATTERNS[pattern], bool)
    layer = with_weights(KINDS[kind](UNITS, return_state=True, go_backwards=go_backwards))
    row, initial = inputs(batch=1), states(layer, batch=1)
    padded = np.where(keep[None, :, None], row, np.nan).astype("float32")
    a, da = results_and_gradients(layer, padded, initial, mask=keep[None])
    b, db = results_and_gradients(layer, row[:, keep], initial)
    assert_close(a, b)
    assert not np.asarray(da[0])[:, ~keep].any()
    assert_close([np.asarray(da[0])[:, keep], *da[1:]], db)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_a_batch_do_not_meet(kind):
    """A batch of all patterns, padded with NaN: the rows' outputs; the sum of their gradients."""
    layer = with_weights(KINDS[kind](UNITS, return_sequences=True, return_state=True))
    x = inputs()
    outputs, *last = layer(np.where(MASK[..., None], x, np.nan).astype("float32"), mask=MASK)
    for row, keep in enumerate(MASK):
        if keep.any():
            alone, *alone_last = layer(x[row : row + 1, keep])
            assert_close([outputs[row][keep]], [alone[0]])
            assert_close([s[row] for s in last], [s[0] for s in alone_last])

    def gradient(x, mask):
        with tf.GradientTape() as tape:
            _, *last = layer(x, mask=mask)
            loss = sum(tf.reduce_sum(s * weights_of_loss(s.shape)) for s in last)
        return tape.gradient(loss, layer.trainable_variables)

    together = gradient(np.where(MASK[..., None], x, np.nan).astype("float32"), MASK)
    alone = [gradient(x[i : i + 1, k], None) for i, k in enumerate(MASK) if k.any()]
    assert_close(together, [sum(g) for g in zip(*alone, strict=True)], 1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_output_at_a_masked_step(kind, zero, with_state):
    """The previous output, zero before the first; or zero."""
    layer = with_weights(KINDS[kind](UNITS, return_sequences=True, zero_output_for_mask=zero))
    initial = states(layer) if with_state else None
    outputs = np.asarray(layer(inputs(), initial_state=initial, mask=MASK))
    for row, keep in zip(outputs, MASK, strict=True):
        previous = np.zeros(UNITS)
        for output, kept in zip(row, keep, strict=True):
            if not kept:
                np.testing.assert_array_equal(output, 0 if zero else previous)
            previous = output


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zero", [False, True])
def test_last_output_is_that_of_the_last_step_not_skipped(kind, zero):
    layer = with_weights(KINDS[kind](UNITS, zero_output_for_mask=zero))
    x, initial = inputs(), states(layer)
    outputs = layer(x, initial_state=initial, mask=MASK)
    for row, keep in enumerate(MASK):
        if not keep.any():
            assert not np.asarray(outputs[row]).any()
            continue
        alone = layer(x[row : row + 1, keep], initial_state=[s[row : row + 1] for s in initial])
        assert_close([outputs[row]], [alone[0]])


@pytest.mark.parametrize("kind", KINDS)
def test_empty_row_keeps_its_state_and_gives_no_gradient(kind):
    layer = with_weights(KINDS[kind](UNITS, return_state=True))
    initial = states(layer, batch=1)
    x = np.full((1, 5, FEATURES), np.nan, "float32")
    (output, *last), gradients = results_and_gradients(
        layer, x, initial, mask=np.array([EMPTY], bool)
    )
    assert not np.asarray(output).any()
    assert_close(last, initial, 0)
    by_x, *rest = gradients
    by_state, by_weights = rest[: len(initial)], rest[len(initial) :]
    assert all(np.asarray(g).any() for g in by_state)  # it comes out as it went in
    assert not any(np.asarray(g).any() for g in (by_x, *by_weights))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_no_time_steps_at_all(kind, bidirectional):
    """A batch of empty texts, as it comes out of a graph that knows neither size."""
    inner = KINDS[kind](UNITS, return_sequences=True, return_state=True)
    layer = Bidirectional(inner) if bidirectional else inner
    spec = [tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, None), "bool")]
    graph = tf.function(lambda x, mask: layer(x, mask=mask), input_signature=spec)
    for call in (lambda x, mask: layer(x, mask=mask), graph):
        output, *last = call(np.zeros((2, 0, FEATURES), "float32"), np.zeros((2, 0), bool))
        assert output.shape == (2, 0, UNITS * (2 if bidirectional else 1))
        assert all(s.shape == (2, UNITS) and not np.asarray(s).any() for s in last)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_mask_comes_from_the_embedding_and_goes_on(kind, bidirectional, with_state):
    """With initial states too, where Keras by itself drops the mask of the sequences."""
    inner = KINDS[kind](UNITS, return_sequences=True)
    layer = Bidirectional(inner) if bidirectional else inner
    embedding = keras.layers.Embedding(9, FEATURES, mask_zero=True)
    ids, count = keras.Input((None,), dtype="int32"), len(inner.get_initial_state(1))
    extra = [keras.Input((UNITS,)) for _ in range(count * (2 if bidirectional else 1))]
    outputs = layer(embedding(ids), initial_state=extra if with_state else None)
    model = keras.Model([ids, *extra], outputs)
    given = [np.full((2, UNITS), 0.1 * i, "float32") for i, _ in enumerate(extra)]
    short, long = np.array([[3, 4, 5], [6, 7, 8]]), np.zeros((2, 6), int)
    long[:, :3] = short
    result = model([long, *given])
    assert_close([result[:, :3]], [model([short, *given])])
    assert result._keras_mask.numpy().tolist() == (long > 0).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_compute_mask(kind):
    """Only sequences have a mask; a state never has."""
    count = len(KINDS[kind](UNITS).get_initial_state(1))
    for sequences in (True, False):
        expected = MASK if sequences else None
        options = {"return_sequences": sequences}
        assert KINDS[kind](UNITS, **options).compute_mask(inputs(), MASK) is expected
        layer = KINDS[kind](UNITS, return_state=True, **options)
        assert layer.compute_mask(inputs(), MASK) == [expected] + [None] * count


@pytest.mark.parametrize("kind", KINDS)
def test_padding_never_counts_in_a_loss(kind):
    """Through `compile` and `evaluate`, which weigh the steps by the mask that came along."""
    layer = with_weights(KINDS[kind](UNITS, return_sequences=True))
    x, y = inputs(batch=1, time=3), inputs(batch=1, time=3, features=UNITS, seed=5)

    def loss(x, y):
        model = keras.Sequential([keras.layers.Masking(-9.0), layer])
        model.compile(loss="mse")
        return model.evaluate(x, y, verbose=0)

    padding = ((0, 0), (0, 4), (0, 0))
    padded = np.pad(x, padding, constant_values=-9), np.pad(y, padding, constant_values=1e3)
    assert loss(*padded) == pytest.approx(loss(x, y), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_mask_may_be_of_numbers(kind):
    layer = with_weights(KINDS[kind](UNITS, return_state=True))
    x = inputs()
    assert_close(layer(x, mask=MASK.astype("int32")), as_list(layer(x, mask=MASK)), 0)
