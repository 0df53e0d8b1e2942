"""The training loop, on a network small enough to follow."""

import csv
import dataclasses
import itertools

import keras
import numpy as np
import pytest

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.training import write_history
from seqtasks.tasks.training_state import seed_generators
from tests.tasks.small_network import PLAN, Small, accuracy, assert_same, batches, train, weights
from tests.tasks.small_network import repeatable as repeatable
from tests.tiny_ner import arrays, assert_same_arrays


def without_seconds(history):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history]


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


def test_each_generator_has_a_state_of_its_own_in_each_epoch_of_each_seed():
    drops = [keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)]
    network, seen = keras.Sequential([keras.Input((3,)), *drops]), set()
    for seed, epoch in itertools.product(range(3), range(3)):
        for _ in range(2):  # the same each time
            seed_generators(network, seed, epoch)
            states = {tuple(drop.seed_generator.state.numpy().tolist()) for drop in drops}
            assert len(states) == 2
        assert not seen & states
        seen |= states
    assert len(seen) == 18


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
    one.pop("way"), other.pop("way")  # holds seconds
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
