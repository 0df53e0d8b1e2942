import os

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.folder import find, read_folder
from tests.datasets.music.midi_bytes import melody, midi

TUNE = midi(melody((0, 480, 60)))


def write(path, data=TUNE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_files_come_in_the_order_of_their_paths(tmp_path):
    for name in ("b/x.mid", "a.mid", "b/a/y.mid", "c.mid", "B/z.mid", "b.mid"):
        write(tmp_path / name)
    found = [file.path.relative_to(tmp_path).as_posix() for file in find(tmp_path, [])]
    assert found == ["B/z.mid", "a.mid", "b/a/y.mid", "b/x.mid", "b.mid", "c.mid"]


def test_links_are_followed_but_not_in_a_circle(tmp_path):
    music = tmp_path / "music"
    write(tmp_path / "elsewhere" / "a.mid")
    write(music / "b.mid")
    (music / "jigs").symlink_to(tmp_path / "elsewhere")
    (music / "again").symlink_to(music)
    (tmp_path / "elsewhere" / "up").symlink_to(music)
    found = {file.path.name: file.genre for file in find(music, [])}
    assert found == {"a.mid": "jigs", "b.mid": ""}


@pytest.mark.skipif(os.name == "nt", reason="names are no bytes there")
def test_names_that_are_no_utf_8_can_be_printed(tmp_path):
    name = os.fsdecode(b"caf\xe9")
    write(tmp_path / name / f"{name}.mid")
    write(tmp_path / name / f"{name} broken.mid", b"")
    notes = []
    splits = read_folder(tmp_path, 4, None, notes)
    [piece] = [piece for pieces in splits.values() for piece in pieces]
    assert (piece.name, piece.genre) == ("caf�/caf�.mid", "caf�")
    for line in notes:
        line.encode()


def test_a_folder_closed_to_us(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    write(tmp_path / "a.mid")
    monkeypatch.setattr(os, "scandir", refuse)  # root may read everything
    with pytest.raises(DataError, match=r"no permission to read it; .*chmod u\+rx"):
        find(tmp_path, [])
