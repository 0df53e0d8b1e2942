import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.isolated import parse_all

READER = """
import ctypes, os, time
from pathlib import Path
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.piece import Note, piece_of_notes

def read(path, steps_per_beat):
    word = path.name
    print("a parser that talks", word, flush=True)
    os.write(1, b"a native one as well")
    if word.startswith("crash"):
        ctypes.string_at(0)
    if word.startswith("hang"):
        Path(f"{path}.pid").write_text(str(os.getpid()))
        while True:
            time.sleep(1)
    if word.startswith("exit"):
        os._exit(3)
    if word.startswith("memory"):
        return b"x" * (1 << 40)
    if word.startswith("refuse"):
        raise DataError(path, "expected music", "sing", line=7)
    if word.startswith("odd"):
        raise KeyError("nix")
    if word.startswith("import"):
        raise ImportError("no parser here")
    if word.startswith("none"):
        return [DataError(path, "no tune", "sing", line) for line in (1, 2)]
    pieces = [piece_of_notes([Note(0, 2, 60 + i)], 4, f"{word} {os.getpid()}", steps_per_beat)
              for i in range(3)]
    if word.startswith("book"):
        return [pieces[0], DataError(path, "no tune", "sing", line=4), pieces[1]]
    return pieces if word.startswith("three") else pieces[0]
"""


@pytest.fixture
def reader(tmp_path, monkeypatch):
    (tmp_path / "reader_of_tests.py").write_text(READER)
    monkeypatch.syspath_prepend(tmp_path)
    return "reader_of_tests"


def parse(reader, names, **options):
    return list(parse_all(map(Path, names), reader, 4, **options))


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_results_come_in_order_from_few_processes(reader):
    found = parse(reader, [f"{i} a" for i in range(50)], processes=2)
    names = [piece.name.split() for [piece] in found]
    assert [name[0] for name in names] == [str(i) for i in range(50)]
    assert 1 <= len({pid for *_, pid in names}) <= 2


def test_pieces_arrive_as_they_were_read(reader):
    [pieces] = parse(reader, ["three"])
    assert [piece.pitches.tolist() for piece in pieces] == [
        [[60 + i], [60 + i], [0], [0]] for i in range(3)
    ]
    assert pieces[0].struck.tolist() == [[True], [False], [False], [False]]
    assert pieces[0].pitches.dtype == np.uint8
    assert pieces[0].steps_per_beat == 4


def test_what_is_wrong_with_a_part_of_a_file_is_told_beside_the_others(reader):
    left_out = []
    book, none, one = parse(reader, ["book", "none", "1"], left_out=left_out)
    assert [piece.pitches[0, 0] for piece in book] == [60, 61]
    assert str(none) == "none:1: no tune; sing"
    assert len(one) == 1
    assert list(map(str, left_out)) == ["book:4: no tune; sing"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("crash", "crash: its parser crashed (SIGSEGV); leave the file out, or save it anew"),
        ("exit", "exit: its parser crashed (exit status 3); "),
        ("refuse", "refuse:7: expected music; sing"),
        ("odd", "odd: cannot be read (KeyError: 'nix'); "),
        pytest.param(
            "memory",
            "memory: reading it takes more than 3 GiB of memory; ",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="no limit of address space"),
        ),
    ],
)
def test_what_breaks_costs_its_own_file_alone(reader, name, problem):
    before, broken, after = parse(reader, ["1", name, "2"], processes=1)
    assert isinstance(broken, DataError)
    assert str(broken).startswith(problem)
    assert before[0].name.startswith("1 ")
    assert after[0].name.startswith("2 ")


def test_a_file_that_takes_for_ever(reader, tmp_path):
    place = tmp_path / "hang"
    broken, after = parse(reader, [str(place), "2"], processes=1, seconds=1)
    assert str(broken).startswith(f"{place}: not read within 1 s; leave the file out")
    assert after[0].name.startswith("2 ")
    assert gone(int(Path(f"{place}.pid").read_text()))


def test_a_reader_that_cannot_be_imported_is_no_broken_file(reader):
    for name, files in {"no_such_module": ["1"], reader: ["import"]}.items():
        with pytest.raises(DataError, match=f"^{name}: this reader of music cannot be used"):
            parse(name, files)


def test_closing_the_iterator_ends_the_processes(reader, tmp_path):
    place = tmp_path / "hang"
    found = parse_all([Path("1"), place, Path("2")], reader, 4, processes=2)
    [piece] = next(iter(found))
    hanging = Path(f"{place}.pid")
    assert wait_for(lambda: hanging.exists() and hanging.read_text())
    begun = time.monotonic()
    found.close()
    assert time.monotonic() - begun < 5
    assert gone(int(hanging.read_text()))
    assert gone(int(piece.name.split()[-1]))


@pytest.mark.parametrize(
    ("kill", "seconds"),
    # a killed one cannot end its children: these have a clock of their own
    [(signal.SIGINT, 60), pytest.param(signal.SIGKILL, 1, marks=pytest.mark.slow)],
)
def test_an_interrupted_or_killed_main_process_leaves_no_child(reader, tmp_path, kill, seconds):
    place = tmp_path / "hang"
    code = "from pathlib import Path; from seqtasks.datasets.music.isolated import parse_all; "
    code += f"list(parse_all([Path({str(place)!r})], {reader!r}, 4, seconds={seconds}))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL
    ) as process:
        hanging = Path(f"{place}.pid")
        assert wait_for(lambda: hanging.exists() and hanging.read_text())
        process.send_signal(kill)
        process.wait(20)
    assert wait_for(lambda: gone(int(hanging.read_text())))
