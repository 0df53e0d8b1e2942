"""The tasks that can start from a language model, with data and a model that a test can afford."""

import dataclasses
import json

import pytest

from seqtasks.datasets.labelled_sources import load_labelled
from seqtasks.datasets.tagged_sources import load_tagged
from seqtasks.tasks import ner, run_directory, sentiment
from seqtasks.tasks.ner import config as ner_config
from seqtasks.tasks.sentiment import config as sentiment_config
from tests import random_runs, tiny_ner, tiny_sentiment
from tests.tiny_ner import arrays
from tests.tiny_start import written

TASKS = {"ner": ner, "sentiment": sentiment}
CONFIGS = {"ner": ner_config, "sentiment": sentiment_config}
QUICK = {
    "ner": dataclasses.replace(tiny_ner.TINY, epochs=1),
    "sentiment": dataclasses.replace(tiny_sentiment.TINY, epochs=1),
}


# without letters and CRF, whose graphs take most of the time: for trainings where neither matters
PLAIN = {
    "ner": {"decoder": "softmax", "characters": "none", "lift_search": False},
    "sentiment": {},
}


# of the layers of `tests.random_runs`
SMALL = {name: random_runs.SMALL[name] for name in ("units", "character_size", "character_units")}


@pytest.fixture(scope="module")
def started_lm(tmp_path_factory):
    """A language model of TOKENS, of two layers."""
    return written(tmp_path_factory.mktemp("lm") / "lm")


def settings(task, place, **others):
    return dataclasses.replace(QUICK[task], init_from=str(place), **others)


def train(task, config, data, out, **options):
    said = []
    TASKS[task].train(config, data, out, say=said.append, **options)
    return "\n".join(said)


@pytest.fixture
def data(tmp_path):
    """`data("ner")`: the source of a task's tiny data."""

    def load(task):
        tiny, read = {
            "ner": (tiny_ner, load_tagged),
            "sentiment": (tiny_sentiment, load_labelled),
        }[task]
        return read(str(tiny.write_data(tmp_path / "data" / task)))

    return load


def edited(path, change):
    """Change what a JSON file of a run holds."""
    record = json.loads(path.read_text("utf-8"))
    change(record)
    path.write_text(json.dumps(record), "utf-8")


def without(path, name):
    """Take a weight out of a file of weights."""
    found = arrays(path)
    found.pop(name)
    run_directory.save_arrays(path, found)


# ways to break a run that any task could start from: what to do, and what is said
OF_ANY_RUN = {
    "more units than the weights have": (
        lambda run: edited(run / "config.json", lambda r: r["config"].update(units=2**30)),
        r"weights\.npz: [0-9,]+ numbers, and a network of the settings .* has more; .*train",
    ),
    "a later version": (
        lambda run: edited(run / "config.json", lambda r: r.update(versions={"seqtasks": "99.0"})),
        r"config\.json: a run of seqtasks 99\.0, later than .*; upgrade",
    ),
}
