"""What the GRU and the LSTM cell share: arguments, weights, dropout, the product with the input."""

import numbers
from typing import Any

import keras
from keras import ops

Tensor = Any

_ACTIVATIONS = ("activation", "recurrent_activation")
_INITIALIZERS = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
_REGULARIZERS = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer")
_CONSTRAINTS = ("kernel_constraint", "recurrent_constraint", "bias_constraint")
_RATES = ("dropout", "recurrent_dropout")

# Every argument that both cells take, in Keras's spelling and order.
CELL_ARGUMENTS = (
    "units",
    *_ACTIVATIONS,
    "use_bias",
    *_INITIALIZERS,
    *_REGULARIZERS,
    *_CONSTRAINTS,
    *_RATES,
    "seed",
)


def check_flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False; ValueError otherwise."""
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be True or False, got {value!r}")
    return value


def check_units(units: Any) -> int:
    """Return `units` as an int; ValueError if it is not a positive integer."""
    if not isinstance(units, numbers.Integral) or isinstance(units, bool) or units < 1:
        raise ValueError(f"`units` must be a positive integer, got {units!r}")
    return int(units)


def check_rate(name: str, rate: Any) -> float:
    """Return a dropout rate as a float; ValueError if it is not in [0, 1)."""
    if not isinstance(rate, numbers.Real) or isinstance(rate, bool) or not 0 <= float(rate) < 1:
        raise ValueError(f"`{name}` must be at least 0 and below 1, got {rate!r}")
    return float(rate)


def set_arguments(
    cell: keras.layers.Layer, arguments: dict[str, Any], names: tuple[str, ...] = ()
) -> None:
    """Check CELL_ARGUMENTS, and the cell's own `names`, and set one attribute each on the cell.

    Args:
        cell: the cell, in its `__init__`.
        arguments: the values by name; what has another name is left alone, so that the cell can
            hand over its `locals()`.
        names: arguments that this cell alone has. Flags, initializers, regularizers, constraints.
    """
    for name in (*CELL_ARGUMENTS, *names):
        value = arguments[name]
        if name == "units":
            value = check_units(value)
        elif name in _RATES:
            value = check_rate(name, value)
        elif name in _ACTIVATIONS:
            value = keras.activations.get(value)
        elif name.endswith("_initializer"):
            value = keras.initializers.get(value)
        elif name.endswith("_regularizer"):
            value = keras.regularizers.get(value)
        elif name.endswith("_constraint"):
            value = keras.constraints.get(value)
        elif name != "seed":
            value = check_flag(name, value)
        setattr(cell, name, value)
    cell.seed_generator = keras.random.SeedGenerator(cell.seed)


def arguments_config(cell: keras.layers.Layer, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return CELL_ARGUMENTS, and the cell's own `names`, as a config holds them."""
    config = {}
    for name in (*CELL_ARGUMENTS, *names):
        value = getattr(cell, name)
        if name in _ACTIVATIONS:
            value = keras.activations.serialize(value)
        elif name.endswith("_initializer"):
            value = keras.initializers.serialize(value)
        elif name.endswith("_regularizer"):
            value = keras.regularizers.serialize(value)
        elif name.endswith("_constraint"):
            value = keras.constraints.serialize(value)
        config[name] = value
    return config


def add_weights(
    cell: keras.layers.Layer, features: int | None, gates: int, bias_initializer: Any = None
) -> None:
    """Make kernel W (features, gates · units), recurrent_kernel U (units, gates · units) and bias.

    The bias b, (gates · units), begins as the cell's `bias_initializer` says, unless one is given.
    """
    if features is None:
        raise ValueError("the last axis of the input must be known, got shape (..., None)")
    width = gates * cell.units
    cell.kernel = cell.add_weight(
        shape=(features, width),
        name="kernel",
        initializer=cell.kernel_initializer,
        regularizer=cell.kernel_regularizer,
        constraint=cell.kernel_constraint,
    )
    cell.recurrent_kernel = cell.add_weight(
        shape=(cell.units, width),
        name="recurrent_kernel",
        initializer=cell.recurrent_initializer,
        regularizer=cell.recurrent_regularizer,
        constraint=cell.recurrent_constraint,
    )
    cell.bias = None
    if cell.use_bias:
        cell.bias = cell.add_weight(
            shape=(width,),
            name="bias",
            initializer=bias_initializer or cell.bias_initializer,
            regularizer=cell.bias_regularizer,
            constraint=cell.bias_constraint,
        )


def input_projection(cell: keras.layers.Layer, x: Tensor) -> Tensor:
    """Return W x + b: (..., features) to (..., gates · units), as one product of two matrices."""
    *leading, features = ops.shape(x)
    rows = x if len(leading) == 1 else ops.reshape(x, (-1, features))
    z = ops.matmul(rows, cell.kernel)
    if cell.bias is not None:
        z = ops.add(z, cell.bias)
    return z if len(leading) == 1 else ops.reshape(z, (*leading, z.shape[-1]))


def dropout_masks(
    cell: keras.layers.Layer, batch: Any, features: int, training: bool
) -> tuple[Tensor | None, Tensor | None]:
    """Draw the factors for x, (batch, features), and for the state, (batch, units).

    An element is 0 with probability `dropout` (`recurrent_dropout`), and 1 / (1 - rate)
    otherwise, so that the expected value stays. None where nothing is to be dropped.
    """

    def draw(rate: float, width: int) -> Tensor | None:
        if not training or rate == 0:
            return None
        ones = ops.ones((batch, width), dtype=cell.compute_dtype)
        return keras.random.dropout(ones, rate, seed=cell.seed_generator)

    return draw(cell.dropout, features), draw(cell.recurrent_dropout, cell.units)


def zero_states(cell: keras.layers.Layer, batch: Any, count: int) -> list[Tensor]:
    """Return `count` states of zeros, each of shape (batch, units)."""
    return [ops.zeros((batch, cell.units), dtype=cell.compute_dtype) for _ in range(count)]
