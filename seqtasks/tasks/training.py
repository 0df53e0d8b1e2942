"""The training loop, for every task.

Everything random is a pure function of the seed, the epoch and the step: the caller's batches, by
contract, and here the states of the network's random generators, which are set anew at the head
of each epoch. So a run that stopped goes on from its last epoch as if it had not.

What a step does: gradients of the loss (those of embeddings made dense, so that a word that comes
twice counts as its sum), clipped by their global norm; Adam with a rate that rises over the first
steps and then falls along a half cosine to a tenth; a running average of the weights. Validation
and the final model use the average.
"""

import csv
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.progress import Progress, clock
from seqtasks.tasks.run_directory import load_arrays, save_arrays

Batch = tuple[np.ndarray, ...]
WARM_UP = 200  # steps over which the learning rate rises, of a short training a tenth of all


@dataclass(frozen=True)
class Plan:
    """How to train; see the task's `Config` for what the numbers mean and their defaults."""

    epochs: int
    steps: int  # batches an epoch
    learning_rate: float
    clipnorm: float  # 0: gradients are not clipped
    averaging: float  # share of the old average that a step keeps; 0: no average
    patience: int  # epochs without a better score before training stops; 0: never stops early
    seed: int


def plan(config: Any, steps: int) -> Plan:
    """The plan that a task's resolved settings ask for, with so many batches an epoch."""
    return Plan(
        epochs=config.epochs,
        steps=steps,
        learning_rate=config.learning_rate,
        clipnorm=config.clipnorm,
        averaging=config.averaging,
        patience=config.patience,
        seed=config.seed,
    )


def start_tensorflow(seed: int, threads: int | None) -> None:
    """Make this process's TensorFlow repeatable, and give it so many threads (None: all cores).

    Call it before anything else touches TensorFlow; later, the number of threads stays as it is.
    """
    if threads:
        set_threads(threads)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


def set_threads(threads: int) -> None:
    """Give TensorFlow so many threads, if it has not begun to compute."""
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def fit(
    network: keras.Model,
    loss: Callable[..., tf.Tensor],
    signature: Sequence[tf.TensorSpec],
    batches: Callable[[int], Iterable[Batch]],
    validate: Callable[[], dict[str, float]],
    plan: Plan,
    checkpoint: Path,
) -> list[dict[str, float]]:
    """Train `network`, leave the best averaged weights in it, and return the history.

    network: a built Keras model.
    loss: scalar loss of a batch's tensors, in training mode; traced once.
    signature: shapes and types of a batch's tensors.
    batches: the batches of an epoch (counted from 0), `plan.steps` of them.
    validate: figures of the network as it is; the higher `score`, the better.
    checkpoint: a file that keeps the state after each epoch. If it is there, training goes on.

    History: a row an epoch, with `epoch`, `loss`, `seconds` and validation's figures.
    Raises FloatingPointError if the loss is no finite number.
    """
    step = Step(network, loss, signature, plan)
    weights, averages = network.trainable_variables, step.averages
    state = _State(network, step.optimizer, averages)
    if checkpoint.exists():
        state.load(checkpoint)

    for epoch in range(len(state.history), plan.epochs):
        if plan.patience and epoch - 1 - state.best_epoch >= plan.patience:
            break
        _seed_generators(network, plan.seed, epoch)
        start, losses = time.monotonic(), 0.0
        progress = Progress(f"epoch {epoch + 1}/{plan.epochs}", plan.steps)
        for number, batch in enumerate(batches(epoch)):
            rate = learning_rate(plan, epoch * plan.steps + number)
            losses += float(step(rate, batch))
            progress.step(number + 1, f"  loss {losses / (number + 1):.3f}")
        if not np.isfinite(losses):
            raise FloatingPointError(f"the loss is {losses} in epoch {epoch + 1}")
        with _using(weights, averages):
            figures = validate()
            row = {"epoch": epoch + 1, "loss": losses / plan.steps, **figures}
            row["seconds"] = time.monotonic() - start
            state.keep(row)
        state.save(checkpoint)
        progress.done(_line(row, plan.epochs, state.best_epoch == epoch))
    state.restore_best()
    return state.history


class Step:
    """One training step, from a batch to new weights; traced once."""

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
            input_signature=[tf.TensorSpec((), tf.float32), *signature],
        )

    def __call__(self, rate: float, batch: Batch) -> tf.Tensor:
        """Learn from a batch at this learning rate; its loss."""
        return self._run(tf.constant(rate, tf.float32), *map(tf.constant, batch))

    def _traced(self, rate: tf.Tensor, *batch: tf.Tensor) -> tf.Tensor:
        weights = self._weights
        self.optimizer.learning_rate.assign(rate)
        with tf.GradientTape() as tape:
            value = self._loss(*batch)
        gradients = tape.gradient(value, [v.value for v in weights])
        gradients = [tf.convert_to_tensor(g) for g in gradients]
        if self._plan.clipnorm:
            gradients, _ = tf.clip_by_global_norm(gradients, self._plan.clipnorm)
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        # early averages forget faster, so that the first weights do not weigh on them
        count = tf.cast(self.optimizer.iterations, tf.float32)
        keep = tf.minimum(self._plan.averaging, count / (10 + count))
        for average, weight in zip(self.averages, weights, strict=True):
            average.assign(keep * average + (1 - keep) * weight.value)
        return value


def learning_rate(plan: Plan, step: int) -> float:
    """The rate at a step: a short rise, then half a cosine from 1 to 0.1 of the plan's."""
    steps = plan.epochs * plan.steps
    rise = min(1.0, (step + 1) / min(WARM_UP, max(steps / 10, 1)))
    share = step / steps
    return plan.learning_rate * rise * (0.55 + 0.45 * float(np.cos(np.pi * share)))


def write_history(path: Path, history: list[dict[str, float]]) -> None:
    """As comma-separated values, a row an epoch."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(history[0]))
        writer.writeheader()
        writer.writerows(history)


class _State:
    """All that the next epoch depends on, and the best weights so far."""

    def __init__(
        self, network: keras.Model, optimizer: keras.Optimizer, averages: list[tf.Variable]
    ) -> None:
        self._network = network
        self._variables = {
            **{f"network {i}": v for i, v in enumerate(network.variables)},
            **{f"optimizer {i}": v for i, v in enumerate(optimizer.variables)},
            **{f"average {i}": v for i, v in enumerate(averages)},
        }
        self.history: list[dict[str, float]] = []
        self.best_epoch = -1
        self._best: list[np.ndarray] = []

    def keep(self, row: dict[str, float]) -> None:
        """Add an epoch; if its score is the best one, remember the network's weights."""
        best = max((past["score"] for past in self.history), default=-np.inf)
        self.history.append(row)
        if row["score"] > best:
            self.best_epoch = len(self.history) - 1
            self._best = [v.numpy() for v in self._network.variables]

    def restore_best(self) -> None:
        for variable, value in zip(self._network.variables, self._best, strict=True):
            variable.assign(value)

    def save(self, path: Path) -> None:
        arrays = {name: v.numpy() for name, v in self._variables.items()}
        arrays |= {f"best {i}": value for i, value in enumerate(self._best)}
        arrays["history"] = np.array(json.dumps([self.history, self.best_epoch]))
        save_arrays(path, arrays)

    def load(self, path: Path) -> None:
        arrays = load_arrays(path)
        try:
            for name, variable in self._variables.items():
                variable.assign(arrays[name])
            self._best = [arrays[f"best {i}"] for i in range(len(self._network.variables))]
            self.history, self.best_epoch = json.loads(str(arrays["history"]))
        except (KeyError, ValueError):  # other data, say another file of vectors
            raise TaskError(f"{path}: of another network; --overwrite starts anew") from None


class _using:
    """Within it, `weights` have the values of `averages`."""

    def __init__(self, weights: list[Any], averages: list[tf.Variable]) -> None:
        self._weights, self._averages = weights, averages

    def __enter__(self) -> None:
        self._kept = [v.numpy() for v in self._weights]
        for weight, average in zip(self._weights, self._averages, strict=True):
            weight.assign(average)

    def __exit__(self, *_: object) -> None:
        for weight, value in zip(self._weights, self._kept, strict=True):
            weight.assign(value)


def _seed_generators(network: keras.Model, seed: int, epoch: int) -> None:
    """Give every random generator of the network a state of its own for this epoch."""
    states = (v for v in network.variables if "seed_generator" in v.path)
    for number, state in enumerate(states):
        fresh = np.random.default_rng([seed, epoch, number]).integers(2**31, size=state.shape)
        state.assign(fresh.astype(state.dtype))


def _line(row: dict[str, float], epochs: int, best: bool) -> str:
    """An epoch for people."""
    shown = {k: v for k, v in row.items() if k not in ("epoch", "seconds", "score")}
    figures = "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
    mark = "  best so far" if best else ""
    return f"epoch {row['epoch']:.0f}/{epochs}  {figures}  {clock(row['seconds'])}{mark}"
