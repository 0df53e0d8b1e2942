import keras
import numpy as np
import pytest

from seqtasks.layers import LSTM, LSTMCell
from tests.layers.recurrent_kinds import (
    FEATURES,
    UNITS,
    assert_close,
    inputs,
    results_and_gradients,
    states,
    with_weights,
)


def sigma(a):
    return 1 / (1 + np.exp(-a))


def papers_lstm(x, a, c, weights):
    """Gers, Schraudolph and Schmidhuber (2002), one row, a unit at a time where peepholes look."""
    kernel, recurrent, bias, *peephole = (np.asarray(w, "float64") for w in weights)
    p_u, p_f, p_o = peephole[0] if peephole else np.zeros((3, len(c)))
    w_u, w_f, w_c, w_o = np.split(np.concatenate([recurrent, kernel]), 4, axis=1)
    b_u, b_f, b_c, b_o = np.split(bias, 4)
    outputs = []
    for x_t in x:
        seen, old = np.concatenate([a, x_t]), c
        gamma_u = sigma(seen @ w_u + np.diag(p_u) @ old + b_u)
        gamma_f = sigma(seen @ w_f + np.diag(p_f) @ old + b_f)
        c = gamma_u * np.tanh(seen @ w_c + b_c) + gamma_f * old
        gamma_o = sigma(seen @ w_o + np.diag(p_o) @ c + b_o)  # the new memory
        a = gamma_o * np.tanh(c)
        outputs.append(a)
    return np.stack(outputs), a, c


@pytest.mark.parametrize("peephole", [False, True])
def test_follows_the_equations(peephole):
    layer = with_weights(LSTM(UNITS, peephole=peephole, return_sequences=True, return_state=True))
    x, (h0, c0) = inputs(), states(layer)
    outputs, h, c = layer(x, initial_state=[h0, c0])
    for row in range(len(x)):
        expected = papers_lstm(x[row], h0[row], c0[row], layer.get_weights())
        assert_close([outputs[row], h[row], c[row]], expected)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_equals_keras(use_bias, masked, go_backwards):
    options = {"return_sequences": True, "return_state": True, "go_backwards": go_backwards}
    theirs = with_weights(keras.layers.LSTM(UNITS, use_bias=use_bias, **options))
    ours = LSTM(UNITS, use_bias=use_bias, **options)
    ours.build((None, None, FEATURES))
    ours.set_weights(theirs.get_weights())
    x, initial = inputs(), states(ours)
    mask = np.random.default_rng(4).random(x.shape[:2]) > 0.4 if masked else None
    a, da = results_and_gradients(ours, x, initial, mask=mask)
    b, db = results_and_gradients(theirs, x, initial, mask=mask)
    assert_close(a, b)
    assert_close(da, db, 1e-5)


def test_peepholes_at_zero_equal_the_plain_unit():
    plain = with_weights(LSTM(UNITS, return_sequences=True))
    peephole = LSTM(UNITS, peephole=True, return_sequences=True)
    peephole.build((None, None, FEATURES))
    peephole.set_weights([*plain.get_weights(), np.zeros((3, UNITS))])
    x = inputs()
    assert_close([peephole(x)], [plain(x)], 1e-7)


@pytest.mark.parametrize("row, sees_old_memory", [(0, True), (1, True), (2, False)])
def test_which_memory_a_peephole_sees(row, sees_old_memory):
    """From c<0> = 0 the first step cannot show what i and f see, and shows what o sees."""
    layer = with_weights(LSTM(UNITS, peephole=True))
    kernel, recurrent, bias, p = layer.get_weights()
    x = inputs(time=1)
    before = layer(x)
    p[row] += 1
    layer.set_weights([kernel, recurrent, bias, p])
    moved = np.abs(layer(x) - before).max()
    assert (moved == 0) if sees_old_memory else (moved > 1e-3)


def test_peepholes_are_diagonal():
    """The memory of one unit moves the gates, and so the next memory, of that unit alone."""
    cell = LSTMCell(UNITS, peephole=True)
    cell.build((None, FEATURES))
    rng = np.random.default_rng(0)
    cell.set_weights([rng.normal(size=w.shape) for w in cell.get_weights()])
    x, h = inputs()[:, 0], np.zeros((5, UNITS), "float32")
    c = rng.normal(size=(5, UNITS)).astype("float32")
    other = c + np.eye(UNITS, dtype="float32")[1]
    _, (_, new) = cell(x, [h, c])
    _, (_, new_other) = cell(x, [h, other])
    moved = np.abs(new - new_other).max(axis=0) > 0
    assert moved.tolist() == [False, True, False, False]


@pytest.mark.parametrize("peephole", [False, True])
def test_cell_inside_keras_rnn_equals_the_layer(peephole):
    layer = with_weights(LSTM(UNITS, peephole=peephole, return_sequences=True, return_state=True))
    cell = LSTMCell(UNITS, peephole=peephole)
    wrapped = keras.layers.RNN(cell, return_sequences=True, return_state=True)
    x = inputs()
    wrapped.build(x.shape)
    wrapped.set_weights(layer.get_weights())
    assert_close(layer(x), wrapped(x))
    assert cell.state_size == [UNITS, UNITS]


def test_weight_shapes():
    plain = with_weights(keras.layers.LSTM(UNITS)).get_weights()
    peephole = with_weights(LSTM(UNITS, peephole=True)).get_weights()
    assert [w.shape for w in peephole] == [*(w.shape for w in plain), (3, UNITS)]


@pytest.mark.parametrize("unit_forget_bias, forget", [(True, 1), (False, 7)])
def test_forget_bias(unit_forget_bias, forget):
    layer = LSTM(
        UNITS, bias_initializer=keras.initializers.Constant(7), unit_forget_bias=unit_forget_bias
    )
    layer.build((None, None, FEATURES))
    i, f, c, o = np.split(layer.get_weights()[2], 4)
    assert (f == forget).all() and (np.stack([i, c, o]) == 7).all()
