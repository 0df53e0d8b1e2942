"""The fused time loop: a forward pass over time with a backward pass written by hand.

Why it is faster than differentiating a loop over a cell, for the pre-activations
a<t> = W x<t> + b + U h<t-1> of all gates:

- W x + b of all steps is one product before the loop; the loop adds U h<t-1> alone.
- Automatic differentiation adds to dU, dp and db at every step. Here the loop back in time carries
  the gradients of the states alone and writes down da<t>; after it, dW, dU, db, dp and dx are one
  product each.
- U is transposed once before the loop back, not read crosswise at every step.
- A small product runs on one core. The two halves of a batch are therefore two loops
  (`in_halves`), which TensorFlow runs side by side.

What is kept from the forward for the backward pass is what the equations need: the gates and the
states of every step. In a graph without a gradient nothing reads them, and TensorFlow leaves them
out.

It computes; it knows no layer. `fused_gru` and `fused_lstm` hold the equations.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any
Tensors = list[Any]


class Sequences(NamedTuple):
    """What a loop runs over: time-major input, and what of it counts.

    `x`: (time, batch, features). `keep`: bool, (time, batch), or None; where it is False a step is
    skipped: the states stay, and no gradient passes. `shown`: likewise; where it is False the
    output is zero. `backwards`: begin with the last step; outputs stay in the order of the input.
    """

    x: Tensor
    keep: Tensor | None = None
    shown: Tensor | None = None
    backwards: bool = False


class Equations(NamedTuple):
    """A recurrent unit: one step forwards, one step back, and the gradients of its weights.

    `gates`: how many values `forward` keeps; `notes`: how many `backward` writes down. In the
    following, `weights` are U and what else the recurrence has, and `drop`, (batch, units) or None,
    the factors on h<t-1> where it enters U.

    `forward(weights, drop)` returns step(Wx + b, states) -> (new states, gates). The first state
    is the output.

    `backward(weights, drop)` returns step(gates, states before, states after, their gradients) ->
    (da, gradients of the states before, notes); da is (batch, gates · units), and the notes are
    what `weight_gradients` needs beside it.

    `weight_gradients(weights, drop, da, before, after, notes)` returns a gradient for each of the
    weights, from the values of all steps: (time, batch, ...).
    """

    gates: int
    notes: int
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    weight_gradients: Callable[..., Tensors]


def fused_loop(
    equations: Equations,
    sequences: Sequences,
    kernel: Tensor,
    bias: Tensor | None,
    weights: Tensors,
    states: Tensors,
    drop: Tensor | None = None,
    return_sequences: bool = True,
) -> tuple[Tensor | None, Tensors]:
    """Run a recurrent unit over time.

    Args:
        equations: the unit.
        sequences: its input.
        kernel: W, (features, gates · units).
        bias: b, (gates · units,), or None.
        weights: of the recurrence, as the equations want them.
        states: before the first step, (batch, units) each.
        drop: dropout factors on the output where it enters the recurrent product, (batch, units).
        return_sequences: whether to return the outputs of all steps.

    Returns:
        The outputs, (time, batch, units), or None without `return_sequences`; and the states after
        the last step.

    Raises:
        NotImplementedError: a second derivative is asked for.
    """
    has_bias, count = bias is not None, len(weights)
    given = [sequences.x, kernel, *([bias] if has_bias else []), *weights, *states]

    @tf.custom_gradient
    def run(*given: Tensor) -> Any:
        # A tape that is recording shall see the whole as one operation, and keep nothing of it.
        x, kernel, *rest = map(tf.stop_gradient, given)
        bias, rest = (rest[0], rest[1:]) if has_bias else (None, rest)
        weights, first = list(rest[:count]), list(rest[count:])

        def ahead() -> _Trace:
            return _ahead(equations, sequences._replace(x=x), kernel, bias, weights, first, drop)

        trace, made_in = ahead(), _graph()

        def gradients(*of_results: Tensor) -> Tensors:
            @tf.custom_gradient
            def once(*of_results: Tensor) -> Any:
                # A gradient taken in another graph than this one, a SavedModel's or that of a
                # function differentiated from outside, can take no lists along: it runs anew.
                known = trace if _graph() is made_in else ahead()
                dy, *dstates = of_results if return_sequences else (None, *of_results)
                da, notes, dfirst = _back(
                    equations, sequences, weights, drop, known, dy, list(dstates)
                )
                before, after = _past(known, sequences.backwards)
                dweights = equations.weight_gradients(weights, drop, da, before, after, notes)
                rows = flat(da)
                dx = tf.reshape(tf.matmul(rows, kernel, transpose_b=True), tf.shape(x))
                dkernel = tf.matmul(flat(known.x), rows, transpose_a=True)
                dbias = [column_sums(rows)] if has_bias else []
                return [dx, dkernel, *dbias, *dweights, *dfirst], _refuse

            # dense: the gradient of rows gathered from a result is not
            return once(*map(tf.convert_to_tensor, of_results))

        if not return_sequences:
            return trace.last, gradients
        y = trace.output[:-1] if sequences.backwards else trace.output[1:]
        y.set_shape((x.shape[0], *first[0].shape))
        return [y if sequences.shown is None else _rows(sequences.shown, y), *trace.last], gradients

    results = run(*(tf.convert_to_tensor(value) for value in given))
    return (results[0], results[1:]) if return_sequences else (None, results)


class _Trace(NamedTuple):
    """What the pass forwards leaves. Lists are in the order of time."""

    x: Tensor  # zero where padded
    gates: Any  # list of (batch, units), `equations.gates` a step
    output: Tensor  # the first state, with that before the first step, (time + 1, batch, units)
    others: list[Any]  # of the other states a list each, with that before the first step
    last: Tensors  # states after the last step


def _ahead(
    equations: Equations,
    sequences: Sequences,
    kernel: Tensor,
    bias: Tensor | None,
    weights: Tensors,
    first: Tensors,
    drop: Tensor | None,
) -> _Trace:
    x, keep, _, backwards = sequences
    if keep is not None:
        x = _rows(keep, x)  # whatever padding holds, NaN too, must reach no product
    steps = tf.shape(x)[0]
    projected = _project(x, kernel, bias)
    step = equations.forward(weights, drop)
    after = 0 if backwards else 1
    gates = _array(first[0], steps * equations.gates)
    lists = [_array(state, steps + 1).write(steps if backwards else 0, state) for state in first]

    def body(k: Tensor, now: Tensors, gates: Any, lists: list[Any]) -> Any:
        t = steps - 1 - k if backwards else k
        new, values = step(projected[t], now)
        if keep is not None:
            new = _choose(keep[t], new, now)
        _set_shapes(new, now)
        for n, value in enumerate(values):
            gates = gates.write(t * equations.gates + n, value)
        lists = [a.write(t + after, s) for a, s in zip(lists, new, strict=True)]
        return k + 1, new, gates, lists

    _, last, gates, lists = tf.while_loop(
        lambda k, *_: k < steps,
        body,
        (tf.constant(0), first, gates, lists),
        parallel_iterations=1,  # a step needs the one before: more only costs bookkeeping
    )
    return _Trace(x, gates, lists[0].stack(), list(lists[1:]), list(last))


def _back(
    equations: Equations,
    sequences: Sequences,
    weights: Tensors,
    drop: Tensor | None,
    known: _Trace,
    dy: Tensor | None,
    dlast: Tensors,
) -> tuple[Tensor, Tensors, Tensors]:
    """Return da and the notes, (time, batch, ...), and the gradients of the first states."""
    _, keep, shown, backwards = sequences
    if dy is not None and shown is not None:
        dy = _rows(shown, dy)
    steps = tf.shape(known.x)[0]
    step = equations.backward(weights, drop)
    width = weights[0].shape[-1]
    before, after = (1, 0) if backwards else (0, 1)
    da = _array(dlast[0], steps, width)
    notes = [_array(dlast[0], steps) for _ in range(equations.notes)]

    def states(t: Tensor) -> Tensors:
        return [known.output[t], *(array.read(t) for array in known.others)]

    def body(k: Tensor, now: Tensors, da: Any, notes: list[Any]) -> Any:
        t = steps - 1 - k if backwards else k
        if dy is not None:
            now = [now[0] + dy[t], *now[1:]]
        gates = [known.gates.read(t * equations.gates + n) for n in range(equations.gates)]
        d, new, written = step(gates, states(t + before), states(t + after), now)
        if keep is not None:
            (d,) = _choose(keep[t], [d], [tf.zeros_like(d)])
            new = _choose(keep[t], new, now)
        _set_shapes(new, now)
        notes = [a.write(t, note) for a, note in zip(notes, written, strict=True)]
        return k - 1, new, da.write(t, d), notes

    _, dfirst, da, notes = tf.while_loop(
        lambda k, *_: k >= 0, body, (steps - 1, dlast, da, notes), parallel_iterations=1
    )
    batch, units = tf.unstack(tf.shape(dlast[0]))
    return _stack(da, batch, width), [_stack(n, batch, units) for n in notes], list(dfirst)


def _past(known: _Trace, backwards: bool) -> tuple[Tensors, Tensors]:
    """The states before and after every step, (time, batch, units)."""
    states = [known.output, *(array.stack() for array in known.others)]
    early, late = [s[:-1] for s in states], [s[1:] for s in states]
    return (late, early) if backwards else (early, late)


def in_halves(batch: int | None) -> bool:
    """Whether to run the two halves of a batch (None: of unknown size) as two loops side by side.

    Not for a handful of rows; not where a GPU is, which works on all rows at once; and not outside
    of a graph, where one operation is run after the other.
    """
    if tf.executing_eagerly() or tf.config.list_logical_devices("GPU"):
        return False
    return batch is None or batch >= 8


def flat(x: Tensor) -> Tensor:
    """(time, batch, width) to (time · batch, width)."""
    return tf.reshape(x, (-1, x.shape[-1]))


def column_sums(rows: Tensor) -> Tensor:
    """Sum over the first axis of a matrix, as a product, which is faster than a reduction."""
    return tf.matmul(tf.ones((1, tf.shape(rows)[0]), rows.dtype), rows)[0]


def _refuse(*_: Tensor) -> Tensors:
    raise NotImplementedError(
        "the fused recurrent layers have no second derivative; for one, choose the path of single "
        "steps with `unroll=True`"
    )


def _project(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    z = tf.matmul(flat(x), kernel)
    if bias is not None:
        z = tf.nn.bias_add(z, bias)
    shape = tf.shape(x)
    z = tf.reshape(z, (shape[0], shape[1], kernel.shape[-1]))
    z.set_shape((*x.shape[:2], kernel.shape[-1]))
    return z


def _graph() -> Any:
    """The graph that is being built, None outside of one."""
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


def _array(like: Tensor, size: Tensor, width: int | None = None) -> Any:
    """A list of `size` matrices with the rows of `like` and its columns, or `width`."""
    shape = (like.shape[0], width or like.shape[1])
    return tf.TensorArray(like.dtype, size=size, element_shape=shape, clear_after_read=False)


def _stack(array: Any, batch: Tensor, width: Any) -> Tensor:
    """As `array.stack()`, which wants to know the batch size if there turns out to be no step."""
    if tf.executing_eagerly():
        return array.stack()
    stacked = tf.raw_ops.TensorListStack(
        input_handle=array.flow,
        element_shape=tf.stack([batch, width]),
        element_dtype=array.dtype,
    )
    stacked.set_shape((None, *array.element_shape))
    return stacked


def _choose(condition: Tensor, new: Tensors, old: Tensors) -> Tensors:
    """Whole rows of `new` or of `old`; TensorFlow's first Select copies rows, `where` elements."""
    return [tf.raw_ops.Select(condition=condition, x=n, y=o) for n, o in zip(new, old, strict=True)]


def _rows(condition: Tensor, x: Tensor) -> Tensor:
    """Where `condition`, (time, batch), is False, rows of zeros in place of those of x."""
    rows = flat(x)
    chosen = tf.raw_ops.Select(condition=tf.reshape(condition, [-1]), x=rows, y=tf.zeros_like(rows))
    return tf.reshape(chosen, tf.shape(x))


def _set_shapes(new: Tensors, old: Tensors) -> None:
    for n, o in zip(new, old, strict=True):
        n.set_shape(o.shape)
