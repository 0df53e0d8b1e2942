import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.vocabulary import (
    FIRST,
    PADDING,
    SHAPES,
    UNKNOWN,
    Encoder,
    Vocabulary,
    normalized_words,
)

AWKWARD = [
    '"',
    "\\",
    "\n",
    "a\rb",
    "\x85",
    "\u2028",
    "\x1f",
    "'",
    "{}",
    "null",
    "😀",
    "e\u0301",
    " ",
]


def ragged(*rows):
    return tf.ragged.constant(rows, dtype=tf.string, ragged_rank=1)


def test_words_are_counted_on_what_is_given_the_commonest_first():
    vocabulary = Vocabulary.count(iter(["b", "a", "c", "a", "b", "a"]))
    assert vocabulary.words == ("a", "b", "c")
    assert vocabulary.counts == (3, 2, 1)


def test_order_of_the_tokens_does_not_matter():
    tokens = ["b", "a", "Z", "z", "é", "a", "10", "Z"]
    assert Vocabulary.count(tokens) == Vocabulary.count(tokens[::-1])
    # equals in order of their letters
    assert Vocabulary.count(["b", "é", "c", "a"]).words == ("a", "b", "c", "é")


def test_case_and_digits_make_one_word():
    vocabulary = Vocabulary.count(["Born", "BORN", "born", "1984", "2001", "ÉTÉ", "été"])
    assert dict(zip(vocabulary.words, vocabulary.counts, strict=True)) == {
        "born": 3,
        "0000": 2,
        "été": 2,
    }
    assert normalized_words(["iPhone4", "Straße", "ЖУК"]) == ["iphone0", "straße", "жук"]
    assert normalized_words([]) == []


@pytest.mark.parametrize("size", [1, 2, 3, 9, 0])
def test_size_keeps_the_commonest(size):
    tokens = ["c", "c", "c", "b", "b", "a"]
    assert Vocabulary.count(tokens, size).words == ("c", "b", "a")[: size or None]


def test_characters_seen_rarely_are_left_out():
    vocabulary = Vocabulary.count(["Aab", "Ab", "1", "b", "1", "1"], characters_seen=2)
    # case and digits kept, in order
    assert vocabulary.characters == "1Ab"
    assert Vocabulary.count(["aab"], characters_seen=3).characters == ""


def test_save_and_load_are_exact(tmp_path):
    vocabulary = Vocabulary.count(["one", *AWKWARD, *AWKWARD], characters_seen=1)
    assert set(AWKWARD) <= set(vocabulary.words)
    vocabulary.save(tmp_path / "vocabulary.json")
    assert Vocabulary.load(tmp_path / "vocabulary.json") == vocabulary


def test_with_words_adds_what_is_not_known_yet():
    vocabulary = Vocabulary.count(["a", "a", "b"], characters_seen=1)
    larger = vocabulary.with_words(["c", "a", "d", "c"])
    assert larger.words == ("a", "b", "c", "d")
    assert larger.counts == (2, 1, 0, 0)
    assert larger.characters == vocabulary.characters
    assert vocabulary.with_words([]) == vocabulary


def test_ids():
    vocabulary = Vocabulary.count(["the", "The", "of", "7"], characters_seen=1)
    features = Encoder(vocabulary, 5).features(tf.constant(["of", "THE", "9", "unseen", "<pad>"]))
    known = {word: FIRST + i for i, word in enumerate(vocabulary.words)}
    expected = [known["of"], known["the"], known["0"], UNKNOWN, UNKNOWN]
    assert features.word.numpy().tolist() == expected
    assert PADDING not in expected
    assert len({PADDING, UNKNOWN, *known.values()}) == 2 + len(known)


def test_characters():
    vocabulary = Vocabulary.count(["abB1é😀"], characters_seen=1)
    known = {character: FIRST + i for i, character in enumerate(vocabulary.characters)}
    words = ["abB", "", "1é😀x", "abBabBabB"]
    characters = Encoder(vocabulary, 5).features(tf.constant(words)).characters.numpy()
    assert characters.shape == (4, 5)
    for word, row in zip(words, characters, strict=True):
        expected = [known.get(character, UNKNOWN) for character in word[:5]]
        assert row.tolist() == expected + [PADDING] * (5 - len(expected))


def test_the_character_table_is_as_wide_as_the_longest_word_and_no_wider():
    encoder = Encoder(Vocabulary.count(["ab"], characters_seen=1), 5)
    assert encoder.features(tf.constant(["a", "ba"])).characters.shape == (2, 2)


def test_nothing_known():
    features = Encoder(Vocabulary((), (), ""), 3).features(tf.constant(["ab", "", "\uffff"]))
    assert features.word.numpy().tolist() == [UNKNOWN] * 3
    assert features.characters.numpy().tolist() == [[1, 1], [0, 0], [1, 0]]


SHAPE_CASES = {
    # signs
    1: ["...", "", "$", "“", "😀"],
    # digits, with signs between
    2: ["7", "3,000.50", "1-0"],
    # letters and digits
    3: ["v2.0", "12pm", "B2B"],
    # lower case; scripts without case
    4: ["hello", "don't", "東京", "жук"],
    # one capital
    5: ["A", "É", "Ж"],
    # capitals
    6: ["USA", "U.S.", "AT&T"],
    # initial capital
    7: ["Hello", "Élan", "Well-known"],
    # mixed
    8: ["iPhone", "McDonald", "O'Neill"],
}


@pytest.mark.parametrize("number", range(1, len(SHAPES) + 1))
def test_shapes(number):
    words = SHAPE_CASES[number]
    encoder = Encoder(Vocabulary.count(["a"]), 5)
    assert encoder.features(tf.constant(words)).shape.numpy().tolist() == [number] * len(words)


def test_encode_names_each_distinct_token_once_and_pads_with_nought():
    vocabulary = Vocabulary.count(["a", "b", "Cd"], characters_seen=1)
    encoder = Encoder(vocabulary, 5)
    batch = [["b", "a", "b"], [], ["x"], ["A", "a", "Cd", "b"]]
    features, places = encoder.encode(ragged(*batch))
    distinct = list(dict.fromkeys(token for row in batch for token in row))
    assert len(features.word) == len(distinct)
    alone = encoder.features(tf.constant(distinct))
    for one, other in zip(features, alone, strict=True):
        np.testing.assert_array_equal(one, other)
    for tokens, row in zip(batch, places.numpy(), strict=True):
        assert [distinct[place - 1] for place in row[: len(tokens)]] == tokens
        assert not row[len(tokens) :].any()


@pytest.mark.parametrize("rows", [[], [[]], [[], []]])
def test_encode_without_tokens(rows):
    features, places = Encoder(Vocabulary.count(["a"]), 5).encode(ragged(*rows))
    assert places.shape == (len(rows), 0)
    assert features.word.shape == features.shape.shape == (0,)
    assert features.characters.shape[0] == 0


def test_eager_is_graph_is_reloaded(tmp_path):
    encoder = Encoder(Vocabulary.count(["one", "two", *AWKWARD], characters_seen=1), 4)
    encoder.run = tf.function(
        lambda words: encoder.features(words)._asdict(),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(encoder, str(tmp_path))
    reloaded = tf.saved_model.load(str(tmp_path))
    words = tf.constant([*AWKWARD, "ONE", "three", "", b"\xff\xc3a"])
    for field, value in encoder.features(words)._asdict().items():
        np.testing.assert_array_equal(encoder.run(words)[field], value)
        np.testing.assert_array_equal(reloaded.run(words)[field], value)
