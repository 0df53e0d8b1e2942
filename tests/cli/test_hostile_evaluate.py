"""`evaluate` and `datasets show` of nearly right files, and of what a run says of its data."""

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.outcomes import CONTROL, ended, records
from tests.hostile import as_json, damaged, values, written

FEW = settings(max_examples=max(settings().max_examples // 4, 10))

# the name of a file that a task reads, and right ones
FILES = {
    "ner": ("a.conll", [b"Ada B-PER\nmet O\nTim B-PER\n\nIn O\nNew B-LOC\nYork I-LOC\n"]),
    "sentiment": (
        "a.tsv",
        [b"text\tlabel\ngood film\tpositive\ndull\tnegative\n\nlong\tneither\n"],
    ),
    "lm": ("a.txt", [b"A boat.\nIt lies there.\n\nWhales, said he.\n"]),
    "music": ("a.json", [b'{"train": [[[60, 64], [62]]], "valid": [[[60]]], "test": [[[62]]]}']),
}


@pytest.fixture
def models(tiny_run, tiny_sentiment, tiny_lm, tiny_music):
    """The directories of the tiny runs."""
    runs = {"ner": tiny_run, "sentiment": tiny_sentiment, "lm": tiny_lm, "music": tiny_music}
    return {task: run.model for task, run in runs.items()}


@pytest.mark.parametrize("task", FILES)
@FEW
@given(drawn=st.data())
def test_any_file_is_scored_and_shown_or_refused(run, loaded, models, task, drawn):
    name, valid = FILES[task]
    path = written(drawn.draw(st.one_of(st.sampled_from(valid), damaged(valid))), name)
    outcome = run(task, "evaluate", "--model", models[task], "--data", path, "--json")
    if ended(outcome) == 0:
        (scores,) = records(outcome.stdout)
        assert (scores["source"], scores["split"]) == (str(path), "all")
    outcome = run("datasets", "show", path, "--task", task)
    assert ended(outcome) in (0, 1)
    assert not set(outcome.output) & CONTROL
    if outcome.exit_code == 0:
        assert outcome.stdout.startswith("train: ")
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("task", FILES)
@FEW
@given(drawn=st.data())
def test_whatever_a_run_says_of_its_data_is_used_or_refused(run, loaded, models, task, drawn):
    record = json.loads((models[task] / "config.json").read_text("utf-8"))
    part = drawn.draw(st.sampled_from([record, record["data"], record["config"]]))
    key = drawn.draw(st.sampled_from([*part]))
    part[key] = drawn.draw(st.one_of(values(1), st.sampled_from(["/dev/zero", "a\0b"])))
    place = written(as_json(record), "config.json").parent
    outcome = run(task, "evaluate", "--model", place, "--json")
    if ended(outcome) == 0:
        assert len(records(outcome.stdout)) == 1
    shutil.rmtree(place)
