"""Requests and replies of TensorFlow Serving's predict API, as its documentation defines them.

https://www.tensorflow.org/tfx/serving/api_rest, and its server's reading of JSON: an integer has
no point, a string may be {"b64": ...}, and every name of the signature is there.
"""

import base64

import numpy as np
import tensorflow as tf


def called(model, request):
    """The reply of a loaded SavedModel to a request, both as parsed JSON."""
    call = model.signatures[request.get("signature_name", "serving_default")]
    specs = call.structured_input_signature[1]
    assert set(request) - {"signature_name"} in ({"instances"}, {"inputs"}), "either of the two"
    row = "instances" in request
    given = _columns(request["instances"], specs) if row else request["inputs"]
    if not isinstance(given, dict):  # of a single input the name may be left out
        assert len(specs) == 1
        given = {next(iter(specs)): given}
    assert given.keys() == specs.keys()
    inputs = {name: _tensor(value, specs[name]) for name, value in given.items()}
    return reply({name: value.numpy() for name, value in call(**inputs).items()}, row)


def reply(outputs, row):
    """Arrays of a signature's outputs as JSON: by rows, or by columns."""
    if not row:
        plain = {name: _plain(value) for name, value in outputs.items()}
        return {"outputs": plain if len(plain) > 1 else next(iter(plain.values()))}
    assert len({len(value) for value in outputs.values()}) == 1
    names = sorted(outputs)
    rows = [
        {name: _plain(value) for name, value in zip(names, values, strict=True)}
        for values in zip(*(outputs[name] for name in names), strict=True)
    ]
    return {"predictions": rows if len(names) > 1 else [row[names[0]] for row in rows]}


def _columns(instances, specs):
    """Rows as columns; each row must have all names, or be the value of the only one."""
    assert instances
    if not isinstance(instances[0], dict) or instances[0].keys() == {"b64"}:
        assert len(specs) == 1
        return {next(iter(specs)): instances}
    return {name: [row[name] for row in instances] for name in instances[0]}


def _tensor(value, spec):
    def read(x):
        if isinstance(x, list):
            return [read(item) for item in x]
        if spec.dtype == tf.string:
            if isinstance(x, dict):
                assert x.keys() == {"b64"}
                return base64.b64decode(x["b64"], validate=True)
            assert isinstance(x, str)
        elif spec.dtype == tf.bool:
            assert isinstance(x, bool)
        elif spec.dtype.is_integer:
            assert type(x) is int
        else:
            assert type(x) in (int, float)
        return x

    tensor = tf.constant(read(value), spec.dtype)
    assert spec.shape.is_compatible_with(tensor.shape)
    return tensor


def _plain(value):
    """Nested lists; floats in six digits where these say them exactly, else in nine."""
    value = np.asarray(value)
    if value.ndim:
        return [_plain(item) for item in value]
    if value.dtype.kind == "f":
        short = f"{value:.6g}"
        return float(short if np.float32(short) == value else f"{value:.9g}")
    item = value.item()
    return item.decode() if isinstance(item, bytes) else item
