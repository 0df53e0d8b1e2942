"""The long short-term memory, with and without peepholes."""

from typing import Any

import keras
from keras import ops

from seqtasks.layers import recurrent
from seqtasks.layers.gated_cell import (
    add_weights,
    arguments_config,
    dropout_masks,
    input_projection,
    set_arguments,
    zero_states,
)
from seqtasks.layers.time_loop import Step

Tensor = Any

_OWN_ARGUMENTS = (
    "unit_forget_bias",
    "peephole",
    "peephole_initializer",
    "peephole_regularizer",
    "peephole_constraint",
)


@keras.saving.register_keras_serializable(package="seqtasks")
class LSTMCell(keras.layers.Layer):
    """One step of a long short-term memory.

    For the input x<t>, the output h<t-1> and the memory c<t-1>::

        i<t> = σ(Wi x<t> + Ui h<t-1> + pi * c<t-1> + bi)   what enters (Γu of the course notes)
        f<t> = σ(Wf x<t> + Uf h<t-1> + pf * c<t-1> + bf)   what is kept of the memory (Γf)
        ĉ<t> = tanh(Wc x<t> + Uc h<t-1> + bc)              the candidate
        c<t> = f<t> * c<t-1> + i<t> * ĉ<t>
        o<t> = σ(Wo x<t> + Uo h<t-1> + po * c<t> + bo)     what is shown of the memory (Γo)
        h<t> = o<t> * tanh(c<t>)

    where * is the element-wise product. The terms with p are the peepholes; without
    (`peephole=False`, the default) they are not there. f = 1 keeps the old memory. With peepholes
    i and f see the old memory c<t-1>, and o, which is computed later, the new one c<t>; each gate
    of a unit sees the memory of that unit alone (p is a diagonal). Notes call the output a<t>.

    Weights, gates side by side in the order i, f, c, o, so that
    `set_weights(keras_layer.get_weights())` works for the plain unit:

    - `kernel` W: (features, 4 · units)
    - `recurrent_kernel` U: (units, 4 · units)
    - `bias` b: (4 · units,)
    - `peephole_kernel` p, with `peephole=True`: (3, units), its rows in the order i, f, o

    Args:
        units: size of h and of c.
        peephole: whether there is a p.
        activation: in place of both tanh.
        recurrent_activation: in place of the gates' σ.
        use_bias: whether there is a b.
        kernel_initializer, recurrent_initializer, bias_initializer, peephole_initializer: for W,
            U, b and p. By default p begins at zero: training starts from the plain unit.
        unit_forget_bias: begin bf at one, whatever `bias_initializer` says (Jozefowicz et al.,
            "An empirical exploration of recurrent network architectures", 2015).
        kernel_regularizer, recurrent_regularizer, bias_regularizer, peephole_regularizer:
            likewise.
        kernel_constraint, recurrent_constraint, bias_constraint, peephole_constraint: likewise.
        dropout: share of x that is dropped in training, in [0, 1).
        recurrent_dropout: share of h<t-1> that is dropped where it enters the product with U, in
            [0, 1). The memory c is never dropped.
        seed: of the dropout. The cell by itself draws at every call; the layer `LSTM` draws once
            a sequence.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Call arguments: `inputs`, (batch, features); `states`, a list of h<t-1> and c<t-1>, both
    (batch, units); `training`. Returns h<t>, and [h<t>, c<t>].

    Raises:
        ValueError: an argument is out of its range; the message names it.

    References: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers, Schmidhuber and
    Cummins, "Learning to forget", 2000; for the peepholes Gers and Schmidhuber, "Recurrent nets
    that time and count", 2000, and Gers, Schraudolph and Schmidhuber, "Learning precise timing
    with LSTM recurrent networks", 2002, https://www.jmlr.org/papers/v3/gers02a.html.
    """

    state_names = ("h", "c")

    def __init__(
        self,
        units: int,
        peephole: bool = False,
        *,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        peephole_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        peephole_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        peephole_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        set_arguments(self, locals(), _OWN_ARGUMENTS)
        self.state_size = [self.units, self.units]
        self.output_size = self.units

    def build(self, input_shape: recurrent.Shape) -> None:
        """Make the weights for inputs of shape (batch, features)."""

        def with_forget_bias(shape: tuple[int, ...], dtype: Any = None) -> Tensor:
            rest = self.bias_initializer((3 * self.units,), dtype=dtype)
            bi, bc_bo = rest[: self.units], rest[self.units :]
            return ops.concatenate([bi, ops.ones((self.units,), dtype=dtype), bc_bo])

        bias = with_forget_bias if self.unit_forget_bias else None
        add_weights(self, input_shape[-1], gates=4, bias_initializer=bias)
        self.peephole_kernel = None
        if self.peephole:
            self.peephole_kernel = self.add_weight(
                shape=(3, self.units),
                name="peephole_kernel",
                initializer=self.peephole_initializer,
                regularizer=self.peephole_regularizer,
                constraint=self.peephole_constraint,
            )

    def project(self, x: Tensor) -> Tensor:
        """Return W x + b for one step or all: (..., features) to (..., 4 · units)."""
        return input_projection(self, x)

    def advance(self, keep: Tensor | None = None) -> Step:
        """Return the step (W x<t> + b, [h<t-1>, c<t-1>]) to [h<t>, c<t>]; `keep`: dropout of h."""
        kernel = ops.convert_to_tensor(self.recurrent_kernel)
        gate, squash = self.recurrent_activation, self.activation
        pi = pf = po = None
        if self.peephole_kernel is not None:
            pi, pf, po = ops.unstack(ops.convert_to_tensor(self.peephole_kernel), 3)

        def step(x: Tensor, states: list[Tensor]) -> list[Tensor]:
            h, c = states
            seen = h if keep is None else h * keep
            zi, zf, zc, zo = ops.split(x + ops.matmul(seen, kernel), 4, axis=-1)
            if pi is not None:
                zi, zf = zi + pi * c, zf + pf * c
            c = gate(zf) * c + gate(zi) * squash(zc)
            if po is not None:
                zo = zo + po * c
            return [gate(zo) * squash(c), c]

        return step

    def equations(self) -> Any:
        """Return the equations for the fused loop, which is TensorFlow's alone."""
        from seqtasks.layers.fused_lstm import LSTM_EQUATIONS

        return LSTM_EQUATIONS

    def recurrent_weights(self) -> list[Tensor]:
        """Return what `equations` call the weights: U, and p with peepholes."""
        return [self.recurrent_kernel, *([self.peephole_kernel] if self.peephole else [])]

    def call(
        self, inputs: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Return h<t>, and the new states [h<t>, c<t>]."""
        batch, features = ops.shape(inputs)
        keep_input, keep_state = dropout_masks(self, batch, features, training)
        x = inputs if keep_input is None else inputs * keep_input
        h, c = self.advance(keep_state)(self.project(x), list(states))
        return h, [h, c]

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Return [h<0>, c<0>]: zeros of shape (batch_size, units)."""
        return zero_states(self, batch_size, 2)

    def get_config(self) -> dict[str, Any]:
        """Return all arguments, for `from_config`."""
        return {**super().get_config(), **arguments_config(self, _OWN_ARGUMENTS)}


@recurrent.shows_cell_arguments(*_OWN_ARGUMENTS)
@keras.saving.register_keras_serializable(package="seqtasks")
class LSTM(keras.layers.Layer):
    """A long short-term memory over time: `LSTMCell`, which has the equations, step after step.

    A drop-in for `keras.layers.LSTM`, with peepholes to be had: the same arguments, weights and
    outputs.

    Masks: `mask` is (batch, time), of any pattern, and comes along by itself after
    `Embedding(mask_zero=True)` or `Masking`. A masked step is skipped, forwards and backwards: h
    and c stay, and no value and no gradient passes, whatever the padding holds (NaN as well). A
    padded row gives what the row alone gives. The output at a masked step is the previous output,
    and zero before the first; with `zero_output_for_mask` it is zero. A row without any step gives
    zero, and its initial states as last states.

    Args:
        units: size of h and of c.
        peephole: whether the gates see the memory; see `LSTMCell`.
        return_sequences: return the output of every step, not of the last alone.
        return_state: return the last states h<T> and c<T> as well.
        go_backwards: begin at the end, and return the outputs in that order.
        stateful: begin each batch with the last states of the one before; the batch size is fixed.
        unroll: one copy of the step for each of a fixed number of steps, in place of a loop.
        zero_output_for_mask: see above. Matters only with `return_sequences`.
        **kwargs: the other arguments of `LSTMCell`, from `activation` to `seed` (a dropout mask is
            drawn once a sequence); `activity_regularizer`, `name`, `dtype`, `trainable`, as for
            every Keras layer.

    Call arguments: `sequences`, (batch, time, features); `initial_state`, a list of h<0> and c<0>,
    both (batch, units); `mask`; `training`. Returns the output, (batch, units), or
    (batch, time, units) with `return_sequences`; with `return_state` a tuple of output, h<T>, c<T>.

    Raises:
        ValueError: an argument, a mask or an initial state is out of its range or shape; the
            message names it.
    """

    def __init__(
        self,
        units: int,
        peephole: bool = False,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        of_cell, of_layer = recurrent.split_arguments(kwargs, _OWN_ARGUMENTS)
        super().__init__(**of_layer)
        recurrent.set_options(
            self,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
        )
        self.cell = LSTMCell(
            units,
            peephole,
            **of_cell,
            name="lstm_cell",
            dtype=self.dtype_policy,
            trainable=self.trainable,
        )

    def build(self, sequences_shape: recurrent.Shape, initial_state_shape: Any = None) -> None:
        """Make the weights for inputs of shape (batch, time, features)."""
        recurrent.build(self, sequences_shape)

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,
    ) -> Any:
        """Run over time; the class documentation has arguments and results."""
        return recurrent.run(self, sequences, initial_state, mask, training)

    def compute_output_shape(
        self, sequences_shape: recurrent.Shape, initial_state_shape: Any = None
    ) -> Any:
        """Return the shape of what `call` returns."""
        return recurrent.output_shape(self, sequences_shape)

    def compute_mask(self, sequences: Tensor, mask: Tensor | None = None) -> Any:
        """Return the mask of what `call` returns."""
        return recurrent.output_mask(self, mask)

    @property
    def path(self) -> str:
        """How the layer runs over time: "fused", or "single steps" of the cell.

        Single steps are taken with an activation other than tanh and σ, with `unroll`, and where
        the backend is not TensorFlow. The logger `seqtasks.layers` says why at level DEBUG.
        """
        return recurrent.path(self)

    @property
    def states(self) -> list[keras.Variable] | None:
        """The states that a stateful layer carries from batch to batch, else None."""
        return self._carried and self._carried.variables

    def reset_state(self) -> None:
        """Set the carried states to zero."""
        recurrent.reset_state(self)

    def get_initial_state(self, batch_size: Any) -> list[Tensor]:
        """Return [h<0>, c<0>]: zeros of shape (batch_size, units)."""
        return self.cell.get_initial_state(batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        """Return all arguments, for `from_config`."""
        return {
            **super().get_config(),
            **arguments_config(self.cell, _OWN_ARGUMENTS),
            **recurrent.options_config(self),
        }
