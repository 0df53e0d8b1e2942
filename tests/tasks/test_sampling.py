"""Drawing a token against a slow version of it, and random numbers against what they promise."""

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import sampling

LAST = np.float32(0.99999994)  # the largest number below 1
ROWS = 20_000


def uniform(seed, step, rows, first=None):
    return sampling.uniform(tf.constant(seed, tf.int64), step, rows, first).numpy()


def slowly(logits, temperature, top_k, top_p):
    """The probability of each token, as `kept` describes it, one token after the other."""
    logits = np.asarray(logits, np.float64)
    order = np.argsort(-logits, kind="stable")
    few = 1 if temperature == 0 else min(top_k or len(logits), len(logits))
    p = np.zeros(len(logits))
    for i in order[:few]:
        p[i] = np.exp((logits[i] - logits.max()) / (temperature or 1))
    p /= p.sum()
    total, result = 0.0, np.zeros(len(logits))
    for i in order:
        result[i] = p[i]
        total += p[i]
        if total >= top_p and top_p < 1:
            break
    return result / result.sum()


def spread(logits, *settings):
    """What `kept` gives, in the order of the ids."""
    p, ids = (x.numpy() for x in sampling.kept(tf.constant(logits, tf.float32), *settings))
    result = np.zeros_like(p)
    np.put_along_axis(result, ids, p, axis=1)
    return result


def as_tensors(temperature, top_k, top_p):
    return tf.constant(temperature), tf.constant(top_k), tf.constant(top_p)


# random numbers


def test_a_row_gets_its_number_however_many_rows_there_are():
    many = uniform(3, 7, ROWS)
    for rows in (0, 1, 2, 5, 64, 1001):
        np.testing.assert_array_equal(uniform(3, 7, rows), many[:rows])
        # nor does a row's depend on which one is the first of a group
        np.testing.assert_array_equal(uniform(3, 7, ROWS - rows, rows), many[rows:])


def test_numbers_are_the_same_in_a_graph_with_tensors():
    graph = tf.function(sampling.uniform, autograph=False)
    given = tf.constant(2**40, tf.int64), tf.constant(9), tf.constant(50)
    np.testing.assert_array_equal(graph(*given), uniform(2**40, 9, 50))


def test_seed_step_and_row_each_make_another_number():
    numbers = [
        uniform(seed, step, 100) for seed in (0, 1, 2, 2**32, 2**40 + 1) for step in (0, 1, 2, 500)
    ]
    distinct = len(np.unique(np.concatenate(numbers)))
    assert distinct > 0.999 * 100 * len(numbers)  # few numbers of 24 bits fall together


def test_numbers_are_uniform_and_do_not_follow_from_one_another():
    one = uniform(1, 0, ROWS)
    assert one.dtype == np.float32 and one.min() >= 0 and one.max() < 1
    for numbers in (one, np.array([uniform(1, step, 1)[0] for step in range(2000)])):
        n = len(numbers)
        assert abs(numbers.mean() - 0.5) < 4 / np.sqrt(12 * n)
        # Kolmogorov and Smirnov's distance, passed once in a thousand times
        steps = np.arange(n + 1) / n
        ordered = np.sort(numbers)
        assert max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()) < 1.95 / np.sqrt(n)
    for other in (uniform(1, 1, ROWS), uniform(2, 0, ROWS), np.roll(one, 1)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(ROWS)


# what may be drawn


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("top_k", [0, 1, 3, 100])
def test_what_is_kept_is_what_the_slow_version_keeps(temperature, top_k):
    generator = np.random.default_rng(top_k)
    for tokens in (1, 2, 9):
        logits = generator.normal(0, 2, (40, tokens)).astype(np.float32)
        logits[::3, : tokens // 2] = -np.inf
        for top_p in (0.0, 0.2, 0.5, 0.9, 1.0):
            p = spread(logits, temperature, top_k, top_p)
            expected = [slowly(row, temperature, top_k, top_p) for row in logits]
            np.testing.assert_allclose(p, expected, rtol=1e-4, atol=1e-6)
            np.testing.assert_array_equal(p > 0, np.array(expected) > 0)
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
            assert (p[np.isneginf(logits)] == 0).all()


def test_the_most_probable_come_first():
    logits = np.random.default_rng(0).normal(size=(20, 12)).astype(np.float32)
    p, ids = (x.numpy() for x in sampling.kept(tf.constant(logits), 0.7, 8, 0.9))
    np.testing.assert_array_equal(ids, np.argsort(-logits, axis=1))
    assert (np.diff(p, axis=1) <= 0).all()


def test_top_p_is_the_fewest_tokens_that_reach_it():
    logits = np.log([[0.125, 0.5, 0.125, 0.25]])
    sizes = {0.0: 1, 0.4: 1, 0.5: 1, 0.51: 2, 0.75: 2, 0.76: 3, 0.9: 4, 1.0: 4}
    for top_p, size in sizes.items():
        assert (spread(logits, 1.0, 0, top_p) > 0).sum() == size, top_p


def test_top_p_is_a_share_of_what_top_k_left():
    logits = np.log([[0.3, 0.25, 0.2, 0.15, 0.1]])
    # of the two largest the first has 0.3 / 0.55 = 0.545
    np.testing.assert_allclose(spread(logits, 1.0, 2, 0.5), [[1, 0, 0, 0, 0]])
    np.testing.assert_allclose(spread(logits, 1.0, 0, 0.5), [[6 / 11, 5 / 11, 0, 0, 0]], rtol=1e-5)
    # and of what the temperature made of them: squares here, of which the first has 0.59
    np.testing.assert_allclose(spread(logits, 0.5, 2, 0.58), [[1, 0, 0, 0, 0]])


@pytest.mark.parametrize("temperature", [0.0, 1e-6, 9e-5])
def test_no_temperature_takes_the_most_probable_token(temperature):
    logits = np.random.default_rng(1).normal(0, 1e-3, (50, 7)).astype(np.float32)
    for number in (0.0, 0.5, LAST):
        numbers = tf.fill((50,), number)
        drawn = sampling.draw(tf.constant(logits), numbers, temperature, 0, 1.0)
        np.testing.assert_array_equal(drawn, logits.argmax(axis=1))


# drawing

SETTINGS = [
    (1.0, 0, 1.0),
    (0.5, 0, 1.0),
    (2.0, 4, 1.0),
    (1.0, 0, 0.8),
    (1.5, 5, 0.9),
    (0.0, 0, 1.0),
]
LOGITS = [0.3, -np.inf, 2.0, -1.0, 1.9, 0.2, -4.0]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_tokens_come_as_often_as_their_probabilities_say(settings):
    p = slowly(LOGITS, *settings)
    logits = tf.tile(tf.constant([LOGITS]), (ROWS, 1))
    drawn = sampling.draw(logits, uniform(11, 3, ROWS), *settings)
    assert drawn.dtype == tf.int32
    counts = np.bincount(drawn, minlength=len(p))
    # 4.5 deviations of a binomial; a token that was cut away never comes
    assert (np.abs(counts - ROWS * p) <= 4.5 * np.sqrt(ROWS * p * (1 - p)) + 1e-9).all()
    # numbers at even distances: each token gets its share of them
    even = ((np.arange(ROWS) + 0.5) / ROWS).astype(np.float32)
    counts = np.bincount(sampling.draw(logits, even, *settings), minlength=len(p))
    assert (np.abs(counts - ROWS * p) <= 2).all()


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_outermost_numbers_draw_what_may_be_drawn(settings):
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 4, (300, 50)).astype(np.float32)
    logits[:, :3] = logits[:, 40:] = -np.inf
    p = spread(logits, *settings)
    most, least = p.max(axis=1), np.where(p > 0, p, 2).min(axis=1)
    for number, expected in ((0.0, most), (LAST, least)):
        drawn = sampling.draw(tf.constant(logits), tf.fill((300,), number), *settings).numpy()
        found = p[np.arange(300), drawn]
        assert (found > 0).all()
        if settings[1]:  # they stand in order, and none is so rare that float32 has no place for it
            np.testing.assert_array_equal(found, expected)


def test_a_graph_with_tensors_for_settings_draws_what_eager_draws():
    traces = []

    @tf.function(autograph=False)
    def graph(logits, numbers, *settings):
        traces.append(None)
        return sampling.draw(logits, numbers, *settings)

    logits = tf.constant(np.random.default_rng(3).normal(size=(200, 11)).astype(np.float32))
    numbers = np.concatenate([uniform(5, 0, 198), [0.0, LAST]]).astype(np.float32)
    for settings in SETTINGS:
        eager = sampling.draw(logits, numbers, *settings)
        np.testing.assert_array_equal(graph(logits, numbers, *as_tensors(*settings)), eager)
    assert len(traces) == 1


def test_a_row_is_drawn_whatever_the_others_are():
    logits = np.random.default_rng(4).normal(size=(6, 9)).astype(np.float32)
    numbers = uniform(1, 1, 6)
    together = sampling.draw(tf.constant(logits), numbers, 0.9, 6, 0.95).numpy()
    alone = [
        sampling.draw(tf.constant(logits[i : i + 1]), numbers[i : i + 1], 0.9, 6, 0.95).numpy()[0]
        for i in range(6)
    ]
    assert together.tolist() == alone
