"""Quiet, on the CPU, the same examples each time. And a tiny run of each task, trained once."""

import os
import signal
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")

# shells start what runs in the background with Ctrl-C ignored, `nohup` with the terminal's end, and
# so would be all that tests start
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _handler)
# what Hypothesis keeps for itself, elsewhere than in the tree
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(tempfile.gettempdir(), "seqtasks-hypothesis")
)

# `ordinary` tries the same examples everywhere and each time. To hunt for defects, fresh ones by
# the thousand: HYPOTHESIS_PROFILE=hunt pytest -n 0 -k hostile. The deadline, of one example, is for
# what hangs: on a busy machine all takes long
_HEALTHY = {"suppress_health_check": list(HealthCheck), "database": None, "print_blob": False}
settings.register_profile(
    "ordinary", max_examples=60, derandomize=True, deadline=20_000, **_HEALTHY
)
settings.register_profile("hunt", max_examples=2_000, deadline=60_000, **_HEALTHY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ordinary"))


class TinyRun(NamedTuple):
    """A run directory, the source it was trained on, and the scores that training returned."""

    model: Path
    data: Path
    scores: dict


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """One tagger of the sentences in `tests.tiny_ner`, for all tests that only use it."""
    from seqtasks.datasets.tagged_sources import load_tagged
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


@pytest.fixture(scope="session")
def tiny_sentiment(tmp_path_factory):
    """One classifier of the texts in `tests.tiny_sentiment`, for all tests that only use it."""
    from seqtasks.datasets.labelled_sources import load_labelled
    from seqtasks.tasks import sentiment
    from tests.tiny_sentiment import TINY, write_data

    place = tmp_path_factory.mktemp("tiny_sentiment")
    data = write_data(place / "data")
    scores = sentiment.train(TINY, load_labelled(str(data)), place / "run", say=lambda _: None)
    return TinyRun(place / "run", data, scores)


@pytest.fixture(scope="session")
def tiny_classifier(tiny_sentiment):
    """The classifier of `tiny_sentiment`."""
    from seqtasks.tasks import sentiment

    return sentiment.load(tiny_sentiment.model)


@pytest.fixture(scope="session")
def tiny_lm(tmp_path_factory):
    """One language model of the page in `tests.tiny_lm`, for all tests that only use it."""
    from seqtasks.datasets.text_sources import load_text
    from seqtasks.tasks import lm
    from tests.tiny_lm import TINY, write_data

    place = tmp_path_factory.mktemp("tiny_lm")
    data = write_data(place / "data")
    scores = lm.train(TINY, load_text(str(data)), place / "run", say=lambda _: None)
    return TinyRun(place / "run", data, scores)


@pytest.fixture(scope="session")
def tiny_language_model(tiny_lm):
    """The language model of `tiny_lm`."""
    from seqtasks.tasks import lm

    return lm.load(tiny_lm.model)


@pytest.fixture(scope="session")
def tiny_music(tmp_path_factory):
    """One music model of the bars in `tests.tiny_music`, for all tests that only use it."""
    from seqtasks.tasks import music
    from tests.tiny_music import CHORALES, TINY, source

    place, data = tmp_path_factory.mktemp("tiny_music"), source(CHORALES)
    scores = music.train(TINY, data, place / "run", say=lambda _: None)
    return TinyRun(place / "run", data, scores)


@pytest.fixture(scope="session")
def tiny_composer(tiny_music):
    """The composer of `tiny_music`."""
    from seqtasks.tasks import music

    return music.load(tiny_music.model)
