"""A trained tagger in use: texts and tokens in, tags and places out."""

import re

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.vocabulary import Encoder
from seqtasks.tasks.ner.tagger import Tagger
from tests.tasks.small_tagger_network import VOCABULARY, build
from tests.tiny_ner import ODD, SENTENCES, TEXTS


def test_texts_are_tagged_as_their_tokens_are(tiny_tagger):
    lines = list(tiny_tagger.tag_texts(TEXTS))
    assert [line.tokens for line in lines] == [list(s.tokens) for s in SENTENCES]
    assert [tuple(line.tags) for line in lines] == tiny_tagger.tag_sentences(
        [s.tokens for s in SENTENCES]
    )


def test_offsets_cut_out_the_entity(tiny_tagger):
    lines = list(tiny_tagger.tag_texts(TEXTS + ODD))
    assert [line.text for line in lines] == TEXTS + ODD
    for line in lines:
        for entity in line.entities:
            assert line.text[entity.start : entity.end] == entity.text
            assert 0 <= entity.confidence <= 1
        begun = sum(tag.startswith("B-") for tag in line.tags)
        assert len(line.entities) == begun
    assert [e.text for e in lines[0].entities] == ["Ada Lovelace", "Tim", "Oslo"]


def test_no_character_of_a_text_is_lost(tiny_tagger):
    for line in tiny_tagger.tag_texts(TEXTS + ODD[:2] + ODD[3:]):
        assert "".join(line.tokens) == re.sub(r"\s", "", line.text)
        assert len(line.tokens) == len(line.tags) == len(line.heads)


def test_sentences_of_one_text_are_tagged_each_by_itself(tiny_tagger):
    parts = ["Tim lives in Oslo.", "Zoë sings in Paris!", "Acme Corp left New York."]
    alone = [line for part in parts for line in tiny_tagger.tag_texts([part])]
    (joined,) = tiny_tagger.tag_texts([" ".join(parts)])
    assert joined.tags == [tag for line in alone for tag in line.tags]
    assert sum(joined.heads) == 3
    assert [e[:2] for e in joined.entities] == [e[:2] for line in alone for e in line.entities]


def test_a_line_of_5000_words_loses_nothing(tiny_tagger):
    words = [f"Tim{i}" if i % 7 == 0 else "saw" for i in range(5000)]
    (line,) = tiny_tagger.tag_texts([" ".join(words)])
    assert line.tokens == words
    assert len(line.tags) == 5000
    assert all(line.text[e.start : e.end] == e.text for e in line.entities)


@pytest.mark.parametrize("text", ["", " ", "\t \u00a0", "\x00\x01", "\u2028"])
def test_a_text_without_a_word_has_no_entities(tiny_tagger, text):
    (line,) = tiny_tagger.tag_texts([text])
    assert (line.text, line.tokens, line.tags, line.entities) == (text, [], [], [])


def test_no_text_no_answer(tiny_tagger):
    assert list(tiny_tagger.tag_texts([])) == []
    assert tiny_tagger.tag_sentences([]) == []


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_sentences_without_a_token_have_no_tags(cell):
    encoder = Encoder(VOCABULARY, 6)
    tagger = Tagger(build(cell=cell), encoder)
    assert tagger.tag_sentences([()]) == [()]
    assert tagger.tag_sentences([(), ()]) == [(), ()]
    empty, one = tagger.tag_sentences([(), ("w1",)])
    assert (empty, len(one)) == ((), 1)
    assert tagger.serve_text(tf.constant([""]))["tags"].shape == (1, 0)
    assert tagger.serve_tokens(tf.constant([["", ""]]))["tags"].numpy().tolist() == [[b"", b""]]


def test_half_a_surrogate_pair_keeps_the_places(tiny_tagger):
    (line,) = tiny_tagger.tag_texts(["\ud83d Tim lives in Oslo ."])
    assert [line.text[e.start : e.end] for e in line.entities] == [e.text for e in line.entities]
    assert "Tim" in line.tokens


def test_batching_changes_no_answer(tiny_tagger, monkeypatch):
    texts = TEXTS + ODD
    together = list(tiny_tagger.tag_texts(texts))
    alone = [line for text in texts for line in tiny_tagger.tag_texts([text])]
    assert answers(together) == answers(alone)
    monkeypatch.setattr("seqtasks.tasks.ner.tagger.BATCH_TOKENS", 30)
    in_small_batches = list(tiny_tagger.tag_texts(texts[::-1]))[::-1]
    assert answers(together) == answers(in_small_batches)
    for lines in (alone, in_small_batches):
        for one, other in zip(together, lines, strict=True):
            np.testing.assert_allclose(
                [e.confidence for e in one.entities],
                [e.confidence for e in other.entities],
                atol=2e-4,
            )


def answers(lines):
    return [(line.tokens, line.tags, [entity[:4] for entity in line.entities]) for line in lines]
