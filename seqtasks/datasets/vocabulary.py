"""Vocabularies, and the way from tokens to ids as one piece of TensorFlow graph.

A vocabulary is counted on the training split alone. Id 0 is padding, id 1 is everything unknown.
`Encoder` holds the look-up tables; training, `predict` and the exported model all call it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import padded
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.tokenizer import character_classes
from seqtasks.datasets.vocabulary_file import MEND, check_distinct, read_counted

PADDING, UNKNOWN = 0, 1
FIRST = 2  # the id of the first known word or character

# What a word's letters look like, in the order in which they are tried; its id is the place + 1.
SHAPES = [
    r"[^A-Za-z0-9]*",  # signs
    r"[^A-Za-z]*",  # digits, with signs between
    r".*[0-9].*",  # letters and digits
    r"[^A-Z]*",  # lower case
    r"[A-Z]",  # one capital
    r"[^a-z]*",  # CAPITALS
    r"[A-Z][^A-Z]*",  # Initial capital
    r".*",  # mIxed
]


@dataclass(frozen=True)
class Vocabulary:
    """Words (lower case, digits as 0) and characters, the commonest first.

    counts: how often each word stands in the training split, beside `words`.
    characters: as they are, case kept.
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]
    characters: str

    @classmethod
    def count(cls, tokens: Iterable[str], size: int = 0, characters_seen: int = 3) -> "Vocabulary":
        """Count the tokens of the training split.

        size: keep that many words at most (0: all).
        characters_seen: a character has to come that often to get an id.
        """
        forms = Counter(tokens)
        words: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        normal = normalized_words(list(forms))
        for (form, times), word in zip(forms.items(), normal, strict=True):
            words[word] += times
            for character in form:
                characters[character] += times
        # the commonest first; equals in order of their letters, so that the file order is nothing
        ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))[: size or None]
        kept = sorted(c for c, times in characters.items() if times >= characters_seen)
        return cls(tuple(w for w, _ in ranked), tuple(n for _, n in ranked), "".join(kept))

    def with_words(self, more: Iterable[str], characters: str = "") -> "Vocabulary":
        """The same with words and characters known from elsewhere; the words counted 0 times."""
        known = set(self.words)
        new = tuple(word for word in dict.fromkeys(more) if word not in known)
        characters = "".join(sorted({*self.characters, *characters}))
        return Vocabulary(self.words + new, self.counts + (0,) * len(new), characters)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        record = {"words": self.words, "counts": self.counts, "characters": self.characters}
        path.write_text(json.dumps(record, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read what `save` wrote; DataError for anything else."""
        record, words, counts = read_counted(path, "words")
        characters = record.get("characters")
        if not isinstance(characters, str):
            raise DataError(path, "expected a string as `characters`", MEND)
        check_distinct(path, characters, "characters")
        return cls(words, counts, characters)


class WordFeatures(NamedTuple):
    """Features of `n` words, int32."""

    word: np.ndarray | tf.Tensor  # (n,) id in the vocabulary
    shape: np.ndarray | tf.Tensor  # (n,) which of SHAPES, from 1
    characters: np.ndarray | tf.Tensor  # (n, longest word) ids, 0 behind a word's end


class Encoder(tf.Module):
    """From tokens to ids, as graph.

    vocabulary: the known words and characters.
    longest_word: of a longer word the first characters are read.
    """

    def __init__(self, vocabulary: Vocabulary, longest_word: int) -> None:
        super().__init__()
        self._longest_word = longest_word
        self._words = _table(list(vocabulary.words), tf.string)
        self._characters = _table([ord(c) for c in vocabulary.characters], tf.int64)
        self.tables = [self._words, self._characters]

    def features(self, words: tf.Tensor) -> WordFeatures:
        """Features of distinct words: string tensor (n,)."""
        points = tf.strings.unicode_decode(words, "UTF-8", errors="replace")
        classes = character_classes(points)
        shape = tf.fill(tf.shape(words), len(SHAPES))
        for number in range(len(SHAPES) - 1, 0, -1):
            shape = tf.where(
                tf.strings.regex_full_match(classes, SHAPES[number - 1]), number, shape
            )
        points = points[:, : self._longest_word].to_tensor(default_value=-1)
        characters = self._characters.lookup(tf.cast(points, tf.int64))
        characters = tf.where(points < 0, PADDING, characters)
        return WordFeatures(self._words.lookup(normalized(words)), shape, characters)

    def encode(self, tokens: tf.RaggedTensor) -> tuple[WordFeatures, tf.Tensor]:
        """Features of the distinct tokens, and each token's place among them.

        tokens: string, ragged (batch, time).
        Returns features of `n` distinct tokens, and int32 (batch, time): 0 where there is no
        token, else 1 + the token's row in the features.
        """
        distinct, place = tf.unique(tokens.flat_values)
        return self.features(distinct), tokens.with_flat_values(place + 1).to_tensor()


def word_batch(features: WordFeatures, rows: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """A batch of rows of places (1 + a row of `features`): what a network over words is given.

    Returns word, shape and characters of the batch's distinct words, and the rows' places among
    them, padded with 0: int32 (n,), (n,), (n, longest word), (batch, time).
    """
    place = padded(rows)
    distinct, inverse = np.unique(place, return_inverse=True)
    inverse = inverse.reshape(place.shape).astype(np.int32)
    if distinct.size and distinct[0] == 0:
        distinct = distinct[1:]
    else:
        inverse += 1
    word, shape, characters = (x[distinct - 1] for x in features)
    longest = int((characters > 0).any(axis=0).sum()) if len(distinct) else 0
    return word, shape, characters[:, :longest], inverse


def ragged(sentences: Sequence[Sequence[str]]) -> tf.RaggedTensor:
    """Sentences of tokens as a string tensor, ragged (batch, time).

    What `tf.ragged.constant` does, in a hundredth of its time.
    """
    flat = [token for sentence in sentences for token in sentence]
    lengths = tf.constant([len(sentence) for sentence in sentences], tf.int64)
    return tf.RaggedTensor.from_row_lengths(tf.constant(flat, tf.string), lengths)


def normalized(words: tf.Tensor) -> tf.Tensor:
    """Words as the vocabulary knows them: lower case, every ASCII digit 0."""
    return tf.strings.regex_replace(tf.strings.lower(words, "utf-8"), "[0-9]", "0")


def normalized_words(words: list[str]) -> list[str]:
    """`normalized` for Python strings, by the same operations."""
    if not words:
        return []
    return [word.decode() for word in normalized(tf.constant(words)).numpy()]


def _table(keys: list, dtype: tf.DType) -> tf.lookup.StaticHashTable:
    """Key -> FIRST, FIRST + 1, ... in this order; anything else -> UNKNOWN."""
    ids = [*range(FIRST, FIRST + len(keys))]
    if not keys:  # no character came often enough; TensorFlow wants one entry
        keys, ids = ["" if dtype == tf.string else -1], [UNKNOWN]
    values = tf.lookup.KeyValueTensorInitializer(tf.constant(keys, dtype), tf.constant(ids))
    return tf.lookup.StaticHashTable(values, UNKNOWN)
