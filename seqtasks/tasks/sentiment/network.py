"""The classifier's network: words and their letters in, a score for each label out."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.datasets.vocabulary import FIRST, UNKNOWN, Vocabulary, WordFeatures
from seqtasks.tasks import word_network
from seqtasks.tasks.sentiment.config import Config
from seqtasks.tasks.sentiment.evidence import Evidence
from seqtasks.tasks.sentiment.pairs import Pairs


class Network(keras.Model):
    """Vectors of a word and its letters; recurrent layers; one vector of all words; a score each.

        v<t>    = [E word<t>; letters(word<t>)]
        h<t>    = recurrent layers over v<1> … v<T>, both ways
        s       = pooling(h<1> … h<T>)
        u       = W s + b + g Σ e(word<t>) + k Σ e(word<t>, word<t+1>)     scores, (labels,)
        p(y)    = softmax(u / τ)(y)

    pooling is the last output of each direction, the maximum or the mean over time, the sum with
    weights softmax(q · tanh(A h<t>)) (attention), or maximum and mean side by side. A text without
    a word has s = 0. e, fixed, is what a word, or a pair of neighbours, says for each label by
    naive Bayes on the training data (see `evidence`), and g and k, trained, how much that counts:
    the layers learn what words do together, not anew what each says. τ, the temperature, is chosen
    after training, on validation data, so that the probabilities are calibrated (Guo et al., "On
    calibration of modern neural networks", 2017).

    config: resolved. vectors: (words known, word_size), the first values of E. evidence: the
    values of e; without, and for words unknown, e = 0.
    """

    def __init__(
        self,
        config: Config,
        vocabulary: Vocabulary,
        labels: tuple[str, ...],
        vectors: np.ndarray | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(name="classifier")
        self.config, self.labels = config, labels
        small = keras.initializers.RandomUniform(-0.1, 0.1, seed=config.seed)
        words = FIRST + len(vocabulary.words)
        self.word = keras.layers.Embedding(words, config.word_size, small, name="word")
        self.letters = word_network.letters(config, FIRST + len(vocabulary.characters))
        self.recurrent = [word_network.recurrent(config, i) for i in range(config.layers)]
        self.attend = self.ask = None
        if config.pooling == "attention":
            self.attend = keras.layers.Dense(config.units, activation="tanh", name="attend")
            self.ask = keras.layers.Dense(1, use_bias=False, name="ask")
        self.scores = keras.layers.Dense(len(labels), name="scores")
        self.random = keras.random.SeedGenerator(config.seed)
        self.temperature = self.add_weight(
            name="temperature", shape=(), initializer="ones", trainable=False
        )
        self.evidence = self.add_weight(
            name="evidence", shape=(words, len(labels)), initializer="zeros", trainable=False
        )
        third = keras.initializers.Constant(0.3)  # words are not as independent as they are taken
        self.gain = self.add_weight(name="gain", shape=(), initializer=third)
        self.pairs = Pairs(config.pairs, len(labels), third) if config.pairs else None
        self._unknown_share = word_network.unknown_share(config, vocabulary)
        ones = np.ones((1,), np.int32)
        letters = np.ones((1, config.longest_word), np.int32)
        self(WordFeatures(ones, ones, letters), np.ones((1, 2), np.int32))
        if vectors is not None:
            self.word.embeddings.assign(np.concatenate([self.word.embeddings[:FIRST], vectors]))
        if evidence is not None:
            self.evidence.assign(evidence.words)
            if self.pairs is not None:
                self.pairs.assign(evidence)

    def build(self, *shapes: Any) -> None:
        """Nothing: the constructor makes all weights."""

    def call(
        self, features: WordFeatures, place: Any, training: bool = False, said: Any = None
    ) -> tf.Tensor:
        """Scores u, (batch, labels).

        features: of n distinct words; place: (batch, time), 1 + the row of each token, 0 = none.
        said: (batch, 2, labels), the sums of e over words and over pairs, where they are not to be
            those of the network's own e; see `evidence`.
        """
        features, place = _at_least_one(features, place)
        mask = place > 0
        row = tf.maximum(place, 1) - 1
        word = tf.gather(features.word, row)
        alone = self._alone(word, mask, said)
        if training:
            share = tf.gather(self._unknown_share, word)
            hidden = keras.random.uniform(tf.shape(word), seed=self.random) < share
            word = tf.where(hidden, UNKNOWN, word)
        x = self.word(word)
        if self.letters is not None:
            letters = self.letters(features.characters, training=training)
            x = tf.concat([x, tf.gather(letters, row)], axis=-1)
        for layer in self.recurrent:
            x = layer(self._drop(x, training), mask=mask, training=training)
        return self.scores(self._drop(self._pool(x, mask), training)) + alone

    def loss_of(
        self, features: WordFeatures, place: Any, label: Any, weight: Any, said: Any = None
    ) -> tf.Tensor:
        """−log p(label) at τ = 1, the weighted mean over texts; training mode."""
        scores = self(features, place, training=True, said=said)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(label, scores)
        return tf.reduce_sum(losses * weight) / tf.reduce_sum(weight)

    def probabilities(self, scores: tf.Tensor) -> tf.Tensor:
        """p(y) of every label, calibrated; (batch, labels)."""
        return tf.nn.softmax(scores / self.temperature)

    def _alone(self, word: tf.Tensor, mask: tf.Tensor, said: Any) -> tf.Tensor:
        """What words and pairs add to the scores, (batch, labels); word, mask: (batch, time)."""
        if said is not None:
            of_words, of_pairs = said[:, 0], said[:, 1]
        else:
            of_words = tf.gather(self.evidence.value, word) * tf.cast(mask, tf.float32)[:, :, None]
            of_words = tf.reduce_sum(of_words, axis=1)
            of_pairs = self.pairs(word, mask) if self.pairs is not None else None
        if self.pairs is None:
            return self.gain * of_words
        return self.gain * of_words + self.pairs.gain * of_pairs

    def _pool(self, h: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        there = tf.cast(mask, h.dtype)[:, :, None]
        count = tf.reduce_sum(there, axis=1)
        h = h * there
        parts = []
        if self.config.pooling in ("maximum", "maximum-mean"):
            # outputs are above -1, so that padding is never largest; a row of no words has 0
            largest = tf.reduce_max(h - 2 * (1 - there), axis=1)
            parts.append(largest * tf.minimum(count, 1))
        if self.config.pooling in ("mean", "maximum-mean"):
            parts.append(tf.reduce_sum(h, axis=1) / tf.maximum(count, 1))
        if self.config.pooling == "last":
            parts.append(self._last(h, tf.cast(count[:, 0], tf.int32)))
        if self.attend is not None and self.ask is not None:
            asked = self.ask(self.attend(h)) - 1e9 * (1 - there)
            parts.append(tf.reduce_sum(tf.nn.softmax(asked, axis=1) * h, axis=1))
        return tf.concat(parts, axis=-1)

    def _last(self, h: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        """What each direction has after its last word: forwards the row's end, backwards its head.

        Words stand at the head of a row, padding behind them.
        """
        end = tf.gather(h, tf.maximum(count, 1) - 1, batch_dims=1)
        if not self.config.bidirectional:
            return end
        units = self.config.units
        return tf.concat([end[:, :units], h[:, 0, units:]], axis=-1)

    def _drop(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        if not training or not self.config.dropout:
            return x
        return keras.random.dropout(x, self.config.dropout, seed=self.random)


def _at_least_one(features: WordFeatures, place: Any) -> tuple[WordFeatures, tf.Tensor]:
    """The batch with padding where it has no word, or no time step: layers want one of each."""

    def widened(x: Any) -> tf.Tensor:
        missing = tf.maximum(1 - tf.shape(x), 0)
        return tf.pad(x, tf.stack([tf.zeros_like(missing), missing], axis=1))

    rows = tf.shape(place)[0]
    return WordFeatures(*map(widened, features)), widened(place)[:rows]
