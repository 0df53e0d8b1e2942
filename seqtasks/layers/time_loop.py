"""The loop over time: one step after another, masked steps skipped.

`time_loop` is the only door to it. A layer hands over its step function, the input part of the
gates for all steps (one matrix product, made before) and the states to begin with; which loop runs
is decided here: Python's own where `unroll` asks for it, TensorFlow's where that is the backend,
`keras.ops.scan` elsewhere.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

Tensor = Any
Step = Callable[[Tensor, list[Tensor]], list[Tensor]]


def time_loop(
    step: Step,
    inputs: Tensor,
    states: list[Tensor],
    mask: Tensor | None = None,
    return_sequences: bool = True,
    unroll: bool = False,
) -> tuple[Tensor | None, list[Tensor]]:
    """Run `step` over the first axis of `inputs`.

    Args:
        step: `step(x, states) -> states`, with x of shape (batch, gates · units). The first of
            the states is the output of the step.
        inputs: the input part of the gates, shape (time, batch, gates · units).
        states: one tensor a state, shape (batch, units).
        mask: bool, shape (time, batch, 1). Where it is False the step is skipped: every state
            keeps its value, and no gradient passes through the step.
        return_sequences: whether the outputs of all steps are kept.
        unroll: a Python loop, which needs a static number of steps.

    Returns:
        The outputs, shape (time, batch, units), or None without `return_sequences`; and the
        states after the last step. At a masked step the output is the first state as it was.
    """
    if unroll or inputs.shape[0] == 0:
        return _python_loop(step, inputs, states, mask, return_sequences)
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_loop(step, inputs, states, mask, return_sequences)
    return _scan_loop(step, inputs, states, mask, return_sequences)


def _skip(keep: Tensor | None, new: list[Tensor], old: list[Tensor]) -> list[Tensor]:
    """The new states in the rows to keep, the old ones in the rows that the mask leaves out."""
    if keep is None:
        return new
    return [ops.where(keep, n, o) for n, o in zip(new, old, strict=True)]


def _python_loop(
    step: Step, inputs: Tensor, states: list[Tensor], mask: Tensor | None, return_sequences: bool
) -> tuple[Tensor | None, list[Tensor]]:
    outputs = []
    for t in range(inputs.shape[0]):
        keep = None if mask is None else mask[t]
        states = _skip(keep, step(inputs[t], states), states)
        outputs.append(states[0])
    if not return_sequences:
        return None, states
    return (ops.stack(outputs) if outputs else ops.expand_dims(states[0], 0)[:0]), states


def _scan_loop(
    step: Step, inputs: Tensor, states: list[Tensor], mask: Tensor | None, return_sequences: bool
) -> tuple[Tensor | None, list[Tensor]]:
    def advance(states: list[Tensor], now: list[Tensor]) -> tuple[list[Tensor], Any]:
        x, *keep = now
        states = _skip(keep[0] if keep else None, step(x, states), states)
        return states, (states[0] if return_sequences else None)

    states, outputs = ops.scan(advance, states, [inputs] if mask is None else [inputs, mask])
    return (outputs if return_sequences else None), states  # torch's scan makes up an output


def _tensorflow_loop(
    step: Step, inputs: Tensor, states: list[Tensor], mask: Tensor | None, return_sequences: bool
) -> tuple[Tensor | None, list[Tensor]]:
    import tensorflow as tf  # here, so that the other backends do without

    steps = inputs.shape[0] or tf.shape(inputs)[0]

    def by_time(values: Tensor) -> Any:
        array = tf.TensorArray(values.dtype, size=steps, element_shape=values.shape[1:])
        return array.unstack(values)

    x = by_time(inputs)
    keep = None if mask is None else by_time(mask)
    outputs = tf.TensorArray(
        states[0].dtype, size=steps if return_sequences else 0, element_shape=states[0].shape
    )

    def body(t: Tensor, outputs: Any, states: list[Tensor]) -> tuple[Tensor, Any, list[Tensor]]:
        new = step(x.read(t), states)
        new = _skip(None if keep is None else keep.read(t), new, states)
        for n, o in zip(new, states, strict=True):
            n.set_shape(o.shape)  # a stateful layer knows its batch where the input may not
        return t + 1, (outputs.write(t, new[0]) if return_sequences else outputs), new

    _, outputs, states = tf.while_loop(
        lambda t, *_: t < steps,
        body,
        (tf.constant(0), outputs, list(states)),
        maximum_iterations=steps,  # without it XLA cannot build the gradient
    )
    if not return_sequences:
        return None, list(states)
    if tf.executing_eagerly():
        return outputs.stack(), list(states)
    # As outputs.stack(), which wants to know the batch size if there turns out to be no step.
    stacked = tf.raw_ops.TensorListStack(
        input_handle=outputs.flow,
        element_shape=tf.shape(states[0]),
        element_dtype=states[0].dtype,
    )
    stacked.set_shape((inputs.shape[0], *states[0].shape))
    return stacked, list(states)
