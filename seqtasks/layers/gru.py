"""The gated recurrent unit, with and without its relevance gate."""

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

_OWN_ARGUMENTS = ("relevance_gate",)


@keras.saving.register_keras_serializable(package="seqtasks")
class GRUCell(keras.layers.Layer):
    """One step of a gated recurrent unit.

    With the relevance gate (the default), for the input x<t> and the state h<t-1>::

        z<t> = σ(Wz x<t> + Uz h<t-1> + bz)            what is kept of the old state
        r<t> = σ(Wr x<t> + Ur h<t-1> + br)            how far the old state matters
        ĥ<t> = tanh(Wh x<t> + Uh (r<t> * h<t-1>) + bh)   the candidate
        h<t> = z<t> * h<t-1> + (1 - z<t>) * ĥ<t>

    where * is the element-wise product. Without it (`relevance_gate=False`), r<t> = 1: the
    simplified unit.

    **Which state z keeps.** z = 1 keeps the old state, as in Cho et al. and in Keras. Course notes
    that write c<t> = Γu * c̃<t> + (1 - Γu) * c<t-1> let the candidate in with Γu: z = 1 - Γu, and
    Γr = r, c = h, c̃ = ĥ. **Where r acts:** on the state, before the product with Uh. That is
    `keras.layers.GRU(reset_after=False)`; Keras's default, `reset_after=True`, and cuDNN apply r
    after the product, and have one more bias.

    Weights, gates side by side in the order z, r, h (z, h without the relevance gate), so that
    `set_weights(keras_layer.get_weights())` works:

    - `kernel` W: (features, 3 · units)
    - `recurrent_kernel` U: (units, 3 · units)
    - `bias` b: (3 · units,)

    Args:
        units: size of the state.
        relevance_gate: whether there is an r.
        activation: in place of tanh.
        recurrent_activation: in place of the gates' σ.
        use_bias: whether there is a b.
        kernel_initializer, recurrent_initializer, bias_initializer: for W, U and b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: likewise.
        kernel_constraint, recurrent_constraint, bias_constraint: likewise.
        dropout: share of x that is dropped in training, in [0, 1).
        recurrent_dropout: share of h<t-1> that is dropped where it enters a product (z keeps the
            whole of it), in [0, 1).
        seed: of the dropout. The cell by itself draws at every call; the layer `GRU` draws once a
            sequence.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Call arguments: `inputs`, (batch, features); `states`, h<t-1> of shape (batch, units), or a
    list of it; `training`. Returns h<t> twice: as output, and as state in the form it came in.

    Raises:
        ValueError: an argument is out of its range; the message names it.

    Reference: Cho et al., "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", 2014, https://arxiv.org/abs/1406.1078.
    """

    state_names = ("h",)

    def __init__(
        self,
        units: int,
        relevance_gate: bool = True,
        *,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        set_arguments(self, locals(), _OWN_ARGUMENTS)
        self.state_size = self.units
        self.output_size = self.units

    def build(self, input_shape: recurrent.Shape) -> None:
        """Make the weights for inputs of shape (batch, features)."""
        add_weights(self, input_shape[-1], gates=3 if self.relevance_gate else 2)

    def project(self, x: Tensor) -> Tensor:
        """Return W x + b for one step or all: (..., features) to (..., gates · units)."""
        return input_projection(self, x)

    def advance(self, keep: Tensor | None = None) -> Step:
        """Return the step (W x<t> + b, [h<t-1>]) to [h<t>]; `keep` is the dropout of the state."""
        u = self.units
        kernel = ops.convert_to_tensor(self.recurrent_kernel)
        # Cut up here, once, and not at every step. Uh is what r (or nothing) acts before.
        uz_ur, uh = (
            (kernel[:, : 2 * u], kernel[:, 2 * u :]) if self.relevance_gate else (None, None)
        )

        def with_relevance(x: Tensor, states: list[Tensor]) -> list[Tensor]:
            (h,) = states
            seen = h if keep is None else h * keep
            gates = self.recurrent_activation(x[:, : 2 * u] + ops.matmul(seen, uz_ur))
            z, r = gates[:, :u], gates[:, u:]
            candidate = self.activation(x[:, 2 * u :] + ops.matmul(r * seen, uh))
            return [z * h + (1 - z) * candidate]

        def simplified(x: Tensor, states: list[Tensor]) -> list[Tensor]:
            (h,) = states
            seen = h if keep is None else h * keep
            a = x + ops.matmul(seen, kernel)
            z = self.recurrent_activation(a[:, :u])
            return [z * h + (1 - z) * self.activation(a[:, u:])]

        return with_relevance if self.relevance_gate else simplified

    def equations(self) -> Any:
        """Return the equations for the fused loop, which is TensorFlow's alone."""
        from seqtasks.layers.fused_gru import GRU_EQUATIONS, SIMPLIFIED_GRU_EQUATIONS

        return GRU_EQUATIONS if self.relevance_gate else SIMPLIFIED_GRU_EQUATIONS

    def recurrent_weights(self) -> list[Tensor]:
        """Return what `equations` call the weights: U."""
        return [self.recurrent_kernel]

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, Any]:
        """Return h<t>, and h<t> again as the new state."""
        listed = isinstance(states, list | tuple)
        batch, features = ops.shape(inputs)
        keep_input, keep_state = dropout_masks(self, batch, features, training)
        x = inputs if keep_input is None else inputs * keep_input
        (h,) = self.advance(keep_state)(self.project(x), list(states) if listed else [states])
        return h, ([h] if listed else h)

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Return [h<0>]: zeros of shape (batch_size, units)."""
        return zero_states(self, batch_size, 1)

    def get_config(self) -> dict[str, Any]:
        """Return all arguments, for `from_config`."""
        return {**super().get_config(), **arguments_config(self, _OWN_ARGUMENTS)}


@recurrent.shows_cell_arguments(*_OWN_ARGUMENTS)
@keras.saving.register_keras_serializable(package="seqtasks")
class GRU(keras.layers.Layer):
    """A gated recurrent unit over time: `GRUCell`, which has the equations, step after step.

    A drop-in for `keras.layers.GRU(reset_after=False)`: the same arguments, weights and outputs.

    Masks: `mask` is (batch, time), of any pattern, and comes along by itself after
    `Embedding(mask_zero=True)` or `Masking`. A masked step is skipped, forwards and backwards: the
    state stays, and no value and no gradient passes, whatever the padding holds (NaN as well). A
    padded row gives what the row alone gives. The output at a masked step is the previous output,
    and zero before the first; with `zero_output_for_mask` it is zero. A row without any step gives
    zero, and its initial state as last state.

    Args:
        units: size of the state.
        relevance_gate: whether there is an r; see `GRUCell`.
        return_sequences: return the output of every step, not of the last alone.
        return_state: return the last state h<T> as well.
        go_backwards: begin at the end, and return the outputs in that order.
        stateful: begin each batch with the last states of the one before; the batch size is fixed.
        unroll: one copy of the step for each of a fixed number of steps, in place of a loop.
        zero_output_for_mask: see above. Matters only with `return_sequences`.
        **kwargs: the other arguments of `GRUCell`, from `activation` to `seed` (a dropout mask is
            drawn once a sequence); `activity_regularizer`, `name`, `dtype`, `trainable`, as for
            every Keras layer.

    Call arguments: `sequences`, (batch, time, features); `initial_state`, h<0> of shape
    (batch, units), or a list of it; `mask`; `training`. Returns the output, (batch, units), or
    (batch, time, units) with `return_sequences`; with `return_state` a tuple of output and h<T>.

    Raises:
        ValueError: an argument, a mask or an initial state is out of its range or shape; the
            message names it.
    """

    def __init__(
        self,
        units: int,
        relevance_gate: bool = True,
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
        self.cell = GRUCell(
            units,
            relevance_gate,
            **of_cell,
            name="gru_cell",
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
        """Return [h<0>]: zeros of shape (batch_size, units)."""
        return self.cell.get_initial_state(batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        """Return all arguments, for `from_config`."""
        return {
            **super().get_config(),
            **arguments_config(self.cell, _OWN_ARGUMENTS),
            **recurrent.options_config(self),
        }
