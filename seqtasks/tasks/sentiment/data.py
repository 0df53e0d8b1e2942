"""From labelled texts to batches of ids."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_buckets
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.tokenizer import tokenize
from seqtasks.datasets.vocabulary import UNKNOWN, Encoder, WordFeatures, word_batch
from seqtasks.tasks.sentiment.evidence import Evidence, naive_bayes

# What `Corpus.batches` yields: word, shape and characters of the batch's distinct words, the place
# of each token among them; the label of each text, how much it counts, and what its words and its
# pairs of neighbours say for each label.
SIGNATURE = (
    tf.TensorSpec((None,), tf.int32),
    tf.TensorSpec((None,), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None,), tf.int32),
    tf.TensorSpec((None,), tf.float32),
    tf.TensorSpec((None, 2, None), tf.float32),
)
CHUNK = 2_000  # texts that are cut into tokens together


def tokens_of(texts: Sequence[str]) -> tf.RaggedTensor:
    """The tokens of each text, string (texts, tokens), as `predict` and the export cut them."""
    parts = [
        tokenize(tf.constant(list(texts[i : i + CHUNK]), tf.string)).text
        for i in range(0, len(texts), CHUNK)
    ]
    return (
        tf.concat(parts, axis=0)
        if parts
        else tf.RaggedTensor.from_row_lengths(tf.constant([], tf.string), tf.constant([], tf.int64))
    )


class Corpus:
    """Texts as ids: features of every distinct word once, and rows of places among them.

    tokens: (texts, tokens).
    longest: of a longer text the first and the last half of so many tokens; None: all.
    labels: all there are. A label that is not among them is -1, and is never trained on.
    """

    def __init__(
        self,
        examples: Sequence[LabelledText],
        tokens: tf.RaggedTensor,
        encoder: Encoder,
        labels: Sequence[str],
        longest: int | None = None,
    ) -> None:
        number = {label: i for i, label in enumerate(labels)}
        self.labels = np.array([number.get(e.label, -1) for e in examples], np.int32)
        distinct, place = tf.unique(tokens.flat_values)
        self._features = WordFeatures(*(np.asarray(x) for x in encoder.features(distinct)))
        bounds = tokens.row_splits.numpy()[1:-1]
        rows = np.split(place.numpy() + 1, bounds)
        self.cut = 0
        if longest is not None:
            self.cut = sum(len(row) > longest for row in rows)
            rows = [_ends(row, longest) for row in rows]
        self._rows = rows
        self.lengths = [len(row) for row in rows]

    def batches(
        self,
        batch_size: int,
        seed: int,
        epoch: int,
        weights: np.ndarray,
        evidence: Evidence | None = None,
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """The training batches of an epoch, as SIGNATURE says; a function of its arguments.

        weights: (labels,), how much a text of each label counts.
        evidence: of these texts; without, they say nothing for any label.
        """
        nothing = np.zeros((len(self.labels), 2, len(weights)), np.float32)
        said = nothing if evidence is None else evidence.sums
        for chosen in length_buckets(self.lengths, batch_size, seed, epoch):
            label = self.labels[chosen]
            yield (*self.batch(chosen), label, weights[label], said[chosen])

    def batch(self, chosen: Sequence[int] | np.ndarray) -> tuple[np.ndarray, ...]:
        """The texts of these numbers, without labels."""
        return word_batch(self._features, [self._rows[i] for i in chosen])

    def evidence(self, ids: int, labels: int, pairs: int) -> Evidence:
        """What words and pairs say for each label; see `evidence.naive_bayes`."""
        rows = [self._features.word[row - 1] for row in self._rows]
        return naive_bayes(rows, self.labels, ids, labels, pairs)

    def unknown_rate(self) -> float:
        """Share of the tokens that the vocabulary does not know."""
        words = self._features.word[np.concatenate(self._rows).astype(np.int64) - 1]
        return float((words == UNKNOWN).mean()) if len(words) else 0.0


def class_weights(labels: np.ndarray, count: int, balanced: bool) -> np.ndarray:
    """How much a text of each label counts, float32 (labels,): n / (labels · n of it), or 1."""
    if not balanced:
        return np.ones(count, np.float32)
    found = np.bincount(labels, minlength=count)
    return (len(labels) / (count * np.maximum(found, 1))).astype(np.float32)


def _ends(row: np.ndarray, longest: int) -> np.ndarray:
    if len(row) <= longest:
        return row
    head = longest // 2
    return np.concatenate([row[:head], row[len(row) - (longest - head) :]])
