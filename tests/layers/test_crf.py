"""The CRF against the enumeration of all paths, and as a layer of Keras."""

import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import crf_algorithms as algorithms
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


def test_constraints_can_be_left_out_of_the_likelihood() -> None:
    free, constrained = make(False), make(True)
    scores, tags = (part.astype(kind) for part, kind in zip(draw(4, 5), "fi", strict=True))
    mask = np.ones((4, 5), bool)
    np.testing.assert_array_equal(
        constrained.log_likelihood(scores, tags, mask, constrained=False),
        free.log_likelihood(scores, tags, mask),
    )


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


def test_gradients_are_right(crf: CRF) -> None:
    mask = np.array(MASKS["holes"], bool)
    scores, tags = draw(*mask.shape)
    tags = crf.decode(scores, mask)[0]  # a path that the constraints allow

    @tf.function  # hundreds of calls
    def likelihood(scores: Any, *weights: Any) -> Any:
        with keras.StatelessScope(list(zip(crf.trainable_variables, weights, strict=True))):
            return crf.log_likelihood(scores, tags, mask)

    at = [tf.constant(scores), *(tf.constant(weight.numpy()) for weight in crf.weights)]
    for theory, difference in zip(*tf.test.compute_gradient(likelihood, at), strict=True):
        np.testing.assert_allclose(theory, difference, atol=1e-7)


def test_written_gradient_is_that_of_autodiff() -> None:
    scores, _ = draw(4, 6)
    transitions = tf.constant(np.random.default_rng(1).normal(size=(3, 3)))
    weight = tf.constant([1.0, -2.0, 3.0, 4.0], tf.float64)
    gradients = []
    for log_z in (
        algorithms.log_partition,
        lambda *args: algorithms._forward(*args)[1],
    ):
        with tf.GradientTape() as tape:
            at = [tf.constant(scores), transitions]
            tape.watch(at)
            total = tf.reduce_sum(weight * log_z(*at, tf.constant([6, 3, 1, 0])))
        gradients.append(tape.gradient(total, at))
    for written, automatic in zip(*gradients, strict=True):
        np.testing.assert_allclose(written, automatic, atol=1e-12)


def all_results(crf: CRF, scores: Any, tags: Any, mask: Any) -> list[Any]:
    """Everything that the layer computes, and the gradients of the log-likelihood."""
    scores = tf.convert_to_tensor(scores)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        likelihood = crf.log_likelihood(scores, tags, mask)
    slopes = tape.gradient(likelihood, [scores, *(v.value for v in crf.trainable_variables)])
    span = crf.span_log_probability(scores, tags, span_continuations(TAGS), mask)
    return [*crf.decode(scores, mask), crf.marginals(scores, mask), span, likelihood, *slopes]


@pytest.mark.parametrize("rubbish", [np.nan, 1e30])
@pytest.mark.parametrize("pattern", MASKS)
def test_padded_row_equals_the_row_alone(crf: CRF, pattern: str, rubbish: float) -> None:
    mask = np.array(MASKS[pattern], bool)
    scores, tags = draw(*mask.shape)
    dirty = np.where(mask[..., None], scores, rubbish)
    dirty_tags = np.where(mask, tags, -7)
    together = all_results(crf, dirty, dirty_tags, mask)
    of_weights = [np.zeros(weight.shape) for weight in crf.weights]
    for row, kept in enumerate(mask):
        alone = all_results(crf, scores[row : row + 1, kept], tags[row : row + 1, kept], None)
        for got, expected in zip(together[:6], alone, strict=False):
            got = got.numpy()[row]
            if np.ndim(got):
                assert not got[~kept].any()
                got = got[kept]
            np.testing.assert_allclose(got, expected.numpy()[0], atol=1e-12)
        of_weights = [a + b.numpy() for a, b in zip(of_weights, alone[6:], strict=True)]
    for got, expected in zip(together[6:], of_weights, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_graph_and_compiled_equal_eager(compiled: bool) -> None:
    crf = make(constrained=True, dtype="float64")
    mask = np.array(MASKS["holes"], bool)
    scores, tags = draw(*mask.shape)
    function = tf.function(
        lambda *args: all_results(crf, *args), jit_compile=compiled, reduce_retracing=True
    )
    for time in (4, 1):
        args = [tf.constant(value[:, :time]) for value in (scores, tags, mask)]
        for got, expected in zip(function(*args), all_results(crf, *args), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-9)


def test_forbidden_is_impossible_however_well_it_scores() -> None:
    tags = ["O", "B-X", "I-X", "B-Y", "I-Y"]
    crf = make(constrained=True, tags=tags)
    scores, _ = draw(8, 50, tags=5)
    scores[..., [2, 4]] += 40  # I is by far the best tag, in either type, everywhere
    scores = scores.astype("float32")
    decoded = crf.decode(scores)[0].numpy()
    for path in decoded.tolist():
        assert allowed(crf, tuple(path))
    assert np.isin(decoded, [2, 4]).any()
    marginals = crf.marginals(scores).numpy()
    assert not marginals[:, 0, [2, 4]].any()
    np.testing.assert_allclose(marginals.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("spread", [1.0, 100.0])
def test_float32_is_exact_over_2000_steps(spread: float) -> None:
    scores = (spread * draw(2, 2000)[0]).astype("float32")
    exact, single = make(True, dtype="float64"), make(True, dtype="float32")
    single.set_weights(exact.get_weights())

    @tf.function
    def results(crf: CRF, tags: Any) -> list[Any]:
        span = crf.span_log_probability(scores, tags, span_continuations(TAGS))
        return [crf.log_likelihood(scores, tags), crf.marginals(scores), span]

    tags = tf.function(exact.decode)(scores)[0]
    np.testing.assert_array_equal(tf.function(single.decode)(scores)[0], tags)
    for got, expected in zip(results(single, tags), results(exact, tags), strict=True):
        assert got.dtype == tf.float32
        # less than one rounding of a score a step
        bound = 2000 * np.finfo("float32").eps * spread
        np.testing.assert_allclose(got, expected, atol=bound if got.ndim == 1 else bound / 100)
