"""`info` of whatever lies in a directory: what it is, or one line, and nothing that is obeyed."""

import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.outcomes import CONTROL, ended, records
from tests.hostile import as_json, files, values, written

RECORD = b'{"task": "ner", "config": {"units": 8}, "data": {"source": "a"}, "labels": ["x", "y"]}'
FIGURES = b'{"dev": {"f1": 0.5, "per_type": {"PER": {"f1": NaN}}, "confusion": [[1, 2], [3, 4]]}}'

kinds = st.sampled_from(["config.json", "seqtasks.json", "3/seqtasks.json", "\u0663/seqtasks.json"])
rows = st.dictionaries(st.text(max_size=8), values(), max_size=4)
contents = st.one_of(
    st.just(RECORD), files([RECORD]), rows.map(lambda row: as_json({**row, "task": "ner"}))
)
figures = st.one_of(st.just(FIGURES), files([FIGURES]), values().map(as_json))


def described(run, place):
    """The exit code of `info`, which is the same for people and for programs."""
    shown, told = run("info", place), run("info", place, "--json")
    assert not (set(shown.output) | set(told.output)) & CONTROL
    if ended(shown) == 0:
        assert max(map(len, shown.stdout.splitlines())) <= 1_500
        (record,) = records(told.stdout)
        assert record["kind"] in ("run", "export") and record["directory"].startswith(str(place))
    assert ended(shown) == ended(told)
    return ended(shown)


@given(kind=kinds, record=contents, metrics=figures, model=st.binary(max_size=20))
def test_any_record_is_shown_or_refused(run, kind, record, metrics, model):
    place = written(b"", "x").parent
    path = place / kind
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(record)
    for name, data in (("metrics.json", metrics), ("saved_model.pb", model)):
        (path.parent / name).write_bytes(data)
    described(run, place)
    shutil.rmtree(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda p: p.symlink_to("/dev/zero")])
@pytest.mark.parametrize("kind", ["config.json", "seqtasks.json", "1/seqtasks.json"])
def test_what_is_no_file_is_no_record_and_brings_no_wait(run, tmp_path, make, kind):
    path = tmp_path / kind
    path.parent.mkdir(exist_ok=True)
    make(path)
    assert described(run, tmp_path) == 1
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    path.write_bytes(RECORD)
    # figures are left out, and of the model nothing is read
    for name in ("metrics.json", "saved_model.pb"):
        make(path.parent / name)
    assert described(run, tmp_path) == 0


def test_a_record_is_bounded(run, tmp_path):
    path = tmp_path / "seqtasks.json"
    path.write_bytes(RECORD + b" " * (16 << 20))
    assert described(run, tmp_path) == 1
    path.write_bytes(b'{"task": "ner", "a": "' + b"x" * (15 << 20) + b'"}')
    assert described(run, tmp_path) == 0
