"""The steps of training, followed by hand: gradients, averages, learning rates, losses."""

import dataclasses
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import training_plan
from seqtasks.tasks.training import fit
from seqtasks.tasks.training_plan import Plan, learning_rate
from seqtasks.tasks.training_step import Step
from tests.tasks.small_network import PLAN, Small, assert_same, batches, train, trained, weights
from tests.tasks.small_network import repeatable as repeatable
from tests.tiny_ner import arrays


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


def test_the_learning_rate_rises_and_then_falls_to_a_tenth(monkeypatch):
    monkeypatch.setattr(training_plan, "WARM_UP", 20)
    plan = dataclasses.replace(PLAN, epochs=10, steps=50, learning_rate=0.5)
    rates = [learning_rate(plan, step) for step in range(500)]
    assert rates[0] == pytest.approx(0.5 / 20)
    assert all(a < b for a, b in pairwise(rates[:20]))
    assert all(a > b for a, b in pairwise(rates[20:]))
    assert max(rates) == pytest.approx(0.5, rel=0.02)
    # half way down at half the time, a tenth at the end
    assert rates[250] == pytest.approx(0.5 * 0.55)
    assert rates[-1] == pytest.approx(0.05, rel=0.01)


def test_each_step_of_all_has_its_rate(tmp_path, monkeypatch):
    rates, step = [], Step.__call__
    monkeypatch.setattr(Step, "__call__", lambda *given: rates.append(given[1]) or step(*given))
    train(Small(), tmp_path, dataclasses.replace(PLAN, epochs=3))
    plan = dataclasses.replace(PLAN, epochs=3)
    assert rates == [learning_rate(plan, number) for number in range(3 * PLAN.steps)]


@pytest.mark.parametrize("steps", [1, 5, 30, 1000])
def test_a_short_training_rises_over_a_tenth_of_its_steps(steps):
    short = dataclasses.replace(PLAN, epochs=1, steps=steps)
    rates = [learning_rate(short, s) for s in range(steps)]
    assert all(0 < rate <= short.learning_rate for rate in rates)
    top = int(np.argmax(rates))
    assert abs(top - steps / 10) <= 1
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert learning_rate(dataclasses.replace(short, learning_rate=0.0), steps // 2) == 0


def test_every_loss_is_the_mean_over_the_steps(tmp_path):
    network = Small(dropout=0.0)
    expected = np.mean([float(network.loss_of(*batch)) for batch in batches(0)])
    plan = dataclasses.replace(PLAN, epochs=1, learning_rate=0.0)
    (row,) = train(network, tmp_path, plan)
    assert row["loss"] == pytest.approx(expected, rel=1e-5)
