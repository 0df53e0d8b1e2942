"""Two recurrent layers over one sequence, one in each direction."""

import inspect
from typing import Any

import keras
from keras import ops

Tensor = Any
Shape = tuple[int | None, ...]

MERGE_MODES = ("concat", "sum", "mul", "ave", None)


@keras.saving.register_keras_serializable(package="seqtasks")
class Bidirectional(keras.layers.Layer):
    """Run one recurrent layer forwards and another backwards, and merge their outputs.

    For the input x<1>, …, x<T>, the forward layer F and the backward layer B, each with weights of
    its own::

        h→<1>, …, h→<T> = F(x<1>, …, x<T>)
        h←<T>, …, h←<1> = B(x<T>, …, x<1>)
        y<t> = merge(h→<t>, h←<t>)

    merge is concatenation ("concat"), h→ + h← ("sum"), h→ * h← ("mul"), (h→ + h←) / 2 ("ave"), or
    nothing (None: both are returned). Without `return_sequences` y = merge(h→<T>, h←<1>): what
    each has after its last step.

    A drop-in for `keras.layers.Bidirectional`: the same arguments, weights and outputs. It takes
    the recurrent layers of this package and Keras's own.

    Masks: `mask` is (batch, time), of any pattern. Both directions skip the masked steps, so that
    every row is reversed within its own length; as in Keras, the output at a masked step is zero
    (`zero_output_for_mask` is set on both layers, with `return_sequences`).

    Args:
        layer: the forward layer. A copy of it with fresh weights is used.
        merge_mode: "concat", "sum", "mul", "ave" or None.
        weights: initial weights, as `get_weights` returns them: the forward layer's, then the
            backward layer's.
        backward_layer: the backward layer, used as it is. By default a copy of `layer`, its
            direction turned round.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Call arguments: `sequences`, (batch, time, features); `initial_state`, a list of the forward
    layer's states, then the backward layer's; `mask`; `training`. Returns y, or h→ and h← with
    `merge_mode=None`; with `return_state` a tuple of that, of the forward layer's last states, and
    of the backward layer's (those after the first step in time).

    Raises:
        ValueError: an argument is out of its range, or the two layers do not fit each other; the
            message names the argument.

    Reference: Schuster and Paliwal, "Bidirectional recurrent neural networks", 1997.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        merge_mode: str | None = "concat",
        weights: list[Any] | None = None,
        backward_layer: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        _check_layer("layer", layer)
        if backward_layer is not None:
            _check_layer("backward_layer", backward_layer)
        if merge_mode not in MERGE_MODES:
            raise ValueError(f"`merge_mode` must be one of {MERGE_MODES}, got {merge_mode!r}")
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward_")
        self.backward_layer = backward_layer or _copy(
            layer, "backward_", go_backwards=not layer.go_backwards
        )
        _check_pair(self.forward_layer, self.backward_layer)
        for each in (self.forward_layer, self.backward_layer):
            if hasattr(each, "zero_output_for_mask"):
                each.zero_output_for_mask = layer.return_sequences
            if hasattr(each, "_beside"):
                each._beside = True
        self.merge_mode = merge_mode
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._first_weights = None if weights is None else _Hidden(weights)

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        """Make the weights of both layers."""
        for each in (self.forward_layer, self.backward_layer):
            if not each.built:
                each.build(sequences_shape)
        if self.merge_mode in ("sum", "mul", "ave"):
            self._check_widths(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights.value)
            self._first_weights = None

    def _check_widths(self, sequences_shape: Shape) -> None:
        shapes = [
            each.compute_output_shape(sequences_shape)
            for each in (self.forward_layer, self.backward_layer)
        ]
        ours, theirs = ((shape[0] if self.return_state else shape)[-1] for shape in shapes)
        if ours != theirs:
            raise ValueError(
                f"`backward_layer` must have {ours} units as `layer` has, with "
                f"`merge_mode={self.merge_mode!r}`, got {theirs}"
            )

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,
    ) -> Any:
        """Run both ways and merge; the class documentation has arguments and results."""
        if mask is None:
            # Keras forgets the mask where a layer is called on more than one tensor.
            mask = getattr(sequences, "_keras_mask", None)
        forward_state, backward_state = _halves(initial_state)
        forward, forward_states = self._run(
            self.forward_layer, sequences, forward_state, mask, training
        )
        backward, backward_states = self._run(
            self.backward_layer, sequences, backward_state, mask, training
        )
        merged = _merge(self.merge_mode, forward, backward)
        if not self.return_state:
            return merged
        outputs = merged if self.merge_mode is None else (merged,)
        return (*outputs, *forward_states, *backward_states)

    def _run(
        self,
        layer: keras.layers.Layer,
        sequences: Tensor,
        state: Any,
        mask: Tensor | None,
        training: bool,
    ) -> tuple[Tensor, list[Tensor]]:
        accepted = inspect.signature(layer.call).parameters
        offered = {"initial_state": state, "mask": mask, "training": training}
        result = layer(sequences, **{name: offered[name] for name in offered if name in accepted})
        output, *states = result if self.return_state else (result,)
        if self.return_sequences and layer.go_backwards and not hasattr(layer, "_beside"):
            output = ops.flip(output, axis=1)  # Keras's own begin with the last step
        return ops.cast(output, self.compute_dtype), states

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        """Return the shape of what `call` returns."""
        forward = self.forward_layer.compute_output_shape(sequences_shape)
        backward = self.backward_layer.compute_output_shape(sequences_shape)
        forward, *forward_states = forward if self.return_state else (forward,)
        backward, *backward_states = backward if self.return_state else (backward,)
        merged = tuple(forward)
        if self.merge_mode == "concat":
            merged = (*forward[:-1], forward[-1] + backward[-1])
        if not self.return_state:
            return (forward, backward) if self.merge_mode is None else merged
        outputs = (forward, backward) if self.merge_mode is None else (merged,)
        return (*outputs, *forward_states, *backward_states)

    def compute_mask(self, sequences: Tensor, mask: Tensor | None = None) -> Any:
        """Return the mask of what `call` returns: the input's for sequences, else None."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        mask = mask if self.return_sequences else None
        outputs = (mask, mask) if self.merge_mode is None else (mask,)
        if not self.return_state:
            return outputs if self.merge_mode is None else mask
        # A state has no mask. How many there are, the output's shape tells.
        count = len(self.compute_output_shape(tuple(sequences.shape)))
        return (*outputs, *(None,) * (count - len(outputs)))

    @property
    def states(self) -> tuple[Any, ...] | None:
        """The states that both layers carry from batch to batch, the forward layer's first."""
        if not self.forward_layer.states or not self.backward_layer.states:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def reset_state(self) -> None:
        """Set the carried states of both layers to zero; AttributeError if there are none."""
        if not self.stateful:
            raise AttributeError("reset_state: the wrapped layers are not `stateful`")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def get_config(self) -> dict[str, Any]:
        """Return all arguments, for `from_config`."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "layer": serialize(self.forward_layer),
            "merge_mode": self.merge_mode,
            "backward_layer": serialize(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Bidirectional":
        """Make the layer that `get_config` described."""
        layers = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("layer", "backward_layer")
            if config.get(name) is not None
        }
        return cls(**{**config, **layers})


class _Hidden:
    """Holds a value that Keras shall not track."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _check_layer(name: str, layer: Any) -> None:
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(f"`{name}` must be a Keras layer, got {layer!r}")
    needed = ("go_backwards", "return_sequences", "return_state", "stateful")
    missing = [attribute for attribute in needed if not hasattr(layer, attribute)]
    if missing:
        raise ValueError(
            f"`{name}` must be a recurrent layer, got {type(layer).__name__}, which has no "
            f"{', '.join(missing)}"
        )


def _check_pair(forward: keras.layers.Layer, backward: keras.layers.Layer) -> None:
    if forward.go_backwards == backward.go_backwards:
        raise ValueError(
            "`backward_layer` must run the other way than `layer`, got "
            f"`go_backwards={backward.go_backwards}` for both"
        )
    for name in ("return_sequences", "return_state", "stateful"):
        ours, theirs = getattr(forward, name), getattr(backward, name)
        if ours != theirs:
            raise ValueError(
                f"`backward_layer` must have the same `{name}` as `layer`, got {theirs} and {ours}"
            )


def _copy(layer: keras.layers.Layer, prefix: str, **changes: Any) -> keras.layers.Layer:
    """Return a fresh layer with the configuration of `layer`, but for its name and `changes`."""
    config = keras.saving.serialize_keras_object(layer)
    name = prefix + layer.name.removeprefix(prefix)
    config["config"] = {**config["config"], **changes, "name": name}
    copy = keras.saving.deserialize_keras_object(config)
    if hasattr(layer, "use_cudnn"):
        copy.use_cudnn = layer.use_cudnn  # Keras leaves it out of the configuration
    return copy


def _halves(initial_state: Any) -> tuple[Any, Any]:
    if initial_state is None:
        return None, None
    if not isinstance(initial_state, list | tuple) or len(initial_state) % 2:
        raise ValueError(
            "`initial_state` must be a list: the forward layer's states, then as many of the "
            f"backward layer's, got {initial_state!r}"
        )
    half = len(initial_state) // 2
    return list(initial_state[:half]), list(initial_state[half:])


def _merge(mode: str | None, forward: Tensor, backward: Tensor) -> Any:
    if mode == "concat":
        return ops.concatenate([forward, backward], axis=-1)
    if mode == "sum":
        return forward + backward
    if mode == "mul":
        return forward * backward
    if mode == "ave":
        return (forward + backward) / 2
    return forward, backward
