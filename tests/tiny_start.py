"""Language models to start from, that a test can afford: a few words, six numbers, eight units."""

import dataclasses

import numpy as np

from seqtasks.datasets.source import Source
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.tasks import lm, run_directory
from seqtasks.tasks.lm.config import Config, check, resolve
from tests.tiny_ner import SENTENCES
from tests.tiny_sentiment import TEXTS

# the commonest first; some are one word when capitals are small and digits 0
TOKENS = ("The", ".", "the", "Oslo", "2024", "in", "1999", "tim", "Tim", "soup", "café", "zebra")
SMALL = {"cell": "lstm", "units": 8, "embedding_size": 6, "layers": 2}


def written(place, tokens=TOKENS, **settings):
    """A run of a language model that nobody trained: random weights, as `lm.train` leaves them."""
    config = resolve(check(Config(**{**SMALL, **settings})), 100, 1)
    vocabulary = TokenVocabulary(tokens, tuple(range(len(tokens), 0, -1)))
    network = lm.build_model(config, vocabulary)
    generator = np.random.default_rng(7)
    for variable in network.trainable_variables:  # nowhere 0, so that nothing hides
        variable.assign(generator.normal(0, 0.7, variable.shape))
    place.mkdir()
    record = {"task": "lm", "config": dataclasses.asdict(config)}
    run_directory.write_json(place / "config.json", record)
    run_directory.save_arrays(place / "weights.npz", run_directory.weights_of(network))
    vocabulary.save(place / "vocabulary.json")
    return place


def trained(place):
    """A run of a language model of the words of `tests.tiny_ner` and `tests.tiny_sentiment`."""
    texts = [*TEXTS, *(" ".join(sentence.tokens) for sentence in SENTENCES)]
    config = Config(**SMALL, epochs=1, separate=True, batch_size=8)
    data = Source("texts", {"train": texts, "dev": texts[:4]}, (), "0")
    lm.train(config, data, place, say=lambda _: None)
    return place
