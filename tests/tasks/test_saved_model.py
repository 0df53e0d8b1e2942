"""Writing a SavedModel: versions, places that cannot be written, models that are refused."""

import errno
import json
import os
import re
import resource
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks import run_directory, saved_model
from seqtasks.tasks.describe import describe
from seqtasks.tasks.errors import TaskError
from tests.random_runs import TASKS
from tests.tiny_ner import tree


def names(out):
    return sorted(path.name for path in out.iterdir())


def save(out, module=None, **record):
    """Write a module without signatures, and so with nothing to compare; its directory."""
    return saved_model.save(module or tf.Module(), {}, out, record, [])[0]


def save_and(check, out, monkeypatch, **record):
    """The same with something to compare, which `check` does, given the directory."""
    monkeypatch.setattr(saved_model, "verify", lambda directory, *_: check(directory))
    call = saved_model.Call("serving_default", {}, {})
    return saved_model.save(tf.Module(), {}, out, record, [call])[0]


def test_each_export_is_the_next_version(tmp_path):
    out = tmp_path / "ner"
    (out / "7").mkdir(parents=True)
    (out / "notes").mkdir()
    (out / ".part-20").mkdir()  # an export that was killed is none
    before = tree(out)
    for number in ("8", "9"):
        assert save(out, task="ner") == out / number
    assert before.items() <= tree(out).items()
    assert names(out) == [".part-20", "7", "8", "9", "notes"]


def test_a_version_has_its_number_only_when_it_is_whole(tmp_path, monkeypatch):
    """Until then there is nothing that a server would take for one, whenever it is killed."""
    seen = []

    def check(directory):
        assert (directory / "saved_model.pb").exists()
        assert (directory / "seqtasks.json").exists()
        seen.extend(names(tmp_path))

    save_and(check, tmp_path, monkeypatch)
    assert [name[0] for name in seen] == ["."]
    assert names(tmp_path) == ["1"]


def test_two_exports_at_once_are_two_versions(tmp_path, monkeypatch):
    def check(_):
        assert save(tmp_path, task="lm") == tmp_path / "1"

    assert save_and(check, tmp_path, monkeypatch, task="ner") == tmp_path / "2"
    tasks = [json.loads((tmp_path / n / "seqtasks.json").read_text())["task"] for n in "12"]
    assert tasks == ["lm", "ner"]
    assert names(tmp_path) == ["1", "2"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device; .*--out"),
        (tf.errors.ResourceExhaustedError(None, None, "disk full\n(more)"), "disk full; .*--out"),
        (KeyboardInterrupt(), ""),
    ],
    ids=["no space", "of TensorFlow", "Ctrl-C"],
)
@pytest.mark.parametrize("when", ["saved", "recorded"])
def test_an_export_that_fails_leaves_nothing(tmp_path, monkeypatch, error, told, when):
    out = tmp_path / "out"
    (out / "1").mkdir(parents=True)
    place = (saved_model.tf.saved_model, "save") if when == "saved" else (saved_model, "write_json")

    def fail(*_, **__):
        assert len(names(out)) == 2
        raise error

    monkeypatch.setattr(*place, fail)
    expected = TaskError if told else KeyboardInterrupt
    message = f"^{re.escape(str(out))}: {told}" if told else None
    with pytest.raises(expected, match=message):
        save(out)
    assert names(out) == ["1"]


def test_a_refused_model_is_put_aside_for_the_one_before(tmp_path, monkeypatch):
    def refuse(directory):
        raise TaskError(f"{directory}: it answers otherwise")

    for task in ("ner", "lm"):
        with pytest.raises(TaskError, match="it answers otherwise"):
            save_and(refuse, tmp_path, monkeypatch, task=task)
    assert names(tmp_path) == ["refused"]
    assert json.loads((tmp_path / "refused" / "seqtasks.json").read_text())["task"] == "lm"


# places

ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
UNWRITABLE = [
    ("file", "Not a directory"),
    ("file/in/it", "Not a directory"),
    ("new/" + "x" * 300, "File name too long"),
    ("link", "File exists"),
    pytest.param("locked", "Permission denied", marks=ROOT),
    pytest.param("locked/in/it", "Permission denied", marks=ROOT),
]


@pytest.fixture
def places(tmp_path):
    """A folder with a file, a link to nowhere, and a folder that is not to be written to."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "locked").mkdir(mode=0o555)
    return tmp_path


@pytest.mark.parametrize(("where", "told"), UNWRITABLE)
def test_a_place_that_cannot_be_written_is_told(places, where, told):
    before = tree(places)
    for ask in (saved_model.check_place, save):
        with pytest.raises(TaskError) as error:
            ask(places / where)
        assert str(error.value) == f"{places / where}: {told}; choose another place with --out"
    assert tree(places).keys() == before.keys() | ({"new"} if where.startswith("new") else set())


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    """A real one, but for who is told: a file may not grow beyond a few bytes."""
    module = tf.Module()
    module.weight = tf.Variable(tf.ones(1 << 16))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, limits[1]))
    try:
        with pytest.raises(TaskError) as error:
            save(tmp_path, module)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{tmp_path}: ") and line.endswith("; choose another place with --out")
    assert names(tmp_path) == []
    assert save(tmp_path, module) == tmp_path / "1"


def test_an_export_within_a_run_or_behind_a_link_changes_nothing_there(tmp_path, tiny_run):
    """Nor does what has a number and is no version."""
    run = tmp_path / "run"
    shutil.copytree(tiny_run.model, run)
    (tmp_path / "link").symlink_to(run)
    (run / "7").write_text("mine")
    (run / "8").symlink_to("nowhere")
    before = tree(run)
    assert save(run, task="ner") == run / "9"
    link = tmp_path / "link"
    assert save(link, task="ner") == link / "10"
    assert before.items() <= tree(run).items()
    assert os.readlink(run / "8") == "nowhere"
    assert describe(run)["kind"] == "run" and describe(run / "9")["kind"] == "export"


@pytest.mark.parametrize("where", ["", "exports", "exports/of/mine"])
def test_of_a_place_that_can_be_written_nothing_is_left(places, where):
    before = tree(places)
    saved_model.check_place(places / where)
    assert tree(places) == before


@pytest.mark.parametrize("task", TASKS)
def test_that_it_cannot_be_written_is_found_before_anything_is_loaded(places, monkeypatch, task):
    run_directory.write_json(places / "config.json", {"task": task})
    loaded = []
    monkeypatch.setattr(f"seqtasks.tasks.{task}.exporting.load", loaded.append)
    with pytest.raises(TaskError, match=r"file: Not a directory; .* --out"):
        TASKS[task].export(places, places / "file")
    assert not loaded


# proof


@pytest.mark.parametrize("what", ["a number", "tags", "a shape", "signature"])
def test_a_model_that_answers_differently_is_refused(tmp_path, monkeypatch, what):
    """The fresh process is played by its answer, which is what `verify` reads."""
    answer = {"tags": [["O", "B-PER"]], "confidence": [[0.5, 0.75]]}
    monkeypatch.setattr(
        saved_model.subprocess,
        "run",
        lambda *_, **__: subprocess.CompletedProcess(
            [], int(what == "signature"), json.dumps([answer]), "KeyError: 'nothing'"
        ),
    )
    expected = {
        "tags": np.array([[b"O", b"B-PER"]], object),
        "confidence": np.array([[0.5, 0.7501]], np.float32),
    }

    def verify():
        call = saved_model.Call("tokens", {"tokens": [["a", "b"]]}, expected)
        return saved_model.verify(tmp_path, call)

    if what != "signature":
        assert verify() == pytest.approx([1e-4], rel=0.01)
    if what == "a number":
        expected["confidence"] = expected["confidence"] + 0.01
    elif what == "tags":
        expected["tags"] = np.array([[b"O", b"I-PER"]], object)
    elif what == "a shape":
        expected["confidence"] = expected["confidence"][:, :1]
    with pytest.raises(TaskError) as error:
        verify()
    assert str(error.value).startswith(f"{tmp_path}: ")
    wanted = {"tags": "`tags`", "signature": "KeyError: 'nothing'"}.get(what, "`confidence`")
    assert wanted in str(error.value)


def test_an_export_of_other_weights_is_refused(tmp_path):
    """In a real process: a weight is changed behind the export's back."""
    module = tf.Module()
    module.weight = tf.Variable([1.0, 2.0])
    x = tf.TensorSpec((None, 2), name="x")
    module.call = tf.function(lambda x: {"y": x * module.weight}, input_signature=[x])
    signatures, expected = {"serving_default": module.call}, module.call(tf.ones((1, 2)))
    module.weight.assign([1.0, 2.5])
    call = saved_model.Call("serving_default", {"x": [[1.0, 1.0]]}, expected)
    with pytest.raises(TaskError, match="`y` is not what the run gives"):
        saved_model.save(module, signatures, tmp_path, {}, [call])
    assert names(tmp_path) == ["refused"]
    call = call._replace(expected=module.call(tf.ones((1, 2))))
    directory, differences = saved_model.save(module, signatures, tmp_path, {}, [call])
    assert (directory, differences) == (tmp_path / "1", [0.0])
