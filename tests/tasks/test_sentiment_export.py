"""The exported classifier: TensorFlow alone, and the calibrated answers of the run."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import saved_model, sentiment
from seqtasks.tasks.errors import TaskError
from tests.tiny_ner import tree
from tests.tiny_sentiment import LABELS, TEXTS

# bytes, since a text may hold what is no UTF-8; seven a batch
CASES = [
    b"",
    b"   ",
    b"Cold \xff\xfe soup",
    b"\xc3",
    *(text.encode() for text in TEXTS[:3]),
    *(text.encode() for text in TEXTS[3:]),
    "😀 naïve café —".encode(),
    b"It rains.\nNever again! " * 200,
]

# Loads a model where neither seqtasks nor keras can be imported, and says what it answers.
PROGRAM = """
import json, sys
for name in ("seqtasks", "keras"):
    sys.modules[name] = None
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} can be imported")
import tensorflow as tf
directory, = sys.argv[1:]
call = tf.saved_model.load(directory).signatures["serving_default"]
texts = [bytes(row) for row in json.load(sys.stdin)]
def plain(x):
    if isinstance(x, list):
        return [plain(item) for item in x]
    return x.decode() if isinstance(x, bytes) else x
def specs(some):
    return {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in some.items()}
result = {
    "inputs": specs(call.structured_input_signature[1]),
    "outputs": specs(call.structured_outputs),
}
for size in (1, 7, len(texts)):
    batches = [texts[i : i + size] for i in range(0, len(texts), size)]
    answers = [call(text=tf.constant(batch, tf.string)) for batch in batches]
    result[str(size)] = {
        name: [row for answer in answers for row in plain(answer[name].numpy().tolist())]
        for name in answers[0]
    }
print(json.dumps(result))
"""


@pytest.fixture(scope="module")
def exported(tiny_sentiment, tmp_path_factory):
    """The directory of an export."""
    out = tmp_path_factory.mktemp("exports") / "sentiment"
    directory, difference, texts = sentiment.export(tiny_sentiment.model, out)
    assert difference <= 1e-3
    assert texts == len(TEXTS) + 5
    return directory


@pytest.fixture(scope="module")
def fresh(exported, tmp_path_factory):
    """What a fresh process says of the model: its signature, and its answers by size of batch."""
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(exported)],
        input=json.dumps([list(text) for text in CASES]),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_the_directory_is_a_version_that_can_be_served(exported):
    assert exported.name == "1"
    assert {"saved_model.pb", "variables", "seqtasks.json"} <= {p.name for p in exported.iterdir()}
    assert [path.name for path in exported.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((exported / "seqtasks.json").read_text("utf-8"))
    assert record["task"] == "sentiment"
    assert record["labels"] == LABELS  # what the columns of `probabilities` are
    assert "versions" in record


def test_the_signature_has_names_types_and_shapes(fresh):
    assert fresh["inputs"] == {"text": ["string", [None]]}
    assert fresh["outputs"] == {
        "label": ["string", [None]],
        "probability": ["float32", [None]],
        "probabilities": ["float32", [None, len(LABELS)]],
    }


@pytest.mark.parametrize("size", ["1", "7", str(len(CASES))])
def test_texts_are_answered_as_the_run_does_in_batches_of_any_size(fresh, tiny_classifier, size):
    got = fresh[size]
    # a byte that is no UTF-8 reads as U+FFFD does
    texts = [text.decode("utf-8", "replace") for text in CASES]
    expected = list(tiny_classifier.classify(texts))
    assert got["label"] == [answer.label for answer in expected]
    rows = zip(got["probabilities"], got["probability"], expected, strict=True)
    for row, most, answer in rows:
        wanted = [answer.probabilities[label] for label in LABELS]
        np.testing.assert_allclose(row, wanted, atol=1e-3, err_msg=answer.text[:40])
        assert most == max(row)
        assert sum(row) == pytest.approx(1, abs=1e-5)


def test_the_temperature_is_within_the_graph(fresh, tiny_classifier):
    network = tiny_classifier.network
    assert float(network.temperature.numpy()) != pytest.approx(1, abs=0.1)
    bias = network.scores.bias.numpy()[None]
    (one, *_) = fresh["1"]["probabilities"]  # of a text without a word
    np.testing.assert_allclose(one, network.probabilities(bias).numpy()[0], atol=1e-5)
    assert np.abs(one - tf.nn.softmax(bias)[0]).max() > 0.01


def test_nothing_in_the_graph_is_compiled_or_for_one_device(exported):
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel.FromString((exported / "saved_model.pb").read_bytes())
    (graph,) = proto.meta_graphs
    functions = graph.graph_def.library.function
    assert functions
    for function in functions:
        assert not function.attr["_XlaMustCompile"].b, function.signature.name
    nodes = [*graph.graph_def.node, *(node for f in functions for node in f.node_def)]
    for node in nodes:
        assert not node.attr["_XlaMustCompile"].b, node.name
        assert not node.op.startswith(("Xla", "Cudnn", "PyFunc", "EagerPyFunc")), node.op
        assert "GPU" not in node.device


def test_what_cannot_be_exported_or_written_is_told(
    tiny_sentiment, tiny_classifier, tmp_path, monkeypatch
):
    monkeypatch.setattr("seqtasks.tasks.sentiment.exporting.load", lambda _: tiny_classifier)
    monkeypatch.setattr(saved_model, "verify", lambda *_: 0.0)
    (tmp_path / "file").write_text("")
    before = tree(tmp_path)
    with pytest.raises(TaskError, match="--out"):
        sentiment.export(tiny_sentiment.model, tmp_path / "file")
    with pytest.raises(TaskError, match="not a run directory"):
        sentiment.export(tmp_path, tmp_path / "out")
    assert tree(tmp_path) == before
    run = tmp_path / "run"
    shutil.copytree(tiny_sentiment.model, run)
    (run / "examples.json").unlink()
    with pytest.raises(TaskError, match=r"examples\.json: missing or broken"):
        sentiment.export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
