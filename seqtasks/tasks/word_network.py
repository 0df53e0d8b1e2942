"""Parts that the networks over words share: letters, recurrent layers, words read as unknown.

`config` is the resolved settings of a task; the names of its fields are the same in all of them.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.datasets.vocabulary import Vocabulary
from seqtasks.layers import LSTM, Bidirectional
from seqtasks.tasks.recurrent_layer import recurrent_layer


def recurrent(config: Any, number: int) -> keras.layers.Layer:
    """The recurrent layer of this number: its cell, units and directions; all outputs."""
    layer = recurrent_layer(config, number)
    if not config.bidirectional:
        return layer
    return Bidirectional(layer, name=f"both_ways_{number}")


class _Convolution(keras.layers.Layer):
    """Letters of words, (n, letters), to (n, units): windows of three, then the largest of each."""

    def __init__(self, config: Any, characters: int) -> None:
        super().__init__(name="letters")
        self.embed = keras.layers.Embedding(characters, config.character_size, name="letter")
        self.convolve = keras.layers.Conv1D(
            config.character_units, 3, padding="same", activation="relu", name="windows"
        )
        self.dropout = keras.layers.Dropout(config.dropout / 2, name="letter_dropout")

    def call(self, characters: Any, training: bool = False) -> tf.Tensor:
        there = tf.cast(characters > 0, tf.float32)[..., tf.newaxis]
        x = self.dropout(self.embed(characters) * there, training=training)
        x = self.convolve(x) * there  # not below 0 after relu, so that padding is never largest
        return tf.reduce_max(tf.pad(x, [[0, 0], [0, 1], [0, 0]]), axis=1)


class _BothWays(keras.layers.Layer):
    """Letters of words, (n, letters), to (n, units): the last states of an LSTM both ways."""

    def __init__(self, config: Any, characters: int) -> None:
        super().__init__(name="letters")
        self.embed = keras.layers.Embedding(characters, config.character_size, name="letter")
        self.read = Bidirectional(
            LSTM(config.character_units // 2, name="lstm"), name="letters_both_ways"
        )

    def call(self, characters: Any, training: bool = False) -> tf.Tensor:
        return self.read(self.embed(characters), mask=characters > 0, training=training)


def letters(config: Any, characters: int) -> keras.layers.Layer | None:
    """What reads the letters of words, (n, letters) to (n, character_units); None: nothing."""
    reader = {"convolution": _Convolution, "recurrent": _BothWays}.get(config.characters)
    return reader(config, characters) if reader else None


def unknown_share(config: Any, vocabulary: Vocabulary) -> tf.Tensor:
    """How often each word id is read as unknown in training; words never counted, seldom."""
    counts = np.array([np.inf, np.inf, *(n or np.inf for n in vocabulary.counts)])
    rare = config.rare_word_dropout
    share = config.word_dropout + (1 - config.word_dropout) * rare / (rare + counts)
    return tf.constant(share, tf.float32)
