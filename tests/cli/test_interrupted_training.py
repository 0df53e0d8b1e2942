"""Interrupted at any moment and resumed, a training gives the bits of one that never stopped."""

import csv
import dataclasses
import json
import os
import random
import shlex
from signal import SIGINT, SIGKILL, SIGTERM

import pytest
import tensorflow as tf

from tests import tiny_lm, tiny_music, tiny_ner, tiny_sentiment
from tests.cli import warm
from tests.tiny_ner import arrays, assert_same_arrays

# in each of the four tasks
SIGNALS = [SIGKILL, SIGINT, SIGTERM, SIGKILL, SIGINT]
SETS = [[[60, 67], [64], [], [72, 48]], [[62], [65, 69], [62, 50], []], [[71, 55], [72], [67, 52]]]

# all that is random is on, and what a training remembers: averages, patience, the best epoch
SAME = {"epochs": 5, "averaging": 0.9, "patience": 3, "dropout": 0.2, "clipnorm": 1.0, "seed": 5}
TASKS = {
    "ner": (
        tiny_ner.TINY,
        {"word_dropout": 0.1, "rare_word_dropout": 0.3, "swap": 0.5, "split": 0.2, "recase": 0.2},
    ),
    "sentiment": (
        tiny_sentiment.TINY,
        {"word_dropout": 0.1, "rare_word_dropout": 0.5, "recurrent_dropout": 0.2},
    ),
    "lm": (
        tiny_lm.TINY,
        {"input_dropout": 0.1, "recurrent_dropout": 0.1, "weight_dropout": 0.1, "steps": 20},
    ),
    "music": (
        tiny_music.TINY,
        {"transposition": 5, "hiding": 0.3, "recurrent_dropout": 0.1, "units": 8},
    ),
}


@pytest.fixture(params=TASKS)
def task(request, tmp_path):
    """The name of a task whose data and settings lie in the directory of the test."""
    name = request.param
    if name == "music":
        splits = {"train": SETS, "valid": SETS, "test": SETS}
        (tmp_path / "data").write_text(json.dumps(splits))
        (tmp_path / "data").rename(tmp_path / "data.json")
    else:
        module = {"ner": tiny_ner, "sentiment": tiny_sentiment, "lm": tiny_lm}[name]
        module.write_data(tmp_path / "data")
    config, random_too = TASKS[name]
    fields = {field.name for field in dataclasses.fields(config)}
    changes = {k: v for k, v in {**SAME, **random_too}.items() if k in fields}
    settings = dataclasses.asdict(dataclasses.replace(config, **changes))
    given = {name: value for name, value in settings.items() if value is not None}
    (tmp_path / "settings.json").write_text(json.dumps(given))
    return name


def assert_same_run(one, other):
    """The two run directories hold the same, but for seconds and the command."""
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    assert_same_arrays(arrays(one / "weights.npz"), arrays(other / "weights.npz"))
    for name in names:
        if name in ("config.json", "digests.json"):
            first, second = (json.loads((run / name).read_text("utf-8")) for run in (one, other))
            for record in (first, second):
                record.pop("command", None), record.pop("config.json", None)
            assert first == second
        elif name == "history.csv":
            with (one / name).open() as a, (other / name).open() as b:
                tables = [list(csv.DictReader(file)) for file in (a, b)]
            assert [row.pop("seconds") for table in tables for row in table]
            assert tables[0] == tables[1]
        elif not name.endswith(".png"):
            assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_training_interrupted_again_and_again_ends_as_if_never_interrupted(task, tmp_path):
    data = "data.json" if task == "music" else "data"
    command = [task, "train", "--data", data, "--config", "settings.json", "--model"]
    whole = warm.run(tmp_path, *command, "whole")
    assert whole.code == 0, whole.err
    record = json.loads((tmp_path / "whole" / "config.json").read_text("utf-8"))
    assert shlex.split(record["command"])[1:] == [*command, "whole"]
    assert record["config"]["seed"] == SAME["seed"]
    assert record["machine"]["cores"] == os.cpu_count()
    assert record["versions"]["tensorflow"] == tf.__version__
    assert record["data"]["fingerprint"]
    again = warm.run(tmp_path, *command, "again")
    assert again.code == 0, again.err
    assert_same_run(tmp_path / "whole", tmp_path / "again")  # the seed fixes everything
    assert again.moments == whole.moments

    chance = random.Random(f"interruptions of {task}")
    arguments, stopped = [*command, "parts"], []
    for number in SIGNALS:
        moment = chance.randint(1, whole.moments // 3)
        ended = warm.run(tmp_path, *arguments, moment=moment, number=number)
        stopped.append((moment, number))
        said = ended.err.strip().splitlines()[-1:]
        assert not (tmp_path / "parts").exists(), (stopped, said)
        begun = (tmp_path / ".parts.partial/config.json").exists()
        arguments = [*command, "parts", *(["--resume"] if begun else [])]
        if number == SIGKILL:
            assert ended.code == -SIGKILL, (stopped, said)
            continue
        assert ended.code == 128 + number, (stopped, said)
        assert "Traceback" not in ended.err
        assert said[0].startswith(("Error: interrupted", "Error: terminated")), stopped
        if begun:  # the command that it says is the one that goes on
            assert shlex.split(said[0].partition("go on with: seqtasks ")[2]) == arguments
    ended = warm.run(tmp_path, *arguments)
    assert ended.code == 0, (stopped, ended.err)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")
