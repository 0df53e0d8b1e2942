"""The tagger's network, of a few units, and random words to feed it."""

import numpy as np

from seqtasks.datasets.vocabulary import FIRST, SHAPES, Vocabulary, WordFeatures
from seqtasks.tasks.ner.config import Config, resolve
from seqtasks.tasks.ner.network import Network

TAGS = ("O", "B-A", "I-A", "B-B", "I-B")
WORDS = 20
VOCABULARY = Vocabulary(tuple(f"w{i}" for i in range(WORDS)), (5,) * WORDS, "abcdefgh")
STILL = {"dropout": 0.0, "word_dropout": 0.0, "rare_word_dropout": 0.0, "character_dropout": 0.0}


def build(tags=TAGS, vocabulary=VOCABULARY, **settings):
    small = {"units": 4, "word_size": 5, "character_size": 3, "character_units": 4}
    config = Config(**{**small, "longest_word": 6, **settings})
    return Network(resolve(config, 100), vocabulary, tags)


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
        generator.integers(1, FIRST + WORDS, n).astype(np.int32),
        generator.integers(1, 1 + len(SHAPES), n).astype(np.int32),
        letters.astype(np.int32),
    )
    place = generator.integers(1, n + 1, (len(lengths), max(lengths)))
    place[np.arange(max(lengths)) >= np.array(lengths)[:, None]] = 0
    return features, place.astype(np.int32)


def random_path(generator, length):
    """A well-formed sequence of the numbers of TAGS."""
    path = []
    while len(path) < length:
        begin = int(generator.choice([0, 1, 3]))
        path += [begin] + [begin + 1] * int(generator.integers(0, 2) if begin else 0)
    return path[:length]
