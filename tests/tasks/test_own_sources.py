"""What a run says of its own data may have been changed by hand, or by a stranger."""

import os

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.lm import sources as lm_sources
from seqtasks.tasks.music import sources as music_sources
from seqtasks.tasks.sentiment import sources as sentiment_sources


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_stranger_cannot_name_a_device_as_the_source_of_a_run(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    data = {"source": str(tmp_path / "pipe"), "fingerprint": ""}
    run_directory.write_json(tmp_path / "config.json", {"task": "lm", "data": data})
    with pytest.raises(TaskError, match="no plain file; name another with --data"):
        lm_sources.documents_to_score(tmp_path, None, None, None)


@pytest.mark.parametrize("shares", [[90, 5, 5], 3, "x", "90/5/5/5", "0/100"])
def test_shares_of_a_run_that_are_none(tmp_path, shares):
    (tmp_path / "a.txt").write_text("A boat.\n" * 40)
    data = {"source": str(tmp_path / "a.txt"), "fingerprint": "", "shares": shares}
    run_directory.write_json(tmp_path / "config.json", {"task": "lm", "data": data})
    with pytest.raises(TaskError, match=r"config\.json .*; train it anew"):
        lm_sources.documents_to_score(tmp_path, None, None, None)


@pytest.mark.parametrize("columns", [3, {"text_column": 3}])
def test_columns_of_a_run_that_are_none(tmp_path, columns):
    data = {"source": str(tmp_path / "none.csv"), "fingerprint": "", "columns": columns}
    run_directory.write_json(tmp_path / "config.json", {"task": "sentiment", "data": data})
    with pytest.raises((TaskError, DataError)):
        sentiment_sources.examples_to_score(
            tmp_path, None, None, None, {"text_column": None, "label_column": None}
        )


@pytest.mark.parametrize("config", [None, {}, {"steps_per_beat": "4"}, {"steps_per_beat": 10**9}])
def test_a_grid_of_a_run_that_is_none(tmp_path, config):
    data = {"source": "sample", "fingerprint": ""}
    record = {"task": "music", "data": data, "config": config}
    run_directory.write_json(tmp_path / "config.json", record)
    with pytest.raises(TaskError, match="no `steps_per_beat` in its config"):
        music_sources.pieces_to_score(tmp_path, None, None)
