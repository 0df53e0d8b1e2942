"""From text to tokens and back: the four ways of cutting, and where </s> stands."""

import dataclasses
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import EOS_MARK
from seqtasks.tasks.lm import reader
from seqtasks.tasks.lm.config import Config, check
from seqtasks.tasks.lm.data import cut
from seqtasks.tasks.lm.reader import joined, pieces, tokens_of

SENTENCES, LINES = check(Config()), check(Config(lines=True))
PRETOKENISED, CHAR = check(Config(pretokenised=True)), check(Config(level="char"))
NAMES = ["sentences", "lines", "pretokenised", "char"]
EVERY = pytest.mark.parametrize("config", [SENTENCES, LINES, PRETOKENISED, CHAR], ids=NAMES)
AWKWARD = [
    "",
    "a",
    "\n",
    " \t \n\n \n",
    "\n\nIt rains. It\nsnows.\n\n\nIt hails!\n \nSun \n",
    "Don't (stop) now, 3.5 % of Dr. Ng's café",
    "日本語。ça\u0301 😀👍🏽 \u2028 x",
    "No end\r\nno rest\rnone",
]


@cache
def graph(config):
    """`tokens_of`, traced once."""
    spec = tf.TensorSpec((None,), tf.string)
    return tf.function(lambda texts: tokens_of(texts, config), (spec,), autograph=False)


def rows(texts, config):
    """Tokens of each text, as strings."""
    found = graph(config)(tf.constant(texts, tf.string))
    return [[token.decode() for token in row] for row in found.to_list()]


def tokens(text, config):
    """Tokens of one text joined by blanks, / for </s>."""
    return " ".join(rows([text], config)[0]).replace(EOS_MARK, "/")


def text_of(row, config):
    return joined(tf.constant([row], tf.string), config).numpy()[0].decode()


# where </s> stands


def test_a_sentence_ends_with_the_mark_and_its_lines_are_joined():
    assert tokens("It rains. It\nsnows all\n  day! So", SENTENCES) == (
        "It rains . / It snows all day ! / So /"
    )


def test_an_empty_line_parts_paragraphs_though_no_sentence_ends():
    for gap in ("\n\n", "\n \n", " \n\t\n  ", "\n\n\n\n", "\r\n\r\n", "\r\r"):
        assert tokens(f"a head{gap}and text", SENTENCES) == "a head / and text /"
    assert tokens("A stop.\n\nNext", SENTENCES) == "A stop . / Next /"


def test_lines_end_with_the_mark_and_sentences_within_them_do_not():
    text = "It rains. It\n\n  \nsnows!\nSo"
    assert tokens(text, LINES) == "It rains . It / snows ! / So /"
    assert tokens(text, PRETOKENISED) == "It rains. It / snows! / So /"


def test_pretokenised_text_is_cut_at_blanks_alone():
    assert tokens(" don't  <unk> N\t(x) . \n a", PRETOKENISED) == "don't <unk> N (x) . / a /"
    assert tokens("don't (x).", LINES) == "do n't ( x ) . /"


def test_characters_are_code_points_and_a_line_end_is_the_mark():
    assert rows(["ça\n't  e\u0301😀"], CHAR) == [[*"ça", EOS_MARK, *"'t  e\u0301😀", EOS_MARK]]
    assert tokens("a\n\nb", CHAR) == "a / / b /"


@EVERY
def test_a_text_ends_with_the_mark_once(config):
    for row in rows(AWKWARD, config):
        assert row[-1] == EOS_MARK
        if config.level == "word" and len(row) > 1:  # nor twice, nor before all tokens
            assert (EOS_MARK, EOS_MARK) not in pairwise([EOS_MARK, *row])
    assert rows(["It rains.\n", "It rains.\r\n"], config) == 2 * rows(["It rains."], config)


@EVERY
def test_a_text_without_a_token_is_the_mark_alone(config):
    texts = ["", "\n", "\r\n"] + ([" ", "\n\n \t\n"] if config.level == "word" else [])
    assert rows(texts, config) == [[EOS_MARK]] * len(texts)
    assert rows([], config) == []


@EVERY
def test_a_row_does_not_depend_on_the_others(config):
    together = rows(AWKWARD, config)
    assert together == [rows([text], config)[0] for text in AWKWARD]
    assert rows(AWKWARD[::-1], config) == together[::-1]
    lengths = tokens_of(tf.constant(AWKWARD), config).row_lengths()  # and none in a graph
    assert lengths.numpy().tolist() == [len(row) for row in together]


# what a text may hold


@EVERY
def test_bytes_that_are_no_utf8_count_as_the_replacement_sign(config):
    for broken in (b"a \xff b", b"caf\xc3 x", b"\xe2\x82", b"Is\xed\xa0\x80it"):
        text = "".join(rows([broken], config)[0])
        right = "".join(rows([broken.decode("utf-8", "replace")], config)[0])
        # how many signs stand for the bytes is the decoder's matter
        assert text.replace("\ufffd", "") == right.replace("\ufffd", "") != text


@EVERY
def test_every_kind_of_line_end_is_one(config):
    text = "It rains.\nYes\n\nno\n"
    assert rows([text.replace("\n", end) for end in ("\r\n", "\r")], config) == 2 * rows(
        [text], config
    )


@EVERY
def test_lowercase_reads_capitals_as_small_letters(config):
    texts = ["ÉCOLE Äpfel Ж said NASA's", "one\nTwo", ""]
    lower = tokens_of(tf.constant(texts), dataclasses.replace(config, lowercase=True))
    found = [[token.decode() for token in row] for row in lower.to_list()]
    assert found == rows([text.lower() for text in texts], config) != rows(texts, config)


# back to text


def test_characters_joined_are_the_text():
    texts = [*AWKWARD[:-1], "a\n", "a\n\n", " a ", "tab\there"]
    for text, row in zip(texts, rows(texts, CHAR), strict=True):
        assert text_of(row, CHAR).removesuffix("\n") == text.removesuffix("\n")
        assert text_of([*row, "", ""], CHAR) == text_of(row, CHAR)  # padding is nothing


def test_characters_that_spell_the_mark_are_no_line_end():
    text = "old <s>x</s> new"
    assert text_of(rows([text], CHAR)[0], CHAR) == text + "\n"


def test_words_joined_are_what_a_reader_expects():
    for text in (
        "Yes, it rains; we (all of us) don't mind: it's water!",
        "She’s seen “the sea” [once], they've said… We'll see?",
        "It costs $5, £6 or €7, 12.5% more.",
    ):
        for config in (SENTENCES, LINES):
            (row,) = rows([text], config)
            assert len(row) > len(text.split())  # signs were cut off
            assert text_of([*row, "", ""], config).strip() == text


def test_joined_sentences_follow_one_another_and_lines_stand_below():
    text = "It rains. It snows.\nIt hails."
    assert text_of(rows([text], SENTENCES)[0], SENTENCES) == "It rains. It snows. It hails."
    for config in (LINES, PRETOKENISED):
        assert text_of(rows([text], config)[0], config) == text + "\n"
    assert text_of([*"a(b),"], PRETOKENISED) == "a ( b ) ,"


@EVERY
def test_nothing_joined_is_nothing(config):
    assert joined(tf.constant([["", ""], ["a", ""]]), config).numpy().tolist() == [b"", b"a"]
    assert joined(tf.zeros((0, 3), tf.string), config).shape == (0,)


# long documents


def long_document(seed, marks=("\n", "\n\n", "\n \n", "\n\n\n", ".\n\n")):
    draw = np.random.default_rng(seed)
    words = ["rain", "a", "Snow", "isn't", "3.5", "été", "(so)", "Dr.", "it", "x" * 30]
    gaps = [" ", " ", " ", "  ", ". ", "! ", ", ", *marks]
    return "".join(w + g for w, g in zip(draw.choice(words, 300), draw.choice(gaps, 300), strict=1))


@EVERY
@pytest.mark.parametrize("size", [1, 7, 40, 300])
def test_pieces_joined_are_the_document(config, size, monkeypatch):
    monkeypatch.setattr(reader, "PIECE", size)
    for document in [*AWKWARD, *map(long_document, range(5)), "x" * 50, " " * 50]:
        found = list(pieces(document, config))
        plain = document.replace("\r\n", "\n").replace("\r", "\n")
        assert "".join(text for text, _ in found) in {plain, plain.removesuffix("\n")}
        assert all(text and len(text.strip()) <= size for text, _ in found[:-1])
        assert found[-1][1]


PARAGRAPHS = [long_document(seed, ("\n",))[: 20 + seed].strip() for seed in range(30)]
DOCUMENTS = {
    "short": ["short", "", "a\nb", "\n"],
    "lines": [long_document(seed, ("\n", "\n")) + "the end" for seed in range(2)],
    "a long line": ["word " * 50 + "\nb"],
    "short paragraphs": [gap.join(PARAGRAPHS) for gap in ("\n\n", "\n\n\n")],
    "long paragraphs": [long_document(seed) + "the end" for seed in range(3)],
    "empty lines": ["word " * 11 + "end" + "\n" * n for n in (1, 2, 3, 5)],
    "empty lines within": ["a" + "\n" * 200 + "b"],
}


@pytest.fixture(scope="module")
def by_pieces():
    """What `cut` makes of DOCUMENTS with pieces of 60 characters, by their names."""

    @cache
    def found(config):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "PIECE", 60)
            result = cut([text for texts in DOCUMENTS.values() for text in texts], config)
        flat = [result.distinct[number] for number in result.numbers]
        assert result.lengths.sum() == len(flat)
        each = iter([flat[a:b] for a, b in pairwise(np.cumsum([0, *result.lengths]))])
        return {name: [next(each) for _ in texts] for name, texts in DOCUMENTS.items()}

    return found


@EVERY
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_long_document_has_the_tokens_of_the_whole(name, config, by_pieces):
    """Lines too long for a piece are cut between words; for paragraphs see below."""
    found, whole = by_pieces(config)[name], rows(DOCUMENTS[name], config)
    if config is SENTENCES and name in ("lines", "long paragraphs"):
        found, whole = ([[t for t in row if t != EOS_MARK] for row in x] for x in (found, whole))
    assert found == whole


def test_where_a_paragraph_is_cut_only_the_mark_of_a_sentence_may_be_lost(by_pieces, monkeypatch):
    """That of one which ends just there, since what follows begins a text of its own."""
    monkeypatch.setattr(reader, "PIECE", 60)
    texts, row = DOCUMENTS["long paragraphs"], by_pieces(SENTENCES)["long paragraphs"]
    for text, found, whole in zip(texts, row, rows(texts, SENTENCES), strict=True):
        cuts = sum(not end for _, end in pieces(text, SENTENCES))
        assert 0 <= len(whole) - len(found) <= cuts
        rest = iter(whole)  # what was found is the whole with some tokens crossed out
        assert all(token in rest for token in found)
