"""The recurrent layer that a task's settings ask for.

`config` is the resolved settings of a task; the names of its fields are the same in all of them.
"""

from typing import Any

import keras

from seqtasks.layers import GRU, LSTM


def recurrent_layer(config: Any, number: int, return_state: bool = False) -> keras.layers.Layer:
    """The layer of this number, one direction: its cell, gates and units; it gives all outputs.

    return_state: gives the states after the last step as well.
    """
    options: dict[str, Any] = {
        "return_sequences": True,
        "return_state": return_state,
        "recurrent_dropout": config.recurrent_dropout,
        # given, since a name that Keras makes up depends on what else the process has built
        "name": f"recurrent_{number}",
    }
    units = config.units or 0  # resolved, and so not None; 0 is refused by the layers
    if config.cell == "lstm":
        return LSTM(units, peephole=bool(config.peephole), **options)
    if config.cell == "gru":
        return GRU(units, relevance_gate=bool(config.relevance_gate), **options)
    return keras.layers.SimpleRNN(units, **options)
