import functools

import keras
import numpy as np
import pytest

from seqtasks.layers import GRU, LSTM, Bidirectional
from tests.layers.recurrent_kinds import (
    FEATURES,
    KINDS,
    MASK,
    TWINS,
    UNITS,
    as_list,
    assert_close,
    inputs,
    results_and_gradients,
    states,
    with_weights,
)

MODES = ["concat", "sum", "mul", "ave", None]


def both_states(layer, batch=5):
    return [
        *states(layer.forward_layer, batch, seed=6),
        *states(layer.backward_layer, batch, seed=7),
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", TWINS)
@pytest.mark.parametrize("sequences, masked", [(False, True), (True, True), (True, False)])
def test_equals_keras(mode, kind, sequences, masked):
    """Outputs, states and gradients, in Keras's order, from Keras's weights and initial states."""
    options = {"return_sequences": sequences, "return_state": True}
    theirs = with_weights(keras.layers.Bidirectional(TWINS[kind](UNITS, **options), mode))
    ours = Bidirectional(KINDS[kind](UNITS, **options), mode)
    ours.build((None, None, FEATURES))
    ours.set_weights(theirs.get_weights())
    x, initial = inputs(), both_states(ours)
    mask = MASK if masked else None
    a, da = results_and_gradients(ours, x, initial, mask=mask)
    b, db = results_and_gradients(theirs, x, initial, mask=mask)
    assert_close(a, b)
    assert_close(da, db, 1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sequences", [False, True])
def test_each_row_is_reversed_within_its_own_length(kind, sequences):
    """By hand: each row alone, turned round, through a forward layer with the backward weights."""
    layer = with_weights(Bidirectional(KINDS[kind](UNITS, return_sequences=sequences), None))
    ahead, back = (KINDS[kind](UNITS, return_sequences=sequences) for _ in range(2))
    weights = layer.get_weights()
    half = len(weights) // 2
    for each, its_own in ((ahead, weights[:half]), (back, weights[half:])):
        each.build((None, None, FEATURES))
        each.set_weights(its_own)
    x = inputs()
    outputs = layer(np.where(MASK[..., None], x, np.nan).astype("float32"), mask=MASK)
    for row, keep in enumerate(MASK):
        found = [y[row][keep] if sequences else y[row] for y in outputs]
        if keep.any():
            alone = x[row : row + 1, keep]
            turned = back(alone[:, ::-1])[0]
            assert_close(found, [ahead(alone)[0], turned[::-1] if sequences else turned])
        if sequences:
            assert not any(np.asarray(y[row])[~keep].any() for y in outputs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_future_reaches_the_present(kind):
    """Output t moves with input u, for every t and u; a forward layer sees the past alone."""
    one_way = with_weights(KINDS[kind](UNITS, return_sequences=True))
    layer = with_weights(Bidirectional(KINDS[kind](UNITS, return_sequences=True)))
    x = inputs(batch=1)
    for u in range(x.shape[1]):
        other = x.copy()
        other[:, u] += 1

        def moved(layer, other=other):
            return (np.abs(layer(other) - layer(x)).max(axis=(0, 2)) > 0).tolist()

        assert moved(layer) == [True] * 5
        assert moved(one_way) == [False] * u + [True] * (5 - u)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sequences", [False, True])
def test_stateful(kind, sequences):
    """Each direction goes on from its own last states; reset_state begins again."""
    options = {"return_sequences": sequences, "return_state": True}
    layer = with_weights(Bidirectional(KINDS[kind](UNITS, stateful=True, **options)), batch=5)
    free = Bidirectional(KINDS[kind](UNITS, **options))
    free.build((None, None, FEATURES))
    free.set_weights(layer.get_weights())
    x, then = inputs(), inputs(seed=8)
    first = layer(x, mask=MASK)
    assert_close(first, free(x, mask=MASK))
    assert_close(first[1:], layer.states)
    assert_close(layer(then, mask=MASK), free(then, initial_state=list(first[1:]), mask=MASK))
    layer.reset_state()
    assert_close(layer(x, mask=MASK), first)
    assert len(layer.compute_mask(x, MASK)) == len(first)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("state", [False, True])
def test_announced_shapes_are_the_shapes(mode, sequences, state):
    layer = Bidirectional(LSTM(UNITS, return_sequences=sequences, return_state=state), mode)
    x = inputs()
    announced = layer.compute_output_shape(x.shape)
    found = layer(x)
    if not isinstance(found, tuple):
        assert announced == tuple(found.shape)
    else:
        assert list(map(tuple, announced)) == [tuple(y.shape) for y in found]
    symbolic = layer(keras.Input((None, FEATURES)))
    assert [y.shape[-1] for y in as_list(symbolic)] == [y.shape[-1] for y in as_list(found)]


@pytest.mark.parametrize("theirs", [keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN])
def test_takes_kerass_own_layers(theirs):
    options = {"return_sequences": True, "return_state": True}
    ours = with_weights(Bidirectional(theirs(UNITS, **options)))
    reference = keras.layers.Bidirectional(theirs(UNITS, **options))
    reference.build((None, None, FEATURES))
    reference.set_weights(ours.get_weights())
    assert_close(ours(inputs(), mask=MASK), reference(inputs(), mask=MASK))


def test_separate_backward_layer():
    """Another kind and another width; the states in order."""
    layer = Bidirectional(
        GRU(UNITS, return_sequences=True, return_state=True),
        backward_layer=LSTM(
            2, peephole=True, return_sequences=True, return_state=True, go_backwards=True
        ),
    )
    output, *last = with_weights(layer)(inputs(), mask=MASK)
    assert output.shape == (5, 5, UNITS + 2)
    assert [s.shape for s in last] == [(5, UNITS), (5, 2), (5, 2)]
    assert_close([output[4, -1, :UNITS], output[4, 0, UNITS:]], [last[0][4], last[1][4]])


def test_a_backward_layer_given_first_turns_the_pair_round():
    """Forward and backward change places; the outputs stay in the order of time."""
    first = with_weights(Bidirectional(GRU(UNITS, return_sequences=True)))
    other = Bidirectional(GRU(UNITS, return_sequences=True, go_backwards=True))
    other.build((None, None, FEATURES))
    weights = first.get_weights()
    other.set_weights(weights[3:] + weights[:3])
    a, b = first(inputs(), mask=MASK), other(inputs(), mask=MASK)
    assert_close([a[..., :UNITS], a[..., UNITS:]], [b[..., UNITS:], b[..., :UNITS]])


def test_weights_argument():
    source = with_weights(Bidirectional(LSTM(UNITS)))
    layer = Bidirectional(LSTM(UNITS), weights=source.get_weights())
    assert_close([layer(inputs())], [source(inputs())], 0)


def test_forces_zero_output_for_mask():
    for sequences in (False, True):
        layer = Bidirectional(GRU(UNITS, return_sequences=sequences))
        assert layer.forward_layer.zero_output_for_mask is sequences
        assert layer.backward_layer.zero_output_for_mask is sequences


back = functools.partial(LSTM, UNITS, go_backwards=True)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"layer": "lstm"}, "`layer` must be a Keras layer, got 'lstm'"),
        ({"layer": keras.layers.Dense(3)}, "`layer` must be a recurrent layer, got Dense"),
        ({"merge_mode": "add"}, "`merge_mode` must be one of .*, got 'add'"),
        ({"backward_layer": 3}, "`backward_layer` must be a Keras layer, got 3"),
        ({"backward_layer": LSTM(UNITS)}, "`backward_layer` must run the other way"),
        ({"backward_layer": back(return_sequences=True)}, "the same `return_sequences` as"),
        ({"backward_layer": back(return_state=True)}, "the same `return_state` as"),
        ({"backward_layer": back(stateful=True)}, "the same `stateful` as `layer`, got True"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Bidirectional(**{"layer": LSTM(UNITS), **arguments})


def test_bad_calls_are_named():
    with pytest.raises(ValueError, match="`backward_layer` must have 4 units as `layer` has"):
        Bidirectional(LSTM(4), "sum", backward_layer=LSTM(3, go_backwards=True))(inputs())
    with pytest.raises(ValueError, match="`initial_state` must be a list"):
        Bidirectional(GRU(UNITS))(inputs(), initial_state=states(GRU(UNITS)))
    with pytest.raises(AttributeError, match="not `stateful`"):
        Bidirectional(LSTM(4)).reset_state()
