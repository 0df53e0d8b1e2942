"""The language model's network, on random ids."""

from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks.lm.config import Config, check, resolve
from seqtasks.tasks.lm.network import Network

TOKENS = 9
CELLS = {
    "rnn": {"cell": "rnn"},
    "gru": {"cell": "gru"},
    "gru without relevance": {"cell": "gru", "relevance_gate": False},
    "lstm": {"cell": "lstm"},
    "peephole": {"cell": "lstm", "peephole": True},
}
SHAPES = {
    "tied": {"tied": True, "layers": 2},
    "tied projected": {"tied": True, "embedding_size": 3, "layers": 1},
    "not tied": {"tied": False, "embedding_size": 6, "layers": 2},
}
KINDS = {
    f"{c} {s}": {**CELLS[c], **SHAPES[s]}
    for c, shapes in {
        "rnn": ("tied", "not tied"),
        "gru": ("tied projected", "not tied"),
        "gru without relevance": ("tied",),
        "lstm": SHAPES,
        "peephole": ("tied projected",),
    }.items()
    for s in shapes
}
EVERY = pytest.mark.parametrize("kind", KINDS)


def build(kind, **settings):
    small = {"units": 4, "dropout": 0.0, "lowercase": False}
    return Network(resolve(check(Config(**{**small, **KINDS[kind], **settings})), 1000, 1), TOKENS)


@cache
def scrambled(kind):
    """A network whose weights are nowhere 0, so that nothing hides behind a fresh one."""
    network = build(kind)
    generator = np.random.default_rng(1)
    for v in network.trainable_variables:
        v.assign(generator.normal(0, 0.7, v.shape))
    return network


def ids(rows, time, seed=0):
    draw = np.random.default_rng([seed, rows, time])
    return tf.constant(draw.integers(1, TOKENS, (rows, time)), tf.int32)


def assert_close(found, expected):
    tf.nest.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, expected
    )


# probabilities


@EVERY
def test_probabilities_sum_to_one_and_padding_has_none(kind):
    network = scrambled(kind)
    h, _ = network(ids(3, 5))
    p = tf.nn.softmax(network.logits(tf.reshape(h, (15, -1)))).numpy()
    assert p.shape == (15, TOKENS)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert (p[:, 0] == 0).all() and (p[:, 1:] > 0).all()
    targets = ids(3, 5, seed=1)
    found = network.log_probabilities(h, targets)
    assert_close(found, np.log(p[np.arange(15), np.ravel(targets)]).reshape(3, 5))


@EVERY
def test_the_loss_is_the_mean_over_tokens_that_are_no_padding(kind):
    network = scrambled(kind)
    h, _ = network(ids(3, 5))
    targets = ids(3, 5, seed=1).numpy()
    targets[0, 2:] = targets[2, 1:] = 0
    logs = network.log_probabilities(h, targets).numpy()
    assert (logs[targets == 0] == 0).all()
    assert_close(network.loss_of(h, targets), np.float32(-logs.sum() / (targets > 0).sum()))
    assert network.loss_of(h, 0 * targets) == 0  # and no division by nothing


@EVERY
def test_there_are_the_weights_of_the_equations_and_no_others(kind):
    network = scrambled(kind)
    names = {v.path.split("/")[1] for v in network.trainable_variables}
    expected = {"vectors", "bias", *(f"recurrent_{i}" for i in range(network.config.layers))}
    expected |= {"project"} if "projected" in kind else set()
    tied = network.config.tied
    assert names == (expected if tied else {*expected, "output_vectors"})
    # tied: what is read of a token is what its score is made of
    h, _ = network(ids(1, 2))
    before = network.logits(h[:, 0]).numpy()
    vectors = network.vectors.embeddings
    old = vectors.numpy()
    vectors.assign(2 * old)
    moved = np.abs(network.logits(h[:, 0]).numpy() - before).max()
    vectors.assign(old)
    assert (moved > 1e-3) == tied


# time


@EVERY
def test_a_text_read_in_stretches_is_the_text_read_whole(kind):
    network, given = scrambled(kind), ids(3, 9)
    whole, last = network(given)
    states, parts = network.first_states(3), []
    for part in tf.split(given, [4, 1, 3, 1], axis=1):
        h, states = network(part, states)
        parts.append(h)
    assert_close(tf.concat(parts, axis=1), whole)
    assert_close(states, last)


@EVERY
def test_a_step_is_what_call_does_for_one_token(kind):
    network, given = scrambled(kind), ids(3, 6)
    whole, last = network(given)
    states = network.first_states(3)
    for t in range(6):
        h, states = network.step(given[:, t], states)
        assert_close(h, whole[:, t])
    assert_close(states, last)


@EVERY
def test_a_token_depends_on_every_one_before_it_and_none_behind(kind):
    network, given = scrambled(kind), ids(1, 6).numpy()
    whole = network(given)[0].numpy()
    for t in range(6):
        other = given.copy()
        other[0, t] = given[0, t] % (TOKENS - 1) + 1
        moved = np.abs(network(other)[0].numpy() - whole)[0].max(axis=1)
        assert (moved[:t] == 0).all()
        assert (moved[t:] > 1e-6).all()
    longer = np.concatenate([given, [[0, 0]]], axis=1)
    assert_close(network(longer)[0][:, :6], whole)


@EVERY
def test_a_row_does_not_depend_on_the_others(kind):
    network, given = scrambled(kind), ids(4, 5)
    whole, last = network(given)
    for i in range(4):
        alone, states = network(given[i : i + 1])
        assert_close(alone[0], whole[i])
        assert_close(states, [[s[i : i + 1] for s in layer] for layer in last])


@EVERY
def test_a_token_that_is_not_there_is_passed_over(kind):
    network, given = scrambled(kind), ids(4, 6)
    there = np.array([[1, 0, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1] * 6, [1, 0, 0, 0, 0, 1]], bool)
    h, last = network(given, network.first_states(4), there=tf.constant(there))
    for i, keep in enumerate(there):
        alone, states = network(given[i : i + 1, :].numpy()[:, keep])
        assert_close(tf.boolean_mask(h[i], keep), alone[0])
        assert_close(h[i, -1], alone[0, -1])  # the last output goes on to the end
        assert_close([[s[i : i + 1] for s in layer] for layer in last], states)


# learning


@EVERY
def test_one_step_moves_every_weight(kind):
    network = build(kind)
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(network.trainable_variables)
    before = [v.numpy() for v in network.trainable_variables]
    with tf.GradientTape() as tape:
        h, _ = network(ids(4, 6), training=True)
        loss = network.loss_of(h, ids(4, 6, seed=1))
    gradients = tape.gradient(loss, [v.value for v in network.trainable_variables])
    optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
    for variable, value in zip(network.trainable_variables, before, strict=True):
        assert np.abs(variable.numpy() - value).max() > 0, variable.path


@pytest.mark.parametrize("kind", list(KINDS)[::2])  # each cell once
def test_a_text_is_learnt_by_heart(kind):
    """The next token follows from two.

    It follows from one but for ln 2 every other time, from none but for ln 4.
    """
    text = tf.constant([[3, 3, 4, 5, 6, 4, 5, 6] * 2 + [3]])
    given, wanted = text[:, :-1], text[:, 1:]
    keras.utils.set_random_seed(1)
    network = build(kind, units=12, embedding_size=8 if "projected" in kind else 12)
    optimizer = keras.optimizers.Adam(0.03)
    optimizer.build(network.trainable_variables)

    @tf.function(autograph=False)
    def learn():
        with tf.GradientTape() as tape:
            loss = network.loss_of(network(given, training=True)[0], wanted)
        gradients = tape.gradient(loss, [v.value for v in network.trainable_variables])
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    assert any(float(learn()) < 0.2 for _ in range(500))


@pytest.mark.parametrize(
    "where", ["input_dropout", "dropout", "output_dropout", "recurrent_dropout"]
)
def test_what_is_dropped_is_dropped_in_training_alone(where):
    shares = {"input_dropout": 0.0, "output_dropout": 0.0, where: 0.5}

    def fresh():
        keras.utils.set_random_seed(1)
        return build("lstm tied", units=16, **shares)

    network, given = fresh(), ids(4, 6)
    still = network(given)[0].numpy()
    np.testing.assert_array_equal(network(given)[0], still)
    assert_close(network.step(given[:, 0], network.first_states(4))[0], still[:, 0])
    one, other = (network(given, training=True)[0].numpy() for _ in range(2))
    assert np.abs(one - other).max() > 1e-4
    assert np.abs(one - still).max() > 1e-4
    # what is dropped is drawn from the seed too
    np.testing.assert_array_equal(fresh()(given, training=True)[0], one)


def test_without_dropout_training_is_use():
    network, given = build("gru not tied"), ids(2, 4)
    np.testing.assert_array_equal(network(given, training=True)[0], network(given)[0])


def test_the_seed_makes_the_weights():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return np.concatenate([np.ravel(v) for v in build("lstm tied", seed=seed).weights[:-1]])

    np.testing.assert_array_equal(weights(1), weights(1))
    assert np.abs(weights(1) - weights(2)).max() > 1e-3
