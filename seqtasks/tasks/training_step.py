"""One step of training, from a batch to new weights."""

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from seqtasks.tasks.training_plan import Plan

Batch = tuple[np.ndarray, ...]


class Step:
    """One training step, traced once.

    If its loss or a gradient is not finite, or the loss is above a limit, no weight changes.
    """

    def __init__(
        self,
        network: keras.Model,
        loss: Callable[..., tf.Tensor],
        signature: Sequence[tf.TensorSpec],
        plan: Plan,
    ) -> None:
        self._loss, self._plan = loss, plan
        self._weights = network.trainable_variables
        self.optimizer = keras.optimizers.Adam(plan.learning_rate)
        self.optimizer.build(self._weights)
        self.averages = [tf.Variable(v.value, trainable=False) for v in self._weights]
        self._run = tf.function(
            self._traced,
            autograph=False,
            input_signature=[tf.TensorSpec((), tf.float32)] * 2 + list(signature),
        )

    def __call__(self, rate: float, batch: Batch, limit: float = math.inf) -> tuple[float, float]:
        """Learn from a batch at this learning rate; its loss, and the norm of the gradients."""
        numbers = (tf.constant(number, tf.float32) for number in (rate, limit))
        value, norm = self._run(*numbers, *map(tf.constant, batch))
        return float(value), float(norm)

    def _traced(
        self, rate: tf.Tensor, limit: tf.Tensor, *batch: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        weights = self._weights
        self.optimizer.learning_rate.assign(rate)
        with tf.GradientTape() as tape:
            value = self._loss(*batch)
        gradients = tape.gradient(value, [v.value for v in weights])
        gradients = [tf.convert_to_tensor(g) for g in gradients]
        norm = tf.linalg.global_norm(gradients)
        if self._plan.clipnorm:
            gradients, _ = tf.clip_by_global_norm(gradients, self._plan.clipnorm, norm)

        def learn() -> tf.Tensor:
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
            # early averages forget faster, so that the first weights do not weigh on them
            count = tf.cast(self.optimizer.iterations, tf.float32)
            keep = tf.minimum(self._plan.averaging, count / (10 + count))
            for average, weight in zip(self.averages, weights, strict=True):
                average.assign(keep * average + (1 - keep) * weight.value)
            return tf.constant(True)

        sound = tf.math.is_finite(value) & tf.math.is_finite(norm) & (value <= limit)
        tf.cond(sound, learn, lambda: tf.constant(False))
        return value, norm
