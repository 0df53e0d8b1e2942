"""The tokens that a language model knows: which, in what order, and their ids."""

import random
from collections import Counter

import pytest
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import (
    EOS,
    EOS_MARK,
    FIRST,
    PADDING,
    UNKNOWN,
    UNKNOWN_MARK,
    TokenVocabulary,
)

COUNTS = Counter({"c": 5, "a": 9, EOS_MARK: 40, "b": 5, "é": 2, UNKNOWN_MARK: 30, "z": 1, "y": 1})
AWKWARD = ['"', "\\", "\n", "\x85", "\u2028", "\x00", "'", "null", "😀", "e\u0301", " ", "\ufffd"]


def ids(vocabulary, tokens):
    return vocabulary.table().lookup(tf.constant(tokens, tf.string)).numpy().tolist()


def test_the_commonest_come_first_and_equals_in_order_of_their_letters():
    vocabulary = TokenVocabulary.count(COUNTS)
    assert vocabulary.tokens == ("a", "b", "c", "é", "y", "z")
    assert vocabulary.counts == (9, 5, 5, 2, 1, 1)


def test_the_order_in_which_tokens_were_seen_is_nothing():
    expected = TokenVocabulary.count(COUNTS, size=5)
    items = list(COUNTS.items())
    for seed in range(10):
        random.Random(seed).shuffle(items)
        assert TokenVocabulary.count(Counter(dict(items)), size=5) == expected


def test_marks_are_none_of_the_tokens_however_often_they_come():
    for size in (0, 4, 100):
        tokens = TokenVocabulary.count(COUNTS, size=size).tokens
        assert EOS_MARK not in tokens and UNKNOWN_MARK not in tokens and tokens[0] == "a"


@pytest.mark.parametrize("size", range(1, 12))
def test_the_size_counts_unknown_and_end_but_not_padding(size):
    vocabulary = TokenVocabulary.count(COUNTS, size=size)
    known = max(min(size - 2, 6), 0)
    assert vocabulary.tokens == TokenVocabulary.count(COUNTS).tokens[:known]
    assert len(vocabulary.counts) == known
    assert len(vocabulary) == len(vocabulary.shown) == known + 3


def test_a_token_has_to_come_often_enough():
    for minimum in range(1, 11):
        vocabulary = TokenVocabulary.count(COUNTS, minimum=minimum)
        assert set(vocabulary.tokens) == {t for t in "abcéyz" if COUNTS[t] >= minimum}
    # the rarest go first, whichever of the two limits they meet
    assert TokenVocabulary.count(COUNTS, size=4, minimum=5).tokens == ("a", "b")


def test_ids_are_places_and_strangers_unknown():
    vocabulary = TokenVocabulary.count(COUNTS)
    assert (PADDING, UNKNOWN, EOS, FIRST) == (0, 1, 2, 3)
    known = ids(vocabulary, vocabulary.tokens)
    assert known == list(range(FIRST, len(vocabulary)))
    assert [vocabulary.shown[i] for i in known] == list(vocabulary.tokens)
    assert ids(vocabulary, [EOS_MARK]) == [EOS]
    assert ids(vocabulary, ["A", "ab", "", " ", UNKNOWN_MARK, "e"]) == [UNKNOWN] * 6
    assert vocabulary.shown[:FIRST] == ["", UNKNOWN_MARK, EOS_MARK]


def test_ids_have_the_shape_of_the_tokens():
    table = TokenVocabulary.count(COUNTS).table()
    ragged = table.lookup(tf.ragged.constant([["a", "?"], [], ["b"]], tf.string))
    assert ragged.to_list() == [[3, 1], [], [4]]
    assert ragged.dtype == tf.int32


def test_what_is_saved_is_loaded(tmp_path):
    counts = Counter({token: n for n, token in enumerate(AWKWARD, 1)})
    vocabulary = TokenVocabulary.count(counts)
    vocabulary.save(tmp_path / "vocabulary.json")
    loaded = TokenVocabulary.load(tmp_path / "vocabulary.json")
    assert loaded == vocabulary
    assert isinstance(loaded.tokens, tuple) and isinstance(loaded.counts, tuple)
    assert ids(loaded, AWKWARD) == ids(vocabulary, AWKWARD)
    assert sorted(ids(loaded, AWKWARD)) == list(range(FIRST, FIRST + len(AWKWARD)))


def test_a_vocabulary_may_know_nothing(tmp_path):
    for vocabulary in (
        TokenVocabulary.count(Counter()),
        TokenVocabulary.count(Counter({EOS_MARK: 3})),
        TokenVocabulary.count(COUNTS, minimum=10),
        TokenVocabulary.count(COUNTS, size=2),
    ):
        assert vocabulary.tokens == vocabulary.counts == ()
        assert len(vocabulary) == FIRST
        assert ids(vocabulary, ["a", EOS_MARK]) == [UNKNOWN, EOS]
        vocabulary.save(tmp_path / "empty.json")
        assert TokenVocabulary.load(tmp_path / "empty.json") == vocabulary
