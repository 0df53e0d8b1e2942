"""A training and its place: nobody else's, and never half written."""

import json
import resource
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from seqtasks.tasks import run_directory, run_lock
from seqtasks.tasks.errors import Interrupted, TaskError
from seqtasks.tasks.run_record import check_unchanged, write_digests
from seqtasks.tasks.training_run import claimed
from tests.tiny_ner import tree

RECORD = {"task": "ner", "config": {}, "data": {}, "versions": {}, "machine": {}}

HOLDING = """
import sys, time
from pathlib import Path
from seqtasks.tasks.run_directory import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(100)
"""


@pytest.fixture
def place(tmp_path):
    return tmp_path / "runs" / "ner"


def checkpoint(run, value):
    run_directory.save_arrays(run.checkpoint, {"a": np.full(1000, value)})


# two at one place


def test_a_second_training_is_refused_until_the_first_is_gone(place):
    with subprocess.Popen([sys.executable, "-c", HOLDING, place], stdout=-1, text=True) as other:
        try:
            assert other.stdout.readline() == "held\n"
            before = tree(place.parent)
            for overwrite, resume in ((False, False), (True, False), (False, True)):
                with pytest.raises(TaskError, match=r"another training|no unfinished training"):  # noqa: SIM117
                    with claimed(place, overwrite, resume):
                        raise AssertionError("it was let in")
            assert tree(place.parent) == before
        finally:
            other.kill()
    with claimed(place, False, False) as run:  # a process that was killed holds nothing
        run.begin(RECORD)
    # a second one in the same process, too
    with claimed(place, True, False), pytest.raises(TaskError, match="another training"):  # noqa: SIM117
        with claimed(place, True, False):
            raise AssertionError("it was let in")


def test_what_another_did_before_one_got_in_is_seen(place, monkeypatch):
    locked = run_directory.locked

    def after_another(place):
        place.mkdir(parents=True)
        (place / "config.json").write_text(json.dumps(RECORD))
        return locked(place)

    monkeypatch.setattr(run_directory, "locked", after_another)
    with pytest.raises(TaskError, match="a run is there already"), claimed(place, False, False):
        raise AssertionError("it was let in")


def test_the_lock_leaves_nothing_behind(place):
    with pytest.raises(TaskError, match="settings"), claimed(place, False, False):
        raise TaskError("settings that are wrong")
    assert not place.parent.exists()
    with claimed(place, False, False) as run:
        run.begin(RECORD)
        assert run_lock.held(place.parent / ".ner.lock")
    assert [path.name for path in place.parent.iterdir()] == [".ner.partial"]


def test_many_at_once_take_turns(tmp_path):
    """Whoever gets in is alone, also while others remove and make the lock's file."""
    script = """
import os, sys, time
from pathlib import Path
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_lock import only_one
place, done = Path(sys.argv[1]), 0
while done < 40:
    try:
        with only_one(place, place / "lock"):
            descriptor = os.open(place / "inside", os.O_CREAT | os.O_EXCL)
            os.close(descriptor)
            os.unlink(place / "inside")
            done += 1
    except TaskError:
        pass
"""
    command = [sys.executable, "-c", script, tmp_path]
    processes = [subprocess.Popen(command, stderr=-1, text=True) for _ in range(3)]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")


# what cannot be written


def test_a_full_disk_is_one_line_and_the_last_state_is_kept(place):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(TaskError) as error, claimed(place, False, False) as run:
            run.begin(RECORD)
            checkpoint(run, 1.0)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
            checkpoint(run, 2.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    message = str(error.value)
    assert message.startswith(f"{run.staging}: cannot be written: ")
    assert "--resume goes on" in message
    assert "\n" not in message
    assert list(run_directory.load_arrays(run.checkpoint)) == ["a"]
    assert run_directory.load_arrays(run.checkpoint)["a"][0] == 1.0
    assert [path.name for path in run.checkpoint.parent.iterdir()] == ["last.npz"]
    assert not place.exists()
    with claimed(place, False, True) as again:
        assert again.checkpoint == run.checkpoint


def test_a_folder_removed_meanwhile_is_said(place):
    with pytest.raises(TaskError, match=r"partial: was removed while the training ran"):  # noqa: SIM117
        with claimed(place, False, False) as run:
            run.begin(RECORD)
            shutil.rmtree(run.staging)
            checkpoint(run, 1.0)
    with claimed(place, False, False) as run:
        run.begin(RECORD)


@pytest.mark.parametrize("resume", [False, True])
def test_an_error_of_something_else_is_left_as_it_is(place, tmp_path, resume):
    if resume:
        with claimed(place, False, False) as run:
            run.begin(RECORD)
    with pytest.raises(FileNotFoundError), claimed(place, False, resume):
        (tmp_path / "vectors.txt").read_text()


# signals


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Interrupted("terminated", signal.SIGTERM)])
def test_an_interruption_says_whether_one_can_go_on(place, begun, stop):
    with pytest.raises(Interrupted) as error, claimed(place, False, False) as run:
        if begun:
            run.begin(RECORD)
        raise stop
    assert error.value.resumable is begun
    assert error.value.number == getattr(stop, "number", signal.SIGINT)


def test_the_training_that_was_to_be_overwritten_is_not_the_one_to_go_on_with(place):
    with claimed(place, False, False) as run:
        run.begin(RECORD)
    with pytest.raises(Interrupted) as error, claimed(place, True, False):
        raise KeyboardInterrupt
    assert not error.value.resumable


def test_when_the_run_is_in_its_place_there_is_nothing_to_go_on_with(place):
    with pytest.raises(Interrupted) as error, claimed(place, False, False) as run:
        run.begin(RECORD)
        run_directory.commit(run.staging, place)
        raise KeyboardInterrupt
    assert not error.value.resumable
    assert run_directory.read_config(place, "ner") == RECORD


# going on


def test_a_run_goes_on_with_what_it_was_begun_with(place):
    with claimed(place, False, False) as run:
        run.begin({**RECORD, "config": {"units": 3}, "command": "first"})
    said = []
    with claimed(place, False, True) as run:
        record = run.record({**RECORD, "command": "second"}, {"units": 3}, said.append)
        assert record["config"] == {"units": 3}
        assert record["command"] == "first"
    assert said == []
    with claimed(place, False, True) as run:
        run.record(RECORD, {"units": 4}, said.append)
        assert "settings that it was begun with: units 3" in said.pop()
        run.record(RECORD, {"units": None}, said.append)  # whatever it was begun with
        assert said == []
        run.record({**RECORD, "machine": {"cores": 3}}, {}, said.append)
        assert "another machine" in said[0]
        for part in ("data", "versions"):
            with pytest.raises(TaskError, match=f"begun with other {part}"):
                run.record({**RECORD, part: {"other": 1}}, {}, said.append)


# changed by hand


@pytest.fixture
def whole(tmp_path):
    """A directory of files as training leaves them."""
    for name in ("config.json", "vocabulary.json", "weights.npz", "pieces.bin"):
        (tmp_path / name).write_text(name)
    (tmp_path / "config.json").write_text(json.dumps(RECORD))
    (tmp_path / "history.csv").write_text("epoch")
    (tmp_path / "metrics.json").write_text("{}")
    write_digests(tmp_path)
    return tmp_path


def test_unchanged_is_unchanged(whole):
    check_unchanged(whole, RECORD)
    (whole / "history.csv").write_text("a note of mine")
    (whole / "metrics.json").write_text("figures for people")
    (whole / "notes.txt").write_text("another")
    check_unchanged(whole, RECORD)


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "weights.npz", "pieces.bin"])
def test_what_was_changed_is_named(whole, name):
    path = whole / name
    kept = path.read_bytes()
    for content in (kept + b" ", kept[:-1], b""):
        path.write_bytes(content)
        with pytest.raises(TaskError, match=rf"{name}: was changed since training"):
            check_unchanged(whole, RECORD)
    path.unlink()
    with pytest.raises(TaskError, match=rf"{name}: missing"):
        check_unchanged(whole, RECORD)
    path.write_bytes(kept)
    check_unchanged(whole, RECORD)


def test_a_run_that_took_the_place_meanwhile_is_told(whole):
    """Of the same settings and data but for a seed: its files fit the first one's."""
    (whole / "config.json").write_text(json.dumps({**RECORD, "config": {"seed": 2}}))
    write_digests(whole)
    with pytest.raises(TaskError, match="another run took its place meanwhile; do it again"):
        check_unchanged(whole, RECORD)


@pytest.mark.parametrize("content", ["", "[]", "[1]", "{", '{"../config.json": "x"}', '{"a": 1'])
def test_broken_digests_are_named(whole, content):
    (whole / "digests.json").write_text(content)
    with pytest.raises(TaskError) as error:
        check_unchanged(whole, RECORD)
    named = "../config.json: missing" if ".." in content else "digests.json: "
    assert named in str(error.value)
    assert "train the model anew" in str(error.value)


def test_digests_are_of_what_is_loaded(whole):
    digests = json.loads((whole / "digests.json").read_text())
    assert sorted(digests) == ["config.json", "pieces.bin", "vocabulary.json", "weights.npz"]
    assert len(set(digests.values())) == 4
