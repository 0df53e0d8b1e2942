"""The exported language model: TensorFlow alone, and the answers of the run."""

import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from seqtasks.datasets.source import Source
from seqtasks.tasks import lm, saved_model
from seqtasks.tasks.errors import TaskError
from tests.tiny_lm import LINES, TEXT, TINY_CHAR

# bytes, since a text may hold what is no UTF-8; more than a batch of 64
CASES = [
    b"",
    b"   ",
    b"The \xff\xfe boat",
    b"\xc3",
    *(line.encode() for line in LINES),
    "😀 naïve café — “sea”".encode(),
    b"A walrus feeds Anna.\n\nThe gulls cry!",
    b"She sails to the island. " * 100,
    *(f"The boat lies at pier {number}.".encode() for number in range(50)),
]
PROMPTS = ["", "Anna has", "The gulls", "walrus", "Every morning she feeds", "😀", "a " * 40]
SPEAK = {"max_tokens": 12, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 3}
WAYS = {
    "drawn": {},
    "again": {},
    "other": {"seed": 4},
    "greedy": {"temperature": 0.0},
    "greedy too": {"top_k": 1, "seed": 9},
    "few": {"top_k": 3, "temperature": 0.7},
    "probable": {"top_p": 0.5},
}

# Loads models where neither seqtasks nor keras can be imported, and says what they answer.
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
given = json.load(sys.stdin)
texts = [bytes(row) for row in given["texts"]]
plain = lambda x: [*map(plain, x)] if isinstance(x, list) else getattr(x, "decode", lambda: x)()
def specs(some):
    return {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in some.items()}
results = []
for directory in sys.argv[1:]:
    signatures = tf.saved_model.load(directory).signatures
    score, generate = signatures["serving_default"], signatures["generate"]
    result = {"signatures": {
        name: [specs(call.structured_input_signature[1]), specs(call.structured_outputs)]
        for name, call in signatures.items()
    }}
    for size in given["sizes"]:
        batches = [texts[i : i + size] for i in range(0, len(texts), size)]
        result[str(size)] = [
            {name: plain(value[row].numpy().tolist()) for name, value in answer.items()}
            for batch in batches
            for answer in [score(text=tf.constant(batch, tf.string))]
            for row in range(len(batch))
        ]
    for way, settings in given["ways"].items():
        settings = {name: tf.constant(value) for name, value in settings.items()}
        spoken = generate(prompt=tf.constant(given["prompts"]), **settings)["text"]
        (first,) = generate(prompt=tf.constant(given["prompts"][:1]), **settings)["text"].numpy()
        result[way] = plain(spoken.numpy().tolist())
        result[way + ", alone"] = first.decode()
    results.append(result)
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def characters(tmp_path_factory):
    """The run of a character model of running text."""
    place = tmp_path_factory.mktemp("characters") / "run"
    data = Source("page", {"train": [TEXT], "dev": [TEXT]}, (), "0")
    lm.train(TINY_CHAR, data, place, say=lambda _: None)
    return place


@pytest.fixture(scope="module")
def exported(tiny_lm, characters, tmp_path_factory):
    """The directories of an export, by level; what `export` itself would check is checked below."""
    out, made = tmp_path_factory.mktemp("exports"), {}
    with pytest.MonkeyPatch.context() as patch:
        for level, run in (("word", tiny_lm.model), ("char", characters)):
            asked = []
            patch.setattr(
                saved_model, "verify", lambda *given, asked=asked: asked.append(given) or 0
            )
            made[level], _, texts = lm.export(run, out / level)
            score, generate = asked
            assert (score[1], generate[1]) == ("serving_default", "generate")
            assert score[2]["text"][:-5] == LINES
            assert len(score[2]["text"]) == texts == len(LINES) + 5
            assert generate[2]["prompt"] == [" ".join(line.split()[:3]) for line in LINES[:8]]
    return made


@pytest.fixture(scope="module")
def models(tiny_language_model, characters):
    """The models of the runs, by level."""
    return {"word": tiny_language_model, "char": lm.load(characters)}


@pytest.fixture(scope="module")
def fresh(exported, tmp_path_factory):
    """What a fresh process says of the exports: signatures, and answers by batch and settings."""
    given = {
        "texts": [list(text) for text in CASES],
        "sizes": [1, 7, 64],
        "prompts": PROMPTS,
        "ways": {name: {**SPEAK, **settings} for name, settings in WAYS.items()},
    }
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, exported.values())],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return dict(zip(exported, json.loads(process.stdout), strict=True))


def test_the_directory_is_a_version_that_can_be_served(exported):
    directory = exported["word"]
    assert directory.name == "1"
    assert {p.name for p in directory.iterdir()} >= {"saved_model.pb", "variables", "seqtasks.json"}
    assert [path.name for path in directory.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((directory / "seqtasks.json").read_text("utf-8"))
    assert (record["task"], record["config"]["level"]) == ("lm", "word")


@pytest.mark.parametrize("level", ["word", "char"])
def test_the_signatures_have_names_types_and_shapes(fresh, level):
    whole, real, texts = ["int32", []], ["float32", []], ["string", [None]]
    rows = {"tokens": ["string", [None, None]], "token_log_probs": ["float32", [None, None]]}
    settings = {"max_tokens": whole, "temperature": real, "top_k": whole, "top_p": real}
    assert fresh[level]["signatures"] == {
        "serving_default": [{"text": texts}, {"log_prob": ["float32", [None]], **rows}],
        "generate": [{"prompt": texts, **settings, "seed": whole}, {"text": texts}],
    }


@pytest.mark.parametrize("size", ["1", "7", "64"])
@pytest.mark.parametrize("level", ["word", "char"])
def test_texts_are_scored_as_the_run_does_in_batches_of_any_size(fresh, models, level, size):
    # a byte that is no UTF-8 reads as U+FFFD does
    texts = [text.decode("utf-8", "replace") for text in CASES]
    for answer, score in zip(fresh[level][size], models[level].score(texts), strict=True):
        tokens = [token for token in answer["tokens"] if token]
        assert tokens == [token.text for token in score.detail]
        assert tokens[-1] == "</s>"
        assert len(answer["tokens"]) == len(answer["token_log_probs"])
        logs = np.array(answer["token_log_probs"])
        wanted = [token.log10 * math.log(10) for token in score.detail]
        np.testing.assert_allclose(logs[: len(tokens)], wanted, atol=1e-5, rtol=1e-5)
        assert (logs[len(tokens) :] == 0).all()  # padding
        assert answer["log_prob"] == pytest.approx(score.log10 * math.log(10), rel=1e-5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("level", ["word", "char"])
def test_texts_are_continued_as_the_run_does(fresh, models, level, way):
    settings = {**SPEAK, **WAYS[way]}
    prompts = dict(zip(PROMPTS, fresh[level][way], strict=True))
    # the run continues one prompt at a time, and refuses one that it knows nothing of
    length = settings.pop("max_tokens")
    assert prompts[""] == models[level].generate("", length=length, **settings)[0]
    assert fresh[level][way + ", alone"] == prompts[""]
    if way.startswith("greedy"):  # no row depends on its number
        for prompt in ("Anna has", "The gulls"):
            assert prompts[prompt] == models[level].generate(prompt, length=length, **settings)[0]
    assert all(text.startswith(prompt.strip()) for prompt, text in prompts.items())
    assert not [text for text in prompts.values() if "<unk>" in text]


@pytest.mark.parametrize("level", ["word", "char"])
def test_the_settings_of_generation_do_what_they_say(fresh, level):
    spoken = fresh[level]
    assert spoken["again"] == spoken["drawn"]
    assert spoken["other"] != spoken["drawn"]
    assert spoken["greedy too"] == spoken["greedy"]
    assert all(spoken[other] != spoken["greedy"] for other in ("drawn", "few", "probable"))
    if level == "char":  # which has no sentences: as long as was asked for
        assert [len(t) for t in spoken["drawn"]] == [len(p) + SPEAK["max_tokens"] for p in PROMPTS]


@pytest.mark.parametrize("settings", [{"length": 0}, {"length": 0, "temperature": 0.0}])
def test_nothing_is_added_where_no_token_is_asked_for(models, settings):
    assert models["char"].generate("Anna has", **settings) == ["Anna has"]


@pytest.mark.parametrize("level", ["word", "char"])
def test_nothing_in_the_graph_is_compiled_or_for_one_device(exported, level):
    from tensorflow.core.protobuf import saved_model_pb2

    content = (exported[level] / "saved_model.pb").read_bytes()
    (graph,) = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    functions = graph.graph_def.library.function
    nodes = [*graph.graph_def.node, *(node for f in functions for node in f.node_def)]
    assert functions
    assert not [f.signature.name for f in functions if f.attr["_XlaMustCompile"].b]
    assert not [node.name for node in nodes if node.attr["_XlaMustCompile"].b]
    assert not [n.op for n in nodes if n.op.startswith(("Xla", "Cudnn", "PyFunc", "EagerPyFunc"))]
    assert not [node.name for node in nodes if "GPU" in node.device]


def test_a_run_without_its_texts_cannot_be_exported(tiny_lm, models, tmp_path, monkeypatch):
    monkeypatch.setattr("seqtasks.tasks.lm.exporting.load", lambda _: models["word"])
    shutil.copytree(tiny_lm.model, tmp_path / "run")
    (tmp_path / "run" / "examples.json").unlink()
    with pytest.raises(TaskError, match=r"examples\.json: missing or broken"):
        lm.export(tmp_path / "run", tmp_path / "out")
    assert not (tmp_path / "out").exists()
