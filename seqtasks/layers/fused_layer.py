"""From a layer's call to the fused loop and back: halves of a batch, masks, direction."""

from typing import Any

import keras
import tensorflow as tf

from seqtasks.layers.fused_loop import Sequences, fused_loop, in_halves

Tensor = Any


def run_fused(
    layer: keras.layers.Layer,
    sequences: Tensor,
    states: list[Tensor],
    keep: Tensor | None,
    shown: Tensor | None,
    drop: Tensor | None,
) -> tuple[Tensor | None, list[Tensor]]:
    """Run a layer whose cell has `equations()` and `recurrent_weights()`.

    Args:
        layer: the layer.
        sequences: (batch, time, features), dropout done.
        states: before the first step, (batch, units) each.
        keep: the mask, bool, (batch, time), or None.
        shown: where the output shows the state, bool, (batch, time), or None: everywhere.
        drop: dropout factors on the output where it enters the recurrent product, (batch, units).

    Returns:
        The outputs, (batch, time, units), in the order of time, or None without
        `return_sequences`; and the states after the last step.
    """
    whole = [sequences, *states, keep, shown, drop]
    parts = _halves(whole) if in_halves(sequences.shape[0]) and not layer._beside else [whole]
    outputs, ends = zip(*(_run(layer, *part) for part in parts), strict=True)
    if len(parts) == 1:
        return outputs[0], ends[0]
    last = [tf.concat(state, 0) for state in zip(*ends, strict=True)]
    return (tf.concat(outputs, 0) if layer.return_sequences else None), last


def _halves(whole: list[Tensor | None]) -> list[list[Tensor | None]]:
    sequences: Tensor = whole[0]
    batch = sequences.shape[0]
    if batch is None:
        batch = tf.shape(sequences)[0]
    sizes = [batch // 2, batch - batch // 2]
    split = [(None, None) if part is None else tf.split(part, sizes, num=2) for part in whole]
    return [[part[n] for part in split] for n in range(2)]


def _run(
    layer: keras.layers.Layer, x: Tensor, *rest: Tensor | None
) -> tuple[Tensor | None, list[Tensor]]:
    *states, keep, shown, drop = rest
    cell = layer.cell
    keep, shown = (None if mask is None else tf.transpose(mask) for mask in (keep, shown))
    outputs, last = fused_loop(
        cell.equations(),
        Sequences(tf.transpose(x, (1, 0, 2)), keep, shown, layer.go_backwards),
        cell.kernel,
        cell.bias,
        cell.recurrent_weights(),
        states,
        drop,
        layer.return_sequences,
    )
    return (None if outputs is None else tf.transpose(outputs, (1, 0, 2))), last
