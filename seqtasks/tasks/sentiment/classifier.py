"""A trained classifier in use: strings in, labels with probabilities out, all as graph."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.tokenizer import tokenize
from seqtasks.datasets.vocabulary import Encoder, ragged
from seqtasks.tasks.sentiment.network import Network

BATCH_TOKENS = 8192  # padding included, in a batch of prediction
CHUNK = 1024  # texts, or stretches of them, that are cut into tokens together
MOST_VARIANTS = 256  # of a text, of which `explain` leaves out another part each


class Answer(NamedTuple):
    """The most probable label of a text, and the probability of every label."""

    text: str
    label: str
    probability: float
    probabilities: dict[str, float]


class Part(NamedTuple):
    """A stretch of a text, code points `start` to `end`, and what it did for the answer.

    `weight`: how much the log odds of the label sink where the stretch is not there to be read;
    above 0 it spoke for the label, below 0 against it.
    """

    text: str
    start: int
    end: int
    weight: float


class Classifier(tf.Module):
    """Network and encoder as one piece of graph, from strings to probabilities."""

    def __init__(self, network: Network, encoder: Encoder) -> None:
        super().__init__()
        self.network = network
        self.labels = network.labels
        self._encoder = encoder
        self.tables = encoder.tables
        # nothing here branches on tensors, and tracing is quicker without autograph
        self.scores = tf.function(
            self._scores,
            autograph=False,
            input_signature=[tf.RaggedTensorSpec((None, None), tf.string, 1)],
        )
        self.tokenize = tf.function(
            tokenize, autograph=False, input_signature=[tf.TensorSpec((None,), tf.string)]
        )
        self.serve = tf.function(
            self._serve,
            autograph=False,
            input_signature=[tf.TensorSpec((None,), tf.string, name="text")],
        )

    def _scores(self, tokens: tf.RaggedTensor) -> tf.Tensor:
        """Scores of every label, (batch, labels), of rows of tokens."""
        return self.network(*self._encoder.encode(tokens))

    def _serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = self.network.probabilities(self._scores(tokenize(text).text))
        best = tf.argmax(probabilities, axis=1)
        return {
            "label": tf.gather(tf.constant(self.labels), best),
            "probability": tf.reduce_max(probabilities, axis=1),
            "probabilities": probabilities,
        }

    def scores_of(self, tokens: tf.RaggedTensor) -> np.ndarray:
        """Scores of every label, float32 (texts, labels), texts of like length together."""
        lengths = tokens.row_lengths().numpy()
        result = np.zeros((len(lengths), len(self.labels)), np.float32)
        for chosen in length_batches(lengths, BATCH_TOKENS):
            result[chosen] = self.scores(tf.gather(tokens, chosen)).numpy()
        return result

    def classify(self, texts: Sequence[str], window: int | None = None) -> Iterator[Answer]:
        """Label raw texts; each gets one `Answer`, whatever is in it.

        window: a text of more words (between blanks) is read in stretches of so many; its
            probabilities are their mean.
        """
        if not texts:
            return
        for text, row in zip(texts, self._probabilities(texts, window), strict=True):
            best = int(row.argmax())
            each = {name: round(float(p), 4) for name, p in zip(self.labels, row, strict=True)}
            yield Answer(text, self.labels[best], round(float(row[best]), 4), each)

    def _probabilities(self, texts: Sequence[str], window: int | None) -> np.ndarray:
        """Calibrated, (texts, labels)."""
        pieces, owner = [*texts], np.arange(len(texts))
        if window:
            cut = [list(_stretches(text, window)) for text in texts]
            owner = np.repeat(owner, [len(stretches) for stretches in cut])
            pieces = [stretch for stretches in cut for stretch in stretches]
        total = np.zeros((len(texts), len(self.labels)))
        for i in range(0, len(pieces), CHUNK):
            part = tf.constant(_clean(pieces[i : i + CHUNK]), tf.string)
            scores = self.scores_of(self.tokenize(part).text)
            np.add.at(total, owner[i : i + CHUNK], self.network.probabilities(scores).numpy())
        return total / np.bincount(owner, minlength=len(texts))[:, None]

    def explain(self, text: str) -> list[Part]:
        """What each word did for the label: the text is read again without it, word by word.

        A text of more than MOST_VARIANTS words is left out in stretches of several words.
        """
        tokens = self.tokenize(tf.constant(_clean([text]), tf.string))
        words = tokens.text[0].numpy()
        if not len(words):
            return []
        width = -(-len(words) // MOST_VARIANTS)
        firsts = range(0, len(words), width)
        left_out = [slice(0, 0), *(slice(i, i + width) for i in firsts)]
        few = max(1, BATCH_TOKENS // len(words))  # so that of a long text not all are there at once
        scores = []
        for i in range(0, len(left_out), few):
            rows = [np.delete(words, part).tolist() for part in left_out[i : i + few]]
            scores.append(self.scores_of(ragged(rows)))
        odds = self._log_odds(np.concatenate(scores))
        start, end = tokens.start[0].numpy(), tokens.end[0].numpy()
        parts = []
        for number, first in enumerate(firsts):
            last = min(first + width, len(words)) - 1
            begin, stop = int(start[first]), int(end[last])
            weight = round(float(odds[0] - odds[number + 1]), 4)
            parts.append(Part(text[begin:stop], begin, stop, weight))
        return parts

    def _log_odds(self, scores: np.ndarray) -> np.ndarray:
        """Of the first row's label against all others, calibrated, in every row."""
        z = scores.astype(np.float64) / float(self.network.temperature.numpy())
        best = int(z[0].argmax())
        others = np.delete(z, best, axis=1)
        largest = others.max(axis=1, keepdims=True)
        sums = np.log(np.exp(others - largest).sum(axis=1)) + largest[:, 0]
        return np.asarray(z[:, best] - sums)


def _stretches(text: str, window: int) -> Iterator[str]:
    """The text in stretches of `window` words; one at least, the last may be shorter."""
    words = text.split()
    if len(words) <= window:
        yield text
        return
    for i in range(0, len(words), window):
        yield " ".join(words[i : i + window])


def _clean(texts: Sequence[str]) -> list[bytes]:
    """As UTF-8; a lone surrogate, as a broken decoder leaves it, becomes a question mark."""
    return [text.encode("utf-8", "replace") for text in texts]
