"""The CRF against the enumeration of all paths, and as a layer of Keras."""

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from seqtasks.layers.crf import CRF
from seqtasks.layers.crf_constraints import span_continuations, transition_constraints

TAGS = ["O", "B-X", "I-X"]
MASKS = {
    "right": [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]],
    "left": [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
    "holes": [[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 1], [0, 1, 1, 0]],
}


def make(constrained: bool = False, tags: list[str] = TAGS, seed: int = 0, **kwargs: Any) -> CRF:
    """A CRF with random weights, so that no two paths weigh the same."""
    constraints = transition_constraints(tags) if constrained else {}
    crf = CRF(
        len(tags),
        transitions_initializer=keras.initializers.RandomNormal(seed=seed),
        boundary_initializer=keras.initializers.RandomNormal(seed=seed + 1),
        **constraints,
        **kwargs,
    )
    crf.build((None, None, len(tags)))
    rng = np.random.default_rng(seed)
    crf.set_weights([rng.normal(size=weight.shape) for weight in crf.weights])
    return crf


def draw(batch: int, time: int, tags: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return 2 * rng.normal(size=(batch, time, tags)), rng.integers(0, tags, (batch, time))


def allowed(crf: CRF, path: tuple[int, ...]) -> bool:
    if crf.forbidden_transitions is None or not path:
        return True
    return not (
        crf.forbidden_starts[path[0]]
        or crf.forbidden_ends[path[-1]]
        or any(crf.forbidden_transitions[i][j] for i, j in itertools.pairwise(path))
    )


def enumerate_paths(crf: CRF, scores: np.ndarray) -> dict[tuple[int, ...], float]:
    """Every allowed path of one row without padding, and its score."""
    transitions, start, end = (np.asarray(weight, "float64") for weight in crf.weights)
    paths = {}
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        if path and allowed(crf, path):
            unary = sum(scores[t, tag] for t, tag in enumerate(path))
            pairs = sum(transitions[i, j] for i, j in itertools.pairwise(path))
            paths[path] = start[path[0]] + unary + pairs + end[path[-1]]
    return paths


@pytest.fixture(params=[False, True], ids=["free", "constrained"])
def crf(request: pytest.FixtureRequest) -> CRF:
    return make(request.param, dtype="float64")


@pytest.mark.parametrize("pattern", MASKS)
def test_equals_enumeration(crf: CRF, pattern: str) -> None:
    mask = np.array(MASKS[pattern], bool)
    scores, tags = draw(*mask.shape)
    log_z = crf.log_partition(scores, mask).numpy()
    likelihood = crf.log_likelihood(scores, tags, mask).numpy()
    decoded, best = (part.numpy() for part in crf.decode(scores, mask))
    marginals = crf.marginals(scores, mask).numpy()
    assert decoded.dtype == np.int32
    assert not decoded[~mask].any()
    assert not marginals[~mask].any()
    for row, kept in enumerate(mask):
        if not kept.any():
            assert log_z[row] == likelihood[row] == best[row] == 0
            continue
        paths = enumerate_paths(crf, scores[row, kept])
        expected = np.logaddexp.reduce(list(paths.values()))
        np.testing.assert_allclose(log_z[row], expected)
        true = tuple(tags[row, kept].tolist())
        if true in paths:
            np.testing.assert_allclose(likelihood[row], paths[true] - expected)
        else:
            assert likelihood[row] < -1e5
        assert tuple(decoded[row, kept].tolist()) == max(paths, key=paths.__getitem__)
        np.testing.assert_allclose(best[row], max(paths.values()))
        posterior = np.zeros((kept.sum(), 3))
        for path, score in paths.items():
            posterior[range(len(path)), path] += np.exp(score - expected)
        np.testing.assert_allclose(marginals[row, kept], posterior, atol=1e-12)


def test_likelihoods_of_all_paths_sum_to_one(crf: CRF) -> None:
    scores, _ = draw(1, 4)
    paths = np.array(list(itertools.product(range(3), repeat=4)))
    likelihood = crf.log_likelihood(np.repeat(scores, len(paths), axis=0), paths)
    np.testing.assert_allclose(np.exp(likelihood).sum(), 1)


def spans(path: tuple[int, ...], continues: list[list[bool]]) -> list[tuple[int, tuple[int, ...]]]:
    """Where each span starts, and its tags."""
    found: list[tuple[int, tuple[int, ...]]] = []
    for t, tag in enumerate(path):
        if t and continues[path[t - 1]][tag]:
            found[-1] = (found[-1][0], (*found[-1][1], tag))
        else:
            found.append((t, (tag,)))
    return found


@pytest.mark.parametrize("pattern", MASKS)
def test_span_probability_equals_enumeration(crf: CRF, pattern: str) -> None:
    mask = np.array(MASKS[pattern], bool)
    continues = span_continuations(TAGS)
    scores, _ = draw(*mask.shape)
    for tags in (crf.decode(scores, mask)[0].numpy(), np.tile([1, 2, 2, 2], (4, 1))):
        got = crf.span_log_probability(scores, tags, continues, mask).numpy()
        assert not got[~mask].any()
        for row, kept in enumerate(mask):
            if not kept.any():
                continue
            paths = enumerate_paths(crf, scores[row, kept])
            log_z = np.logaddexp.reduce(list(paths.values()))
            at = np.flatnonzero(kept)
            for span in spans(tuple(tags[row, kept].tolist()), continues):
                holding = [s for p, s in paths.items() if span in spans(p, continues)]
                expected = np.exp(np.logaddexp.reduce(holding) - log_z) if holding else 0
                where = at[span[0] : span[0] + len(span[1])]
                np.testing.assert_allclose(np.exp(got[row, where]), expected, atol=1e-12)
