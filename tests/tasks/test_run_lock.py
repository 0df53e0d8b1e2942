"""The lock of a place where the system is not as one would like: it costs no training."""

import errno
import os

import pytest

from seqtasks.tasks import run_lock
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_directory import locked


@pytest.fixture
def place(tmp_path):
    return tmp_path / "ner"


def failing(number):
    def call(*_, **__):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_where_a_file_system_has_no_locks_there_is_none(place, monkeypatch, number):
    monkeypatch.setattr(run_lock.fcntl, "flock", failing(number))
    with locked(place):
        assert not run_lock.held(place.parent / ".ner.lock")
    assert os.listdir(place.parent) == []


def test_another_error_names_the_lock_and_what_to_do(place, monkeypatch):
    monkeypatch.setattr(run_lock.fcntl, "flock", failing(errno.EIO))
    before = os.listdir("/dev/fd")
    with (
        pytest.raises(TaskError, match=r"cannot be written in: input/output error; .* --model"),
        locked(place),
    ):
        raise AssertionError("it was let in")
    assert os.listdir("/dev/fd") == before


def test_without_locks_no_file_is_made(place, monkeypatch):
    monkeypatch.setattr(run_lock, "fcntl", None)  # as on Windows
    with locked(place):
        assert os.listdir(place.parent) == []
        assert not run_lock.held(place.parent / ".ner.lock")


def test_a_lock_that_cannot_be_removed_is_let_go_and_hides_no_error(place, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", failing(errno.EACCES))  # the folder was closed meanwhile
        with pytest.raises(TaskError, match="no space"), locked(place):
            raise TaskError("no space")
    assert os.listdir(place.parent) == [".ner.lock"]
    assert not run_lock.held(place.parent / ".ner.lock")
    with locked(place):  # it is in nobody's way
        assert run_lock.held(place.parent / ".ner.lock")
    assert os.listdir(place.parent) == []


def test_what_is_not_there_is_not_held(place):
    assert not run_lock.held(place.parent / ".ner.lock")


def test_an_error_of_the_training_is_left_as_it_is(place):
    with pytest.raises(PermissionError, match="vectors"), locked(place):
        raise PermissionError(errno.EACCES, "closed", "vectors.txt")


def test_it_is_held_until_its_file_is_gone(place, monkeypatch):
    """Or another could lock the file in between, which is then removed: two would be let in."""
    seen, remove = [], os.unlink

    def noted(path):
        seen.append(run_lock.held(path))
        remove(path)

    monkeypatch.setattr(os, "unlink", noted)
    with locked(place):
        pass
    assert seen == [True]


def test_who_only_asks_holds_nothing(place):
    lock = place.parent / ".ner.lock"
    with lock.open("w") as file:
        run_lock.fcntl.flock(file, run_lock.fcntl.LOCK_SH)  # another that asks
        assert not run_lock.held(lock)
