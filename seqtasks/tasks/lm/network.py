"""The language model's network: tokens in, the probabilities of the next ones out."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import PADDING
from seqtasks.tasks.lm.config import Config
from seqtasks.tasks.lm.softmax import losses, weighted_loss
from seqtasks.tasks.recurrent_layer import recurrent_layer

Tensor = Any
States = list[list[Tensor]]


class Network(keras.Model):
    """Recurrent layers over token vectors, and a softmax over the vocabulary.

        x<t>    = E token<t>
        h<t>    = recurrent layers over x<1> … x<t>             (units,)
        z<t>    = E P h<t> + b      tied;    V h<t> + b      not tied
        p(token<t+1> = k | token<1> … token<t>) = softmax(z<t>)(k)

    P is there only where a vector is not as long as there are units. Tied weights: Press and Wolf,
    "Using the output embedding to improve language models", 2017. Padding is no token, and its
    probability is 0. States go in and come out, so that a text may be read in stretches.

    config: resolved. tokens: how many ids there are, padding included.
    """

    def __init__(self, config: Config, tokens: int) -> None:
        super().__init__(name="language_model")
        self.config, self.tokens = config, tokens
        size = config.embedding_size or config.units or 0
        small = keras.initializers.RandomUniform(-0.1, 0.1, seed=config.seed)
        # vectors that are softmax weights too begin small, others as large as what layers expect
        large = keras.initializers.RandomUniform(-1.0, 1.0, seed=config.seed)
        first = small if config.tied else large
        self.vectors = keras.layers.Embedding(tokens, size, first, name="vectors")
        self.recurrent = [
            recurrent_layer(config, number, return_state=True)
            for number in range(config.layers or 0)
        ]
        self.project = None
        if config.tied and size != config.units:
            self.project = keras.layers.Dense(size, use_bias=False, name="project")
        self.output_vectors = None
        if not config.tied:
            self.output_vectors = self.add_weight(
                name="output_vectors", shape=(tokens, config.units), initializer=small
            )
        self.bias = self.add_weight(name="bias", shape=(tokens,), initializer="zeros")
        self.random = keras.random.SeedGenerator(config.seed)
        self(np.ones((1, 2), np.int32))

    def build(self, *shapes: Any) -> None:
        """Nothing: the constructor makes all weights."""

    def call(
        self,
        ids: Tensor,
        states: States | None = None,
        training: bool = False,
        there: Tensor | None = None,
    ) -> Any:
        """What the softmax is given, (batch, time, size), and the states after the last token.

        ids: int32 (batch, time). states: of each layer, (batch, units) each; None: zeros. there:
        bool (batch, time); where it is False a token is passed over.
        """
        config = self.config
        x = self._drop(self.vectors(ids), config.input_dropout, training)
        after = []
        for number, layer in enumerate(self.recurrent):
            if number:
                x = self._drop(x, config.dropout, training)
            first = None if states is None else states[number]
            x, *last = layer(x, initial_state=first, training=training, mask=there)
            after.append(last)
        if self.project is not None:
            x = self.project(x)
        return self._drop(x, config.output_dropout, training), after

    def step(self, ids: Tensor, states: States) -> tuple[Tensor, States]:
        """`call` for one token a row: ids (batch,) to (batch, size), and the states after it."""
        x = self.vectors(ids)
        after = []
        for layer, state in zip(self.recurrent, states, strict=True):
            x, last = layer.cell(x, state)
            after.append(list(last))
        return (x if self.project is None else self.project(x)), after

    def first_states(self, batch: Tensor) -> States:
        """Zeros, (batch, units) each: a list of the states of each layer."""
        count = 2 if self.config.cell == "lstm" else 1
        zeros = tf.zeros((batch, self.config.units or 0))
        return [[zeros] * count for _ in self.recurrent]

    def logits(self, h: Tensor) -> tf.Tensor:
        """z from what `call` gives: (batch, size) to (batch, tokens)."""
        vectors, bias = self._softmax()
        return tf.matmul(h, vectors, transpose_b=True) + bias

    def log_probabilities(self, h: Tensor, targets: Tensor) -> tf.Tensor:
        """log p, natural, of each target that is none of padding; 0 for padding; as `targets`.

        h: (batch, time, size), from `call`; targets: int32 (batch, time).
        """
        rows = tf.reshape(h, (-1, h.shape[-1]))
        found = -losses(rows, *self._softmax(), tf.reshape(targets, (-1,)))
        return tf.where(targets > 0, tf.reshape(found, tf.shape(targets)), 0.0)

    def loss_of(self, h: Tensor, targets: Tensor) -> tf.Tensor:
        """Mean of −log p over the targets that are no padding; for training."""
        there = tf.reshape(tf.cast(targets > 0, tf.float32), (-1,))
        weight = there / tf.maximum(tf.reduce_sum(there), 1.0)
        rows = tf.reshape(h, (-1, h.shape[-1]))
        return weighted_loss(rows, *self._softmax(), tf.reshape(targets, (-1,)), weight)

    def _softmax(self) -> tuple[Tensor, Tensor]:
        weights = self.vectors.embeddings if self.output_vectors is None else self.output_vectors
        never = tf.one_hot(PADDING, self.tokens, on_value=-1e9, off_value=0.0)
        return tf.convert_to_tensor(weights), self.bias + never

    def _drop(self, x: Tensor, share: float | None, training: bool) -> tf.Tensor:
        if not training or not share:
            return x
        return keras.random.dropout(x, share, seed=self.random)
