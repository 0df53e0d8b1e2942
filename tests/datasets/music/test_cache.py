import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from seqtasks.datasets.music import cache
from seqtasks.datasets.music.cache import folder, read_pieces, write_pieces
from seqtasks.datasets.music.piece import Note, Piece, piece_of_notes

WRITER = """
import sys
from pathlib import Path
from seqtasks.datasets.music.cache import write_pieces
from seqtasks.datasets.music.piece import Note, piece_of_notes
pieces = [piece_of_notes([Note(0, 9, int(sys.argv[2]))], 20_000, "x", 4)] * 20
print("ready", flush=True)
while True:
    write_pieces(Path(sys.argv[1]), pieces)
"""


@pytest.fixture
def pieces():
    plain = piece_of_notes([Note(0, 3, 60), Note(1, 2, 64)], 4, "plain", 2)
    places = np.array([[3, 4], [0, 4]], np.int16)
    voiced = Piece(
        "voiced ä",
        np.array([[60, 0], [60, 48]], np.uint8),
        np.array([[True, False], [False, True]]),
        4,
        ("soprano", "bass"),
        places,
        "minor",
        9,
        "tune",
    )
    return [plain, voiced]


def fields(piece):
    arrays = (piece.pitches, piece.struck, piece.places)
    return (
        [None if array is None else (array.dtype, array.tolist()) for array in arrays],
        (piece.name, piece.steps_per_beat, piece.voices, piece.genre, piece.tonic, piece.group),
    )


def test_what_is_written_is_read(tmp_path, pieces):
    path = tmp_path / "new" / "folder" / "a.npz"
    write_pieces(path, pieces)
    assert list(map(fields, read_pieces(path))) == list(map(fields, pieces))
    assert [entry.name for entry in path.parent.iterdir()] == ["a.npz"]
    write_pieces(path, pieces[:1])
    assert [piece.name for piece in read_pieces(path)] == ["plain"]


def test_every_cut_and_many_changed_bytes_are_found_out(tmp_path, pieces):
    path = tmp_path / "a.npz"
    assert read_pieces(path) is None
    write_pieces(path, pieces)
    whole = path.read_bytes()
    expected = list(map(fields, pieces))
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert read_pieces(path) is None
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        found = read_pieces(path)  # some bytes of an archive mean nothing to its reader
        assert found is None or list(map(fields, found)) == expected


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_other_files_are_as_good_as_none(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    assert read_pieces(tmp_path / "a.npz") is None
    assert read_pieces(tmp_path) is None


def test_pickles_are_not_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trapped"),)

    np.savez(tmp_path / "a.npz", pieces=np.array([Trap()], object))
    assert read_pieces(tmp_path / "a.npz") is None
    assert not (tmp_path / "trapped").exists()


def test_what_fails_leaves_the_file_as_it_was(tmp_path, pieces, monkeypatch):
    path = tmp_path / "a.npz"
    write_pieces(path, pieces)

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    for name in ("savez_compressed", "frombuffer"):
        with monkeypatch.context() as patch:
            patch.setattr(cache.np, name, refuse)
            with pytest.raises(OSError, match="No space left"):
                write_pieces(path, pieces[:1])
    assert len(read_pieces(path)) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


def test_two_writers_and_a_killed_one_leave_a_whole_file(tmp_path):
    path = tmp_path / "a.npz"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(pitch)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for pitch in (60, 72)
    ]
    seen = set()
    try:
        for writer in writers:
            assert writer.stdout.readline() == b"ready\n"
        end = time.monotonic() + 10
        while len(seen) < 2 and time.monotonic() < end:
            if path.exists():
                seen.update(int(piece.pitches[0, 0]) for piece in read_pieces(path))
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
    assert seen == {60, 72}
    assert len(read_pieces(path)) == 20


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"SEQTASKS_CACHE": "/a/b"}, "/a/b"),
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/seqtasks"),
        ("linux", {"SEQTASKS_CACHE": "", "XDG_CACHE_HOME": ""}, "/home/me/.cache/seqtasks"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/seqtasks"),
        ("linux", {}, "/home/me/.cache/seqtasks"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "/home/me/Library/Caches/seqtasks"),
        ("win32", {"LOCALAPPDATA": "/app"}, "/app/seqtasks"),
        ("win32", {}, "/home/me/AppData/Local/seqtasks"),
        ("win32", {"SEQTASKS_CACHE": "/a"}, "/a"),
    ],
)
def test_the_folder(monkeypatch, platform, variables, expected):
    for name in ("SEQTASKS_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr(cache.sys, "platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert folder() == Path(expected)
