"""The tagger's network: words and their letters in, a score for each tag of each word out."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.datasets.vocabulary import FIRST, SHAPES, UNKNOWN, Vocabulary, WordFeatures
from seqtasks.layers import CRF, span_continuations, transition_constraints
from seqtasks.tasks import word_network
from seqtasks.tasks.ner.config import Config

SHAPE_SIZE = 8  # length of the vector of a word's shape


class Network(keras.Model):
    """Vectors of a word, its shape and its letters; recurrent layers; a CRF (or softmax) on top.

        v<t>    = [E word<t>; S shape<t>; letters(word<t>)]
        h<t>    = recurrent layers over v<1> … v<T>, both ways
        u<t>    = W h<t> + b                                     scores, (tags,)
        p(y)    = CRF(u)(y), or the product of softmax(u<t>)(y<t>)

    Words come as distinct words' features and each token's place among them, so that letters are
    read once a word. In training some words are read as unknown, so that unknown words mean
    something later: a word that the training data has n times with probability
    w + (1 − w) r / (r + n), with w `word_dropout` and r `rare_word_dropout`.

    config: resolved. tags: O first. vectors: (words known, word_size), the first values of E.
    """

    def __init__(
        self,
        config: Config,
        vocabulary: Vocabulary,
        tags: tuple[str, ...],
        vectors: np.ndarray | None = None,
    ) -> None:
        super().__init__(name="tagger")
        self.config, self.tags = config, tags
        small = keras.initializers.RandomUniform(-0.1, 0.1, seed=config.seed)
        words = FIRST + len(vocabulary.words)
        self.word = keras.layers.Embedding(words, config.word_size, small, name="word")
        self.shape = keras.layers.Embedding(1 + len(SHAPES), SHAPE_SIZE, small, name="shape")
        self.letters = word_network.letters(config, FIRST + len(vocabulary.characters))
        self.recurrent = [word_network.recurrent(config, i) for i in range(config.layers)]
        self.scores = keras.layers.Dense(len(tags), name="scores")
        rules: dict[str, Any] = transition_constraints(tags)
        self.crf = CRF(len(tags), **rules, name="crf") if config.decoder == "crf" else None
        self.random = keras.random.SeedGenerator(config.seed)
        # added to the scores of each tag before decoding; chosen on validation data
        self.lift = self.add_weight(
            name="lift", shape=(len(tags),), initializer="zeros", trainable=False
        )
        self._unknown_share = word_network.unknown_share(config, vocabulary)
        ones = np.ones((1,), np.int32)
        letters = np.ones((1, config.longest_word), np.int32)
        self(WordFeatures(ones, ones, letters), np.ones((1, 2), np.int32))
        if self.crf is not None:
            self.crf.build((None, None, len(tags)))
        if vectors is not None:
            self.word.embeddings.assign(np.concatenate([self.word.embeddings[:FIRST], vectors]))

    def build(self, *shapes: Any) -> None:
        """Nothing: the constructor makes all weights."""

    def call(self, features: WordFeatures, place: Any, training: bool = False) -> tf.Tensor:
        """Scores u, (batch, time, tags).

        features: of n distinct words; place: (batch, time), 1 + the row of each token, 0 = none.
        """
        mask = place > 0
        row = tf.maximum(place, 1) - 1
        word = tf.gather(features.word, row)
        if training:
            share = tf.gather(self._unknown_share, word)
            hidden = keras.random.uniform(tf.shape(word), seed=self.random) < share
            word = tf.where(hidden, UNKNOWN, word)
        parts = [self.word(word), tf.gather(self.shape(features.shape), row)]
        if self.letters is not None:
            characters = features.characters
            if training and self.config.character_dropout:
                drawn = keras.random.uniform(tf.shape(characters), seed=self.random)
                unknown = (drawn < self.config.character_dropout) & (characters > 0)
                characters = tf.where(unknown, UNKNOWN, characters)
            parts.append(tf.gather(self.letters(characters, training=training), row))
        x = tf.concat(parts, axis=-1)
        for layer in self.recurrent:
            x = layer(self._drop(x, training), mask=mask, training=training)
        return self.scores(self._drop(x, training))

    def loss_of(self, features: WordFeatures, place: Any, tags: Any) -> tf.Tensor:
        """−log p(tags), the mean over sentences; training mode. tags: (batch, time)."""
        scores, mask = self(features, place, training=True), tf.convert_to_tensor(place) > 0
        if self.crf is not None:
            return -tf.reduce_mean(self.crf.log_likelihood(scores, tags, mask, constrained=False))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tags, scores)
        return tf.reduce_mean(tf.reduce_sum(tf.where(mask, losses, 0.0), axis=1))

    def decode(self, scores: tf.Tensor, mask: tf.Tensor, lift: Any = None) -> tf.Tensor:
        """The tags of each token, int32 (batch, time).

        lift: (tags,), instead of the weight of this name added to the scores.
        """
        scores += self.lift.value if lift is None else lift
        if self.crf is not None:
            return self.crf.decode(scores, mask)[0]
        return tf.argmax(scores, axis=-1, output_type=tf.int32)

    def confidence(self, scores: tf.Tensor, tags: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """How probable each token's entity is, exactly as `tags` have it; (batch, time).

        With a CRF, the probability of all taggings that have exactly this entity of this type;
        with softmax, the product over its tokens. For O, of this token being outside. The
        probabilities are the model's own, without `lift`.
        """
        continues = span_continuations(self.tags)
        if self.crf is not None:
            return tf.exp(self.crf.span_log_probability(scores, tags, continues, mask))
        chosen = tf.gather(tf.nn.log_softmax(scores), tags, batch_dims=2)
        before = tf.concat([tf.zeros_like(tags[:, :1]), tags[:, :-1]], axis=1)  # O before the first
        goes_on = tf.gather_nd(tf.constant(continues), tf.stack([before, tags], axis=-1))
        entity = tf.cumsum(tf.cast(~goes_on, tf.int32), axis=1)
        same = tf.cast(entity[:, :, None] == entity[:, None, :], chosen.dtype)
        return tf.exp(tf.einsum("bts,bs->bt", same, tf.where(mask, chosen, 0.0)))

    def _drop(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        if not training or not self.config.dropout:
            return x
        return keras.random.dropout(x, self.config.dropout, seed=self.random)
