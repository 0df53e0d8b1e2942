"""Under Keras's other backends the layers take single steps, and give what TensorFlow gives."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.layers.recurrent_kinds import KINDS, MASK, UNITS, assert_close, inputs, with_weights

# Runs with the backend under test: the layers that the arguments name, on the arrays of a file.
SCRIPT = """
import json, sys
import keras, numpy as np
from seqtasks.layers import GRU, LSTM, Bidirectional

cases, given, found = json.loads(sys.argv[1]), np.load(sys.argv[2]), {}
for name, (kind, options, both_ways) in cases.items():
    layer = {"GRU": GRU, "LSTM": LSTM}[kind](**options)
    assert layer.path == "single steps", layer.path
    layer = Bidirectional(layer) if both_ways else layer
    layer.build((5, 5, 3))
    layer.set_weights([given[f"{name} {i}"] for i in range(len(layer.weights))])
    y = layer(keras.ops.convert_to_tensor(given["x"]), mask=keras.ops.convert_to_tensor(given["mask"]))
    found[name] = keras.ops.convert_to_numpy(y)
x = keras.ops.convert_to_tensor(given["x"])
model = keras.Sequential([keras.Input((5, 3)), GRU(2), keras.layers.Dense(1)])
model.compile("sgd", "mse")
before = [w.copy() for w in model.get_weights()]
model.fit(given["x"], np.ones((5, 1), "float32"), verbose=0)
assert all((a != b).any() for a, b in zip(before, model.get_weights())), "a weight did not learn"
np.savez(sys.argv[3], **found)
"""  # noqa: E501
OWN = {
    "gru": ("GRU", {}),
    "simplified gru": ("GRU", {"relevance_gate": False}),
    "lstm": ("LSTM", {}),
    "peephole lstm": ("LSTM", {"peephole": True}),
}


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_outputs(backend, tmp_path):
    """Masks of all patterns, last output, all outputs, backwards, both ways; and training moves."""
    import json

    from seqtasks.layers import Bidirectional

    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    assert set(OWN) == set(KINDS)
    cases, arrays, expected = {}, {"x": inputs(), "mask": MASK}, {}
    for name, (kind, arguments) in OWN.items():
        for options, both_ways in (
            ({}, False),
            ({"return_sequences": True, "go_backwards": True}, False),
            ({"return_sequences": True}, True),
        ):
            case = f"{name} {sorted(options)} {both_ways}"
            cases[case] = kind, {"units": UNITS, **arguments, **options}, both_ways
            layer = KINDS[name](UNITS, **options)
            layer = with_weights(Bidirectional(layer) if both_ways else layer, batch=5)
            arrays |= {f"{case} {i}": w for i, w in enumerate(layer.get_weights())}
            expected[case] = layer(inputs(), mask=MASK)
    np.savez(tmp_path / "given.npz", **arrays)
    subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(cases), *map(str, files(tmp_path))],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            # what runs once need not be compiled well
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
        },
        check=True,
    )
    found = np.load(tmp_path / "found.npz")
    for case, outputs in expected.items():
        assert_close([found[case]], [outputs], 1e-5)


def files(folder):
    return folder / "given.npz", folder / "found.npz"
