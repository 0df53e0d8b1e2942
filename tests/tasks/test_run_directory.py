"""Run directories: whatever happens, the old state is there or the new one."""

import json
import os

import pytest

from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError
from tests.tiny_ner import tree


def make_run(place, name, task="ner"):
    """A directory that counts as a run."""
    place.mkdir(parents=True)
    record = {"task": task, "name": name, "config": {}, "data": {}}
    (place / "config.json").write_text(json.dumps(record))
    (place / "weights").write_text(name)


def name_at(place):
    """What a later command finds there: the name of a complete run, or None."""
    try:
        record = run_directory.read_config(place, "ner")
    except TaskError:
        return None
    assert (place / "weights").read_text() == record["name"]
    return record["name"]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "runs" / "ner"


def write(place, name, **options):
    """Begin a run and write all of it; it remains to commit it."""
    staging = run_directory.open_staging(place, **{"overwrite": False, "resume": False, **options})
    record = {"task": "ner", "name": name, "config": {}, "data": {}}
    run_directory.write_json(staging / "config.json", record)
    (staging / "weights").write_text(name)
    return staging


def test_a_run_is_not_there_before_it_is_complete(place):
    staging = write(place, "new")
    assert name_at(place) is None
    run_directory.commit(staging, place)
    assert name_at(place) == "new"
    assert [path.name for path in place.parent.iterdir()] == ["ner"]


def test_a_run_replaces_another_whole(place):
    make_run(place, "old")
    (place / "of the old run").write_text("x")
    staging = write(place, "new", overwrite=True)
    assert name_at(place) == "old"
    run_directory.commit(staging, place)
    assert name_at(place) == "new"
    assert not (place / "of the old run").exists()
    assert [path.name for path in place.parent.iterdir()] == ["ner"]


class Killed(BaseException):
    """The process is gone: nothing that it would still do is done."""


@pytest.mark.parametrize("there", [False, True], ids=["first run", "over a run"])
@pytest.mark.parametrize("step", range(8))
def test_killed_between_any_two_steps_of_commit(place, monkeypatch, there, step):
    if there:
        make_run(place, "old")
    staging = write(place, "new", overwrite=there)
    calls = 0

    def killing(function):
        def call(*arguments, **options):
            nonlocal calls
            if calls == step:
                raise Killed
            calls += 1
            return function(*arguments, **options)

        return call

    # commit's steps: renames, and the removal of the old run, file by file
    with monkeypatch.context() as patch:
        for name in ("rename", "unlink", "rmdir"):
            patch.setattr(os, name, killing(getattr(os, name)))
        try:
            run_directory.commit(staging, place)
            killed = False
        except Killed:
            killed = True
    found = name_at(place)  # the next opening
    assert found in (("old", "new") if there else (None, "new"))
    if not killed:
        assert found == "new"
    if found != "new":  # the new one is not lost either: it can be gone on with
        assert run_directory.open_staging(place, False, True) == staging
        assert (staging / "weights").read_text() == "new"
        run_directory.commit(staging, place)
    assert name_at(place) == "new"
    assert not (place.parent / ".ner.old").exists()


def test_an_old_run_left_aside_comes_back(place):
    make_run(place, "old")
    staging = write(place, "new", overwrite=True)
    os.rename(place, place.parent / ".ner.old")  # the first of commit's two renames
    assert name_at(place) == "old"
    assert staging.exists()


def test_an_old_run_not_yet_removed_goes(place):
    make_run(place.parent / ".ner.old", "old")
    make_run(place, "new")
    assert name_at(place) == "new"
    assert [path.name for path in place.parent.iterdir()] == ["ner"]


# overwrite and resume


def refused(place, overwrite=False, resume=False):
    """The message of the refusal, which has changed nothing."""
    before = tree(place.parent) if place.parent.exists() else None
    with pytest.raises(TaskError) as error:
        run_directory.open_staging(place, overwrite, resume)
    assert (tree(place.parent) if place.parent.exists() else None) == before
    return str(error.value)


def test_a_run_is_not_replaced_unasked(place):
    make_run(place, "old")
    assert "--overwrite replaces it" in refused(place)
    assert name_at(place) == "old"


def test_an_unfinished_run_is_not_thrown_away_unasked(place):
    write(place, "begun")
    message = refused(place)
    assert "--resume goes on with it, --overwrite starts anew" in message


def test_resume_goes_on_with_what_is_there(place):
    staging = write(place, "begun")
    before = tree(place.parent)
    assert run_directory.open_staging(place, False, True) == staging
    assert tree(place.parent) == before


def test_resume_over_the_run_it_was_begun_to_replace(place):
    make_run(place, "old")
    staging = write(place, "begun", overwrite=True)
    assert "--overwrite replaces it" in refused(place)
    assert run_directory.open_staging(place, False, True) == staging
    assert name_at(place) == "old"


def test_overwrite_starts_anew(place):
    staging = write(place, "begun")
    assert run_directory.open_staging(place, True, False) == staging
    assert list(staging.iterdir()) == []


def test_nothing_to_resume(place):
    assert "no unfinished training to resume; leave out --resume" in refused(place, resume=True)
    make_run(place, "old")
    assert "--overwrite" in refused(place, resume=True)


def test_what_died_before_it_had_a_configuration_is_in_nobody_s_way(place):
    staging = run_directory.open_staging(place, False, False)
    assert "leave out --resume" in refused(place, resume=True)
    assert run_directory.open_staging(place, False, False) == staging


def test_checking_a_place_makes_nothing(place):
    run_directory.check_place(place, False, False)
    assert not place.parent.exists()


def test_an_empty_directory_is_free(place):
    place.mkdir(parents=True)
    run_directory.commit(write(place, "new"), place)
    assert name_at(place) == "new"


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_run_is_never_replaced(place, overwrite):
    place.mkdir(parents=True)
    (place / "thesis.txt").write_text("years of work")
    assert "something else than a run" in refused(place, overwrite)
    place = place / "thesis.txt"
    assert "something else than a run" in refused(place, overwrite)


def test_a_place_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(0o755)  # what may be run is no directory either
    with pytest.raises(TaskError, match="cannot be written in"):  # before anything is tried
        run_directory.check_place(tmp_path / "file" / "ner", False, False)
    message = refused(tmp_path / "file" / "ner")
    assert str(tmp_path / "file") in message
    assert "--model" in message


def test_a_place_named_from_within(place, monkeypatch):
    place.parent.mkdir()
    monkeypatch.chdir(place.parent)
    for name in ("ner", "./ner", "other/../ner"):
        (place.parent / "other").mkdir(exist_ok=True)
        relative = run_directory.Path(name)
        run_directory.commit(write(relative, name, overwrite=True), relative)
        assert name_at(place) == name


# opening


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a run directory, it has no config.json"),
        ("", "not the configuration of a run"),
        ("[]", "not the configuration of a run"),
        ('"ner"', "not the configuration of a run"),
        ('{"units": 3}', "not the configuration of a run"),
        ('{"task": "ner"', "not the configuration of a run"),
        ("\udcff", "not the configuration of a run"),
        ('{"task": "lm", "config": {}, "data": {}}', "a run of the task lm, not ner"),
    ],
)
def test_a_directory_that_is_no_run_of_the_task(place, content, message):
    place.mkdir(parents=True)
    if content is not None:
        (place / "config.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(TaskError) as error:
        run_directory.read_config(place, "ner")
    assert str(error.value).startswith(str(place))
    assert message in str(error.value)
    assert "seqtasks ner train" in str(error.value)


def test_a_place_where_nothing_is(place):
    with pytest.raises(TaskError, match=r"no such directory; train one with: seqtasks ner train"):
        run_directory.read_config(place, "ner")
    place.parent.mkdir()
    place.write_text("a file")
    with pytest.raises(TaskError, match="not a run directory"):
        run_directory.read_config(place, "ner")
