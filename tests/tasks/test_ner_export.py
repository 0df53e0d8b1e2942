"""The exported SavedModel: TensorFlow alone, and the answers of the run."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import ner, saved_model
from seqtasks.tasks.errors import TaskError
from tests.tiny_ner import SENTENCES, tree

TEXTS = [
    "Zoë lives in Oslo. “Tim” lives in New York!",
    "",
    "😀 naïve café — Ana Maria Reyes",
    "   ",
    *(" ".join(s.tokens) for s in SENTENCES),
]
TOKENS = [[*s.tokens] + [""] * (12 - len(s.tokens)) for s in SENTENCES] + [[""] * 12]

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
model = tf.saved_model.load(directory)
cases = json.load(sys.stdin)
def plain(x):
    if isinstance(x, list):
        return [plain(item) for item in x]
    return x.decode() if isinstance(x, bytes) else x
def specs(some):
    return {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in some.items()}
result = {"signatures": {}, "answers": []}
for name, call in model.signatures.items():
    result["signatures"][name] = {
        "inputs": specs(call.structured_input_signature[1]),
        "outputs": specs(call.structured_outputs),
    }
for signature, name, value in cases:
    answer = model.signatures[signature](**{name: tf.constant(value, tf.string)})
    result["answers"].append({n: plain(v.numpy().tolist()) for n, v in answer.items()})
garbage = tf.constant([b"Ana \\xff\\xfe Tim", b"\\xc3"])
result["garbage"] = {
    n: v.numpy().shape for n, v in model.signatures["serving_default"](text=garbage).items()
}
print(json.dumps(result))
"""


@pytest.fixture(scope="module")
def exported(tiny_run, tmp_path_factory):
    """The directory of an export, and its largest difference from the run."""
    out = tmp_path_factory.mktemp("exports") / "ner"
    directory, difference, texts = ner.export(tiny_run.model, out)
    assert difference <= 1e-3
    assert texts == len(SENTENCES) + 4
    return directory


@pytest.fixture(scope="module")
def fresh(exported, tmp_path_factory):
    """What a fresh process says of the model: its signatures, and answers to the cases below."""
    cases = [
        ("serving_default", "text", TEXTS),
        ("tokens", "tokens", TOKENS),
        *(("serving_default", "text", [text]) for text in TEXTS[:5]),
        *(("tokens", "tokens", [row]) for row in TOKENS[:3]),
    ]
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(exported)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)
    result["answers"] = {
        (signature, json.dumps(value)): answer
        for (signature, _, value), answer in zip(cases, result["answers"], strict=True)
    }
    return result


def answer(fresh, signature, value):
    return fresh["answers"][signature, json.dumps(value)]


def test_the_directory_is_a_version_that_can_be_served(exported):
    assert exported.name == "1"
    assert {"saved_model.pb", "variables", "seqtasks.json"} <= {p.name for p in exported.iterdir()}
    assert [path.name for path in exported.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((exported / "seqtasks.json").read_text("utf-8"))
    assert record["task"] == "ner"
    assert "versions" in record


def test_signatures_have_names_types_and_shapes(fresh):
    batch, grid = [None], [None, None]
    assert fresh["signatures"] == {
        "serving_default": {
            "inputs": {"text": ["string", batch]},
            "outputs": {
                "tokens": ["string", grid],
                "tags": ["string", grid],
                "start": ["int32", grid],
                "end": ["int32", grid],
                "confidence": ["float32", grid],
            },
        },
        "tokens": {
            "inputs": {"tokens": ["string", grid]},
            "outputs": {"tags": ["string", grid], "confidence": ["float32", grid]},
        },
    }


def test_texts_are_answered_as_the_run_does(fresh, tiny_tagger):
    got = answer(fresh, "serving_default", TEXTS)
    longest = max(len(line.tokens) for line in tiny_tagger.tag_texts(TEXTS))
    for i, line in enumerate(tiny_tagger.tag_texts(TEXTS)):
        n = len(line.tokens)
        assert got["tokens"][i] == line.tokens + [""] * (longest - n)
        assert got["tags"][i] == line.tags + [""] * (longest - n)
        for name in ("start", "end", "confidence"):
            assert got[name][i][n:] == [0] * (longest - n)
        # bytes cut out the tokens
        data = line.text.encode()
        places = zip(got["start"][i][:n], got["end"][i][:n], strict=True)
        assert [data[a:b].decode() for a, b in places] == line.tokens
        confidences = [
            c for c, tag in zip(got["confidence"][i], line.tags, strict=False) if tag[0] == "B"
        ]
        np.testing.assert_allclose(confidences, [e.confidence for e in line.entities], atol=2e-4)
        assert all(0 <= c <= 1.0001 for c in got["confidence"][i])


def test_tokens_are_answered_as_the_run_does(fresh, tiny_tagger):
    got = answer(fresh, "tokens", TOKENS)
    found = tiny_tagger.tag_sentences([s.tokens for s in SENTENCES])
    for tags, confidence, expected in zip(
        got["tags"], got["confidence"], [*found, ()], strict=True
    ):
        n = len(expected)
        assert tags == [*expected] + [""] * (12 - n)
        assert confidence[n:] == [0] * (12 - n)
        assert all(c > 0 for c in confidence[:n])


def test_a_batch_of_one_is_a_row_of_the_batch(fresh):
    for signature, values in (("serving_default", TEXTS[:5]), ("tokens", TOKENS[:3])):
        together = answer(fresh, signature, TEXTS if signature == "serving_default" else TOKENS)
        for i, value in enumerate(values):
            alone = answer(fresh, signature, [value])
            for name, (row,) in alone.items():
                if name == "confidence":
                    np.testing.assert_allclose(row, together[name][i][: len(row)], atol=1e-5)
                else:
                    assert row == together[name][i][: len(row)]


def test_bytes_that_are_no_text_are_survived(fresh):
    assert fresh["garbage"]["tags"][0] == 2


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


# versions and refusals: the fresh process is proven above


@pytest.fixture
def unverified(monkeypatch, tiny_tagger):
    monkeypatch.setattr("seqtasks.tasks.ner.exporting.load", lambda _: tiny_tagger)
    monkeypatch.setattr(saved_model, "verify", lambda *_: 0.0)


def test_each_export_is_the_next_version(tmp_path):
    out = tmp_path / "ner"
    (out / "7").mkdir(parents=True)
    (out / "notes").mkdir()
    (out / ".20.part").mkdir()  # an export that was killed is none
    before = tree(out)
    for number in ("8", "9"):
        assert saved_model.save(tf.Module(), {}, out, {"task": "ner"}) == out / number
    assert before.items() <= tree(out).items()


@pytest.mark.parametrize("what", ["a number", "tags", "a shape", "signature"])
def test_a_model_that_answers_differently_is_refused(exported, monkeypatch, what):
    """The fresh process is played by its answer, which is what `verify` reads."""
    answer = {"tags": [["O", "B-PER"]], "confidence": [[0.5, 0.75]]}
    monkeypatch.setattr(
        saved_model.subprocess,
        "run",
        lambda *_, **__: subprocess.CompletedProcess(
            [], int(what == "signature"), json.dumps(answer), "KeyError: 'nothing'"
        ),
    )
    expected = {
        "tags": np.array([[b"O", b"B-PER"]], object),
        "confidence": np.array([[0.5, 0.7501]], np.float32),
    }

    def verify():
        return saved_model.verify(exported, "tokens", {"tokens": [["a", "b"]]}, expected)

    if what != "signature":
        assert verify() == pytest.approx(1e-4, rel=0.01)
    if what == "a number":
        expected["confidence"] = expected["confidence"] + 0.01
    elif what == "tags":
        expected["tags"] = np.array([[b"O", b"I-PER"]], object)
    elif what == "a shape":
        expected["confidence"] = expected["confidence"][:, :1]
    with pytest.raises(TaskError) as error:
        verify()
    assert str(error.value).startswith(f"{exported}: ")
    wanted = {"tags": "`tags`", "signature": "KeyError: 'nothing'"}.get(what, "`confidence`")
    assert wanted in str(error.value)


def test_an_export_of_other_weights_is_refused(tmp_path):
    """In a real process: a weight is changed behind the export's back."""
    module = tf.Module()
    module.weight = tf.Variable([1.0, 2.0])
    x = tf.TensorSpec((None, 2), name="x")
    module.call = tf.function(lambda x: {"y": x * module.weight}, input_signature=[x])
    out = saved_model.save(module, {"serving_default": module.call}, tmp_path / "out", {})
    module.weight.assign([1.0, 2.5])
    with pytest.raises(TaskError, match="`y` is not what the run gives"):
        saved_model.verify(
            out, "serving_default", {"x": [[1.0, 1.0]]}, module.call(tf.ones((1, 2)))
        )


def test_what_cannot_be_exported_or_written_is_told(tiny_run, tmp_path, unverified):
    (tmp_path / "file").write_text("")
    before = tree(tmp_path)
    with pytest.raises(TaskError, match="--out"):
        ner.export(tiny_run.model, tmp_path / "file")
    with pytest.raises(TaskError, match="not a run directory"):
        ner.export(tmp_path, tmp_path / "out")
    assert tree(tmp_path) == before
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    (run / "examples.json").unlink()
    with pytest.raises(TaskError, match=r"examples\.json: missing or broken"):
        ner.export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
