"""The figures of a language model, from their definitions."""

import dataclasses
import math
import random
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets import sample_lm
from seqtasks.datasets.token_vocabulary import EOS, UNKNOWN, TokenVocabulary
from seqtasks.tasks import lm
from seqtasks.tasks.lm.agreement import agreement
from seqtasks.tasks.lm.config import check, resolve
from seqtasks.tasks.lm.kneser_ney import KneserNey
from seqtasks.tasks.lm.language_model import STEPS, LanguageModel
from tests.tiny_lm import LINES, TEXT, TINY

SENTENCES = ["the gulls cry", "a gull cries for bread", "", "whales sing to the gulls"]


def untrained(words, **settings):
    """A model whose weights are the first ones, but not so small that all words are alike."""
    config = dataclasses.replace(TINY, pretokenised=True, separate=True, lowercase=False)
    config = resolve(check(dataclasses.replace(config, **settings)), 100, 10)
    model = LanguageModel(
        lm.build_model(config, TokenVocabulary.count(Counter(words))),
        TokenVocabulary.count(Counter(words)),
    )
    for number, variable in enumerate(model.network.trainable_variables):
        noise = np.random.default_rng(number).normal(size=variable.shape)
        variable.assign(variable + 0.5 * noise.astype("float32"))
    return model


@pytest.fixture(scope="module")
def words():
    """A model of separate sentences that knows most of the words in SENTENCES."""
    return untrained(["the", "gulls", "gull", "cry", "cries", "a", "for", "whales", "to"])


@pytest.fixture(scope="module")
def page(tiny_language_model):
    """The page four times over, longer than what is read together, and its ids."""
    text = TEXT * 4
    (score,) = tiny_language_model.score([text])
    ids = np.array([token.id for token in score.detail])
    assert len(ids) > 2 * STEPS
    return text, ids


def by_hand(model, ids):
    """Natural log p of each id, read one by one with the states that the one before left."""
    network, previous, found = model.network, EOS, []
    states = network.first_states(1)
    for wanted in ids:
        h, states = network.step(tf.constant([previous]), states)
        logs = tf.nn.log_softmax(network.logits(h)[0, 1:])  # all but padding
        found.append(float(logs[wanted - 1]))
        previous = int(wanted)
    return np.array(found)


# separate documents


def test_the_figures_of_separate_documents_follow_from_the_tokens_probabilities(words):
    scores = lm.evaluate(words, SENTENCES).scores
    details = [list(score.detail) for score in words.score(SENTENCES)]
    log10 = sum(token.log10 for detail in details for token in detail)
    # each word, and </s> for each document
    tokens = sum(len(text.split()) + 1 for text in SENTENCES)
    assert scores["tokens"] == tokens == sum(map(len, details))
    assert scores["perplexity"] == pytest.approx(10 ** (-log10 / tokens), rel=1e-5)
    assert scores["nats_per_token"] == pytest.approx(-log10 * math.log(10) / tokens, rel=1e-5)
    # each begins anew: in another order they are what they were
    turned = lm.evaluate(words, SENTENCES[::-1]).scores
    assert turned["nats_per_token"] == pytest.approx(scores["nats_per_token"], rel=1e-5)
    expected = [p for d in details for p in by_hand(words, [token.id for token in d])]
    assert scores["nats_per_token"] == pytest.approx(-np.mean(expected), rel=1e-5)


def test_bits_are_nats_in_another_base_and_by_another_count(words):
    scores = lm.evaluate(words, SENTENCES).scores
    assert scores["perplexity"] == pytest.approx(math.exp(scores["nats_per_token"]))
    assert scores["perplexity"] == pytest.approx(2 ** scores["bits_per_token"])
    assert scores["characters"] == len("".join(SENTENCES))
    bits = scores["bits_per_token"] * scores["tokens"]
    assert scores["bits_per_char"] * scores["characters"] == pytest.approx(bits)
    assert scores["seconds"] >= 0


@pytest.mark.parametrize(
    ("documents", "unknown", "tokens"),
    [
        (["the gulls cry", "whales cry"], 0, 7),
        (["the gulls sing", "whales sing to a gull"], 2, 10),
        (["<unk> <unk>"], 2, 3),
        ([""], 0, 1),
    ],
)
def test_the_unknown_rate_counts_what_the_vocabulary_lacks(words, documents, unknown, tokens):
    result = lm.evaluate(words, documents)
    assert result.scores["unknown_rate"] == pytest.approx(unknown / tokens)
    assert result.scores["tokens"] == tokens
    # a text of another kind is told as such, since its figures look too good
    assert len(result.notes) == (unknown / tokens > 0.2)
    assert all("67% of the tokens are unknown" in note for note in result.notes)


# running text


def test_over_running_text_the_state_is_carried_through(tiny_language_model, page):
    text, ids = page
    told = []
    scores = lm.evaluate(tiny_language_model, [text], progress=lambda *n: told.append(n)).scores
    logs = by_hand(tiny_language_model, ids)
    assert scores["tokens"] == len(ids)
    assert scores["nats_per_token"] == pytest.approx(-logs.mean(), rel=1e-5)
    assert scores["characters"] == len(text)
    # sentence by sentence, with no memory, it is another reading
    anew = sum(score.log10 for score in tiny_language_model.score(LINES)) * 4 * math.log(10)
    assert abs(scores["nats_per_token"] + anew / len(ids)) > 0.01
    assert len(told) == -(-len(ids) // STEPS)
    assert told[-1] == (len(ids), len(ids))
    assert "ngram_perplexity" not in scores  # without the text that the model was trained on


def test_running_documents_are_one_text(tiny_language_model, tiny_lm):
    scores = lm.evaluate(tiny_language_model, [line + "\n" for line in LINES]).scores
    assert scores["tokens"] == tiny_lm.scores["tokens"]  # of the page whole
    wanted = tiny_lm.scores["nats_per_token"]
    assert scores["nats_per_token"] == pytest.approx(wanted, rel=1e-6)


def test_a_long_text_is_read_in_rows_that_each_begin_anew(tiny_language_model, page, monkeypatch):
    monkeypatch.setattr("seqtasks.tasks.lm.language_model.ROW", 150)
    ids = page[1][:450]
    told = []
    found = tiny_language_model.read_running(ids, told.append)
    firsts = [np.append(EOS, ids)[start : start + 150] for start in (0, 150, 300)]
    for number, given in enumerate(firsts):
        row = ids[150 * number : 150 * (number + 1)]
        h, _ = tiny_language_model.network(given[None], None)
        logs = tiny_language_model.network.log_probabilities(h, row[None])[0]
        np.testing.assert_allclose(found[150 * number : 150 * (number + 1)], logs, atol=1e-5)
    assert told[-1] == len(ids)
    assert told == sorted(told)


# what a model is compared with


def test_the_n_grams_are_counted_on_the_same_ids(tiny_language_model):
    test = "Anna feeds the gulls. Her brother sleeps on the pier, and a walrus reads!\n"
    result = lm.evaluate(tiny_language_model, [test], train=[TEXT])
    seen, ids = (
        [token.id for token in score.detail] for score in tiny_language_model.score([TEXT, test])
    )
    assert UNKNOWN in ids
    known = len(tiny_language_model.vocabulary)
    trigrams = KneserNey([EOS, *seen], known, 3, list(range(1, known)))
    logs = trigrams.log_probabilities(ids, context=[EOS])
    assert result.scores["ngram_order"] == 3
    assert result.scores["ngram_perplexity"] == pytest.approx(math.exp(-logs.mean()))


def test_characters_are_compared_with_longer_n_grams():
    model = untrained(sorted(set(TEXT) - {"\n"}), level="char", pretokenised=False, tied=False)
    result = lm.evaluate(model, LINES[:3], train=LINES)
    assert result.scores["ngram_order"] == 6
    assert result.scores["ngram_perplexity"] < 4 < result.scores["perplexity"]
    # of characters, too, a document has its end
    assert result.scores["tokens"] == result.scores["characters"] + 3


# agreement


def stub(log_probabilities):
    """What `agreement` needs of a model; the last id of a row decides."""

    def read_rows(rows):
        return [np.array([*[-9.0] * (len(row) - 1), log_probabilities[row[-1]]]) for row in rows]

    ids = tf.function(lambda tokens: tf.strings.to_number(tokens, tf.int32))
    return SimpleNamespace(encoder=SimpleNamespace(ids=ids), read_rows=read_rows)


def item(right, wrong, distance):
    return sample_lm.AgreementItem(("7", "8"), right, wrong, distance)


def test_the_right_verb_has_to_be_the_more_probable_one():
    model = stub({0: -1.0, 1: -2.0, 2: -2.0})
    items = [
        item("0", "1", 0),
        item("1", "0", 0),
        item("1", "2", 4),  # a tie is a miss
        item("0", "2", 2),
        item("0", "1", 0),
        item("2", "1", 2),
    ]
    assert agreement(model, items) == {0: pytest.approx(2 / 3), 2: 0.5, 4: 0.0}


def test_agreement_is_what_the_scores_of_the_sentences_say():
    items = sample_lm.agreement_items(2)[:24]
    model = untrained(sorted({w for i in items for w in (*i.prefix, i.right, i.wrong)}))
    right = Counter()
    for one in items:
        texts = [" ".join([*one.prefix, verb]) for verb in (one.right, one.wrong)]
        good, bad = (score.detail[len(one.prefix)] for score in model.score(texts))
        assert (good.text, bad.text) == (one.right, one.wrong)
        right[one.distance] += good.log10 > bad.log10
    found = agreement(model, items)
    assert found == {distance: right[distance] / 2 for distance in range(12)}
    assert 0 < sum(found.values()) < 12  # the first weights know nothing


def test_the_sample_is_measured_against_its_grammar(words, monkeypatch):
    generator = random.Random(1)
    draws = [sample_lm.grammar().draw("sentence", generator) for _ in range(20)]
    documents = [" ".join(draw.tokens) for draw in draws]
    monkeypatch.setattr(sample_lm, "agreement_items", lambda: [one])
    one = sample_lm.AgreementItem(("gulls",), "cry", "cries", 0)
    scores = lm.evaluate(words, documents, of_sample=True).scores
    truth = sum(draw.log_probability for draw in draws)
    tokens = sum(len(draw.tokens) + 1 for draw in draws)
    assert scores["tokens"] == tokens
    assert scores["true_perplexity"] == pytest.approx(math.exp(-truth / tokens))
    assert scores["agreement"] == agreement(words, [one])
    assert "true_perplexity" not in lm.evaluate(words, documents).scores
