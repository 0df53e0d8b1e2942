"""The training loop, for every task.

Everything random is a pure function of the seed, the epoch and the step: the caller's batches, by
contract, and here the states of the network's random generators, which are set anew at the head
of each epoch. With the state of all variables, a run that stopped goes on from any step as if it
had not.

What a step does: gradients of the loss (those of embeddings made dense, so that a word that comes
twice counts as its sum), clipped by their global norm; Adam with a rate that rises over the first
steps and then falls along a half cosine to a tenth; a running average of the weights. Validation
and the final model use the average.
"""

import csv
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from seqtasks.tasks.errors import Interrupted
from seqtasks.tasks.interruption import Signals, noted
from seqtasks.tasks.progress import Progress, clock
from seqtasks.tasks.run_directory import save_arrays
from seqtasks.tasks.training_plan import Plan, learning_rate
from seqtasks.tasks.training_state import State, seed_generators, using
from seqtasks.tasks.training_step import Batch, Step

SAVED_EVERY = 600.0  # seconds within an epoch; so much is lost at most
EXPLODED = 1000.0  # times the first loss; no training comes back from there
HIGH_RATE = 0.03  # above it, Adam's steps are larger than good weights are


@dataclass(frozen=True)
class Fitted:
    """What a training came to.

    history: a row an epoch, with `epoch`, `loss`, `seconds` and validation's figures.
    problem: why it stopped before its time, for the user; "" if it did not.
    """

    history: list[dict[str, float]]
    problem: str = ""


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
    carried: Sequence[tf.Variable] = (),
) -> Fitted:
    """Train `network` and leave the best averaged weights in it.

    network: a built Keras model.
    loss: scalar loss of a batch's tensors, in training mode; traced once.
    signature: shapes and types of a batch's tensors.
    batches: the batches of an epoch (counted from 0), `plan.steps` of them.
    validate: figures of the network as it is; the higher `score`, the better.
    checkpoint: a file that keeps the state after each epoch, and when a signal stops the
        training. If it is there, training goes on.
    carried: variables that `loss` hands on from batch to batch.

    A loss, a gradient or a score that is not finite, or a loss EXPLODED times the first one, ends
    the training as its last epoch would, if there is an earlier epoch with weights to keep.
    Raises Interrupted after SIGINT, SIGTERM or SIGHUP, once the step is done and the state saved;
    FloatingPointError if one of those comes in the first epoch.
    """
    step = Step(network, loss, signature, plan)
    state = State(network, step.optimizer, step.averages, carried)
    if checkpoint.exists():
        state.load(checkpoint)
    with noted() as signals:
        problem = ""
        for epoch in range(len(state.history), plan.epochs):
            if plan.patience and epoch - 1 - state.best_epoch >= plan.patience:
                break
            progress = Progress(f"epoch {epoch + 1}/{plan.epochs}", plan.steps)
            if state.step == 0:
                seed_generators(network, plan.seed, epoch)
            problem = _learn(step, plan, batches(epoch), state, signals, progress, checkpoint)
            if problem:
                break
            problem = _validate(network, step, plan, validate, state, signals, checkpoint)
            if problem:
                break
            state.save(checkpoint)
            progress.done(_line(state.history[-1], plan.epochs, state.best_epoch == epoch))
    if signals.number is not None:  # asked when none is noted any more
        raise Interrupted("interrupted after the last epoch; all is saved", signals.number)
    if problem and not state.history:
        state.save(checkpoint)
        raise FloatingPointError(f"{problem}; the weights before it are in {checkpoint}")
    state.restore_best()
    return Fitted(state.history, problem)


def _learn(
    step: Step,
    plan: Plan,
    batches: Iterable[Batch],
    state: State,
    signals: Signals,
    progress: Progress,
    checkpoint: Path,
) -> str:
    """Learn from the batches of an epoch that are left; returns what is wrong with one, or ""."""
    epoch, saved = len(state.history), time.monotonic()
    for batch in islice(batches, state.step, None):
        limit = math.inf if state.first is None else _limit(state.first)
        loss, norm = step(learning_rate(plan, epoch * plan.steps + state.step), batch, limit)
        if wrong := _wrong(loss, norm, state.first):
            return f"{wrong} at step {state.step + 1} of epoch {epoch + 1}; {_likely_cause(plan)}"
        if state.first is None:
            state.first = loss
        state.loss += loss
        state.step += 1
        stopped = signals.number is not None
        if stopped or time.monotonic() - saved > SAVED_EVERY:
            state.save(checkpoint)
            saved = time.monotonic()
        progress.step(state.step, f"  loss {_short(state.loss / state.step)}")
        if stopped:
            where = f"step {state.step} of {plan.steps} in epoch {epoch + 1} of {plan.epochs}"
            raise Interrupted(f"interrupted after {where}; all is saved", signals.number or 0)
    return ""


def _validate(
    network: keras.Model,
    step: Step,
    plan: Plan,
    validate: Callable[[], dict[str, float]],
    state: State,
    signals: Signals,
    checkpoint: Path,
) -> str:
    """Close an epoch with validation's figures; returns what is wrong with them, or ""."""
    epoch, before = len(state.history), state.arrays()
    try:
        with using(network.trainable_variables, step.averages):
            with signals.at_once():
                figures = validate()
            if not math.isfinite(figures["score"]):
                wrong = f"the validation score is {figures['score']} after epoch {epoch + 1}"
                return f"{wrong}; {_likely_cause(plan)}"
            row = {"epoch": epoch + 1, "loss": state.loss / plan.steps, **figures}
            state.keep({**row, "seconds": state.seconds()})
    except Interrupted as stop:
        save_arrays(checkpoint, before)
        where = f"epoch {epoch + 1} of {plan.epochs}, which is to be validated anew"
        raise Interrupted(f"interrupted after {where}; all is saved", stop.number) from None
    return ""


def _limit(first: float) -> float:
    """What no loss may exceed after this first one; as the step sees it, in single precision."""
    return float(np.float32(EXPLODED * max(first, 1.0)))


def _wrong(loss: float, norm: float, first: float | None) -> str:
    """What is wrong with a step's loss or with the norm of its gradients, or ""."""
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    if not math.isfinite(norm):
        return f"the gradient's norm is {norm}"
    if first is not None and loss > _limit(first):
        return f"the loss, {first:.3g} at first, is {loss:.3g}"
    return ""


def _likely_cause(plan: Plan) -> str:
    rate = f"the learning rate, {plan.learning_rate:g}, is likely too high"
    if not plan.clipnorm and plan.learning_rate <= HIGH_RATE:
        return "gradients likely exploded, since none is clipped: try --clipnorm 5"
    return f"{rate}: try --learning-rate {min(plan.learning_rate / 10, HIGH_RATE / 10):g}"


def write_history(path: Path, history: list[dict[str, float]]) -> None:
    """As comma-separated values, a row an epoch."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(history[0]))
        writer.writeheader()
        writer.writerows(history)


def _line(row: dict[str, float], epochs: int, best: bool) -> str:
    """An epoch for people."""
    shown = {k: v for k, v in row.items() if k not in ("epoch", "seconds", "score")}
    figures = "  ".join(f"{name} {_short(value)}" for name, value in shown.items())
    mark = "  best so far" if best else ""
    return f"epoch {row['epoch']:.0f}/{epochs}  {figures}  {clock(row['seconds'])}{mark}"


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1e6 else f"{value:.3g}"
