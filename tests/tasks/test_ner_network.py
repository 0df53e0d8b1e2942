"""The tagger's network, on random words."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.vocabulary import FIRST, SHAPES, UNKNOWN, Vocabulary, WordFeatures
from seqtasks.tasks.ner.config import Config, resolve
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.run_directory import set_weights, weights_of
from tests.tasks.small_tagger_network import (
    STILL,
    TAGS,
    VOCABULARY,
    WORDS,
    build,
    random_path,
    scramble,
    words,
)
from tests.tiny_ner import assert_same_arrays

# every kind of cell, of decoder and of reading letters, each at least once
KINDS = [
    {"cell": "rnn"},
    {"cell": "gru"},
    {"cell": "gru", "relevance_gate": False, "characters": "recurrent"},
    {"cell": "lstm"},
    {"cell": "lstm", "peephole": True, "decoder": "softmax"},
    {"cell": "lstm", "bidirectional": False, "characters": "none"},
    {"cell": "rnn", "bidirectional": False, "decoder": "softmax", "characters": "recurrent"},
    {"cell": "lstm", "layers": 2, "recurrent_dropout": 0.3},
]
NAMES = [" ".join(map(str, kind.values())) for kind in KINDS]


# padding


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_a_padded_row_gives_what_the_row_alone_gives(kind):
    generator = np.random.default_rng(1)
    lengths = [7, 1, 4, 6]
    network = scramble(build(**kind, **STILL))
    features, place = words(generator, lengths)
    tags = np.zeros(place.shape, np.int32)
    for row, n in zip(tags, lengths, strict=True):
        row[:n] = random_path(generator, n)
    scores, mask = network(features, place), tf.constant(place > 0)
    found = network.decode(scores, mask)
    confidence = network.confidence(scores, found, mask)
    losses = []
    for i, n in enumerate(lengths):
        alone, one = place[i : i + 1, :n], slice(i, i + 1)
        row_scores = network(features, alone)
        np.testing.assert_allclose(scores[i, :n], row_scores[0], atol=1e-5)
        there = tf.ones((1, n), tf.bool)
        row_found = network.decode(row_scores, there)
        np.testing.assert_array_equal(found[i, :n], row_found[0])
        row_confidence = network.confidence(row_scores, row_found, there)
        np.testing.assert_allclose(confidence[i, :n], row_confidence[0], atol=1e-5)
        if not kind.get("recurrent_dropout"):
            losses.append(float(network.loss_of(features, alone, tags[one, :n])))
    if losses:
        loss = float(network.loss_of(features, place, tags))
        assert loss == pytest.approx(np.mean(losses), rel=1e-5)
        # nor do tags behind a row's end count
        behind = np.where(place > 0, tags, 3).astype(np.int32)
        assert float(network.loss_of(features, place, behind)) == loss


@pytest.mark.parametrize("characters", ["convolution", "recurrent"])
def test_room_behind_the_letters_of_a_word_changes_nothing(characters):
    network = scramble(build(characters=characters))
    features, place = words(np.random.default_rng(2), [5, 3])
    wide = features._replace(characters=np.pad(features.characters, [(0, 0), (0, 4)]))
    np.testing.assert_allclose(network(features, place), network(wide, place), atol=1e-6)


def test_words_are_told_apart_by_each_of_their_features():
    network = scramble(build())
    features, _ = words(np.random.default_rng(2), [1])
    one = WordFeatures(*(np.repeat(x[:1], 4, axis=0) for x in features))
    one.word[1] = one.word[0] % WORDS + FIRST - 1
    one.shape[2] = one.shape[0] % len(SHAPES) + 1
    one.characters[3, 0] = (one.characters[0, 0] - FIRST + 1) % 8 + FIRST
    scores = network(one, np.arange(1, 5, dtype=np.int32)[:, None]).numpy()[:, 0]
    for a, b in itertools.combinations(scores, 2):
        assert np.abs(a - b).max() > 1e-4


def test_context_is_read_from_both_sides_or_from_one():
    features, place = words(np.random.default_rng(3), [6])
    changed = place.copy()
    changed[0, 3] = place[0, 3] % 12 + 1
    for both in (True, False):
        network = scramble(build(bidirectional=both))
        differs = np.abs(network(features, place) - network(features, changed))[0].max(axis=-1)
        assert (differs[3:] > 1e-5).all()
        assert (differs[:3] > 1e-5).all() if both else (differs[:3] == 0).all()


# learning


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_one_step_moves_every_weight(kind):
    generator = np.random.default_rng(4)
    network = build(**kind)
    features, place = words(generator, [6, 4, 5, 6])
    tags = np.array([np.resize(random_path(generator, 6), 6) for _ in place], np.int32)
    before = [v.numpy() for v in network.trainable_variables]
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(network.trainable_variables)
    with tf.GradientTape() as tape:
        loss = network.loss_of(features, place, tags)
    gradients = tape.gradient(loss, [v.value for v in network.trainable_variables])
    for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
    optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
    for variable, value in zip(network.trainable_variables, before, strict=True):
        assert np.abs(variable.numpy() - value).max() > 0, variable.path


def test_the_seed_makes_the_weights():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return weights_of(build(seed=seed))

    one, same, other = weights(1), weights(1), weights(2)
    assert_same_arrays(one, same)
    assert not np.array_equal(one["tagger/word/embeddings"], other["tagger/word/embeddings"])


@pytest.mark.parametrize(("w", "r", "n"), [(0.1, 0.25, 1), (0.0, 0.5, 3), (0.3, 0.0, 1)])
def test_words_are_read_as_unknown_as_often_as_said(monkeypatch, w, r, n):
    vocabulary = Vocabulary(("seen", "often", "elsewhere"), (n, 10**9, 0), "")
    network = build(
        vocabulary=vocabulary, characters="none", units=1, word_dropout=w, rare_word_dropout=r
    )
    read = []
    call = network.word.call

    def recording(ids):
        read.append(np.asarray(ids))
        return call(ids)

    monkeypatch.setattr(network.word, "call", recording)
    ids = np.arange(FIRST, FIRST + 3, dtype=np.int32)
    features = WordFeatures(ids, np.ones(3, np.int32), np.zeros((3, 0), np.int32))
    place = np.resize(np.arange(1, 4, dtype=np.int32), (1200, 15))
    network(features, place)
    assert (read.pop() == ids[place - 1]).all()  # in use, never
    network(features, place, training=True)
    (found,) = read
    assert set(np.unique(found)) <= {UNKNOWN, *ids}
    # words from elsewhere (pretrained vectors) count as seen often
    for number, share in ((0, w + (1 - w) * r / (r + n)), (1, w), (2, w)):
        drawn = found[place == number + 1] == UNKNOWN
        error = 5 * np.sqrt(share * (1 - share) / drawn.size) + 1e-9
        assert abs(drawn.mean() - share) <= error


# weights by name


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_weights_go_by_name_from_one_network_to_the_next(tmp_path, kind):
    one = scramble(build(**kind))
    one.lift.assign([0.0, 1, 2, 3, 4])
    keras.layers.Dense(2).build((None, 3))  # what else a process builds changes no name
    other = scramble(build(**kind), seed=1)
    weights = weights_of(one)
    assert len(weights) == sum("seed_generator" not in v.path for v in one.variables)
    assert weights.keys() == weights_of(other).keys()
    set_weights(other, weights, tmp_path / "weights.npz")
    assert_same_arrays(weights_of(other), weights)
    features, place = words(np.random.default_rng(10), [4, 6])
    np.testing.assert_array_equal(one(features, place), other(features, place))


def test_vectors_from_elsewhere_are_the_words_first_ones():
    vectors = np.random.default_rng(11).normal(size=(WORDS, 5)).astype(np.float32)
    config = resolve(Config(units=4, word_size=5), 100)
    network = Network(config, VOCABULARY, TAGS, vectors)
    np.testing.assert_array_equal(network.word.embeddings[FIRST:], vectors)
