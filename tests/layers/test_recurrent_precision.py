"""Eager, graph and compiled agree; gradients are right; half precision and double work."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import Bidirectional
from tests.layers.recurrent_kinds import (
    FEATURES,
    KINDS,
    MASK,
    UNITS,
    assert_close,
    inputs,
    results_and_gradients,
    states,
    weights_of_loss,
    with_weights,
)


@pytest.mark.parametrize(
    "compiled, dynamic, masked, kind",
    [
        *((compiled, True, True, kind) for compiled in (False, True) for kind in KINDS),
        *((True, False, False, kind) for kind in ("gru", "peephole lstm")),
    ],
)
def test_eager_graph_and_compiled_agree(compiled, dynamic, masked, kind):
    """With gradients, by inputs, states and weights; batch and time known or not."""
    layer = with_weights(KINDS[kind](UNITS, return_sequences=True, return_state=True))
    x, initial = inputs(), states(layer)
    eager = results_and_gradients(layer, x, initial, mask=MASK if masked else None)

    def specs(*arrays):
        return [
            tf.TensorSpec((None,) * 2 + a.shape[2:] if i < 2 else (None, UNITS), a.dtype)
            if dynamic
            else tf.TensorSpec(a.shape, a.dtype)
            for i, a in enumerate(arrays)
        ]

    @tf.function(jit_compile=compiled, input_signature=specs(x, MASK, *initial))
    def run(x, mask, *initial):
        with tf.GradientTape() as tape:
            tape.watch([x, *initial])
            results = layer(x, initial_state=list(initial), mask=mask if masked else None)
            loss = sum(tf.reduce_sum(r * w) for r, w in zip(results, loss_weights, strict=True))
        return results, tape.gradient(loss, [x, *initial, *layer.trainable_variables])

    loss_weights = [weights_of_loss(r.shape).astype("float32") for r in eager[0]]
    results, gradients = run(x, MASK, *initial)
    assert_close(results, eager[0])
    assert_close(gradients, eager[1], 1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_against_finite_differences(kind):
    """In float64, by inputs, initial states and every weight; one row has holes, one has none.

    Of a sum in which every output has a weight of its own, so that none hides behind another.
    """
    layer = with_weights(
        KINDS[kind](2, return_sequences=True, return_state=True, dtype="float64"), features=2
    )
    x, mask = inputs(2, 3, 2, "float64"), MASK[[2, 4], 1:4]
    initial = states(layer, 2, "float64")
    variables = layer.trainable_variables

    @tf.function
    def of(x, *values):
        given, weights = values[: len(initial)], values[len(initial) :]
        with keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True))):
            results = layer(x, initial_state=list(given), mask=mask)
        return sum(tf.reduce_sum(y * weights_of_loss(y.shape)) for y in results)

    values = [tf.constant(v) for v in (x, *initial, *layer.get_weights())]
    with tf.GradientTape() as tape:
        tape.watch(values)
        y = of(*values)
    found = tape.gradient(y, values)
    numeric = [differences(of, values, number, 1e-5) for number in range(len(values))]
    assert_close(found, numeric, 1e-8)


def differences(function, values, number, delta):
    """The central differences of a function by each element of the value of this number."""
    value = values[number].numpy()
    found = np.zeros_like(value)
    for place in np.ndindex(value.shape):
        beyond = []
        for step in (delta, -delta):
            moved = value.copy()
            moved[place] += step
            beyond.append(function(*values[:number], tf.constant(moved), *values[number + 1 :]))
        found[place] = (beyond[0] - beyond[1]) / (2 * delta)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("bidirectional, graph", [(False, True), (True, False)])
def test_dtype_policies(kind, policy, bidirectional, graph):
    """Outputs of the policy's type, near those of float32; weights and gradients of their own."""

    def make(policy):
        inner = KINDS[kind](UNITS, return_sequences=True, return_state=True, dtype=policy)
        return with_weights(Bidirectional(inner, dtype=policy) if bidirectional else inner)

    layer, reference = make(policy), make("float32")
    run = tf.function(results_and_gradients) if graph else results_and_gradients
    results, gradients = run(layer, inputs(), mask=MASK)
    expected, expected_gradients = results_and_gradients(reference, inputs(), mask=MASK)
    assert {r.dtype.name for r in results} == {layer.compute_dtype}
    assert {g.dtype.name for g in gradients[1:]} == {layer.variable_dtype}
    # Five steps of half precision, with its unit in the last place at 1.
    steps, ulp = 5, {"mixed_float16": 2**-10, "mixed_bfloat16": 2**-7, "float64": 2**-23}[policy]
    assert_close([np.float64(r) for r in results], expected, 2 * steps * ulp)
    for found, wanted in zip(gradients, expected_gradients, strict=True):
        difference = np.linalg.norm(np.float64(found) - wanted) / np.linalg.norm(wanted)
        assert difference < 2 * steps * ulp


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_dropout_in_a_compiled_graph(kind):
    """XLA draws as well, and draws anew at the next call."""
    layer = with_weights(
        KINDS[kind](UNITS, dropout=0.5, recurrent_dropout=0.5, return_sequences=True, seed=5)
    )
    run = tf.function(lambda x: layer(x, training=True), jit_compile=True)
    x = inputs()
    assert np.abs(run(x) - run(x)).max() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_graph_holds_one_product_of_the_inputs(kind):
    """All steps are projected at once: no product in the loop reads the features."""
    layer = with_weights(KINDS[kind](UNITS))
    spec = tf.TensorSpec((5, None, FEATURES))  # too few rows to go as two halves
    graph = tf.function(layer, input_signature=[spec]).get_concrete_function().graph
    outside = [op for op in graph.get_operations() if "MatMul" in op.type]
    assert len(outside) == 1
    assert outside[0].inputs[1].shape[0] == FEATURES
