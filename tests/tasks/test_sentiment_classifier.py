"""What a trained classifier answers, whatever a text holds, and what it says carried it."""

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks.sentiment import classifier as module
from tests.tiny_sentiment import LABELS, TEXTS

# what texts can hold: several sentences, signs beyond the first plane, no space, no letter
ODD = [
    "",
    "  \t ",
    "\u200d",
    "The soup was cold. I loved it!\nNever again?",
    "😀 quick — and  bright… «book»",
    "...",
    "naïve\u0301 café",
    "x" * 3000,
]


@pytest.fixture
def answers(tiny_classifier):
    def answers(texts, **options):
        return list(tiny_classifier.classify(texts, **options))

    return answers


def probabilities(found):
    return np.array([[answer.probabilities[name] for name in LABELS] for answer in found])


# answers


def test_an_answer_names_the_most_probable_label(answers):
    found = answers(TEXTS + ODD)
    assert [answer.text for answer in found] == TEXTS + ODD
    for answer in found:
        assert list(answer.probabilities) == LABELS
        assert answer.probability == max(answer.probabilities.values())
        assert answer.label == max(answer.probabilities, key=answer.probabilities.get)
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=2e-4)  # rounded


def test_an_answer_is_the_calibrated_network_s(answers, tiny_classifier):
    scores = tiny_classifier.scores_of(tiny_classifier.tokenize(tf.constant(TEXTS)).text)
    tau = float(tiny_classifier.network.temperature.numpy())
    expected = tf.nn.softmax(scores / tau).numpy()
    np.testing.assert_allclose(probabilities(answers(TEXTS)), expected, atol=1e-3)


@pytest.mark.parametrize("text", ["", " ", "\t \u00a0", "\x00\x01", "\u2028"])
def test_texts_without_a_word_have_the_same_answer(answers, tiny_classifier, text):
    (answer,) = answers([text])
    assert answer.text == text
    network = tiny_classifier.network
    expected = network.probabilities(network.scores.bias[None]).numpy()
    np.testing.assert_allclose(probabilities([answer]), expected, atol=1e-3)
    assert tiny_classifier.explain(text) == []


def test_no_text_no_answer(answers):
    assert answers([]) == []


def test_batching_changes_no_answer(answers, monkeypatch):
    texts = TEXTS + ODD
    together = answers(texts)
    alone = [answer for text in texts for answer in answers([text])]
    monkeypatch.setattr(module, "BATCH_TOKENS", 30)
    monkeypatch.setattr(module, "CHUNK", 5)
    in_small_batches = answers(texts[::-1])[::-1]
    for found in (alone, in_small_batches):
        assert [answer.text for answer in found] == texts
        np.testing.assert_allclose(probabilities(found), probabilities(together), atol=2e-3)


def test_half_a_surrogate_pair_is_read_as_a_sign(answers):
    (answer,) = answers(["\ud83d The soup was cold"])
    assert answer.text == "\ud83d The soup was cold"
    expected = probabilities(answers(["? The soup was cold"]))
    np.testing.assert_array_equal(probabilities([answer]), expected)


def test_a_text_of_5000_words_is_read_from_its_first_to_its_last(tiny_classifier):
    words = ["rain", "or", "snow"] * 1700
    texts = [" ".join(words), " ".join(["loved", *words[1:]]), " ".join([*words[:-1], "loved"])]
    scores = tiny_classifier.scores_of(tiny_classifier.tokenize(tf.constant(texts)).text)
    assert np.abs(scores[1:] - scores[0]).max(axis=1).min() > 1e-4


# stretches of a text


def test_a_window_gives_the_mean_of_its_stretches(answers):
    words = " ".join(TEXTS).split()
    text = " ".join(words[:25])
    stretches = [" ".join(words[i : i + 10]) for i in (0, 10)] + [" ".join(words[20:25])]
    (answer,) = answers([text], window=10)
    expected = probabilities(answers(stretches)).mean(axis=0)
    np.testing.assert_allclose(probabilities([answer])[0], expected, atol=1e-3)
    assert answer.text == text


def test_a_window_leaves_short_texts_alone_and_keeps_their_order(answers, monkeypatch):
    long = " ".join(TEXTS)
    texts = [TEXTS[0], long, "", TEXTS[5], long]
    monkeypatch.setattr(module, "CHUNK", 4)  # stretches of one text come apart
    found = probabilities(answers(texts, window=11))
    np.testing.assert_allclose(
        found[[0, 2, 3]], probabilities(answers(texts))[[0, 2, 3]], atol=1e-3
    )
    np.testing.assert_allclose(found[1], found[4], atol=1e-3)
    np.testing.assert_allclose(found[1], probabilities(answers([long], window=11))[0], atol=1e-3)


# explanations


def log_odds(scores, best, tau):
    """log p(best) − log(1 − p(best)) of every row."""
    z = scores.astype(np.float64) / tau
    return z[:, best] - np.log(np.exp(np.delete(z, best, axis=1)).sum(axis=1))


def test_a_word_weighs_what_the_log_odds_lose_without_it(tiny_classifier):
    text = TEXTS[4]
    words = tiny_classifier.tokenize(tf.constant([text])).text[0].numpy().tolist()
    rows = [words, *(words[:i] + words[i + 1 :] for i in range(len(words)))]
    # a text's answer does not depend on what stands between its words
    cut = tiny_classifier.tokenize(tf.constant([b" ".join(row) for row in rows])).text
    assert cut.to_list() == rows
    scores = tiny_classifier.scores_of(cut)
    tau = float(tiny_classifier.network.temperature.numpy())
    odds = log_odds(scores, scores[0].argmax(), tau)
    parts = tiny_classifier.explain(text)
    np.testing.assert_allclose([p.weight for p in parts], odds[0] - odds[1:], atol=5e-3)


@pytest.mark.parametrize("text", [*TEXTS, *ODD, "\ud83d Oslo"])
def test_offsets_cut_out_the_words(tiny_classifier, text):
    parts = tiny_classifier.explain(text)
    assert [text[part.start : part.end] for part in parts] == [part.text for part in parts]
    # in the text's order, and nothing but white space and control characters is left out
    places = [i for part in parts for i in range(part.start, part.end)]
    assert places == sorted(set(places))
    left = "".join(c for i, c in enumerate(text) if i not in places)
    assert left.strip(" \t\n\u200d") == ""


def test_a_text_of_one_word_is_explained(tiny_classifier):
    (part,) = tiny_classifier.explain("Oslo")
    assert part[:3] == ("Oslo", 0, 4)
    assert np.isfinite(part.weight)


def test_a_long_text_is_explained_in_stretches(tiny_classifier, monkeypatch):
    text = " ".join(TEXTS)
    words = tiny_classifier.explain(text)
    assert len(words) > 60
    monkeypatch.setattr(module, "MOST_VARIANTS", 7)
    parts = tiny_classifier.explain(text)
    assert len(parts) <= 7
    assert parts[0].start == 0
    assert parts[-1].end == len(text)
    assert [text[part.start : part.end] for part in parts] == [part.text for part in parts]
    starts = {word.start for word in words}
    assert all(part.start in starts for part in parts)
