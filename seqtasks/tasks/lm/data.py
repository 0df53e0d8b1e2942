"""From documents to ids, and to batches of them."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_buckets, padded
from seqtasks.datasets.token_vocabulary import EOS, UNKNOWN
from seqtasks.tasks.lm.config import Config
from seqtasks.tasks.lm.reader import Encoder, pieces, tokens_of

# What `running` and `separate` yield: a token and the next one; whether the states begin anew.
SIGNATURE = (
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((), tf.bool),
)
AT_ONCE = 2**19  # characters, about, that are cut into tokens together
TEXTS_AT_ONCE = 2**12  # and so many stretches of text at most
LONGEST = 1000  # tokens of a sentence that is read by itself


class Cut(NamedTuple):
    """Documents as numbers of distinct tokens.

    distinct: the tokens; numbers: int32, of all documents, one after the other; lengths: tokens of
    each document, </s> included; characters: of all documents, line ends included.
    """

    distinct: list[str]
    numbers: np.ndarray
    lengths: np.ndarray
    characters: int

    def counts(self) -> Counter[str]:
        """How often each token comes."""
        found = np.bincount(self.numbers, minlength=len(self.distinct))
        return Counter(dict(zip(self.distinct, found.tolist(), strict=True)))


def cut(documents: Sequence[str], config: Config) -> Cut:
    """Cut documents into tokens by `tokens_of`, stretch by stretch."""
    distinct_of = _cutter(config.level, config.lines, config.pretokenised, config.lowercase)
    index: dict[bytes, int] = {}
    numbers: list[np.ndarray] = []
    lengths = np.zeros(len(documents), np.int64)
    for group in _groups(documents, config):
        texts = [text.encode("utf-8", "replace") for _, text, _ in group]
        tokens, place, row_lengths = (x.numpy() for x in distinct_of(tf.constant(texts)))
        number = np.array([index.setdefault(t, len(index)) for t in tokens], np.int32)[place]
        ends = np.cumsum(row_lengths)
        # </s> is made at the end of each stretch, and goes where it does not belong
        wrong = [end - 1 for end, (_, _, whole) in zip(ends, group, strict=True) if not whole]
        numbers.append(np.delete(number, wrong))
        for (document, _, whole), length in zip(group, row_lengths, strict=True):
            lengths[document] += length - (not whole)
    return Cut(
        [token.decode() for token in index],
        np.concatenate(numbers) if numbers else np.zeros(0, np.int32),
        lengths,
        sum(map(len, documents)),
    )


@cache
def _cutter(level: str, lines: bool | None, pretokenised: bool, lowercase: bool | None) -> Any:
    """From texts to their distinct tokens, the places of all among these, and tokens of each text.

    Traced once for these settings, whatever else is configured.
    """
    config = Config(level=level, lines=lines, pretokenised=pretokenised, lowercase=lowercase)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None,), tf.string)])
    def distinct_of(texts: tf.Tensor) -> tuple[tf.Tensor, ...]:
        rows = tokens_of(texts, config)
        return (*tf.unique(rows.flat_values), rows.row_lengths())

    return distinct_of


def _groups(documents: Sequence[str], config: Config) -> Iterator[list[tuple[int, str, bool]]]:
    """Stretches of text that are worked on together: document, text, ends where </s> belongs."""
    group: list[tuple[int, str, bool]] = []
    size = 0
    for number, document in enumerate(documents):
        for text, whole in pieces(document, config):
            group.append((number, text, whole))
            size += len(text)
            if size > AT_ONCE or len(group) == TEXTS_AT_ONCE:
                yield group
                group, size = [], 0
    if group:
        yield group


class Corpus:
    """Documents as ids.

    ids: int32 (tokens,), of all documents; lengths: tokens of each; characters: of all.
    """

    def __init__(self, documents: Cut, encoder: Encoder) -> None:
        known = np.asarray(encoder.ids(tf.constant(documents.distinct, tf.string)))
        self.ids = known[documents.numbers]
        self.lengths, self.characters = documents.lengths, documents.characters

    def unknown_rate(self) -> float:
        """Share of the tokens, </s> included, that the vocabulary does not know."""
        return float((self.ids == UNKNOWN).mean()) if len(self.ids) else 0.0

    def rows(self) -> list[np.ndarray]:
        """The ids of each sentence (or line), up to its </s>; one of more than LONGEST in parts."""
        ends = np.flatnonzero(self.ids == EOS) + 1
        rows = np.split(self.ids, ends)
        return [
            row[first : first + LONGEST] for row in rows for first in range(0, len(row), LONGEST)
        ]


def running(
    ids: np.ndarray, batch_size: int, steps: int, seed: int, epoch: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """The batches of an epoch over running text, as SIGNATURE says; a function of its arguments.

    The text is laid out in `batch_size` rows, which go on from batch to batch. It is turned round
    first, as a ring, by a random number of tokens, so that epochs are cut in different places.
    """
    turn = int(np.random.default_rng([seed, epoch]).integers(max(len(ids), 1)))
    ids = np.concatenate([[EOS], ids[turn:], ids[:turn]]).astype(np.int32)
    yield from streams(ids, batch_size, steps)


def streams(ids: np.ndarray, rows: int, steps: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Running text in rows, `steps` tokens of each at a time; the first id is not to be predicted.

    Behind the end of the text there is padding.
    """
    length = -(-(len(ids) - 1) // rows)
    pair = np.zeros((2, rows * length), np.int32)
    pair[:, : len(ids) - 1] = ids[:-1], ids[1:]
    given, wanted = pair.reshape(2, rows, length)
    for first in range(0, length, steps):
        part = slice(first, first + steps)
        yield given[:, part], wanted[:, part], np.array(first == 0)


def running_steps(tokens: int, batch_size: int, steps: int) -> int:
    """How many batches `running` yields."""
    length = math.ceil(tokens / batch_size)
    return math.ceil(length / steps)


def separate(
    rows: Sequence[np.ndarray], batch_size: int, seed: int, epoch: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """The batches of an epoch over sentences that each begin anew, those of like length together.

    As SIGNATURE says; a function of its arguments. What is given before the first token is </s>.
    """
    for chosen in length_buckets([len(row) for row in rows], batch_size, seed, epoch):
        yield (*given_and_wanted([rows[i] for i in chosen]), np.array(True))


def given_and_wanted(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ids, padded: the token before each, and each; int32 (rows, longest)."""
    wanted = padded(rows)
    given = np.concatenate([np.full((len(wanted), 1), EOS, np.int32), wanted[:, :-1]], axis=1)
    return np.where(wanted > 0, given, 0), wanted
