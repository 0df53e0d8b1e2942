"""From documents to ids, and to batches in which every token is predicted once."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import EOS, EOS_MARK, UNKNOWN, TokenVocabulary
from seqtasks.tasks.lm import data
from seqtasks.tasks.lm.config import Config, check
from seqtasks.tasks.lm.data import (
    SIGNATURE,
    Corpus,
    cut,
    given_and_wanted,
    running,
    running_steps,
    separate,
    streams,
)
from seqtasks.tasks.lm.reader import Encoder

CONFIG = check(Config(pretokenised=True))
DOCUMENTS = ["a b a\nc", "", "d a é\r\n\r\nb\n", "a\n"]
ROWS = [["a", "b", "a", "/", "c", "/"], ["/"], ["d", "a", "é", "/", "b", "/"], ["a", "/"]]
ROWS = [[EOS_MARK if token == "/" else token for token in row] for row in ROWS]
COUNTS = Counter(token for row in ROWS for token in row)
# tokens, batch size, steps: one batch and many, rows that are full, not full and empty
SHAPES = [
    (1, 1, 1),
    (12, 3, 4),
    (12, 3, 2),
    (100, 7, 5),
    (10, 4, 35),
    (5, 4, 1),
    (3, 8, 2),
    (0, 2, 3),
]


@pytest.fixture(scope="module")
def documents():
    return cut(DOCUMENTS, CONFIG)


def corpus_of(documents, **limits):
    vocabulary = TokenVocabulary.count(documents.counts(), **limits)
    return vocabulary, Corpus(documents, Encoder(CONFIG, vocabulary))


def text(tokens):
    """Ids, each of which comes but once."""
    return np.random.default_rng(tokens).permutation(tokens).astype(np.int32) + 3


def laid_out(batches):
    """The rows of all batches, each put behind its like: given and wanted."""
    return (np.concatenate([batch[i] for batch in batches], axis=1) for i in (0, 1))


def check_signature(batches):
    for batch in batches:
        for array, spec in zip(batch, SIGNATURE, strict=True):
            assert spec.is_compatible_with(tf.constant(array))
        assert batch[0].shape == batch[1].shape


# documents


def test_cut_gives_the_tokens_of_each_document(documents):
    tokens = [documents.distinct[number] for number in documents.numbers]
    assert tokens == [token for row in ROWS for token in row]
    assert documents.lengths.tolist() == [len(row) for row in ROWS]
    assert documents.characters == sum(map(len, DOCUMENTS))
    assert len(set(documents.distinct)) == len(documents.distinct)
    assert documents.numbers.dtype == np.int32


def test_cut_counts_each_token(documents):
    assert documents.counts() == COUNTS


def test_how_many_documents_are_cut_together_is_nothing(documents, monkeypatch):
    for name, value in (("AT_ONCE", 3), ("TEXTS_AT_ONCE", 1), ("TEXTS_AT_ONCE", 3)):
        with monkeypatch.context() as patch:
            patch.setattr(data, name, value)
            assert len(list(data._groups(DOCUMENTS, CONFIG))) > 1
            other = cut(DOCUMENTS, CONFIG)
        assert (other.distinct, other.characters) == (documents.distinct, documents.characters)
        np.testing.assert_array_equal(other.numbers, documents.numbers)
        np.testing.assert_array_equal(other.lengths, documents.lengths)


def test_no_documents_have_no_tokens():
    nothing = cut([], CONFIG)
    assert (nothing.distinct, nothing.characters) == ([], 0)
    assert nothing.numbers.shape == nothing.lengths.shape == (0,)
    assert nothing.counts() == Counter()
    _, corpus = corpus_of(nothing)
    assert corpus.ids.shape == (0,)
    assert corpus.unknown_rate() == 0.0


def test_half_a_surrogate_pair_is_a_character_like_any():
    broken = cut(["a \ud83d b"], CONFIG)
    assert len(broken.numbers) == 4 and broken.distinct[0] == "a"


def test_a_corpus_holds_the_ids_of_the_tokens(documents):
    vocabulary, corpus = corpus_of(documents)
    assert [vocabulary.shown[i] for i in corpus.ids] == [token for row in ROWS for token in row]
    assert corpus.ids.dtype == np.int32
    assert corpus.unknown_rate() == 0.0
    assert (corpus.lengths.tolist(), corpus.characters) == ([6, 1, 6, 2], documents.characters)


def test_the_unknown_rate_is_the_share_of_tokens_not_known(documents):
    vocabulary, corpus = corpus_of(documents, size=3)
    assert vocabulary.tokens == ("a",)
    unknown = sum(n for token, n in COUNTS.items() if token not in ("a", EOS_MARK))
    assert corpus.unknown_rate() == pytest.approx(unknown / sum(COUNTS.values()))
    expected = [t if t in ("a", EOS_MARK) else "<unk>" for row in ROWS for t in row]
    assert [vocabulary.shown[i] for i in corpus.ids] == expected


def test_rows_are_sentences_and_one_too_long_comes_in_parts(documents, monkeypatch):
    _, corpus = corpus_of(documents)
    whole = [row.tolist() for row in corpus.rows()]
    assert [i for row in whole for i in row] == corpus.ids.tolist()
    assert all(row.index(EOS) == len(row) - 1 for row in whole)
    for longest in (1, 2, 3, 4):
        monkeypatch.setattr(data, "LONGEST", longest)
        found = [row.tolist() for row in corpus.rows()]
        assert found == [row[i : i + longest] for row in whole for i in range(0, len(row), longest)]
    _, nothing = corpus_of(cut([], CONFIG))
    assert nothing.rows() == []


# running text


@pytest.mark.parametrize(("tokens", "rows", "steps"), SHAPES)
def test_an_epoch_of_running_text_predicts_each_token_once(tokens, rows, steps):
    ids = text(tokens)
    batches = list(running(ids, rows, steps, seed=1, epoch=2))
    check_signature(batches)
    assert len(batches) == running_steps(tokens, rows, steps)
    assert [bool(fresh) for *_, fresh in batches] == [i == 0 for i in range(len(batches))]
    assert all(given.shape[0] == rows and given.shape[1] <= steps for given, *_ in batches)
    assert all(given.shape[1] == steps for given, *_ in batches[:-1])
    if not tokens:
        return
    given, wanted = (x.ravel() for x in laid_out(batches))
    assert sorted(wanted[wanted > 0]) == sorted(ids)
    # padding behind the end alone, and as much of what is given as of what is wanted
    assert (np.flatnonzero(wanted) == np.arange(tokens)).all()
    np.testing.assert_array_equal(given > 0, wanted > 0)
    assert len(wanted) - tokens < rows
    # the text is a ring: each follows its predecessor, but that the first follows </s>
    before = dict(zip(ids, np.roll(ids, 1), strict=True))
    assert given[0] == EOS
    assert [before[w] for w in wanted[1:tokens]] == given[1:tokens].tolist()


def test_a_row_goes_on_where_the_batch_before_left_it():
    for (given, wanted, _), (after, *_) in pairwise(running(text(48), 4, 3, seed=1, epoch=0)):
        np.testing.assert_array_equal(wanted[:, -1], after[:, 0])
        np.testing.assert_array_equal(wanted[:, :-1], given[:, 1:])


def test_an_epoch_is_a_function_of_seed_and_epoch():
    ids = text(1000)

    def batches(seed, epoch):
        return [x.tolist() for batch in running(ids, 3, 7, seed, epoch) for x in batch]

    first = batches(1, 0)
    assert batches(1, 0) == first
    assert ids.tolist() == text(1000).tolist()  # and what is given is left as it was
    begins = {batches(seed, epoch)[1][0][0] for seed in range(4) for epoch in range(5)}
    assert len(begins) > 15  # of 20, by chance few fall together


@pytest.mark.parametrize(("tokens", "rows", "steps"), SHAPES)
def test_streams_read_the_text_in_its_order(tokens, rows, steps):
    ids = text(tokens)
    batches = list(streams(np.concatenate([[EOS], ids]), rows, steps))
    check_signature(batches)
    assert len(batches) == running_steps(tokens, rows, steps)
    if tokens:
        given, wanted = laid_out(batches)
        assert wanted.ravel()[:tokens].tolist() == ids.tolist()
        assert given.ravel()[:tokens].tolist() == [EOS, *ids[:-1]]
        assert not wanted.ravel()[tokens:].any() and not given.ravel()[tokens:].any()


# separate sentences


def test_what_is_given_is_the_token_before():
    given, wanted = given_and_wanted([np.array(row) for row in ([5, 6, EOS], [EOS], [7, EOS])])
    assert wanted.tolist() == [[5, 6, EOS], [EOS, 0, 0], [7, EOS, 0]]
    assert given.tolist() == [[EOS, 5, 6], [EOS, 0, 0], [EOS, 7, 0]]
    assert given.dtype == wanted.dtype == np.int32


def test_an_unknown_token_is_given_and_wanted_like_any():
    given, wanted = given_and_wanted([np.array([UNKNOWN, 5, UNKNOWN, EOS])])
    assert given.tolist() == [[EOS, UNKNOWN, 5, UNKNOWN]]
    assert wanted.tolist() == [[UNKNOWN, 5, UNKNOWN, EOS]]


@pytest.mark.parametrize("batch_size", [1, 4, 40])
def test_an_epoch_of_separate_sentences_holds_each_once(batch_size):
    generator = np.random.default_rng(1)
    rows = [np.append(generator.integers(3, 99, n), EOS) for n in generator.integers(0, 9, 30)]
    batches = list(separate(rows, batch_size, seed=1, epoch=0))
    check_signature(batches)
    assert len(batches) == -(-len(rows) // batch_size)
    seen = []
    for given, wanted, fresh in batches:
        assert bool(fresh) and len(given) <= batch_size
        assert wanted.any(axis=0).all()  # no column of padding alone
        for before, row in zip(given, wanted, strict=True):
            n = np.count_nonzero(row)
            assert row[:n].all() and before[:n].tolist() == [EOS, *row[: n - 1]]
            assert not before[n:].any()
            seen.append(row[:n].tolist())
    assert sorted(seen) == sorted(row.tolist() for row in rows)


def test_separate_sentences_are_mixed_anew_each_epoch():
    rows = [np.array([3 + i, EOS]) for i in range(50)]

    def order(seed, epoch):
        return [i for _, wanted, _ in separate(rows, 4, seed, epoch) for i in wanted[:, 0]]

    assert order(1, 0) == order(1, 0)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
