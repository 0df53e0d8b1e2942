"""How far ahead the lines of a stream are read, and that none is lost by it."""

import io
import os
import threading

import pytest

from seqtasks.cli import lines
from seqtasks.datasets.errors import DataError


class Counted(io.BytesIO):
    """Counts the bytes that are read, and tells when they are too many."""

    def __init__(self, data, most):
        super().__init__(data)
        self.count, self.most, self.beyond = 0, most, threading.Event()

    def readline(self, *size):
        line = super().readline(*size)
        self.count += len(line)
        if self.count > self.most:
            self.beyond.set()
        return line


@pytest.mark.parametrize(
    ("wide", "room"),
    [
        (10, 80),  # eight lines
        (100, 400),  # four hundred bytes
        (1000, 1000),  # one line, however long it is
    ],
)
def test_a_stream_is_read_ahead_by_so_many_lines_and_bytes(monkeypatch, wide, room):
    monkeypatch.setattr(lines, "GROUP", 2)
    monkeypatch.setattr(lines, "GROUP_BYTES", 100)
    texts = [f"{i:0{wide - 1}}" for i in range(50)]
    # beside what is kept: two lines in a group, and one that waits until there is room
    stream = Counted("".join(text + "\n" for text in texts).encode(), room + 3 * wide)
    groups = lines._groups(stream, "a stream", 2**20, "")
    first = next(groups)
    assert not stream.beyond.wait(0.3)
    assert first + [text for group in groups for text in group] == texts
    assert stream.beyond.is_set()


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"abcd\nefgh\r\n", ["abcd", "efgh"]),
        (b"abcd", ["abcd"]),
        (b"a\nabcde\n", ["a"]),
        (b"a\nabcde", ["a"]),
        # of a line that is cut off by its bound, the rest is no line
        (b"abcd\r\r\nb\n", []),
        (b"\r" * 20 + b"\nb\n", []),
    ],
)
def test_a_line_is_bounded(data, texts):
    found = []
    try:
        for group in lines._groups(io.BytesIO(data), "a stream", 4, "break it up"):
            found += group
    except DataError as error:
        assert str(error) == (
            f"a stream:{len(texts) + 1}: a line of more than 4 bytes; break it up"
        )
    else:
        assert "".join(texts) == data.decode().replace("\r", "").replace("\n", "")
    assert found == texts


def test_the_thread_that_reads_ends_with_who_takes():
    """And closes the file itself: it may be in the middle of a line of it."""
    before = threading.active_count()
    stream = io.BytesIO(b"a\n" * 10**6)
    groups = lines._groups(stream, "a stream", 4, "")
    next(groups)
    assert not stream.closed
    groups.close()
    for thread in threading.enumerate()[before:]:
        thread.join(10)
    assert stream.closed and threading.active_count() == before


def test_standard_input_that_is_closed_is_a_usage_error(seqtasks, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    for command in ("ner predict", "sentiment predict", "lm score"):
        outcome = seqtasks(*command.split(), "-")
        assert (outcome.code, outcome.out) == (2, "")
        assert "standard input is closed: give TEXT or --input FILE" in outcome.err


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="the system has no such device")
@pytest.mark.parametrize(
    ("command", "bound"),
    [
        ("ner predict", "4,194,304"),
        ("sentiment predict", "1,048,576"),
        ("sentiment predict --window 500", "4,194,304"),
        ("lm score", "1,048,576"),
    ],
)
def test_a_line_that_never_ends_is_refused_before_a_model_is_loaded(seqtasks, command, bound):
    outcome = seqtasks(*command.split(), "--input", "/dev/zero", "--model", "nowhere")
    assert (outcome.code, outcome.out) == (1, "")
    assert f"Error: /dev/zero:1: a line of more than {bound} bytes; break it up" in outcome.err
    assert ("--window" in outcome.err) == (command == "sentiment predict")
