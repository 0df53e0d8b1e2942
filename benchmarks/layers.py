"""Our recurrent layers against Keras's and torch's, and against their matrix products alone.

    python benchmarks/layers.py --json benchmarks/results/layers.json

One process; the rivals of a case take turns, so that a slow minute of the machine hits all alike.
Medians. `--scaling` measures how our time grows with steps, batch and units instead.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from seqtasks.layers import GRU, LSTM, Bidirectional

try:
    import torch
except ImportError:
    torch = None

# batch, time, features, units
SHAPES = [(32, 40, 100, 128), (64, 200, 128, 128), (20, 35, 650, 650), (64, 100, 64, 512)]
Case = tuple[str, tuple[int, int, int, int], bool, bool]
Calls = dict[str, Callable[[], Any]]

KINDS = {
    "GRU": (
        lambda u: GRU(u, return_sequences=True),
        lambda u: keras.layers.GRU(u, return_sequences=True, reset_after=False),
        lambda f, u: torch.nn.GRU(f, u, batch_first=True),
    ),
    "LSTM": (
        lambda u: LSTM(u, return_sequences=True),
        lambda u: keras.layers.LSTM(u, return_sequences=True),
        lambda f, u: torch.nn.LSTM(f, u, batch_first=True),
    ),
    "LSTM with peepholes": (  # the others have none, and less to do
        lambda u: LSTM(u, peephole=True, return_sequences=True),
        lambda u: keras.layers.LSTM(u, return_sequences=True),
        lambda f, u: torch.nn.LSTM(f, u, batch_first=True),
    ),
    "Bidirectional LSTM": (
        lambda u: Bidirectional(LSTM(u, return_sequences=True)),
        lambda u: keras.layers.Bidirectional(keras.layers.LSTM(u, return_sequences=True)),
        lambda f, u: torch.nn.LSTM(f, u, batch_first=True, bidirectional=True),
    ),
}


def tensorflow_call(layer: Any, x: Any, dy: Any, mask: Any, train: bool, jit: bool) -> Any:
    """A training step (forward, backward, all gradients), or inference, as a graph."""

    def step(x: Any, dy: Any, mask: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, mask=mask, training=True)
        return tape.gradient(y, [x, *layer.trainable_variables], output_gradients=dy)

    def infer(x: Any, dy: Any, mask: Any) -> Any:
        return layer(x, mask=mask)

    # None: neither compiled nor kept from being compiled
    run = tf.function(step if train else infer, jit_compile=jit or None, autograph=False)

    def call() -> None:
        # A GPU works on while Python goes on: wait for the numbers.
        result = run(x, dy, mask)
        (result[0] if train else result)[0, 0, 0].numpy()

    return call


def torch_call(layer: Any, x: Any, dy: Any, lengths: Any, train: bool) -> Any:
    """As `tensorflow_call`; rows of unequal length go packed, torch's way."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    layer = layer.to(device)
    x = torch.tensor(x, device=device, requires_grad=train)
    dy = torch.tensor(dy, device=device)

    def forward() -> Any:
        if lengths is None:
            return layer(x)[0]
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        return torch.nn.utils.rnn.pad_packed_sequence(
            layer(packed)[0], batch_first=True, total_length=x.shape[1]
        )[0]

    def call() -> None:
        if train:
            x.grad = None
            for parameter in layer.parameters():
                parameter.grad = None
            forward().backward(dy)
            float(x.grad[0, 0, 0])
        else:
            with torch.no_grad():
                float(forward()[0, 0, 0])

    return call


def products_call(kind: str, shape: tuple[int, int, int, int], train: bool) -> Any:
    """The matrix products of a layer alone: of all steps at once, and step by step in halves."""
    batch, steps, features, units = shape
    width = (3 if kind == "GRU" else 4) * units
    x = tf.random.normal((steps * batch, features))
    h, d = tf.random.normal((steps * batch, units)), tf.random.normal((steps * batch, width))
    w, u = tf.random.normal((features, width)), tf.random.normal((units, width)) / width
    transposed = tf.transpose(u)

    def loop(rows: Any, matrix: Any, back: bool) -> Any:
        def body(t: Any, rows: Any) -> Any:
            product = tf.matmul(rows, matrix)
            rows = tf.concat([product] * (width // units), 1) if back else product[:, :units]
            return t + 1, rows

        return tf.while_loop(lambda t, _: t < steps, body, (0, rows), parallel_iterations=1)[1]

    @tf.function(autograph=False)
    def run() -> Any:
        half = batch // 2
        results = [tf.matmul(x, w)]
        results += [loop(h[:half], u, False), loop(h[half:batch], u, False)]
        if train:
            with tf.control_dependencies(results):
                ahead = tf.identity(d)
            results += [loop(ahead[:half], transposed, True)]
            results += [loop(ahead[half:batch], transposed, True)]
            with tf.control_dependencies(results):
                behind = tf.identity(d)
            results += [tf.matmul(x, behind, transpose_a=True)]
            results += [tf.matmul(h, behind, transpose_a=True)]
            results += [tf.matmul(behind, w, transpose_b=True)]
        return [tf.reduce_sum(r[0]) for r in results]

    count = 2 if kind.startswith("Bidirectional") else 1

    def call() -> None:
        for _ in range(count):
            run()[-1].numpy()

    return call


def calls(case: Case) -> Calls:
    """What takes turns in a case, by name."""
    kind, shape, masked, train = case
    batch, steps, features, units = shape
    rng = np.random.default_rng(1)
    x = rng.normal(size=(batch, steps, features)).astype("float32")
    both = 2 if kind.startswith("Bidirectional") else 1
    dy = rng.normal(size=(batch, steps, both * units)).astype("float32")
    lengths = rng.integers(1, steps + 1, batch) if masked else None  # half of the steps on average
    mask = tf.sequence_mask(lengths, steps) if masked else None
    ours, kerass, torchs = KINDS[kind]
    layers = ours(units), kerass(units)
    for layer in layers:
        layer.build((None, None, features))
    given = tf.constant(x), tf.constant(dy), mask, train
    result = {
        "ours": tensorflow_call(layers[0], *given, False),
        "keras": tensorflow_call(layers[1], *given, False),
        "keras compiled": tensorflow_call(layers[1], *given, True),
    }
    if tf.config.list_physical_devices("GPU"):
        result["ours compiled"] = tensorflow_call(layers[0], *given, True)
    if torch is not None:
        result["torch"] = torch_call(torchs(features, units), x, dy, lengths, train)
    if not masked:
        result["products"] = products_call(kind, shape, train)
    return result


def medians(calls: Calls, rounds: int) -> dict[str, float]:
    """Milliseconds of each, taken in turns."""
    for call in calls.values():
        call()
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()  # the threads of the library before come to rest, its data leave the cache
            start = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: round(statistics.median(values), 2) for name, values in times.items()}


def compare(rounds: int) -> list[dict[str, Any]]:
    """All cases; prints a line each."""
    rows = []
    for shape in SHAPES:
        for kind in KINDS:
            for masked in (False, True):
                for train in (True, False):
                    times = medians(calls((kind, shape, masked, train)), rounds)
                    row = {
                        "layer": kind,
                        "shape": shape,
                        "masked": masked,
                        "what": "training" if train else "inference",
                        "milliseconds": times,
                        "keras_by_ours": ratio(min(times["keras"], times["keras compiled"]), times),
                        "torch_by_ours": ratio(times.get("torch"), times),
                        "ours_by_products": times.get("products")
                        and round(times["ours"] / times["products"], 2),
                    }
                    rows.append(row)
                    print(
                        f"{kind:20} {shape!s:20} {'masked' if masked else '':6} {row['what']:9}",
                        f"Keras/ours {row['keras_by_ours']:4}  torch/ours {row['torch_by_ours']}",
                        f" ours/products {row['ours_by_products']}  {times}",
                        flush=True,
                    )
    return rows


def ratio(theirs: float | None, times: dict[str, float]) -> float | None:
    """Theirs by ours."""
    return theirs and round(theirs / times["ours"], 2)


def scaling(rounds: int) -> list[dict[str, Any]]:
    """A training step's time as steps, batch or units grow, and the time of the first call."""
    rows = []
    base = {"batch": 32, "steps": 100, "features": 64, "units": 128}
    axes = {
        "steps": [25, 50, 100, 250, 500, 1000, 2000],
        "batch": [1, 4, 16, 64, 256],
        "units": [16, 32, 64, 128, 256, 512, 1024],
    }
    for axis, values in axes.items():
        for value in values:
            sizes = {**base, axis: value}
            shape = sizes["batch"], sizes["steps"], sizes["features"], sizes["units"]
            both = calls(("LSTM", shape, False, True))
            start = time.perf_counter()
            both["ours"]()
            first = time.perf_counter() - start
            times = medians({name: both[name] for name in ("ours", "keras")}, rounds)
            row = {**sizes, "axis": axis, **times, "first_call_s": round(first, 2)}
            rows.append(row)
            print(row, flush=True)
    return rows


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="measurements a case")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    libraries = {"tensorflow": tf, "keras": keras, **({"torch": torch} if torch else {})}
    about = {
        "command": f"python benchmarks/layers.py --rounds {arguments.rounds}"
        + (" --scaling" if arguments.scaling else ""),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "gpus": gpus,
        "python": platform.python_version(),
        "versions": {name: module.__version__ for name, module in libraries.items()},
        "shape": "batch, time, features, units",
        "precision": "float32",
    }
    measure = scaling if arguments.scaling else compare
    about["rows"] = measure(arguments.rounds)
    arguments.json.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
