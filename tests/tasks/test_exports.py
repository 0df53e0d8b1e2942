"""Exports of every task and cell, moved, called by TensorFlow alone: the answers of the run.

One fresh process calls all of a task. Weights are random, so that no answer hangs on a tie.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tensorflow.core.protobuf import saved_model_pb2

from seqtasks.datasets.tags import spans
from tests.random_runs import CELLS, TASKS
from tests.tasks import run_answers
from tests.tasks.export_calls import (
    GENRES,
    MIXED,
    PLAY,
    PROMPTS,
    SIZES,
    SPEAK,
    SPEAK_FREELY,
    STRANGE,
    TEXTS,
    TOKENS,
    WAYS,
    WIDTH,
    calls_of,
)
from tests.tiny_ner import tree
from tests.tiny_sentiment import LABELS

# every task and every cell; the mark `exhaustive` has each cell of each task
FIRST = {
    "ner": ("rnn",),
    "sentiment": ("lstm-peephole",),
    "lm": ("gru", "lstm"),
    "music": ("gru-relevance",),
}
EVERY = pytest.mark.parametrize(
    ("exports", "cell"),
    [
        pytest.param(
            (task, exhaustive),
            cell,
            id=f"{task}-{cell}",
            marks=pytest.mark.exhaustive if exhaustive else (),
        )
        for exhaustive in (False, True)
        for task in TASKS
        for cell in CELLS
        if (cell in FIRST[task]) is not exhaustive
    ],
    indirect=["exports"],
    scope="module",
)


@pytest.fixture(scope="module")
def exports(request, random_export):
    """A task; and by cell the directory of its export, and the run's model."""
    task, exhaustive = request.param
    cells = [cell for cell in CELLS if (cell in FIRST[task]) is not exhaustive]
    return task, {cell: random_export(task, cell) for cell in cells}


@pytest.fixture(scope="module")
def fresh(exports, tmp_path_factory):
    """By cell: signatures and answers, as a process of TensorFlow alone gives them."""
    task, made = exports
    wanted = {
        cell: {"directory": str(directory), "calls": calls_of(task)}
        for cell, (directory, _) in made.items()
    }
    before = {cell: tree(directory) for cell, (directory, _) in made.items()}
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(
        [sys.executable, Path(__file__).with_name("fresh_exports.py")],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert before == {cell: tree(directory) for cell, (directory, _) in made.items()}
    return json.loads(process.stdout)


def rows_of(answers):
    """The rows of all batches, each {output: value}."""
    return [
        dict(zip(answer, row, strict=True))
        for answer in answers
        for row in zip(*answer.values(), strict=True)
    ]


def assert_same(row, wanted):
    """A row is what the run gives, and padding behind it."""
    for name, value in wanted.items():
        got = row[name]
        if isinstance(value, str):
            assert got.encode("latin-1").decode() == value
        elif isinstance(value, list):
            n = len(value)
            assert [token.encode("latin-1").decode() for token in got[:n]] == value
            assert not any(got[n:])
        else:
            n = len(value) if np.ndim(value) else None
            np.testing.assert_allclose(
                got[:n] if np.ndim(value) else got, value, rtol=1e-5, atol=1e-5, err_msg=name
            )
            assert n is None or not np.any(got[n:])


def check_batches(answers, label, wanted, width=0):
    """Rows are what the run gives for them in batches of every size, and so what each is alone."""
    for size in SIZES:
        found = rows_of(answers[f"{label} {size}"])
        assert len(found) >= size
        for row, expected in zip(found, wanted, strict=False):
            assert_same(row, expected)
        for name, value in wanted[0].items():
            if isinstance(value, list) and size == len(wanted):  # padded to the longest
                longest = width or max(len(row[name]) for row in wanted)
                assert {len(row[name]) for row in found} == {longest}


def check_ner(tagger, answers):
    check_batches(answers, "text", run_answers.tagged(tagger, TEXTS))
    check_batches(answers, "tokens", run_answers.tagged_tokens(tagger, TOKENS), WIDTH)
    mixed = rows_of(answers["mixed"])
    for row, wanted in zip(mixed, run_answers.tagged(tagger, MIXED), strict=True):
        assert_same(row, wanted)
    for text, row in zip(TEXTS + MIXED, rows_of(answers["text 64"]) + mixed, strict=True):
        for token, start, end in zip(row["tokens"], row["start"], row["end"], strict=True):
            # bytes cut out the tokens
            assert text[start:end].decode("utf-8", "replace") == token.encode("latin-1").decode()
        assert all(0 <= confidence <= 1.0001 for confidence in row["confidence"])
    lines = tagger.tag_texts(run_answers.decoded(TEXTS))
    for line, row in zip(lines, rows_of(answers["text 64"]), strict=True):
        first = [row["confidence"][span.start] for span in spans(line.tags)]
        # which the run rounds to four digits
        np.testing.assert_allclose(first, [e.confidence for e in line.entities], atol=6e-5)


def check_sentiment(classifier, answers):
    check_batches(answers, "text", run_answers.classified(classifier, TEXTS))
    wanted = run_answers.classified(classifier, MIXED)
    for row, expected in zip(rows_of(answers["mixed"]), wanted, strict=True):
        assert_same(row, expected)
    for row in rows_of(answers["text 64"]):
        assert row["probability"] == max(row["probabilities"])
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-5)
    # of a text without a word, whose scores are the bias: the temperature is within the graph
    bias = classifier.network.scores.bias.numpy()
    cooler = np.exp(bias / float(classifier.network.temperature.numpy()))
    empty = rows_of(answers["text 1"])[0]["probabilities"]
    np.testing.assert_allclose(empty, cooler / cooler.sum(), atol=1e-5)
    assert np.abs(empty - np.exp(bias) / np.exp(bias).sum()).max() > 0.01


def check_lm(model, answers):
    check_batches(answers, "text", run_answers.scored(model, TEXTS))
    wanted = run_answers.scored(model, MIXED)
    for row, expected in zip(rows_of(answers["mixed"]), wanted, strict=True):
        assert_same(row, expected)
    for way, settings in SPEAK.items():
        check_batches(answers, way, run_answers.continued(model, PROMPTS, **settings))
    settings = {**SPEAK["drawn"], "max_tokens": 3}
    wanted = run_answers.continued(model, MIXED[:2], **settings)
    for row, expected in zip(rows_of(answers["mixed prompts"]), wanted, strict=True):
        assert_same(row, expected)
    check_ways(model, answers)


def check_music(composer, answers):
    pieces = {way: run_answers.composed(composer, GENRES, **PLAY[way]) for way in PLAY}
    for way, wanted in pieces.items():
        check_batches(answers, way, wanted)
    (steps,) = answers["steps"]
    for name in ("notes", "struck"):
        found = np.swapaxes(steps[name], 0, 1)
        np.testing.assert_array_equal(found, [piece[name] for piece in pieces["drawn"][:7]])
    states = run_answers.states_after(composer, GENRES[:7], **PLAY["drawn"])
    for i, layer in enumerate(states):
        for j, state in enumerate(layer):
            np.testing.assert_allclose(steps[f"state_{i}_{j}"], state, rtol=1e-5, atol=1e-5)


def check_ways(model, answers):
    """The settings of generation do what they say, and what they do for the run."""
    spoken = {}
    for way, settings in WAYS.items():
        ((answer),) = answers[f"way {way}"]
        spoken[way] = [text.encode("latin-1").decode() for text in answer["text"]]
        settings = {**SPEAK_FREELY, **settings}
        length = settings.pop("max_tokens")
        assert spoken[way][0] == model.generate("", length=length, **settings)[0]
        if way.startswith("greedy"):  # no row depends on its number
            for i in (1, 2):
                assert spoken[way][i] == model.generate(STRANGE[i], length=length, **settings)[0]
        for prompt, text in zip(STRANGE, spoken[way], strict=True):
            assert text.startswith(prompt.strip())
            assert "<unk>" not in text
    assert spoken["again"] == spoken["drawn"]
    assert spoken["other"] != spoken["drawn"]
    assert spoken["greedy too"] == spoken["greedy"]
    assert all(spoken[other] != spoken["greedy"] for other in ("drawn", "few", "probable"))
    if model.config.level == "char":  # which has no sentences: as long as was asked for
        lengths = [len(prompt) + SPEAK_FREELY["max_tokens"] for prompt in STRANGE]
        assert [len(text) for text in spoken["drawn"]] == lengths


CHECKS = {"ner": check_ner, "sentiment": check_sentiment, "lm": check_lm, "music": check_music}


@EVERY
def test_answers_are_those_of_the_run(exports, fresh, cell):
    task, made = exports
    CHECKS[task](made[cell][1], fresh[cell]["answers"])


TEXT, GRID, NUMBERS = ["string", [None]], ["string", [None, None]], ["float32", [None, None]]
WHOLE, REAL, PLACES = ["int32", []], ["float32", []], ["int32", [None, None]]
WISH = {"temperature": REAL, "top_p": REAL, "seed": WHOLE}
SIGNATURES = {
    "ner": {
        "serving_default": [
            {"text": TEXT},
            {"tokens": GRID, "tags": GRID, "start": PLACES, "end": PLACES, "confidence": NUMBERS},
        ],
        "tokens": [{"tokens": GRID}, {"tags": GRID, "confidence": NUMBERS}],
    },
    "sentiment": {
        "serving_default": [
            {"text": TEXT},
            {
                "label": TEXT,
                "probability": ["float32", [None]],
                "probabilities": ["float32", [None, len(LABELS)]],
            },
        ]
    },
    "lm": {
        "serving_default": [
            {"text": TEXT},
            {"log_prob": ["float32", [None]], "tokens": GRID, "token_log_probs": NUMBERS},
        ],
        "generate": [
            {"prompt": TEXT, "max_tokens": WHOLE, "top_k": WHOLE, **WISH},
            {"text": TEXT},
        ],
    },
}


@EVERY
def test_signatures_have_names_types_and_shapes(exports, fresh, cell):
    (task, made), found = exports, fresh[cell]["signatures"]
    if task == "music":
        config, width = made[cell][1].config, 2  # voices
        wish = {"genre": ["int32", [None]], "steps": WHOLE, **WISH}
        states = {
            f"state_{i}_{j}": ["float32", [None, config.units]]
            for i in range(config.layers)
            for j in range(1 + (config.cell == "lstm"))
        }
        tones = {"notes": ["int32", [None, width]], "struck": ["bool", [None, width]]}
        whole = {name: [dtype, [None, None, width]] for name, (dtype, _) in tones.items()}
        assert found == {
            "serving_default": [wish, {**whole, "length": ["int32", [None]]}],
            "step": [{**wish, **tones, **states, "step": WHOLE}, {**tones, **states}],
        }
    else:
        assert found == SIGNATURES[task]


@EVERY
def test_the_graph_is_tensorflows_own_for_any_device(exports, cell):
    task, made = exports
    content = (made[cell][0] / "saved_model.pb").read_bytes()
    (graph,) = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    assert list(graph.meta_info_def.tags) == ["serve"]
    for name in SIGNATURES.get(task, ("serving_default", "step")):
        assert graph.signature_def[name].method_name == "tensorflow/serving/predict"
    functions = graph.graph_def.library.function
    nodes = [*graph.graph_def.node, *(node for f in functions for node in f.node_def)]
    assert functions
    assert not [f.signature.name for f in functions if f.attr["_XlaMustCompile"].b]
    for node in nodes:
        assert not node.attr["_XlaMustCompile"].b, node.name
        assert not node.op.startswith(("Xla", "Cudnn", "PyFunc", "EagerPyFunc")), node.op
        assert "GPU" not in node.device
