import keras
import numpy as np
import pytest

from seqtasks.layers import GRU, GRUCell
from tests.layers.recurrent_kinds import (
    FEATURES,
    TWINS,
    UNITS,
    assert_close,
    inputs,
    results_and_gradients,
    states,
    with_weights,
)


def sigma(a):
    return 1 / (1 + np.exp(-a))


def notes_gru(x, c, weights, relevance_gate):
    """The course notes' equations, one row, one step at a time; Γu lets the candidate in."""
    kernel, recurrent, bias = (np.asarray(w, "float64") for w in weights)
    gates = 3 if relevance_gate else 2
    wx, wc, b = (np.split(w, gates, axis=-1) for w in (kernel, recurrent, bias))
    outputs = []
    for x_t in x:
        # The layer's z keeps the old state: Γu = 1 - z, which is σ of the negated argument.
        gamma_u = sigma(-(c @ wc[0] + x_t @ wx[0] + b[0]))
        gamma_r = sigma(c @ wc[1] + x_t @ wx[1] + b[1]) if relevance_gate else 1.0
        candidate = np.tanh((gamma_r * c) @ wc[-1] + x_t @ wx[-1] + b[-1])
        c = gamma_u * candidate + (1 - gamma_u) * c
        outputs.append(c)
    return np.stack(outputs), c


@pytest.mark.parametrize("relevance_gate", [True, False])
def test_follows_the_equations(relevance_gate):
    layer = with_weights(
        GRU(UNITS, relevance_gate=relevance_gate, return_sequences=True, return_state=True)
    )
    x, (h0,) = inputs(), states(layer)
    outputs, last = layer(x, initial_state=h0)
    for row in range(len(x)):
        expected, c = notes_gru(x[row], h0[row], layer.get_weights(), relevance_gate)
        assert_close([outputs[row], last[row]], [expected, c])


def test_relevance_acts_before_the_product():
    """Which tells it from Keras's default: the two agree only where r is the same in all units."""
    ours = with_weights(GRU(UNITS))
    after = keras.layers.GRU(UNITS, reset_after=True)
    after.build((None, None, FEATURES))
    kernel, recurrent, bias = ours.get_weights()
    after.set_weights([kernel, recurrent, np.stack([bias, 0 * bias])])
    x = inputs()
    assert np.abs(ours(x) - after(x)).max() > 1e-3
    for weights in (kernel, recurrent, bias):
        weights[..., UNITS : 2 * UNITS] = 0  # r = σ(0) everywhere
    ours.set_weights([kernel, recurrent, bias])
    after.set_weights([kernel, recurrent, np.stack([bias, 0 * bias])])
    assert_close([ours(x)], [after(x)])


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_equals_keras(use_bias, masked, go_backwards):
    options = {"return_sequences": True, "return_state": True, "go_backwards": go_backwards}
    theirs = with_weights(TWINS["gru"](UNITS, use_bias=use_bias, **options))
    ours = GRU(UNITS, use_bias=use_bias, **options)
    ours.build((None, None, FEATURES))
    ours.set_weights(theirs.get_weights())
    x, initial = inputs(), states(ours)
    mask = np.random.default_rng(4).random(x.shape[:2]) > 0.4 if masked else None
    a, da = results_and_gradients(ours, x, initial, mask=mask)
    b, db = results_and_gradients(theirs, x, initial, mask=mask)
    assert_close(a, b)
    assert_close(da, db, 1e-5)


def test_cell_inside_keras_rnn_equals_the_layer():
    layer = with_weights(GRU(UNITS, return_sequences=True, return_state=True))
    cell = GRUCell(UNITS)
    wrapped = keras.layers.RNN(cell, return_sequences=True, return_state=True)
    x = inputs()
    wrapped.build(x.shape)
    wrapped.set_weights(layer.get_weights())
    assert_close(layer(x), wrapped(x))


def test_cell_returns_the_state_in_the_form_it_came_in():
    cell = GRUCell(UNITS)
    x, h = inputs()[:, 0], np.ones((5, UNITS), "float32")
    output, state = cell(x, h)
    listed_output, listed_state = cell(x, [h])
    assert_close([output, output, output], [state, listed_output, listed_state[0]])
    assert cell.state_size == cell.output_size == UNITS


def test_weight_shapes_are_kerass():
    ours, theirs = with_weights(GRU(UNITS)), with_weights(TWINS["gru"](UNITS))
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    simplified = with_weights(GRU(UNITS, relevance_gate=False))
    assert [w.shape for w in simplified.get_weights()] == [
        (FEATURES, 2 * UNITS),
        (UNITS, 2 * UNITS),
        (2 * UNITS,),
    ]
