"""What pairs of neighbouring words say for each label, as a part of the network."""

from typing import Any

import keras
import tensorflow as tf

from seqtasks.tasks.sentiment.evidence import Evidence, pair_keys


class Pairs(keras.layers.Layer):
    """Σ e(word<t>, word<t+1>), from word ids (batch, time) to (batch, labels).

    e, fixed, is 0 for a pair that has no key. The network counts the sum with k, the `gain`, which
    is trained, also where it takes the sum from elsewhere.

    pairs: how many have one. gain: the first value of k.
    """

    def __init__(self, pairs: int, labels: int, gain: keras.initializers.Initializer) -> None:
        super().__init__(name="pairs")
        self._count = pairs
        fixed: dict[str, Any] = {"initializer": "zeros", "trainable": False}
        self.keys = self.add_weight(name="keys", shape=(pairs,), dtype="int64", **fixed)
        self.evidence = self.add_weight(name="evidence", shape=(pairs, labels), **fixed)
        self.gain = self.add_weight(name="gain", shape=(), initializer=gain)

    def assign(self, evidence: Evidence) -> None:
        """Take over keys and e."""
        self.keys.assign(evidence.keys)
        self.evidence.assign(evidence.pairs)

    def build(self, *shapes: Any) -> None:
        """Nothing: the constructor makes all weights."""

    def call(self, word: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The sum of each row; mask: where words are."""
        number = tf.cast(word, tf.int64)
        wanted = pair_keys(number[:, :-1], number[:, 1:])
        place = tf.searchsorted(self.keys.value, tf.reshape(wanted, [-1]))
        place = tf.minimum(tf.reshape(place, tf.shape(wanted)), self._count - 1)
        # padding has no id of its own here, and may look like a pair
        there = (tf.gather(self.keys.value, place) == wanted) & mask[:, 1:]
        said = tf.gather(self.evidence.value, place) * tf.cast(there, tf.float32)[:, :, None]
        return tf.reduce_sum(said, axis=1)
