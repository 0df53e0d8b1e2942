"""A trained tagger in use: strings in, tags with places and confidences out, all as graph."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.tags import spans
from seqtasks.datasets.tokenizer import sentences, tokenize
from seqtasks.datasets.vocabulary import Encoder, ragged
from seqtasks.tasks.ner.network import Network

LONGEST_SENTENCE = 256  # tokens; a longer stretch of raw text without a full stop is cut there
BATCH_TOKENS = 4096  # padding included, in a batch of prediction


class FoundEntity(NamedTuple):
    """An entity in a text: code points `start` to `end`, end exclusive."""

    text: str
    type: str
    start: int
    end: int
    confidence: float  # how probable exactly this entity is, from 0 to 1


class TaggedLine(NamedTuple):
    """A text, its tokens with one IOB2 tag each, where sentences begin, and its entities."""

    text: str
    tokens: list[str]
    tags: list[str]
    heads: list[bool]
    entities: list[FoundEntity]


class Tagger(tf.Module):
    """Network and encoder as one piece of graph, from strings to tags."""

    def __init__(self, network: Network, encoder: Encoder) -> None:
        super().__init__()
        self.network = network
        self._encoder = encoder
        self.tables = encoder.tables
        # nothing here branches on tensors, and tracing is quicker without autograph
        self.tag = tf.function(
            self._tag,
            autograph=False,
            input_signature=[tf.RaggedTensorSpec((None, None), tf.string, 1)],
        )
        self.tokenize = tf.function(
            lambda texts: tokenize(texts, LONGEST_SENTENCE),
            autograph=False,
            input_signature=[tf.TensorSpec((None,), tf.string)],
        )
        self.serve_text = tf.function(
            self._serve_text,
            autograph=False,
            input_signature=[tf.TensorSpec((None,), tf.string, name="text")],
        )
        self.serve_tokens = tf.function(
            self._serve_tokens,
            autograph=False,
            input_signature=[tf.TensorSpec((None, None), tf.string, name="tokens")],
        )

    def _tag(self, tokens: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Numbers of tags, and confidences, of every token in turn: int32 and float32 (tokens,)."""
        # without a token there is no time step, and Keras's SimpleRNN needs one
        return tf.cond(
            tf.size(tokens.flat_values) > 0,
            lambda: self._tag_some(tokens),
            lambda: (tf.zeros((0,), tf.int32), tf.zeros((0,))),
        )

    def _tag_some(self, tokens: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor]:
        features, place = self._encoder.encode(tokens)
        mask = place > 0
        scores = self.network(features, place)
        tags = self.network.decode(scores, mask)
        confidence = self.network.confidence(scores, tags, mask)
        return tf.boolean_mask(tags, mask), tf.boolean_mask(confidence, mask)

    def _serve_text(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        tokens = tokenize(text, LONGEST_SENTENCE)
        tags, confidence = self.tag(sentences(tokens))
        names = tf.gather(tf.constant(self.network.tags), tags)
        return {
            "tokens": tokens.text.to_tensor(),
            "tags": tokens.text.with_flat_values(names).to_tensor(),
            "start": tokens.start_byte.to_tensor(),
            "end": tokens.end_byte.to_tensor(),
            "confidence": tokens.text.with_flat_values(confidence).to_tensor(),
        }

    def _serve_tokens(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.RaggedTensor.from_tensor(tokens, padding="")
        tags, confidence = self.tag(rows)
        names = tf.gather(tf.constant(self.network.tags), tags)
        shape = tf.shape(tokens)
        return {
            "tags": rows.with_flat_values(names).to_tensor(shape=shape),
            "confidence": rows.with_flat_values(confidence).to_tensor(shape=shape),
        }

    def tag_sentences(self, tokens: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """IOB2 tags of sentences that are cut into tokens already."""
        tags, _ = self._tag_in_batches(ragged(tokens))
        names = np.array(self.network.tags)[tags]
        bounds = np.cumsum([0, *map(len, tokens)])
        return [tuple(names[i:j].tolist()) for i, j in pairwise(bounds)]

    def tag_texts(self, texts: Sequence[str]) -> Iterator[TaggedLine]:
        """Tag raw texts; each becomes one `TaggedLine`, whatever is in it."""
        if not texts:
            return
        # a lone surrogate, as a broken decoder leaves it, has no UTF-8: it becomes a question mark
        clean = [text.encode("utf-8", "replace") for text in texts]
        cut = self.tokenize(tf.constant(clean, tf.string))
        numbers, confidences = self._tag_in_batches(sentences(cut))
        names = np.array(self.network.tags)[numbers].tolist()
        flat = [x.flat_values.numpy().tolist() for x in (cut.text, cut.start, cut.end, cut.first)]
        bounds = cut.text.row_splits.numpy().tolist()
        for text, first, last in zip(texts, bounds, bounds[1:], strict=False):
            tokens, start, end, heads = (values[first:last] for values in flat)
            tags = names[first:last]
            entities = [
                FoundEntity(
                    text[start[span.start] : end[span.end - 1]],
                    span.type,
                    start[span.start],
                    end[span.end - 1],
                    round(float(confidences[first + span.start]), 4),
                )
                for span in spans(tags)
            ]
            words = [token.decode("utf-8") for token in tokens]
            yield TaggedLine(text, words, tags, heads, entities)

    def _tag_in_batches(self, tokens: tf.RaggedTensor) -> tuple[np.ndarray, np.ndarray]:
        """What `tag` gives, sentences of like length together, in the order of the tokens."""
        lengths = tokens.row_lengths().numpy()
        starts = tokens.row_starts().numpy()
        tags = np.zeros(int(lengths.sum()), np.int32)
        confidence = np.zeros(len(tags), np.float32)
        for chosen in length_batches(lengths, BATCH_TOKENS):
            found = self.tag(tf.gather(tokens, chosen))
            where = np.concatenate([np.arange(starts[i], starts[i] + lengths[i]) for i in chosen])
            tags[where], confidence[where] = (x.numpy() for x in found)
        return tags, confidence
