"""From scores to tags and confidences."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.tags import ill_formed
from seqtasks.layers import span_continuations
from tests.tasks.small_tagger_network import TAGS, build, scramble

# decoding


def random_scores(generator, rows=40, time=9):
    scores = generator.normal(0, 3, (rows, time, len(TAGS))).astype(np.float32)
    lengths = generator.integers(1, time + 1, rows)
    return tf.constant(scores), tf.constant(np.arange(time) < lengths[:, None])


def test_decoded_tags_are_well_formed():
    generator = np.random.default_rng(5)
    network = scramble(build(), size=2)
    network.lift.assign([0.0, -3.0, 4.0, 0.0, 4.0])  # speaks for I without B
    scores, mask = random_scores(generator)
    names = np.array(TAGS)
    for tags, there in zip(network.decode(scores, mask).numpy(), mask.numpy(), strict=True):
        assert ill_formed(names[tags[there]].tolist(), "IOB2") == 0


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_lift_raises_how_much_is_decoded_as_entities(decoder):
    network = scramble(build(decoder=decoder))
    scores, mask = random_scores(np.random.default_rng(6))
    tags = np.array([0.0, 1, 1, 1, 1], np.float32)
    counts = []
    for lift in (-1000.0, -2.0, -0.5, 0.0, 0.5, 2.0, 1000.0):
        given = network.decode(scores, mask, tf.constant(lift * tags))
        network.lift.assign(lift * tags)
        np.testing.assert_array_equal(network.decode(scores, mask), given)
        counts.append(int(((given > 0) & mask).numpy().sum()))
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[1] < counts[3] < counts[5]
    assert counts[-1] == int(mask.numpy().sum())
    # of one type alone
    network.lift.assign(1000 * np.array([0.0, 1, 1, 0, 0]))
    assert set(np.unique(network.decode(scores, mask)[mask])) <= {1, 2}


# confidence


def continues(before, after):
    return (after == before + 1 and before in (1, 3)) or (after == before and after in (2, 4))


def all_paths(scores, crf):
    """Every path that IOB2 allows and its probability, one by one."""
    time = len(scores)
    paths, values = [], []
    for path in itertools.product(range(len(TAGS)), repeat=time):
        pairs = list(itertools.pairwise((0, *path)))
        if any(b in (2, 4) and not continues(a, b) for a, b in pairs):
            continue
        value = crf.start.numpy()[path[0]] + crf.end.numpy()[path[-1]]
        value += sum(scores[t, tag] for t, tag in enumerate(path))
        value += sum(crf.transitions.numpy()[a, b] for a, b in itertools.pairwise(path))
        paths.append(path)
        values.append(float(value))
    weights = np.exp(np.array(values) - max(values))
    return paths, weights / weights.sum()


def span_of(path, t):
    """First and last token of the entity (or O) that t belongs to."""
    first = last = t
    while first > 0 and continues(path[first - 1], path[first]):
        first -= 1
    while last + 1 < len(path) and continues(path[last], path[last + 1]):
        last += 1
    return first, last


def test_continuations_are_those_of_this_test():
    expected = [[continues(a, b) for b in range(5)] for a in range(5)]
    assert span_continuations(TAGS) == expected


@pytest.mark.parametrize("lift", [0.0, 3.0])
def test_confidence_of_the_crf_is_that_of_all_paths_with_the_entity(lift):
    generator = np.random.default_rng(7)
    network = scramble(build(), seed=8, size=1)
    network.lift.assign(lift * np.array([0.0, 1, 1, 1, 1]))  # changes the tags, not what is likely
    scores = generator.normal(0, 1.5, (6, 5, len(TAGS))).astype(np.float32)
    lengths = [5, 4, 5, 2, 1, 5]
    mask = np.arange(5) < np.array(lengths)[:, None]
    tags = network.decode(scores, mask)
    confidence = network.confidence(tf.constant(scores), tags, tf.constant(mask)).numpy()
    for i, n in enumerate(lengths):
        path = tuple(tags[i, :n].numpy())
        paths, probabilities = all_paths(scores[i, :n], network.crf)
        for t in range(n):
            first, last = span_of(path, t)
            same = [
                p
                for other, p in zip(paths, probabilities, strict=True)
                if other[first : last + 1] == path[first : last + 1]
                and span_of(other, first) == (first, last)
            ]
            assert confidence[i, t] == pytest.approx(sum(same), abs=1e-5)


def test_confidence_of_softmax_is_the_product_over_the_entity():
    network = scramble(build(decoder="softmax"))
    scores, mask = random_scores(np.random.default_rng(9))
    tags = network.decode(scores, mask)
    confidence = network.confidence(scores, tags, mask).numpy()
    probability = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    for i, there in enumerate(mask.numpy()):
        path = tags[i].numpy()[there].tolist()
        for t in range(len(path)):
            first, last = span_of(path, t)
            expected = np.prod([probability[i, s, path[s]] for s in range(first, last + 1)])
            assert confidence[i, t] == pytest.approx(expected, abs=1e-5)
