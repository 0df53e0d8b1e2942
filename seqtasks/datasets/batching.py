"""Batches of examples of about the same length. Only here is padding known."""

from collections.abc import Sequence

import numpy as np


def length_buckets(
    lengths: Sequence[int], batch_size: int, seed: int, epoch: int
) -> list[np.ndarray]:
    """The batches of a training epoch: indices of examples, those of like length together.

    Lengths are blurred by up to a fifth first, so that batches differ from epoch to epoch; the
    order of the batches is drawn. A pure function of its arguments.
    """
    generator = np.random.default_rng([seed, epoch])
    blurred = np.asarray(lengths) * (1 + 0.2 * generator.random(len(lengths)))
    # a random addend below 1 mixes the many examples of the same short length
    order = np.argsort(blurred + generator.random(len(lengths)), kind="stable")
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return [batches[i] for i in generator.permutation(len(batches))]


def length_batches(lengths: Sequence[int], tokens: int) -> list[np.ndarray]:
    """Batches for prediction: sorted by length, each of about so many tokens, padding included."""
    order = np.argsort(np.asarray(lengths), kind="stable")
    batches, first = [], 0
    for i in range(1, len(order) + 1):
        if i == len(order) or (i - first + 1) * lengths[order[i]] > tokens:
            batches.append(order[first:i])
            first = i
    return batches


def padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Integer rows of unequal length as one int32 array (rows, longest), 0 behind each row."""
    result = np.zeros((len(rows), max(map(len, rows), default=0)), np.int32)
    for line, row in zip(result, rows, strict=True):
        line[: len(row)] = row
    return result
