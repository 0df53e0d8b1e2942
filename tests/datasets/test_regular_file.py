"""Files that are none, that wait for ever, or that are too large: one line, at once."""

import os

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.regular_file import read_json, read_regular


def told(path, read=read_regular):
    with pytest.raises(DataError) as error:
        read(path, 100, "mend it")
    assert str(error.value).startswith(str(path.parent))
    assert str(error.value).endswith("; mend it")
    return error.value.problem


def test_a_file_is_read_whole_up_to_its_bound(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_regular(path, 100, "mend it") == b"x" * 100
    path.write_bytes(b"x" * 101)
    assert "larger" in told(path)


def test_what_is_no_file(tmp_path):
    assert told(tmp_path / "none") == "no such file"
    assert "directory" in told(tmp_path)
    assert "name too long" in told(tmp_path / ("x" * 300))
    assert "null byte" in told(tmp_path / "a\0b")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "cannot be read" in told(tmp_path / "circle")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_pipe_or_device_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # nobody will ever write to it
    assert told(tmp_path / "pipe") == "not a plain file"
    (tmp_path / "link").symlink_to("/dev/zero")
    assert told(tmp_path / "link") == "not a plain file"


def test_json_that_is_none(tmp_path):
    path = tmp_path / "file"
    path.write_text('{"a": [1, null]}')
    assert read_json(path, 100, "mend it") == {"a": [1, None]}
    for text in (b"", b"{", b"\xff", b"[" * 99):
        path.write_bytes(text)
        assert told(path, read_json) == "no valid JSON"
    path.write_text("[" * 50_000 + "]" * 50_000)
    with pytest.raises(DataError, match="no valid JSON"):
        read_json(path, 10**6, "mend it")
    path.write_text("9" * 5_000)
    with pytest.raises(DataError, match="no valid JSON"):
        read_json(path, 10**6, "mend it")
