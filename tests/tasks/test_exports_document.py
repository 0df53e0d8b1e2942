"""What documents show of exports: requests fit, replies have their form, the Python runs."""

import re

import pytest
import tensorflow as tf

from tests.documents.served import DOCUMENT, PAIRS, PYTHON, strict
from tests.random_runs import TASKS
from tests.tasks import rest_api

TABLE = re.findall(r"^\| (ner|sentiment|lm|music) \| `(\w+)` \| (.*) \| (.*) \|$", DOCUMENT, re.M)
# cells that are exported in `test_exports.py` as well
SERVED = {"ner": "rnn", "sentiment": "lstm-peephole"}


@pytest.fixture(scope="module")
def place(random_export, tmp_path_factory):
    """A folder with `exports/<task>/1` of every task."""
    folder = tmp_path_factory.mktemp("served")
    for task in TASKS:
        (folder / "exports" / task).mkdir(parents=True)
        cell = SERVED.get(task, "lstm")
        (folder / "exports" / task / "1").symlink_to(random_export(task, cell)[0])
    return folder


@pytest.fixture(scope="module")
def models(place):
    """By task, what TensorFlow loads."""
    return {task: tf.saved_model.load(str(place / "exports" / task / "1")) for task in TASKS}


def form(value):
    """Names, types and depth, without how long lists are."""
    if isinstance(value, dict):
        return {name: form(item) for name, item in value.items()}
    if isinstance(value, list):
        return [form(value[0])]
    return type(value).__name__


def test_every_block_is_tried():
    assert {task for task, _, _ in PAIRS} == set(TASKS)
    assert DOCUMENT.count("```json") == 2 * (len(PAIRS) - 1)  # one stands in the README
    assert DOCUMENT.count("```python") == len(PYTHON) == len(TASKS)


@pytest.mark.parametrize(("task", "request_", "reply"), PAIRS)
def test_requests_fit_the_exports_and_replies_have_their_form(models, task, request_, reply):
    answer, shown = rest_api.called(models[task], strict(request_)), strict(reply)
    assert form(answer) == form(shown)
    [(_, rows)], [(_, found)] = shown.items(), answer.items()
    if isinstance(rows, list):
        assert len(rows) == len(found)
        for row, other in zip(rows, found, strict=True):
            for name in {"tokens", "start", "end"} & set(row):  # which no weight decides
                assert row[name] == other[name]


def test_the_table_is_that_of_the_signatures(models):
    seen = set()
    for task, name, given, found in TABLE:
        seen.add((task, name))
        call = models[task].signatures[name]
        inputs, outputs = call.structured_input_signature[1], call.structured_outputs
        for specs, said in ((inputs, given), (outputs, found)):
            named = set(re.findall(r"`(\w+)`", said))
            if name == "step":
                assert named <= specs.keys()
            else:
                assert named == specs.keys()
            assert {spec.dtype.name for spec in specs.values()} >= set(
                re.findall(r"\b(?:string|u?int\d+|float\d+|bool)\b", said)
            )
    assert seen == {(task, name) for task in TASKS for name in models[task].signatures}


@pytest.mark.parametrize(("code", "shown"), PYTHON, ids=TASKS)
def test_its_python_runs(place, monkeypatch, capsys, code, shown):
    monkeypatch.chdir(place)
    exec(compile(code, "serving.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    # a line for each label, of which there are three here, and for each voice, of which two
    other = {"labels": 1, "notes": -2}
    more = sum(n for word, n in other.items() if word in code)
    assert len(lines) == len(shown.splitlines()) + more
    assert all(lines)
