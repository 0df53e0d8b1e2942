"""From examples to batches of ids: tokens, tags, and the features of words."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_buckets, padded
from seqtasks.datasets.examples import TaggedSentence, TaggedText
from seqtasks.datasets.jsonl import align
from seqtasks.datasets.tokenizer import tokenize
from seqtasks.datasets.vocabulary import UNKNOWN, Encoder, WordFeatures, ragged, word_batch

Example = TaggedSentence | TaggedText

# What `Corpus.batches` yields: word, shape and characters of the batch's distinct words, the place
# of each token among them, and its tag.
SIGNATURE = (
    tf.TensorSpec((None,), tf.int32),
    tf.TensorSpec((None,), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
)


def sentences_of(
    examples: Sequence[Example], longest: int
) -> tuple[list[TaggedSentence], tuple[str, ...]]:
    """Sentences of tokens, raw texts cut as `predict` cuts them, and notes for the user.

    longest: a sentence of a raw text is cut after that many tokens.
    """
    sentences: list[TaggedSentence] = []
    widened = 0
    for example, cut in _tokenized(examples, longest):
        if isinstance(example, TaggedSentence):
            sentences.append(example)
            continue
        tokens, places, heads = cut
        aligned = align(example.entities, places)
        widened += aligned.widened
        bounds = [*np.flatnonzero(heads), len(tokens)]
        for first, last in pairwise(bounds):
            tags = list(aligned.tags[first:last])
            if tags and tags[0].startswith("I-"):  # an entity over the end of a sentence
                tags[0] = "B-" + tags[0][2:]
            sentences.append(TaggedSentence(tuple(tokens[first:last]), tuple(tags)))
    notes: tuple[str, ...] = ()
    if widened:
        notes = (
            f"{widened} entities do not begin and end where tokens do: widened to whole tokens",
        )
    return sentences, notes


def _tokenized(examples: Sequence[Example], longest: int) -> Iterator[tuple[Example, Any]]:
    """Each example; a raw text with its tokens, their places and whether they open a sentence."""
    texts = [example.text for example in examples if isinstance(example, TaggedText)]
    cut = tokenize(tf.constant(texts, tf.string), longest)
    rows = zip(*(x.to_list() for x in (cut.text, cut.start, cut.end, cut.first)), strict=True)
    for example in examples:
        if isinstance(example, TaggedSentence):
            yield example, None
        else:
            tokens, start, end, heads = next(rows)
            words = [token.decode("utf-8") for token in tokens]
            yield example, (words, list(zip(start, end, strict=True)), heads)


def tag_names(sentences: Sequence[TaggedSentence]) -> tuple[str, ...]:
    """O, then B- and I- of every type there is, by name."""
    types = {tag[2:] for sentence in sentences for tag in sentence.tags if tag != "O"}
    return ("O", *(f"{letter}-{type_}" for type_ in sorted(types) for letter in "BI"))


class Corpus:
    """Sentences as ids: features of every distinct word once, and rows of places among them.

    sentences: of a training or a validation split.
    tags: all there are; a tag that is not among them counts as O.
    """

    def __init__(
        self, sentences: Sequence[TaggedSentence], encoder: Encoder, tags: Sequence[str]
    ) -> None:
        number = {tag: i for i, tag in enumerate(tags)}
        self.tags = [np.array([number.get(tag, 0) for tag in s.tags], np.int32) for s in sentences]
        features, places = encoder.encode(ragged([s.tokens for s in sentences]))
        self._features = WordFeatures(*(np.asarray(x) for x in features))
        lengths = [len(row) for row in self.tags]
        self.places = [row[:n] for row, n in zip(places.numpy(), lengths, strict=True)]
        self.lengths = lengths

    def batches(self, batch_size: int, seed: int, epoch: int) -> Iterator[tuple[np.ndarray, ...]]:
        """The training batches of an epoch, as SIGNATURE says; a function of its arguments."""
        for chosen in length_buckets(self.lengths, batch_size, seed, epoch):
            yield (*self.batch(chosen), padded([self.tags[i] for i in chosen]))

    def batch(self, chosen: Iterable[int]) -> tuple[np.ndarray, ...]:
        """The sentences of these numbers, without tags."""
        return word_batch(self._features, [self.places[i] for i in chosen])

    def unknown_rate(self) -> float:
        """Share of the tokens that the vocabulary does not know."""
        words = self._features.word[np.concatenate(self.places) - 1]
        return float((words == UNKNOWN).mean())
