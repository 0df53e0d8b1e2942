"""An unfinished training whose files were changed by hand is told as such, and nothing more."""

import dataclasses
import json
import shutil

import pytest

from seqtasks.datasets.text_sources import load_text
from seqtasks.tasks import lm, run_directory, training_state
from seqtasks.tasks.errors import Interrupted, TaskError
from tests.tiny_lm import TINY, write_data
from tests.tiny_ner import tree

QUICK = dataclasses.replace(TINY, epochs=2, units=4)


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """The data and the staging directory of a training that Ctrl-C ended after an epoch."""
    place = tmp_path_factory.mktemp("unfinished")
    data = load_text(str(write_data(place / "data")))

    def save(path, arrays):
        run_directory.save_arrays(path, arrays)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_state, "save_arrays", save)
        with pytest.raises(Interrupted) as stop:
            lm.train(QUICK, data, place / "run", say=lambda _: None)
    assert stop.value.resumable
    return data, place / ".run.partial"


def edited(**changes):
    """Changes the settings in the configuration."""

    def edit(staging):
        record = json.loads((staging / "config.json").read_text("utf-8"))
        record["config"] |= changes
        (staging / "config.json").write_text(json.dumps(record))

    return edit


def written(name, content):
    return lambda staging: (staging / name).write_bytes(content)


LAST = "checkpoints/last.npz"


def cut(staging):
    whole = (staging / LAST).read_bytes()
    (staging / LAST).write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (edited(units="many"), r"config\.json: `units` must be a whole number"),
        (edited(units=-1), r"config\.json: `units` must be at least"),
        (edited(wheels=4), r"config\.json: no setting is called 'wheels'"),
        (edited(units=5), r"last\.npz: of another network"),
        (written("config.json", b"{"), r"config\.json: not the configuration of a run"),
        (written("config.json", b'{"task": "lm"}'), r"begun with other data"),
        (cut, r"last\.npz: "),
        (written(LAST, b""), r"last\.npz: "),
        (written(LAST, b"PK\x03\x04"), r"last\.npz: "),
    ],
)
def test_what_was_changed_is_named_and_left(unfinished, tmp_path, damage, message):
    data, staging = unfinished
    shutil.copytree(staging, tmp_path / ".run.partial")
    damage(tmp_path / ".run.partial")
    before = tree(tmp_path)
    with pytest.raises(TaskError, match=message) as error:
        lm.train(QUICK, data, tmp_path / "run", resume=True, say=lambda _: None)
    assert "\n" not in str(error.value)
    assert tree(tmp_path) == before


def test_without_its_checkpoint_it_begins_anew_with_its_settings(unfinished, tmp_path):
    data, staging = unfinished
    shutil.copytree(staging, tmp_path / ".run.partial")
    (tmp_path / ".run.partial" / LAST).unlink()
    lm.train(dataclasses.replace(QUICK, units=8), data, tmp_path / "run", resume=True)
    record = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert record["config"]["units"] == 4
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) == 3
