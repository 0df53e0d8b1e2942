import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music import files
from seqtasks.datasets.music.files import read_files
from tests.datasets.music.midi_bytes import melody, midi

ABC = "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n"


def test_each_file_goes_to_the_reader_of_its_suffix(tmp_path):
    paths = [tmp_path / name for name in ("a.abc", "b.mid", "c.xml", "d.MIDI", "e.ABC")]
    tune = midi(melody((0, 480, 60)))
    for path, data in zip(paths, [ABC.encode(), tune, b"<a/>", tune, ABC.encode()], strict=True):
        path.write_bytes(data)
    calls = []
    found = read_files(paths, 1, lambda *counts: calls.append(counts))
    assert list(found) == paths
    lengths = [None if isinstance(each, DataError) else len(each[0]) for each in found.values()]
    assert lengths == [4, 1, None, 1, 4]
    assert calls == [(number, 5) for number in range(1, 6)]


@pytest.mark.parametrize(
    ("name", "size", "seconds"),
    [("a.mid", 1_000_000, 60), ("a.abc", 0, 60), ("a.abc", 90_000, 150), ("a.abc", 9e9, 1800)],
)
def test_a_long_book_of_tunes_may_take_longer(tmp_path, monkeypatch, name, size, seconds):
    given = []

    def parse_all(paths, reader, steps_per_beat, processes, seconds, left_out):
        given.append(seconds)
        yield from ([] for _ in paths)

    monkeypatch.setattr(files, "parse_all", parse_all)
    with (tmp_path / name).open("wb") as out:
        out.truncate(int(size))
    read_files([tmp_path / name], 4)
    assert max(given) == seconds
