"""A loss or a gradient that is not finite: the training stops, what was good is kept."""

import dataclasses
import re

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.labelled_sources import load_labelled
from seqtasks.datasets.tagged_sources import load_tagged
from seqtasks.datasets.text_sources import load_text
from seqtasks.tasks import lm, music, ner, sentiment
from seqtasks.tasks.errors import Interrupted
from seqtasks.tasks.training_plan import Plan
from seqtasks.tasks.training_step import Step
from tests import tiny_lm, tiny_music, tiny_ner, tiny_sentiment
from tests.tasks.small_network import (
    PLAN,
    SIGNATURE,
    Small,
    assert_same,
    batches,
    fitted,
    train,
    trained,
    weights,
)
from tests.tasks.small_network import repeatable as repeatable
from tests.tiny_ner import arrays


def failing(network, at, value):
    """The network's loss, times `value` at the step `at` (from 0), counted over all epochs."""
    count = tf.Variable(-1, trainable=False)

    def loss(words, labels):
        factor = tf.where(count.assign_add(1) == at, tf.constant(value, tf.float32), 1.0)
        return network.loss_of(words, labels) * factor

    return loss


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("at", [0, 2])
def test_in_the_first_epoch_training_stops_and_keeps_the_weights_before(tmp_path, value, at):
    network, plain = Small(), Small()
    with pytest.raises(FloatingPointError) as error:
        train(network, tmp_path, loss=failing(network, at, value))
    message = str(error.value)
    assert message.startswith(f"the loss is {value} at step {at + 1} of epoch 1; ")
    assert str(tmp_path / "last.npz") in message
    # as after the steps before it, none of which was wrong
    with pytest.raises(Interrupted):
        train(plain, tmp_path / "plain", batches=StopAfter(at).batches)
    assert_same(weights(network), weights(plain))
    kept = arrays(tmp_path / "last.npz")
    assert_same(trained(network, kept), weights(network))
    assert all(np.isfinite(w).all() for w in weights(network))


class StopAfter:
    """Batches, of which the first few are given."""

    def __init__(self, count):
        self._count = count

    def batches(self, epoch):
        for number, batch in enumerate(batches(epoch)):
            if number == self._count:
                raise Interrupted("enough")
            yield batch


@pytest.mark.parametrize("best", [1, 2])
def test_later_training_ends_with_the_best_weights_before(tmp_path, best):
    scores = {1: [0.5, 0.4], 2: [0.4, 0.5]}[best]
    left = iter(scores)
    network, kept = Small(), []

    def validate():
        kept.append(weights(network))
        return {"score": next(left)}

    steps = PLAN.steps
    found = fitted(
        network, tmp_path, loss=failing(network, 2 * steps + 1, np.nan), validate=validate
    )
    assert [row["epoch"] for row in found.history] == [1, 2]
    assert found.problem.startswith("the loss is nan at step 2 of epoch 3; ")
    assert_same(weights(network), kept[best - 1])


@pytest.mark.parametrize("clipnorm", [0.0, 5.0])
def test_a_gradient_that_is_no_number_changes_nothing(tmp_path, clipnorm):
    network = Small()
    before = [v.numpy() for v in network.variables]

    def loss(words, labels):  # finite itself, its gradient is not
        return tf.reduce_sum(
            tf.sqrt(network.scores.bias * 0.0 + 0.0 * network.loss_of(words, labels))
        )

    plan = dataclasses.replace(PLAN, clipnorm=clipnorm)
    step = Step(network, loss, SIGNATURE, plan)
    value, norm = step(0.1, next(iter(batches(0))))
    assert value == 0
    assert not np.isfinite(norm)
    after = [v.numpy() for v in network.variables]
    names = [v.path for v in network.variables]
    random = next(i for i, name in enumerate(names) if "seed_generator" in name)
    del before[random], after[random]  # it has drawn
    assert_same(before, after)
    assert_same(weights(network), [v.numpy() for v in step.averages])
    assert int(step.optimizer.iterations.numpy()) == 0
    with pytest.raises(FloatingPointError, match=r"the gradient's norm is (nan|inf) at step 1"):
        train(network, tmp_path, plan, loss=loss)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_a_problem_too(tmp_path, score):
    with pytest.raises(FloatingPointError, match=r"the validation score is (nan|inf) .* epoch 1"):
        train(Small(), tmp_path, validate=lambda: {"score": score})
    left, network = iter([0.5, score]), Small()
    (tmp_path / "two").mkdir()
    found = fitted(network, tmp_path / "two", validate=lambda: {"score": next(left)})
    assert "after epoch 2" in found.problem
    assert len(found.history) == 1


@pytest.mark.parametrize(
    ("rate", "clipnorm", "cause"),
    [
        (1e6, 5.0, "the learning rate, 1e+06, is likely too high: try --learning-rate 0.003"),
        (1e6, 0.0, "the learning rate, 1e+06, is likely too high: try --learning-rate 0.003"),
        (0.01, 0.0, "try --clipnorm 5"),
        (0.01, 5.0, "the learning rate, 0.01, is likely too high: try --learning-rate 0.001"),
    ],
)
def test_the_likely_cause_is_named(tmp_path, rate, clipnorm, cause):
    network = Small()
    plan = Plan(2, PLAN.steps, rate, clipnorm, averaging=0.0, patience=0, seed=1)
    with pytest.raises(FloatingPointError) as error:
        train(network, tmp_path, plan, loss=failing(network, 1, np.nan))
    assert cause in str(error.value)


@pytest.mark.parametrize("factor", [900.0, 1e5])
def test_a_loss_that_explodes_is_a_problem_too(tmp_path, factor):
    network, at = Small(), 2 * PLAN.steps
    found = fitted(network, tmp_path, loss=failing(network, at, factor))
    if factor < 1000:
        assert found.problem == ""
        assert len(found.history) == PLAN.epochs
    else:
        assert re.match(r"the loss, \S+ at first, is \S+ at step 1 of epoch 3; ", found.problem)
        assert len(found.history) == 2


def test_a_loss_that_explodes_in_the_first_epoch_keeps_the_weights_before(tmp_path):
    network, plain = Small(), Small()
    with pytest.raises(FloatingPointError, match="at step 3 of epoch 1"):
        train(network, tmp_path, loss=failing(network, 2, 1e5))
    with pytest.raises(Interrupted):
        train(plain, tmp_path / "plain", batches=StopAfter(2).batches)
    assert_same(weights(network), weights(plain))


def test_the_step_of_a_loss_that_explodes_changes_no_weight():
    network = Small()
    step = Step(network, network.loss_of, SIGNATURE, PLAN)
    batch = next(iter(batches(0)))
    before = weights(network)
    value, _ = step(0.1, batch, limit=0.01)
    assert value > 0.01
    assert_same(weights(network), before)
    value, _ = step(0.1, batch, limit=100.0)
    assert value < 100
    assert any((a != b).any() for a, b in zip(weights(network), before, strict=True))


def test_large_figures_are_written_short(tmp_path, capsys):
    plan = dataclasses.replace(PLAN, epochs=1)
    train(Small(), tmp_path, plan, validate=lambda: {"score": 0.0, "perplexity": 1e304})
    assert "perplexity 1e+304" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ner", "sentiment", "lm", "music"])
def test_a_learning_rate_of_a_million_is_told_in_every_task(tmp_path, name):
    tiny = {"ner": tiny_ner, "sentiment": tiny_sentiment, "lm": tiny_lm, "music": tiny_music}[name]
    task = {"ner": ner, "sentiment": sentiment, "lm": lm, "music": music}[name]
    if name == "music":
        data = tiny_music.source(tiny_music.CHORALES)
    else:
        read = {"ner": load_tagged, "sentiment": load_labelled, "lm": load_text}[name]
        data = read(str(tiny.write_data(tmp_path / "data")))
    config = dataclasses.replace(tiny.TINY, learning_rate=1e6, epochs=2)
    with pytest.raises(FloatingPointError) as error:
        task.train(config, data, tmp_path / "run", say=lambda _: None)
    said = str(error.value)
    assert re.match(r"the loss, \S+ at first, is \S+ at step \d+ of epoch 1; ", said)
    assert "the learning rate, 1e+06, is likely too high" in said
    assert not (tmp_path / "run").exists()
    kept = arrays(tmp_path / ".run.partial" / "checkpoints" / "last.npz")
    assert all(np.isfinite(a).all() for a in kept.values() if a.dtype == np.float32)
