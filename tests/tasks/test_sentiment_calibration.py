"""Temperature and calibration error, on scores of which both are known."""

import numpy as np
import pytest

from seqtasks.tasks.sentiment.calibration import (
    BINS,
    expected_calibration_error,
    reliability,
    temperature,
)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def drawn(generator, scores):
    """A label for each row, drawn with probabilities softmax(scores)."""
    # the largest of scores + Gumbel noise is label y with probability softmax(scores)(y)
    return (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)


def loss(scores, labels, tau):
    return -np.log(softmax(scores / tau)[np.arange(len(labels)), labels]).mean()


@pytest.mark.parametrize("tau", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("labels", [2, 5])
def test_a_known_temperature_is_found(tau, labels):
    generator = np.random.default_rng(labels)
    scores = generator.normal(0, 2, (10_000, labels))
    found = temperature(scores.astype(np.float32), drawn(generator, scores / tau))
    # Fisher information of log τ is the sum of the variances of z / τ under softmax(z / τ)
    p, z = softmax(scores / tau), scores / tau
    information = ((p * z**2).sum(axis=1) - (p * z).sum(axis=1) ** 2).sum()
    assert abs(np.log(found / tau)) < 5 / np.sqrt(information)


def test_no_other_temperature_is_likelier():
    generator = np.random.default_rng(1)
    for _ in range(20):
        scores = generator.normal(0, generator.uniform(0.5, 5), (30, 3))
        labels = drawn(generator, scores)
        tau = temperature(scores, labels)
        if 0.051 < tau < 19.9:  # not at an end
            assert loss(scores, labels, tau) < loss(scores, labels, tau * 1.01)
            assert loss(scores, labels, tau) < loss(scores, labels, tau / 1.01)
        assert temperature(1.5 * scores, labels) == pytest.approx(min(1.5 * tau, 20), rel=1e-3)


@pytest.mark.parametrize("size", [1.0, 1e5])
def test_scores_that_are_always_right_or_wrong_give_a_bounded_temperature(size):
    scores = size * np.eye(3, dtype=np.float32)
    assert 0.05 <= temperature(scores, np.array([0, 1, 2])) <= 20
    assert 0.05 <= temperature(scores, np.array([1, 2, 0])) <= 20.01


def test_labels_that_training_never_saw_do_not_count():
    generator = np.random.default_rng(2)
    scores = generator.normal(0, 3, (50, 3))
    labels = drawn(generator, scores)
    more = np.concatenate([scores, generator.normal(0, 3, (9, 3))])
    found = temperature(more, np.concatenate([labels, np.full(9, -1)]))
    assert found == temperature(scores, labels)
    assert temperature(scores, np.full(50, -1)) == 1.0
    assert temperature(scores[:0], labels[:0]) == 1.0


def test_the_error_by_hand():
    # .91 and .88 share a bin of a fifteenth, from .867 to .933; .70 and .55 have one each
    probabilities = np.array([[0.91, 0.09], [0.12, 0.88], [0.30, 0.70], [0.55, 0.45]])
    labels = np.array([0, 0, 1, 1])  # right, wrong, right, wrong
    rows = reliability(probabilities, labels)
    assert [row["texts"] for row in rows] == [1, 1, 2]
    assert [row["accuracy"] for row in rows] == [0.0, 1.0, 0.5]
    assert [row["confidence"] for row in rows] == pytest.approx([0.55, 0.70, 0.895])
    expected = (abs(0.55 - 0) + abs(0.70 - 1) + 2 * abs(0.895 - 0.5)) / 4
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected)


def test_as_sure_as_right_has_no_error():
    probabilities = np.tile([0.25, 0.75], (8, 1))
    labels = np.array([1, 1, 1, 0] * 2)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0)


def test_sure_is_in_the_last_bin_and_an_unseen_label_is_wrong():
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0]])
    (row,) = reliability(probabilities, np.array([0, -1]))
    assert row == {"confidence": 1.0, "accuracy": 0.5, "texts": 2}
    assert expected_calibration_error(probabilities, np.array([0, -1])) == 0.5
    assert expected_calibration_error(probabilities[:0], np.array([], int)) == 0


def test_every_text_is_in_one_bin():
    generator = np.random.default_rng(3)
    probabilities = softmax(generator.normal(0, 3, (500, 4)))
    labels = generator.integers(0, 4, 500)
    rows = reliability(probabilities, labels)
    assert len(rows) <= BINS
    assert sum(row["texts"] for row in rows) == 500
    right = (probabilities.argmax(axis=1) == labels).sum()
    assert sum(row["accuracy"] * row["texts"] for row in rows) == pytest.approx(right)


def test_the_temperature_mends_what_is_too_sure():
    generator = np.random.default_rng(4)
    scores = generator.normal(0, 2, (5_000, 3))
    labels = drawn(generator, scores / 3)
    before = expected_calibration_error(softmax(scores), labels)
    after = expected_calibration_error(softmax(scores / temperature(scores, labels)), labels)
    assert after < before / 4
