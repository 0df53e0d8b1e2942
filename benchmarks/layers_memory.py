"""What a recurrent layer keeps for its backward pass, against what its equations need.

python benchmarks/layers_memory.py --json benchmarks/results/layers_memory.json

Counted are all tensors that are alive between the forward and the backward pass and were not
before, byte by byte of memory (a view of another tensor counts once), the output that the caller
gets aside. The equations need the gates and the states of every step: batch · time · units ·
(gates + states) numbers.
"""

import argparse
import gc
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from seqtasks.layers import GRU, LSTM

BATCH, STEPS, FEATURES, UNITS = 64, 200, 64, 512
# layer -> gates and states
KINDS = {
    "GRU": (GRU(UNITS, return_sequences=True), 3, 1),
    "LSTM": (LSTM(UNITS, return_sequences=True), 4, 2),
    "LSTM with peepholes": (LSTM(UNITS, peephole=True, return_sequences=True), 4, 2),
}
Places = list[tuple[int, int]]


def alive() -> Places:
    """Where the numbers of all eager tensors of this process lie: begin and end of each."""
    gc.collect()
    tensor = type(tf.constant(0))
    found = {}
    for thing in gc.get_objects():
        for candidate in (thing, *gc.get_referents(thing)):
            if type(candidate) is tensor and candidate.dtype.is_floating:
                array = np.asarray(candidate)
                begin = array.__array_interface__["data"][0]
                found[id(candidate)] = begin, begin + array.nbytes
    return sorted(found.values())


def covered(places: Places) -> int:
    """Bytes that at least one of the places covers."""
    total = end = 0
    for begin, stop in places:
        total += max(0, stop - max(begin, end))
        end = max(end, stop)
    return total


def measure(kind: str) -> dict[str, Any]:
    """MiB kept by one layer between its forward and its backward pass."""
    layer, gates, states = KINDS[kind]
    x = tf.random.normal((BATCH, STEPS, FEATURES))
    layer.build(x.shape)
    before = covered(alive())
    with tf.GradientTape() as tape:
        y = layer(x)
    kept = covered(alive()) - before - 4 * BATCH * STEPS * UNITS
    assert all(g is not None for g in tape.gradient(y, layer.trainable_variables))
    needed = 4 * BATCH * STEPS * UNITS * (gates + states)
    return {
        "layer": kind,
        "needed_mib": round(needed / 2**20, 1),
        "kept_mib": round(kept / 2**20, 1),
        "kept_by_needed": round(kept / needed, 2),
    }


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    rows = [measure(kind) for kind in KINDS]
    for row in rows:
        print(row)
    shape = {"batch": BATCH, "time": STEPS, "features": FEATURES, "units": UNITS}
    record = {"shape": shape, "precision": "float32", "rows": rows}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
