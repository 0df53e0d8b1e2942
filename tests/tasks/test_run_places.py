"""Places of runs that are unlike others: links, the directory at work in, another's project."""

import os
import shutil
import time
from pathlib import Path

import pytest

from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError
from tests.tasks.test_run_directory import make_run, name_at, write
from tests.tiny_ner import tree


def refused(place, **options):
    """The message of the refusal, which has changed nothing."""
    before = tree(place.parent)
    with pytest.raises(TaskError) as error:
        run_directory.check_place(place, **{"overwrite": True, "resume": False, **options})
    assert tree(place.parent) == before
    return str(error.value)


# links


@pytest.mark.parametrize("there", [None, "empty", "old"])
def test_a_run_goes_where_a_link_leads(tmp_path, there):
    """Which stays a link: it may lead to the disk that has room."""
    target, place = tmp_path / "disk" / "target", tmp_path / "runs" / "ner"
    target.parent.mkdir(), place.parent.mkdir()
    if there == "old":
        make_run(target, "old")
    elif there:
        target.mkdir()
    place.symlink_to(target)
    for name in ("one", "two"):
        with run_directory.locked(place):
            staging = write(place, name, overwrite=True)
            run_directory.commit(staging, place)
        assert name_at(place) == name_at(target) == name
    assert place.is_symlink()
    assert os.listdir(place.parent) == ["ner"]
    assert os.listdir(target.parent) == ["target"]


def test_one_place_of_two_names_is_locked_once(tmp_path):
    (tmp_path / "other").symlink_to(tmp_path / "ner")
    with (
        run_directory.locked(tmp_path / "ner"),
        pytest.raises(TaskError, match="another training"),
        run_directory.locked(tmp_path / "other"),
    ):
        raise AssertionError("it was let in")


def test_a_run_moved_aside_behind_a_link_comes_back(tmp_path):
    make_run(tmp_path / ".target.old", "old")
    (tmp_path / "ner").symlink_to(tmp_path / "target")
    assert name_at(tmp_path / "ner") == "old"
    assert sorted(os.listdir(tmp_path)) == ["ner", "target"]


def test_a_link_to_itself_is_no_place(tmp_path):
    (tmp_path / "ner").symlink_to(tmp_path / "ner")
    assert "something else than a run" in refused(tmp_path / "ner")


# what no run can take the place of


@pytest.mark.parametrize("name", [".", "..", "../../runs", "/"])
def test_the_directory_at_work_in_is_not_replaced(tmp_path, monkeypatch, name):
    make_run(tmp_path / "runs" / "ner", "old")
    monkeypatch.chdir(tmp_path / "runs" / "ner")
    with pytest.raises(TaskError, match="which no run can replace; name one within it"):
        run_directory.check_place(Path(name), True, False)
    assert name_at(Path()) == "old"  # it can be used from within


def test_what_is_mounted_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(os.path, "ismount", lambda path: str(path) == str(tmp_path / "disk"))
    (tmp_path / "disk").mkdir()
    assert "mounted there" in refused(tmp_path / "disk")
    run_directory.check_place(tmp_path / "disk" / "ner", False, False)


@pytest.mark.parametrize("config", ['{"compilerOptions": {}}', "[]", "{", '{"task": 3}'])
def test_another_s_project_is_never_replaced(tmp_path, config):
    """Many programs have a file of this name."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "config.json").write_text(config)
    assert "something else than a run" in refused(place)


# of two at once


@pytest.mark.parametrize("done", [False, True], ids=["between the renames", "before the removal"])
def test_what_another_is_at_is_left_to_it(tmp_path, monkeypatch, done):
    place = tmp_path / "ner"
    make_run(tmp_path / ".ner.old", "old")
    if done:
        make_run(place, "new")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with run_directory.locked(place):
        before = tree(tmp_path)
        assert name_at(place) == ("new" if done else None)
        assert tree(tmp_path) == before
    assert name_at(place) == ("new" if done else "old")


def test_between_the_renames_of_another_one_waits(tmp_path, monkeypatch):
    place = tmp_path / "ner"
    make_run(place, "old")
    staging = write(place, "new", overwrite=True)
    os.rename(place, tmp_path / ".ner.old")
    monkeypatch.setattr(time, "sleep", lambda _: os.rename(staging, place))
    with run_directory.locked(place):
        assert name_at(place) == "new"


def test_two_that_mend_are_one_too_many(tmp_path, monkeypatch):
    make_run(tmp_path / ".ner.old", "old")
    rename = os.rename

    def after_another(*names):
        rename(*names)
        rename(*names)

    monkeypatch.setattr(os, "rename", after_another)
    assert name_at(tmp_path / "ner") == "old"


def test_an_old_run_that_stays_is_told_before_the_training(tmp_path, monkeypatch):
    place = tmp_path / "ner"
    make_run(place, "new")
    make_run(tmp_path / ".ner.old", "old")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # closed to us, say
    with pytest.raises(TaskError, match=r"\.ner\.old: an earlier run that could not be removed"):
        run_directory.open_staging(place, True, False)


# a machine that stops


def test_all_of_a_run_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    place, steps = tmp_path / "ner", []
    make_run(place, "old")
    staging = write(place, "new", overwrite=True)
    (staging / "checkpoints").mkdir()
    names = {path.stat().st_ino: path.name for path in (tmp_path, staging, *staging.iterdir())}
    rename, remove = os.rename, shutil.rmtree
    monkeypatch.setattr(os, "fsync", lambda file: steps.append(names[os.fstat(file).st_ino]))
    monkeypatch.setattr(os, "rename", lambda *two: steps.append("rename") or rename(*two))
    monkeypatch.setattr(shutil, "rmtree", lambda *a, **b: steps.append("remove") or remove(*a, **b))
    run_directory.commit(staging, place)
    files = {"config.json", "weights", "checkpoints", ".ner.partial"}
    assert set(steps[:4]) == files
    assert steps[4:] == ["rename", "rename", tmp_path.name, "remove"]
    assert name_at(place) == "new"
