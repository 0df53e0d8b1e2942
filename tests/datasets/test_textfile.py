"""Lines of files, whatever ends them, wherever they are read in blocks; and their bounds."""

import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.datasets import text_sources, textfile
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.tagged_sources import load_tagged
from seqtasks.datasets.text_sources import load_text
from seqtasks.datasets.textfile import read_lines
from seqtasks.datasets.vectors import read_vectors
from tests.hostile import written

pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")


@given(
    st.lists(st.tuples(st.text("aé", max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))),
    st.integers(1, 20),
)
def test_lines_are_the_same_in_blocks_and_bounded_in_bytes(rows, longest):
    # an empty line that ends with \n, behind one that ends with \r, would be its end alone
    rows = [(text or "b", end) for text, end in rows]
    path = written("".join(text + end for text, end in rows).encode(), "a.txt")
    texts = [text for text, _ in rows]
    assert read_lines(path) == texts
    long = [number for number, text in enumerate(texts, 1) if len(text.encode()) > longest]
    if not long:
        assert read_lines(path, longest) == texts
    else:
        with pytest.raises(DataError, match=f"a line of more than {longest} bytes") as error:
            read_lines(path, longest)
        assert error.value.line == long[0]


def test_a_line_without_an_end_is_bounded_too(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"ab\n" + b"c" * 5)
    assert read_lines(path, 5) == ["ab", "ccccc"]
    with pytest.raises(DataError, match=r"a\.txt:2: a line of more than 4 bytes; check that"):
        read_lines(path, 4)


def test_a_file_is_bounded_where_its_reader_asks_for_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\n" * (1 << 20))
    assert len(read_lines(path, most=2 << 20)) == 1 << 20
    with pytest.raises(DataError, match=r"a\.txt: larger than 1 MiB; cut it"):
        read_lines(path, most=(2 << 20) - 1)


@pipes
def test_a_pipe_is_read_to_its_end_and_bounded(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")

    def read(data):
        writer = threading.Thread(target=_write, args=(tmp_path / "pipe", data))
        writer.start()
        try:
            return read_lines(tmp_path / "pipe")
        finally:
            writer.join()

    assert read(b"a\nb") == ["a", "b"]
    monkeypatch.setattr(textfile, "MOST_STREAMED", 1 << 20)
    with pytest.raises(DataError, match=r"pipe: larger than 1 MiB"):
        read(b"a\n" * (1 << 20))


def _write(path, data):
    try:
        path.write_bytes(data)
    except BrokenPipeError:
        assert len(data) > 1 << 20


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="the system has no such device")
@pytest.mark.parametrize(
    "read",
    [read_lines, lambda path: load_text(str(path)), lambda path: read_vectors(path, (), 1)],
)
def test_what_never_ends_is_told_after_a_little_of_it(tmp_path, read):
    link = tmp_path / "zeros.conll"
    link.symlink_to("/dev/zero")
    with pytest.raises(DataError, match=r"zeros\.conll:1: .*(more than|at most) [\d,]+ \w+"):
        read(link)


def test_a_file_of_holes_is_one_line(tmp_path, monkeypatch):
    """A hundred gigabytes take no room on a disk, and should take none in memory."""
    monkeypatch.setattr(text_sources, "LONGEST", 1 << 20)
    for name, load in (("a.conll", load_tagged), ("a.jsonl", load_tagged), ("a.txt", load_text)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(100 << 30)
        with pytest.raises(DataError, match=rf"{name}:1: a line of more than [\d,]+ bytes"):
            load(str(tmp_path / name))


LARGER = """
import resource, sys
from pathlib import Path
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.textfile import read_lines
resource.setrlimit(resource.RLIMIT_AS, (150 << 20, 150 << 20))
try:
    read_lines(Path(sys.argv[1]))
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its limits of memory")
def test_a_file_larger_than_the_memory(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"ab\n" * (3 << 20))
    process = subprocess.run(
        [sys.executable, "-c", LARGER, str(path)], capture_output=True, text=True, check=True
    )
    assert process.stdout == f"{path}: larger than the memory; cut it into smaller files\n"
