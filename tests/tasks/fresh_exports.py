"""A script: load exports where neither seqtasks nor Keras can be imported, and call them.

Standard input: {name: {"directory": str, "calls": {label: [signature, [{input: value}, ...]]}}}
as JSON. Standard output: {name: {"signatures": ..., "answers": {label: [{output: value}, ...]}}}.
Bytes go both ways as Latin-1, a character a byte. A call of `step` takes a whole piece, step by
step, from nothing: its notes and whether they are struck at every step, and the states after it.
"""

import json
import sys

for name in ("seqtasks", "keras"):
    sys.modules[name] = None
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} can be imported")

import tensorflow as tf  # noqa: E402


def tensor(value, spec):
    def as_bytes(x):
        return [as_bytes(item) for item in x] if isinstance(x, list) else x.encode("latin-1")

    return tf.constant(as_bytes(value) if spec.dtype == tf.string else value, spec.dtype)


def plain(value):
    def as_text(x):
        if isinstance(x, list):
            return [as_text(item) for item in x]
        return x.decode("latin-1") if isinstance(x, bytes) else x

    return as_text(value.numpy().tolist())


def answer(call, inputs):
    specs = call.structured_input_signature[1]
    given = {name: tensor(value, specs[name]) for name, value in inputs.items()}
    return {name: plain(value) for name, value in call(**given).items()}


def piece(call, wish):
    specs = call.structured_input_signature[1]
    wish = {name: tensor(value, specs[name]) for name, value in wish.items()}
    rows = len(wish["genre"])
    state = {
        name: tf.zeros((rows, *spec.shape[1:]), spec.dtype)
        for name, spec in specs.items()
        if name not in (*wish, "step")
    }
    steps = []
    for t in range(int(wish["steps"])):
        state = call(**wish, step=tf.constant(t), **state)
        steps.append({name: plain(state.pop(name)) for name in ("notes", "struck")})
        state |= {name: tensor(value, specs[name]) for name, value in steps[-1].items()}
    after = {name: plain(value) for name, value in state.items() if name.startswith("state_")}
    return {name: [step[name] for step in steps] for name in ("notes", "struck")} | after


def shapes(specs):
    return {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in specs.items()}


results = {}
for name, wanted in json.load(sys.stdin).items():
    signatures = tf.saved_model.load(wanted["directory"]).signatures
    results[name] = {
        "signatures": {
            name: [shapes(call.structured_input_signature[1]), shapes(call.structured_outputs)]
            for name, call in signatures.items()
        },
        "answers": {
            label: [
                (piece if signature == "step" else answer)(signatures[signature], inputs)
                for inputs in calls
            ]
            for label, (signature, calls) in wanted["calls"].items()
        },
    }
json.dump(results, sys.stdout)
