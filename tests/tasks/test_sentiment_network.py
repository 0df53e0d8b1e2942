"""The classifier's network, on random words."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.vocabulary import FIRST, Vocabulary, WordFeatures
from seqtasks.tasks.run_directory import set_weights, weights_of
from seqtasks.tasks.sentiment.config import POOLINGS, Config, resolve
from seqtasks.tasks.sentiment.evidence import Evidence, pair_keys
from seqtasks.tasks.sentiment.network import Network
from tests.tiny_ner import assert_same_arrays

LABELS = ("bad", "middling", "good")
WORDS = 20
VOCABULARY = Vocabulary(tuple(f"w{i}" for i in range(WORDS)), (5,) * WORDS, "abcdefgh")
IDS = range(FIRST, FIRST + WORDS)
# those known: some, but not all
PAIRS = np.array([pair_keys(a, b) for a in IDS for b in IDS if (a + b) % 3])
# every pooling, kind of cell, direction and way of reading letters, each at least once
KINDS = [
    *({"pooling": pooling} for pooling in POOLINGS),
    {"pooling": "last", "bidirectional": False, "pairs": 0},
    {"pooling": "last", "cell": "rnn"},
    {"pooling": "last", "cell": "gru", "layers": 2},
    {"pooling": "maximum", "cell": "rnn", "bidirectional": False, "characters": "none"},
    {"pooling": "attention", "cell": "gru", "relevance_gate": False, "characters": "recurrent"},
    {"pooling": "maximum-mean", "peephole": True, "layers": 2, "recurrent_dropout": 0.3},
    {"pooling": "mean", "characters": "convolution"},
]
NAMES = [" ".join(map(str, kind.values())) for kind in KINDS]
STILL = {"dropout": 0.0, "word_dropout": 0.0, "rare_word_dropout": 0.0, "recurrent_dropout": 0.0}


def build(labels=LABELS, vocabulary=VOCABULARY, vectors=None, **settings):
    small = {"units": 4, "word_size": 5, "character_size": 3, "character_units": 4}
    config = Config(**{**small, "longest_word": 6, "pairs": len(PAIRS), **settings})
    # what words and pairs alone say, for each label another thing
    generator = np.random.default_rng(9)
    said = generator.normal(size=(FIRST + len(vocabulary.words), len(labels)))
    said[:FIRST] = 0
    of_pairs = generator.normal(size=(len(PAIRS), len(labels)))
    evidence = Evidence(said, PAIRS, of_pairs, np.zeros((0, 2, len(labels))))
    return Network(resolve(config, 100), vocabulary, labels, vectors, evidence)


def scramble(network, seed=0, size=0.7):
    """Weights that are nowhere 0, so that nothing hides behind a fresh one."""
    generator = np.random.default_rng(seed)
    for v in network.trainable_variables:
        v.assign(generator.normal(0, size, v.shape))
    return network


def words(generator, lengths):
    """Features of random words, and rows of them of these lengths, padded."""
    n = 12
    letters = generator.integers(FIRST, FIRST + 8, (n, 6))
    letters[np.arange(6) >= generator.integers(1, 7, n)[:, None]] = 0
    features = WordFeatures(
        np.resize(np.arange(FIRST, FIRST + WORDS), n).astype(np.int32),
        np.ones(n, np.int32),
        letters.astype(np.int32),
    )
    place = generator.integers(1, n + 1, (len(lengths), max(lengths)))
    place[np.arange(max(lengths)) >= np.array(lengths)[:, None]] = 0
    return features, place.astype(np.int32)


# padding


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_a_padded_row_gives_what_the_row_alone_gives(kind):
    lengths = [5, 0, 3]
    network = scramble(build(**{**kind, **STILL}))
    features, place = words(np.random.default_rng(1), lengths)
    scores = network(features, place).numpy()
    wider = network(features, np.pad(place, [(0, 0), (0, 3)]))
    np.testing.assert_allclose(scores, wider, atol=1e-5)
    for i, n in enumerate(lengths):
        alone = network(features, place[i : i + 1, :n])
        np.testing.assert_allclose(scores[i : i + 1], alone, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_texts_without_a_word_score_the_bias(kind):
    network = scramble(build(**kind))
    bias = network.scores.bias.numpy()
    features, _ = words(np.random.default_rng(2), [1])
    none = WordFeatures(*(x[:0] for x in features))
    nothing = WordFeatures(*none[:2], np.zeros((0, 0), np.int32))
    for given, place in (
        (features, np.zeros((2, 3), np.int32)),  # beside texts that have words
        (none, np.zeros((2, 0), np.int32)),  # in a batch of their own
        (nothing, np.zeros((2, 0), np.int32)),  # as the encoder gives it
    ):
        np.testing.assert_allclose(network(given, place), [bias, bias], atol=1e-6)
    label, weight = np.zeros(2, np.int32), np.ones(2, np.float32)
    assert np.isfinite(network.loss_of(nothing, place, label, weight))


# pooling


def by_hand(pooling, h, network):
    """One vector of the outputs h, (words, 2 · units), of a text."""
    units = network.config.units
    if pooling == "last":
        return np.concatenate([h[-1, :units], h[0, units:]])
    if pooling == "attention":
        asked = np.tanh(h @ network.attend.kernel.numpy() + network.attend.bias.numpy())
        asked = (asked @ network.ask.kernel.numpy())[:, 0]
        share = np.exp(asked) / np.exp(asked).sum()
        return share @ h
    parts = {"maximum": h.max(axis=0), "mean": h.mean(axis=0)}
    return np.concatenate([parts[part] for part in pooling.split("-")])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_what_its_equation_says(pooling, monkeypatch):
    generator = np.random.default_rng(3)
    network = scramble(build(pooling=pooling))
    network.gain.assign(0.0)  # what words and pairs alone say has a test of its own
    network.pairs.gain.assign(0.0)
    lengths = [5, 1, 3]
    features, place = words(generator, lengths)
    # outputs of one text are all below 0: padding must not be their maximum
    h = generator.uniform(-1, 1, (3, 5, 8)).astype(np.float32)
    h[1] = -np.abs(h[1])
    monkeypatch.setattr(network, "recurrent", [lambda x, mask, training: tf.constant(h)])
    expected = [by_hand(pooling, row[:n], network) for row, n in zip(h, lengths, strict=True)]
    kernel, bias = network.scores.kernel.numpy(), network.scores.bias.numpy()
    np.testing.assert_allclose(
        network(features, place), np.stack(expected) @ kernel + bias, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("both", [True, False])
def test_the_order_of_words_and_each_of_them_count(pooling, both):
    network = scramble(build(pooling=pooling, bidirectional=both))
    features, _ = words(np.random.default_rng(4), [1])
    place = np.arange(1, 7, dtype=np.int32)[None]
    changed = np.where(np.eye(6, dtype=bool), 9, place).astype(np.int32)
    scores = network(features, np.concatenate([place, place[:, ::-1], changed])).numpy()
    moved = np.abs(scores - scores[0]).max(axis=1) > 1e-6
    assert moved[1]
    # a word may be largest nowhere
    assert moved[2:].any() if pooling == "maximum" else moved[2:].all()


# learning


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_one_step_moves_every_weight(kind):
    keras.utils.set_random_seed(1)
    # so little dropped that of a few words and units none is without any effect
    network = build(**{"dropout": 0.1, "word_dropout": 0.1, "rare_word_dropout": 0.1, **kind})
    features, place = words(np.random.default_rng(5), [6, 4, 5, 6])
    label, weight = np.array([0, 1, 2, 0], np.int32), np.ones(4, np.float32)
    before = [v.numpy() for v in network.trainable_variables]
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(network.trainable_variables)
    with tf.GradientTape() as tape:
        loss = network.loss_of(features, place, label, weight)
    gradients = tape.gradient(loss, [v.value for v in network.trainable_variables])
    for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
    optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
    for variable, value in zip(network.trainable_variables, before, strict=True):
        assert np.abs(variable.numpy() - value).max() > 0, variable.path


def test_a_text_of_weight_three_counts_as_three_texts():
    network = scramble(build(**STILL))
    features, place = words(np.random.default_rng(6), [4, 3, 6])
    label, weight = np.array([0, 1, 2], np.int32), np.array([1, 3, 2], np.float32)
    often = np.repeat(np.arange(3), [1, 3, 2])
    once = network.loss_of(features, place, label, weight)
    repeated = network.loss_of(features, place[often], label[often], np.ones(6, np.float32))
    assert float(once) == pytest.approx(float(repeated), rel=1e-5)
    # only their ratio counts, so that balancing does not change the rate of learning
    assert float(network.loss_of(features, place, label, 7 * weight)) == pytest.approx(float(once))


def test_the_loss_is_that_of_the_label():
    network = scramble(build(**STILL))
    features, place = words(np.random.default_rng(7), [4, 2])
    network.temperature.assign(5.0)  # which training does not know
    p = tf.nn.softmax(network(features, place)).numpy()
    label = np.array([2, 0], np.int32)
    loss = network.loss_of(features, place, label, np.ones(2, np.float32))
    assert float(loss) == pytest.approx(-np.log(p[[0, 1], label]).mean(), rel=1e-5)


def test_in_use_nothing_is_random_and_in_training_much_is():
    network = scramble(build(dropout=0.5, word_dropout=0.5))
    features, place = words(np.random.default_rng(8), [6, 5])
    np.testing.assert_array_equal(network(features, place), network(features, place))
    one, other = (network(features, place, training=True).numpy() for _ in range(2))
    assert np.abs(one - other).max() > 1e-3


def test_the_seed_makes_the_weights():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return weights_of(build(seed=seed))

    one, same, other = weights(1), weights(1), weights(2)
    assert_same_arrays(one, same)
    name = "classifier/word/embeddings"
    assert not np.array_equal(one[name], other[name])


# the temperature


def test_the_temperature_changes_how_sure_but_not_what():
    network = build()
    scores = np.random.default_rng(9).normal(0, 3, (50, 3)).astype(np.float32)
    assert "temperature" not in {v.name for v in network.trainable_variables}
    plain = network.probabilities(scores).numpy()
    np.testing.assert_allclose(plain, tf.nn.softmax(scores), atol=1e-6)
    for tau in (0.1, 4.0):
        network.temperature.assign(tau)
        p = network.probabilities(scores).numpy()
        np.testing.assert_allclose(p, tf.nn.softmax(scores / tau), atol=1e-6)
        np.testing.assert_array_equal(p.argmax(axis=1), scores.argmax(axis=1))
        assert (p.max(axis=1) < plain.max(axis=1)).all() == (tau > 1)


# weights by name


@pytest.mark.parametrize("kind", KINDS[3::3], ids=NAMES[3::3])
def test_weights_go_by_name_from_one_network_to_the_next(tmp_path, kind):
    one = scramble(build(**kind))
    one.temperature.assign(1.5)
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
    np.testing.assert_array_equal(build(vectors=vectors).word.embeddings[FIRST:], vectors)


def test_evidence_adds_up_over_words_and_pairs():
    """Scores grow by the gains times what words and neighbours say; padding says nothing."""
    network = build()
    features, place = words(np.random.default_rng(1), [6, 1, 4, 0])
    network.gain.assign(0.0)
    network.pairs.gain.assign(0.0)
    plain = network(features, place).numpy()
    network.gain.assign(0.5)
    network.pairs.gain.assign(0.25)
    of_words, of_pairs = network.evidence.numpy(), network.pairs.evidence.numpy()
    key = network.pairs.keys.numpy().tolist()
    sums = np.zeros((4, 2, len(LABELS)))
    for text, row in enumerate(place):
        ids = features.word[row[row > 0] - 1]
        sums[text, 0] = of_words[ids].sum(axis=0)
        known = [pair_keys(int(a), int(b)) for a, b in pairwise(ids)]
        sums[text, 1] = sum(of_pairs[key.index(k)] for k in known if k in key)
    expected = 0.5 * sums[:, 0] + 0.25 * sums[:, 1]
    np.testing.assert_allclose(network(features, place) - plain, expected, atol=1e-5)
    # as training does, which knows the sums
    given = network(features, place, said=sums.astype(np.float32))
    np.testing.assert_allclose(given, network(features, place), atol=1e-5)
    np.testing.assert_allclose(
        network(features, place, said=0 * sums.astype(np.float32)), plain, atol=1e-5
    )


def test_a_network_without_pairs_has_no_weights_for_them():
    """A run that was made before there were pairs has the weights it needs, by their names."""
    # not resolved: pairs is None
    config = Config(**STILL, units=4, word_size=5, cell="lstm", evidence=True)
    before = weights_of(Network(config, VOCABULARY, LABELS))
    assert [name for name in before if "pairs" in name] == []
    assert weights_of(build(pairs=0)).keys() == before.keys()
    assert weights_of(build()).keys() > before.keys()
