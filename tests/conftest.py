"""One process, one TensorFlow: quiet, on the CPU. And one tagger, trained once for all tests."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")


class TinyRun(NamedTuple):
    """A run directory of the sentences in `tests.tiny_ner`, and their source."""

    model: Path
    data: Path
    scores: dict


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """One tagger, trained once for all tests that only use it."""
    from seqtasks.datasets.sources import load_tagged
    from seqtasks.tasks import ner
    from tests.tiny_ner import TINY, write_data

    place = tmp_path_factory.mktemp("tiny")
    data = write_data(place / "data")
    scores = ner.train(TINY, load_tagged(str(data)), place / "run", say=lambda _: None)
    return TinyRun(place / "run", data, scores)


@pytest.fixture(scope="session")
def tiny_tagger(tiny_run):
    """The tagger of `tiny_run`."""
    from seqtasks.tasks import ner

    return ner.load(tiny_run.model)
