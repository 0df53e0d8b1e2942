"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.whole_files import whole_file


def test_a_file_is_there_whole_or_as_it_was(tmp_path):
    path = tmp_path / "folder" / "a.txt"
    with whole_file(path) as part:
        part.write_text("old")
    with pytest.raises(RuntimeError), whole_file(path) as part:
        part.write_text("half")
        raise RuntimeError
    with pytest.raises(TaskError, match=r"a.txt: nothing was written"), whole_file(path) as part:
        part.write_text("")
    with pytest.raises(TaskError, match=r"a.txt: cannot be written: no space"), whole_file(path):
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["a.txt"]


def test_what_is_interrupted_leaves_nothing_and_what_was_killed_is_in_nobodys_way(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(KeyboardInterrupt), whole_file(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
    part.write_text("half, of a process that was killed")
    with whole_file(path) as part:
        part.write_text("whole")
    assert (os.listdir(tmp_path), path.read_text()) == (["a.txt"], "whole")


def test_it_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    path, steps = tmp_path / "a.txt", []
    sync, replace = os.fsync, os.replace

    def noted(name, call):
        def run(*given):
            steps.append((name, part.read_text(), path.exists()))
            call(*given)

        return run

    monkeypatch.setattr(os, "fsync", noted("flush", sync))
    monkeypatch.setattr(os, "replace", noted("rename", replace))
    with whole_file(path) as part:
        part.write_text("whole")
    assert steps == [("flush", "whole", False), ("rename", "whole", False)]


def test_the_mend_is_the_callers_and_folders_are_made_where_that_is_wanted(tmp_path):
    path = tmp_path / "nowhere" / "a.txt"
    with (
        pytest.raises(TaskError, match=r"a.txt: cannot be written: .*; give --errors"),
        whole_file(path, "give --errors", parents=False) as part,
    ):
        part.write_text("lost")
    assert os.listdir(tmp_path) == []
    (tmp_path / "folder").mkdir()
    with pytest.raises(TaskError, match="directory"), whole_file(tmp_path / "folder") as part:
        part.write_text("lost")
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_pipe_or_a_device_is_not_replaced(tmp_path):
    """As /dev/null would be, by whoever may."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for name in ("pipe", "link"):
        with pytest.raises(TaskError, match="no plain file"), whole_file(tmp_path / name) as part:
            part.write_text("lost")
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]
    assert (tmp_path / "link").is_symlink() and (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_what_has_no_name_of_its_own_is_one_line(tmp_path, monkeypatch, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = Path(name)
    with pytest.raises(TaskError, match="cannot be written"), whole_file(path) as part:
        part.write_text("lost")
    assert os.listdir(tmp_path / "here") == []
    assert os.listdir(tmp_path) == ["here"]
