"""All that the rest of a training depends on: taken at any step, it can be gone on with."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_directory import load_arrays, save_arrays


class State:
    """Weights, optimizer, averages, generators, the way so far, and the best weights of it.

    history: a row an epoch that is done. best_epoch: the one with the best score, from 0; -1
    before there is one. step: batches of the running epoch that are learnt; loss: their sum.
    first: the loss of the first step of all.
    """

    def __init__(
        self,
        network: keras.Model,
        optimizer: keras.Optimizer,
        averages: Sequence[tf.Variable],
        carried: Sequence[tf.Variable],
    ) -> None:
        self._network = network
        self._variables = {
            **{f"network {i}": v for i, v in enumerate(network.variables)},
            **{f"optimizer {i}": v for i, v in enumerate(optimizer.variables)},
            **{f"average {i}": v for i, v in enumerate(averages)},
            **{f"carried {i}": v for i, v in enumerate(carried)},
        }
        self.history: list[dict[str, float]] = []
        self.best_epoch = -1
        self.step, self.loss = 0, 0.0
        self.first: float | None = None
        self._since = time.monotonic()
        self._best: list[np.ndarray] = []

    def keep(self, row: dict[str, float]) -> None:
        """Add an epoch; if its score is the best one, remember the network's weights."""
        best = max((past["score"] for past in self.history), default=-math.inf)
        self.history.append(row)
        self.step, self.loss, self._since = 0, 0.0, time.monotonic()
        if row["score"] > best:
            self.best_epoch = len(self.history) - 1
            self._best = [v.numpy() for v in self._network.variables]

    def seconds(self) -> float:
        """What the running epoch took, interruptions left out."""
        return time.monotonic() - self._since

    def restore_best(self) -> None:
        """Give the network the weights of the best epoch."""
        for variable, value in zip(self._network.variables, self._best, strict=True):
            variable.assign(value)

    def arrays(self) -> dict[str, np.ndarray]:
        """A copy of everything."""
        arrays = {name: v.numpy() for name, v in self._variables.items()}
        arrays |= {f"best {i}": value for i, value in enumerate(self._best)}
        way = [self.history, self.best_epoch, self.first, self.step, self.loss, self.seconds()]
        arrays["way"] = np.array(json.dumps(way))
        return arrays

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        save_arrays(path, self.arrays())

    def load(self, path: Path) -> None:
        """Become what was saved.

        Raises TaskError if the file is broken, or of another network.
        """
        arrays = load_arrays(path)
        try:
            for name, variable in self._variables.items():
                variable.assign(arrays[name])
            way = json.loads(str(arrays["way"]))
            self.history, self.best_epoch, self.first, self.step, self.loss, seconds = way
            self._since = time.monotonic() - seconds
            if self.best_epoch >= 0:
                self._best = [arrays[f"best {i}"] for i in range(len(self._network.variables))]
        except (KeyError, ValueError, TypeError):  # other data, say another file of vectors
            raise TaskError(f"{path}: of another network; --overwrite starts anew") from None


@contextmanager
def using(weights: Sequence[Any], averages: Sequence[tf.Variable]) -> Iterator[None]:
    """Within it, `weights` have the values of `averages`."""
    kept = [v.numpy() for v in weights]
    for weight, average in zip(weights, averages, strict=True):
        weight.assign(average)
    try:
        yield
    finally:
        for weight, value in zip(weights, kept, strict=True):
            weight.assign(value)


def seed_generators(network: keras.Model, seed: int, epoch: int) -> None:
    """Give every random generator of the network a state of its own for this epoch."""
    states = (v for v in network.variables if "seed_generator" in v.path)
    for number, state in enumerate(states):
        fresh = np.random.default_rng([seed, epoch, number]).integers(2**31, size=state.shape)
        state.assign(fresh.astype(state.dtype))
