"""What words and pairs of neighbours say by themselves, against counts by hand."""

from itertools import pairwise

import numpy as np
import pytest

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.vocabulary import Encoder, Vocabulary
from seqtasks.tasks.sentiment.data import Corpus, tokens_of
from seqtasks.tasks.sentiment.evidence import naive_bayes, pair_keys

IDS, LABELS = 7, 2


@pytest.fixture(scope="module")
def texts():
    """Thirty texts of the words 2 to 6, some of them 1, unknown; and their labels."""
    generator = np.random.default_rng(3)
    rows = [generator.integers(1, IDS, n) for n in generator.integers(0, 9, 30)]
    return rows, generator.integers(0, LABELS, 30)


def logs_by_hand(counts):
    """e of rows of counts: log of the share, smoothed by one, less its mean over the labels."""
    logs = np.log((counts + 1) / (counts + 1).sum(axis=0))
    logs -= logs.mean(axis=1, keepdims=True)
    return np.where(counts.sum(axis=1, keepdims=True) > 0, logs, 0)


def test_words_say_what_naive_bayes_says():
    vocabulary = Vocabulary(("good", "bad", "film", "never"), (3, 1, 4, 0), "")
    texts = ["good film good", "good film", "bad film", "film odd", ""]
    labels = ["up", "up", "down", "down", "down"]
    examples = [LabelledText(t, label) for t, label in zip(texts, labels, strict=True)]
    corpus = Corpus(examples, tokens_of(texts), Encoder(vocabulary, 20), ["down", "up"])
    evidence = corpus.evidence(6, 2, pairs=10)
    # texts that have it; ids 0 and 1 are padding and unknown ("odd" is unknown); columns down, up
    expected = logs_by_hand(np.array([[0, 0], [1, 0], [0, 2], [1, 0], [2, 2], [0, 0]]))
    expected[:2] = 0
    np.testing.assert_allclose(evidence.words, expected, rtol=1e-6)
    assert evidence.words[2, 1] > 0 > evidence.words[3, 1]
    # "good film" in two texts, "film good" in one, "bad film" in one; none with a word unknown
    assert evidence.keys.tolist() == [pair_keys(*ids) for ids in ((2, 4), (3, 4), (4, 2))]
    expected = logs_by_hand(np.array([[0, 2], [1, 0], [0, 1]]))
    np.testing.assert_allclose(evidence.pairs, expected, rtol=1e-6)


def test_the_commonest_pairs_are_kept(texts):
    rows, labels = texts
    every = naive_bayes(rows, labels, IDS, LABELS, 10_000)
    found = [pair_keys(*two) for row in rows for two in pairwise(row)]
    times = {key: found.count(key) for key in every.keys.tolist()}
    assert set(times) == {key for key in found if key // 2**32 > 1 and key % 2**32 > 1}
    some = naive_bayes(rows, labels, IDS, LABELS, 5)
    assert len(some.keys) == len(some.pairs) == 5
    least = min(times[key] for key in some.keys.tolist())
    assert all(n <= least for key, n in times.items() if key not in some.keys)
    none = naive_bayes(rows, labels, IDS, LABELS, 0)
    assert none.pairs.shape == (0, LABELS)
    assert not none.sums[:, 1].any()
    np.testing.assert_array_equal(none.words, every.words)


def test_a_training_text_is_told_nothing_by_itself(texts):
    """Another label of a text changes what others hear, and nothing of what the text hears."""
    rows, labels = texts
    before = naive_bayes(rows, labels, IDS, LABELS, 100).sums
    for text in (0, 7, 29):
        turned = np.where(np.arange(30) == text, 1 - labels, labels)
        after = naive_bayes(rows, turned, IDS, LABELS, 100).sums
        np.testing.assert_array_equal(after[text], before[text])
        assert (np.abs(after - before) > 1e-3).any()


def test_a_training_text_hears_most_of_the_others():
    """Of two hundred texts alike but for a word and its label, the word's evidence is nearly e."""
    rows = [np.array([2 + i % 2, 4]) for i in range(200)]
    labels = np.arange(200) % 2
    evidence = naive_bayes(rows, labels, IDS, LABELS, 100)
    whole = evidence.words[[2, 3]][labels] + evidence.words[4]
    np.testing.assert_allclose(evidence.sums[:, 0], whole, atol=0.3)
    assert (evidence.sums[:, 0].argmax(axis=1) == labels).all()
    assert (evidence.sums[:, 1].argmax(axis=1) == labels).all()
    # a word that no other text has says nothing
    alone = naive_bayes([*rows, np.array([5, 6])], np.append(labels, 0), IDS, LABELS, 100)
    assert not alone.sums[200].any()
