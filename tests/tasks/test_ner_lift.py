import keras
import numpy as np
import tensorflow as tf

from seqtasks.datasets.vocabulary import Encoder, Vocabulary
from seqtasks.tasks import chunk_scores
from seqtasks.tasks.ner.config import Config, resolve
from seqtasks.tasks.ner.data import Corpus, tag_names
from seqtasks.tasks.ner.lift import LIFTS, Validator, steadiest
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.ner.tagger import Tagger
from tests.tiny_ner import SENTENCES


def parts(search):
    keras.utils.set_random_seed(1)
    config = resolve(Config(units=4, character_units=4, word_size=4, lift_search=search), 10)
    tags = tag_names(SENTENCES)
    vocabulary = Vocabulary.count([token for s in SENTENCES for token in s.tokens])
    network = Network(config, vocabulary, tags)
    encoder = Encoder(vocabulary, config.longest_word)
    gold = [s.tags for s in SENTENCES]
    validator = Validator(network, Corpus(SENTENCES, encoder, tags), gold, search)
    return network, Tagger(network, encoder), validator, gold


def shy(network):
    """Give O such a score that nothing is taken for a name."""
    bias = np.zeros(len(network.tags))
    bias[0] = 2.2
    network.scores.bias.assign(bias)


def test_the_lift_is_the_same_for_all_tags_but_o_and_comes_from_the_list():
    network, _, validator, _ = parts(search=True)
    shy(network)
    validator.figures()
    lift = network.lift.numpy()
    assert lift[0] == 0
    assert len(set(lift[1:])) == 1
    assert lift[1] in LIFTS


def test_without_a_search_the_lift_is_0():
    network, _, validator, _ = parts(search=False)
    shy(network)
    validator.figures()
    assert not network.lift.numpy().any()


def test_the_score_is_what_the_tagger_then_reaches():
    network, tagger, validator, gold = parts(search=True)
    shy(network)
    figures = validator.figures()
    found = tagger.tag_sentences([s.tokens for s in SENTENCES])
    scores = chunk_scores.score(gold, found)
    assert figures["score"] == figures["F1"] == scores["f1"]
    assert figures["precision"] == scores["precision"]
    assert figures["recall"] == scores["recall"]


def test_a_shy_model_gains_by_the_search():
    network, _, validator, _ = parts(search=True)
    shy(network)
    network.lift.assign(tf.zeros_like(network.lift.value))
    plain = validator._result(validator._score_batches(), 0.0)["f1"]
    assert plain == 0
    assert validator.figures()["F1"] > 0


def test_the_steadiest_is_no_lone_peak():
    assert steadiest([0.1, 0.9, 0.1, 0.6, 0.7, 0.6]) == 4
    assert steadiest([0.5]) == 0
