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
    begins_at_zero: bool,
    drop: Tensor | None,
) -> tuple[Tensor, list[Tensor]]:
    """Run a layer whose cell has `equations()` and `recurrent_weights()`.

    Args:
        layer: the layer.
        sequences: (batch, time, features), dropout done.
        states: before the first step, (batch, units) each.
        keep: the mask, bool, (batch, time), or None.
        begins_at_zero: whether the states are the layer's own zeros.
        drop: dropout factors on the output where it enters the recurrent product, (batch, units).

    Returns:
        The output, as the layer returns it; and the states after the last step.
    """
    whole = [sequences, *states, *(part for part in (keep, drop) if part is not None)]
    parts = _halves(whole) if in_halves(sequences.shape[0]) and not layer._beside else [whole]
    outputs, ends = [], []
    for x, *rest in parts:
        first, rest = rest[: len(states)], rest[len(states) :]
        output, last = _run(
            layer,
            x,
            first,
            rest.pop(0) if keep is not None else None,
            begins_at_zero,
            rest.pop(0) if drop is not None else None,
        )
        outputs.append(output)
        ends.append(last)
    if len(parts) == 1:
        return outputs[0], ends[0]
    return tf.concat(outputs, 0), [tf.concat(state, 0) for state in zip(*ends, strict=True)]


def _halves(whole: list[Tensor]) -> list[list[Tensor]]:
    batch = whole[0].shape[0]
    if batch is None:
        batch = tf.shape(whole[0])[0]
    sizes = [batch // 2, batch - batch // 2]
    split = [tf.split(part, sizes, num=2) for part in whole]
    return [[part[n] for part in split] for n in range(2)]


def _run(
    layer: keras.layers.Layer,
    x: Tensor,
    states: list[Tensor],
    keep: Tensor | None,
    begins_at_zero: bool,
    drop: Tensor | None,
) -> tuple[Tensor, list[Tensor]]:
    cell, backwards = layer.cell, layer.go_backwards
    keep = None if keep is None else tf.transpose(keep)
    shown = None
    if keep is not None and layer.zero_output_for_mask:
        shown = keep
    elif keep is not None and not begins_at_zero:
        # Keras's rule: before the first step of a row its output is zero, not its state.
        shown = tf.cumsum(tf.cast(keep, tf.int32), axis=0, reverse=backwards) > 0
    outputs, last = fused_loop(
        cell.equations(),
        Sequences(tf.transpose(x, (1, 0, 2)), keep, shown, backwards),
        cell.kernel,
        cell.bias,
        cell.recurrent_weights(),
        states,
        drop,
        layer.return_sequences,
    )
    if outputs is None:
        output = last[0]
        if keep is not None and not begins_at_zero:
            any_step = tf.reduce_any(keep, axis=0)
            output = tf.where(any_step[:, None], output, tf.zeros_like(output))
        return output, last
    if backwards and not layer._beside:
        outputs = tf.reverse(outputs, [0])
    return tf.transpose(outputs, (1, 0, 2)), last
