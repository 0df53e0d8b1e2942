"""The training loop, on a network small enough to follow."""

import csv
import dataclasses
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.training import Plan, fit, learning_rate, write_history
from tests.tiny_ner import arrays, assert_same_arrays

PLAN = Plan(epochs=6, steps=3, learning_rate=0.1, clipnorm=5.0, averaging=0.0, patience=0, seed=3)
SIGNATURE = (tf.TensorSpec((None, 3), tf.int32), tf.TensorSpec((None,), tf.int32))
# twelve rows of three words; whether word 1 or 2 comes first decides
WORDS = np.array([[a, b, c] for a in (1, 2) for b in (1, 2, 3) for c in (4, 5)], np.int32)
LABELS = np.array([row[0] - 1 for row in WORDS], np.int32)


class Small(keras.Model):
    """An embedding, dropout, a classifier; fresh weights are functions of the seed."""

    def __init__(self, seed=1, dropout=0.2, words=6):
        super().__init__(name="small")
        uniform = keras.initializers.RandomUniform(-0.5, 0.5, seed=seed)
        self.word = keras.layers.Embedding(words, 4, embeddings_initializer=uniform, name="word")
        self.random = keras.random.SeedGenerator(seed)
        self.dropout = dropout
        # as a task has it that chooses something on validation data
        self.chosen = self.add_weight(name="chosen", shape=(), initializer="zeros", trainable=False)
        self.scores = keras.layers.Dense(2, kernel_initializer=uniform, name="scores")
        self(np.ones((1, 3), np.int32))

    def call(self, words, training=False):
        x = self.word(words)
        if training and self.dropout:
            x = keras.random.dropout(x, self.dropout, seed=self.random)
        return self.scores(tf.reshape(x, (-1, 12)))

    def loss_of(self, words, labels):
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels, self(words, training=True))
        )


def batches(epoch, seed=3):
    order = np.random.default_rng([seed, epoch]).permutation(len(WORDS))
    for chosen in np.split(order, PLAN.steps):
        yield WORDS[chosen], LABELS[chosen]


def accuracy(network):
    return float((np.argmax(network(WORDS), axis=1) == LABELS).mean())


def train(network, place, plan=PLAN, **changes):
    """`fit` with whatever is not said in `changes` as above."""
    arguments = {
        "loss": network.loss_of,
        "signature": SIGNATURE,
        "batches": batches,
        "validate": lambda: {"score": accuracy(network)},
        "plan": plan,
        "checkpoint": place / "last.npz",
    }
    return fit(network, **{**arguments, **changes})


def weights(network):
    return [v.numpy() for v in network.trainable_variables]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def trained(network, state):
    """The trained weights that a checkpoint holds, before any averaging."""
    names = [v.path for v in network.variables]
    return [state[f"network {names.index(v.path)}"] for v in network.trainable_variables]


def without_seconds(history):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history]


@pytest.fixture(autouse=True)
def repeatable():
    training.start_tensorflow(1, None)


def test_a_set_is_learnt_by_heart(tmp_path):
    network = Small()
    assert accuracy(network) < 1
    history = train(network, tmp_path, dataclasses.replace(PLAN, epochs=40))
    assert accuracy(network) == 1
    assert [row["epoch"] for row in history] == list(range(1, 41))
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert all(row["seconds"] >= 0 for row in history)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path):
    results = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        network = Small()
        (tmp_path / name).mkdir()
        history = train(network, tmp_path / name, dataclasses.replace(PLAN, seed=seed))
        results.append((weights(network), without_seconds(history)))
    assert_same(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]
    # the batches are the same: it is the network's own dropout that the seed changes
    assert not np.array_equal(results[0][0][0], results[2][0][0])


@pytest.mark.parametrize("averaging", [0.0, 0.9])
@pytest.mark.parametrize("stop", [1, 4])
def test_stopped_and_resumed_is_as_if_never_stopped(tmp_path, monkeypatch, stop, averaging):
    plan = dataclasses.replace(PLAN, averaging=averaging)
    scores = [0.2, 0.5, 0.4, 0.3, 0.5, 0.1]  # the best is behind the stop, or before it

    def validator(begin):
        left = iter(scores[begin:])
        return lambda: {"score": next(left)}

    once = Small()
    (tmp_path / "once").mkdir()
    history = train(once, tmp_path / "once", plan, validate=validator(0))

    def stopping(epoch):
        if epoch == stop:
            raise KeyboardInterrupt
        return batches(epoch)

    with pytest.raises(KeyboardInterrupt):
        train(Small(), tmp_path, plan, validate=validator(0), batches=stopping)
    again = Small(seed=99)  # its first weights are of no matter
    resumed = train(again, tmp_path, plan, validate=validator(stop))
    assert_same(weights(again), weights(once))
    assert without_seconds(resumed) == without_seconds(history)
    one, other = (arrays(place / "last.npz") for place in (tmp_path / "once", tmp_path))
    one.pop("history"), other.pop("history")  # holds seconds
    assert_same_arrays(one, other)


def test_a_finished_run_resumes_to_its_best_weights(tmp_path):
    network, again = Small(), Small(seed=99)
    history = train(network, tmp_path)
    resumed = train(again, tmp_path, batches=None)  # no epoch is left
    assert resumed == history
    assert_same(weights(again), weights(network))


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    train(Small(), tmp_path, dataclasses.replace(PLAN, epochs=1))

    with pytest.raises(TaskError, match=r"last\.npz: of another network; --overwrite"):
        train(Small(words=7), tmp_path)
    (tmp_path / "last.npz").write_bytes(b"PK")
    with pytest.raises(TaskError, match=r"last\.npz: broken"):
        train(Small(), tmp_path)


# one step, followed by hand


class Line(keras.Model):
    """A word's vector (2,), of which the loss is a linear function: its gradient is known."""

    def __init__(self):
        super().__init__(name="line")
        self.word = keras.layers.Embedding(3, 2, embeddings_initializer="zeros", name="word")
        self.bias = self.add_weight(name="bias", shape=(1,), initializer="zeros")
        self.word(np.zeros((1, 1), np.int32))

    def loss_of(self, words):
        return 3.0 * tf.reduce_sum(self.word(words)) + 4.0 * tf.reduce_sum(self.bias.value)


@pytest.mark.parametrize("clipnorm", [0.0, 0.5, 1e9])
@pytest.mark.parametrize("words", [[[1, 1, 1, 1]], [[1, 0, 1, 2]]])
def test_gradients_are_clipped_by_their_global_norm_repeated_words_summed(
    tmp_path, monkeypatch, words, clipnorm
):
    applied = []
    plain = keras.optimizers.Adam.apply_gradients

    def apply(self, pairs, *rest):
        pairs = list(pairs)
        tf.py_function(lambda *g: applied.append([x.numpy() for x in g]), [g for g, _ in pairs], [])
        return plain(self, pairs, *rest)

    monkeypatch.setattr(keras.optimizers.Adam, "apply_gradients", apply)
    network = Line()
    fit(
        network,
        network.loss_of,
        (tf.TensorSpec((None, None), tf.int32),),
        lambda epoch: [(np.array(words, np.int32),)],
        lambda: {"score": 0.0},
        Plan(1, 1, 0.1, clipnorm, 0.0, 0, 1),
        tmp_path / "last.npz",
    )
    counts = np.bincount(np.ravel(words), minlength=3)
    expected = {(3, 2): 3.0 * counts[:, None] * np.ones((1, 2)), (1,): np.array([4.0])}
    norm = np.sqrt(sum((g**2).sum() for g in expected.values()))
    scale = min(1.0, clipnorm / norm) if clipnorm else 1.0
    (gradients,) = applied
    assert len(gradients) == 2
    for gradient in gradients:
        np.testing.assert_allclose(gradient, scale * expected[gradient.shape], rtol=1e-5)


def test_the_average_is_that_of_the_weights_of_all_steps(tmp_path):
    plan = dataclasses.replace(PLAN, epochs=4, averaging=0.8)
    seen = []

    class Watched(Small):
        """Notes its weights before every step."""

        def loss_of(self, words, labels):
            tf.py_function(lambda *w: seen.append([x.numpy() for x in w]), self.values(), [])
            return super().loss_of(words, labels)

        def values(self):
            return [v.value for v in self.trainable_variables]

    network = Watched()
    validated = []

    def validate():
        validated.append(weights(network))
        return {"score": float(len(validated))}

    train(network, tmp_path, plan, validate=validate)
    # the weights behind step n are those before step n + 1; those behind the last are in the file
    state = arrays(tmp_path / "last.npz")
    last = trained(network, state)
    after = [*seen[1:], last]
    assert len(after) == plan.epochs * plan.steps
    average, expected = seen[0], []
    for n, values in enumerate(after, 1):
        keep = min(0.8, n / (10 + n))
        average = [keep * a + (1 - keep) * v for a, v in zip(average, values, strict=True)]
        if n % plan.steps == 0:
            expected.append(average)
    # validation and the final model use the average
    for got, wanted in zip([*validated, weights(network)], [*expected, expected[-1]], strict=True):
        for a, b in zip(got, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_without_averaging_the_weights_themselves_are_validated(tmp_path):
    network, validated = Small(), []

    def validate():
        validated.append(weights(network))
        return {"score": float(len(validated))}

    train(network, tmp_path, dataclasses.replace(PLAN, epochs=2), validate=validate)
    assert_same(validated[-1], weights(network))
    state = arrays(tmp_path / "last.npz")
    assert_same(validated[-1], trained(network, state))


# stopping early


@pytest.mark.parametrize(
    ("scores", "patience", "epochs", "best"),
    [
        # two epochs without a better one
        ([1, 3, 2, 2, 9, 9], 2, 4, 2),
        # the same score again is not better
        ([1, 3, 3, 3, 9, 9], 2, 4, 2),
        # a better one in time
        ([1, 3, 2, 4, 0, 0], 2, 6, 4),
        ([5, 4, 3, 2, 1, 0], 1, 2, 1),
        # 0: never
        ([5, 4, 3, 2, 1, 0], 0, 6, 1),
        # nothing is ever found
        ([0, 0, 0, 0, 0, 0], 3, 4, 1),
    ],
)
def test_stopping_early_keeps_the_best(tmp_path, scores, patience, epochs, best):
    network, validated = Small(), []

    def validate():
        validated.append([v.numpy() for v in network.variables])
        return {"score": float(scores[len(validated) - 1])}

    plan = dataclasses.replace(PLAN, patience=patience)
    history = train(network, tmp_path, plan, validate=validate)
    assert len(history) == len(validated) == epochs
    assert_same([v.numpy() for v in network.variables], validated[best - 1])


def test_what_validation_sets_is_kept_with_the_weights(tmp_path):
    network, scores = Small(), [1.0, 2.0, 0.0]
    calls = iter(range(3))

    def validate():
        number = next(calls)
        network.chosen.assign(number)
        return {"score": scores[number]}

    train(network, tmp_path, dataclasses.replace(PLAN, epochs=3), validate=validate)
    assert float(network.chosen.value) == 1.0


def test_the_learning_rate_rises_and_then_falls_to_a_tenth(monkeypatch):
    monkeypatch.setattr(training, "WARM_UP", 20)
    plan = dataclasses.replace(PLAN, epochs=10, steps=50, learning_rate=0.5)
    rates = [learning_rate(plan, step) for step in range(500)]
    assert rates[0] == pytest.approx(0.5 / 20)
    assert all(a < b for a, b in pairwise(rates[:20]))
    assert all(a > b for a, b in pairwise(rates[20:]))
    assert max(rates) == pytest.approx(0.5, rel=0.02)
    # half way down at half the time, a tenth at the end
    assert rates[250] == pytest.approx(0.5 * 0.55)
    assert rates[-1] == pytest.approx(0.05, rel=0.01)


def test_a_training_shorter_than_the_rise_stays_below_the_rate():
    short = dataclasses.replace(PLAN, epochs=1, steps=5)
    assert all(0 < learning_rate(short, s) < short.learning_rate for s in range(5))
    assert learning_rate(dataclasses.replace(short, learning_rate=0.0), 3) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_training(tmp_path, value):
    network = Small()

    def loss(words, labels):
        return network.loss_of(words, labels) * value

    with pytest.raises(FloatingPointError, match=r"the loss is (nan|inf) in epoch 1"):
        train(network, tmp_path, loss=loss)
    assert not (tmp_path / "last.npz").exists()


def test_every_loss_is_the_mean_over_the_steps(tmp_path):
    network = Small(dropout=0.0)
    expected = np.mean([float(network.loss_of(*batch)) for batch in batches(0)])
    plan = dataclasses.replace(PLAN, epochs=1, learning_rate=0.0)
    (row,) = train(network, tmp_path, plan)
    assert row["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_history_is_a_table(tmp_path):
    history = [
        {"epoch": 1, "loss": 2.5, "score": 0.1, "seconds": 1.25},
        {"epoch": 2, "loss": 1.5, "score": 0.2, "seconds": 1.5},
    ]
    write_history(tmp_path / "history.csv", history)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{name: float(value) for name, value in row.items()} for row in rows] == history
    assert list(rows[0]) == list(history[0])


def test_a_log_has_a_line_an_epoch(tmp_path, capsys):
    train(Small(), tmp_path, dataclasses.replace(PLAN, epochs=2))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[:2] for line in lines] == [["epoch", "1/2"], ["epoch", "2/2"]]
    assert "loss" in lines[0]
    assert "best so far" in lines[0]
