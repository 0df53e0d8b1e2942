"""From labelled texts to batches of ids, and what a text counts."""

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.vocabulary import Encoder, Vocabulary
from seqtasks.tasks.sentiment.data import SIGNATURE, Corpus, class_weights, tokens_of
from tests.tiny_sentiment import EXAMPLES, LABELS, TEXTS


@pytest.fixture(scope="module")
def tokens():
    return tokens_of(TEXTS)


@pytest.fixture(scope="module")
def encoder(tokens):
    words = [word.decode() for word in tokens.flat_values.numpy()]
    return Encoder(Vocabulary.count(words), 20)


def ids(batch):
    """The word ids of each text of a batch."""
    word, _, _, place, *_ = batch
    return [word[row[row > 0] - 1].tolist() for row in place]


def test_tokens_do_not_depend_on_how_many_texts_are_cut_together(tokens, monkeypatch):
    monkeypatch.setattr("seqtasks.tasks.sentiment.data.CHUNK", 5)
    assert tokens_of(TEXTS).to_list() == tokens.to_list()
    assert tokens_of([]).shape[0] == 0


def test_an_epoch_holds_every_text_once_with_its_label(tokens, encoder):
    corpus = Corpus(EXAMPLES, tokens, encoder, LABELS)
    weights = np.array([0.5, 1.0, 2.0], np.float32)
    seen = []
    for batch in corpus.batches(5, seed=1, epoch=0, weights=weights):
        for array, spec in zip(batch, SIGNATURE, strict=True):
            assert spec.is_compatible_with(tf.constant(array))
        *_, label, weight, said = batch
        assert not said.any()  # without evidence
        np.testing.assert_array_equal(weight, weights[label])
        seen += zip(ids(batch), label.tolist(), strict=True)
    features, place = encoder.encode(tokens)
    whole = ids((*(x.numpy() for x in features), place.numpy()))
    expected = [(w, LABELS.index(e.label)) for w, e in zip(whole, EXAMPLES, strict=True)]
    assert sorted(seen) == sorted(expected)


def test_of_a_long_text_both_ends_are_read(tokens, encoder):
    whole = Corpus(EXAMPLES, tokens, encoder, LABELS)
    assert whole.cut == 0
    everything = range(len(EXAMPLES))
    full = ids(whole.batch(everything))
    for longest in (5, 6):
        corpus = Corpus(EXAMPLES, tokens, encoder, LABELS, longest)
        assert corpus.cut == sum(len(row) > longest for row in full) > 0
        assert corpus.lengths == [min(len(row), longest) for row in full]
        for row, cut in zip(full, ids(corpus.batch(everything)), strict=True):
            if len(row) <= longest:
                assert cut == row
            else:
                head = longest // 2
                assert cut == row[:head] + row[-(longest - head) :]


def test_words_are_unknown_as_often_as_the_vocabulary_says(tokens, encoder):
    assert Corpus(EXAMPLES, tokens, encoder, LABELS).unknown_rate() == 0.0
    few = Encoder(Vocabulary(("it",), (4,), ""), 20)
    count = sum(word.lower() == b"it" for word in tokens.flat_values.numpy())
    rate = Corpus(EXAMPLES, tokens, few, LABELS).unknown_rate()
    assert rate == pytest.approx(1 - count / tokens.flat_values.shape[0])


def test_a_label_that_is_none_of_the_known_ones_has_no_number(tokens, encoder):
    corpus = Corpus(EXAMPLES, tokens, encoder, LABELS[1:])
    assert corpus.labels.tolist() == [-1] * 4 + [0] * 4 + [1] * 4


def test_balanced_weights_make_every_label_count_the_same():
    labels = np.array([0] * 7 + [1] * 2 + [2] * 1)
    weights = class_weights(labels, 3, balanced=True)
    totals = np.bincount(labels, weights[labels])
    np.testing.assert_allclose(totals, totals[0], rtol=1e-6)
    assert weights[labels].mean() == pytest.approx(1)
    assert (class_weights(labels, 3, balanced=False) == 1).all()
