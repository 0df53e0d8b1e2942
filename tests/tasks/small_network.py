"""A network small enough to follow through its training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import training
from seqtasks.tasks.training import fit
from seqtasks.tasks.training_plan import Plan

PLAN = Plan(epochs=6, steps=3, learning_rate=0.1, clipnorm=5.0, averaging=0.0, patience=0, seed=3)
SIGNATURE = (tf.TensorSpec((None, 3), tf.int32), tf.TensorSpec((None,), tf.int32))
# twelve rows of three words; whether word 1 or 2 comes first decides
WORDS = np.array([[a, b, c] for a in (1, 2) for b in (1, 2, 3) for c in (4, 5)], np.int32)
LABELS = np.array([row[0] - 1 for row in WORDS], np.int32)


class Small(keras.Model):
    """An embedding, dropout, a classifier; fresh weights are functions of the seed."""

    def __init__(self, seed=1, dropout=0.2, words=6):
        super().__init__(name="small")
        uniform = keras.initializers.RandomUniform(-0.5, 0.5, seed=seed)
        self.word = keras.layers.Embedding(words, 4, embeddings_initializer=uniform, name="word")
        self.random = keras.random.SeedGenerator(seed)
        self.dropout = dropout
        # as a task has it that chooses something on validation data
        self.chosen = self.add_weight(name="chosen", shape=(), initializer="zeros", trainable=False)
        self.scores = keras.layers.Dense(2, kernel_initializer=uniform, name="scores")
        self(np.ones((1, 3), np.int32))

    def call(self, words, training=False):
        x = self.word(words)
        if training and self.dropout:
            x = keras.random.dropout(x, self.dropout, seed=self.random)
        return self.scores(tf.reshape(x, (-1, 12)))

    def loss_of(self, words, labels):
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels, self(words, training=True))
        )


def batches(epoch, seed=3):
    order = np.random.default_rng([seed, epoch]).permutation(len(WORDS))
    for chosen in np.split(order, PLAN.steps):
        yield WORDS[chosen], LABELS[chosen]


def accuracy(network):
    return float((np.argmax(network(WORDS), axis=1) == LABELS).mean())


def train(network, place, plan=PLAN, **changes):
    """The history of `fitted`."""
    return fitted(network, place, plan, **changes).history


def fitted(network, place, plan=PLAN, **changes):
    """`fit` with whatever is not said in `changes` as above."""
    arguments = {
        "loss": network.loss_of,
        "signature": SIGNATURE,
        "batches": batches,
        "validate": lambda: {"score": accuracy(network)},
        "plan": plan,
        "checkpoint": place / "last.npz",
    }
    return fit(network, **{**arguments, **changes})


def weights(network):
    return [v.numpy() for v in network.trainable_variables]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def trained(network, state):
    """The trained weights that a checkpoint holds, before any averaging."""
    names = [v.path for v in network.variables]
    return [state[f"network {names.index(v.path)}"] for v in network.trainable_variables]


@pytest.fixture(autouse=True)
def repeatable():
    training.start_tensorflow(1, None)
