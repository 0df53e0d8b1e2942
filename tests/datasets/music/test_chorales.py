import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music import chorale, chorales
from seqtasks.datasets.music.chorales import Row, load, table
from seqtasks.datasets.music.piece import Note, notes_of, piece_of_notes
from seqtasks.datasets.splits import position

FEW = ("bwv66.6", "bwv277", "bwv1.6")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def few(here, monkeypatch):
    """Three chorales instead of all."""
    rows = [row for row in table() if row.stem in FEW]
    monkeypatch.setattr(chorales, "table", lambda: rows)
    return here


@pytest.fixture
def parsed(few, monkeypatch):
    """Three pieces that nothing has to parse, and the calls for them."""
    calls = []

    def parse_all(paths, reader, steps_per_beat):
        calls.append(steps_per_beat)
        for path in paths:
            yield [piece_of_notes([Note(0, 4, 60)], 4, path.stem, steps_per_beat)]

    monkeypatch.setattr(chorales, "parse_all", parse_all)
    return calls


def pieces(splits):
    return [piece for split in splits.values() for piece in split]


def names(splits):
    return [piece.name for piece in pieces(splits)]


def test_the_table_is_sound():
    rows = table()
    assert len({row.stem for row in rows}) == len(rows) > 350
    assert {row.split for row in rows} == {"train", "dev", "test"}
    assert {row.mode for row in rows} == {"major", "minor"}
    assert all(0 <= row.tonic < 12 for row in rows)
    counts = Counter(row.split for row in rows)
    assert 0.75 < counts["train"] / len(rows) < 0.85
    assert min(counts.values()) > 0.05 * len(rows)


def test_no_tune_is_in_two_splits_and_the_hash_of_its_name_places_it():
    split_of = {}
    for row in table():
        assert split_of.setdefault(row.group, row.split) == row.split
        place = position(row.group, "chorale")
        assert row.split == ("train" if place < 0.8 else "dev" if place < 0.9 else "test")


@pytest.mark.parametrize(
    "tune",
    [
        # O Haupt voll Blut und Wunden, and other texts to its tune
        "135.6 153.5 161.6 244.15 244.44 244.54 244.62 248.5 248.64-s 270 271",
        "166.6 179.6 197.10 434 84.5 88.7 93.7",  # Wer nur den lieben Gott läßt walten
        "227.1 227.7 358 64.8 81.7 87.7",  # Jesu, meine Freude
        "158.4 277 278 4.8",  # Christ lag in Todesbanden
        "120.8-a 57.8",  # Lobe den Herren, in two metres
        "245.15 245.37 283",  # Christus, der uns selig macht
        "13.6 244.10 244.37 245.11 392 393 394 395 44.7 97.9",  # O Welt, ich muß dich lassen
        "302 303 80.8",  # Ein feste Burg
    ],
)
def test_known_settings_of_a_tune_are_one_group(tune):
    group_of = {row.stem: row.group for row in table()}
    assert len({group_of[f"bwv{number}"] for number in tune.split()}) == 1


def test_different_tunes_to_one_text_are_different_groups():
    group_of = {row.stem: row.group for row in table()}
    assert group_of["bwv271"] != group_of["bwv272"]  # Befiehl du deine Wege
    assert group_of["bwv363"] != group_of["bwv364"]  # Jesus Christus, unser Heiland


def test_keys_of_chorales_that_end_in_several_ways():
    key_of = {row.stem: (row.tonic, row.mode) for row in table()}
    assert key_of["bwv66.6"] == (6, "minor")  # F sharp major at its end
    assert key_of["bwv1.6"] == (5, "major")
    assert key_of["bwv4.8"] == (2, "minor")  # under a signature of one sharp
    assert key_of["bwv271"] == (11, "minor")  # Phrygian: it ends on F sharp major
    assert key_of["bwv64.2"] == (7, "major")  # Mixolydian


def test_three_chorales(few):
    told = []
    lines = []
    splits = load(4, lambda done, total: told.append((done, total)), lines.append)
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert lines == []
    by_name = {piece.name: piece for piece in pieces(splits)}
    rows = {row.stem: row for row in table() if row.stem in FEW}
    assert set(by_name) == set(FEW)
    for name, piece in by_name.items():
        row = rows[name]
        assert (piece.group, piece.tonic, piece.genre) == (row.group, row.tonic, row.mode)
        assert piece.voices == chorale.VOICES
        assert piece.steps_per_beat == 4
        assert piece in splits[row.split]
        assert (piece.struck <= (piece.pitches > 0)).all()
        assert (np.diff(piece.pitches.astype(int).mean(axis=0)) < 0).all()
    # what BWV 66.6 begins with: an upbeat, then F sharp minor
    found = by_name["bwv66.6"]
    assert found.places[:5].tolist() == [[12, 16], [13, 16], [14, 16], [15, 16], [0, 16]]
    soprano = [note for column, note in notes_of(found) if column == 0]
    assert soprano[:4] == [Note(0, 2, 73), Note(2, 4, 71), Note(4, 8, 69), Note(8, 12, 71)]


def test_what_is_cached_is_the_same_and_is_not_parsed(few, monkeypatch):
    first = load(2)
    monkeypatch.setattr(chorales, "parse_all", None)
    second = load(2)
    for one, other in zip(pieces(first), pieces(second), strict=True):
        for field in ("pitches", "struck", "places"):
            assert (getattr(one, field) == getattr(other, field)).all()
        assert (one.name, one.group, one.genre) == (other.name, other.group, other.genre)
    assert len(list(few.iterdir())) == 1


def test_every_grid_has_a_file_of_its_own(parsed, here):
    assert names(load(4)) == names(load(4)) == names(load(2))
    assert parsed == [4, 2]
    assert len(list(here.iterdir())) == 2


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda _: b"", lambda _: b"words"])
def test_a_broken_cache_is_parsed_anew(parsed, here, damage):
    load(4)
    [path] = here.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert sorted(names(load(4))) == sorted(FEW)
    assert parsed == [4, 4]
    load(4)
    assert parsed == [4, 4]


def test_a_cache_of_another_table_is_parsed_anew(parsed, here, monkeypatch):
    load(4)
    rows = chorales.table()[:2]
    monkeypatch.setattr(chorales, "table", lambda: rows)
    assert len(names(load(4))) == 2
    assert parsed == [4, 4]


def test_the_table_says_key_and_split_of_what_was_cached_before(parsed, here, monkeypatch):
    load(4)
    rows = [Row(row.stem, "g", "test", 3, "minor") for row in chorales.table()]
    monkeypatch.setattr(chorales, "table", lambda: rows)
    splits = load(4)
    assert [len(split) for split in splits.values()] == [0, 0, 3]
    assert {(piece.group, piece.tonic, piece.genre) for piece in splits["test"]} == {
        ("g", 3, "minor")
    }
    assert parsed == [4]


def test_a_folder_that_cannot_be_written_is_a_line(parsed, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path / "file" / "cache"))
    lines = []
    assert sorted(names(load(4, say=lines.append))) == sorted(FEW)
    [line] = lines
    assert line.startswith(f"{tmp_path / 'file' / 'cache'}: the parsed chorales cannot be kept")
    assert line.endswith("; set SEQTASKS_CACHE to a folder that can be written")
    load(4)
    assert parsed == [4, 4]
    assert capsys.readouterr().err == line + "\n"


def test_a_chorale_that_cannot_be_read_is_an_error(few, monkeypatch, tmp_path):
    problem = DataError("x.mxl", "broken", "mend it")
    monkeypatch.setattr(chorales, "parse_all", lambda *_: iter([problem]))
    with pytest.raises(DataError, match=r"x\.mxl: broken; mend it"):
        load(4)
    monkeypatch.setattr(chorales, "corpus", lambda: tmp_path)
    with pytest.raises(DataError, match="no such file; install"):
        load(4)
    assert not few.exists()


def test_music21_that_is_missing_or_not_whole(here, monkeypatch, tmp_path):
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(chorales.importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(DataError, match="corpus is missing; install music21 again"):
        load(4)
    monkeypatch.setattr(chorales.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DataError, match="music21, which carries them, is missing; install"):
        load(4)


def test_the_cached_chorales_need_no_music21(parsed, here):
    load(4)
    code = (
        "import sys\n"
        "from seqtasks.datasets.music import chorales\n"
        f"rows = [row for row in chorales.table() if row.stem in {FEW}]\n"
        "chorales.table = lambda: rows\n"
        "assert sum(map(len, chorales.load(4).values())) == 3\n"
        "assert 'music21' not in sys.modules and 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_all_chorales(here):
    found = pieces(load(4))
    assert len(found) == len(table())
    begun = time.perf_counter()
    load(4)
    assert time.perf_counter() - begun < 0.5
    for piece in found:
        assert piece.pitches.shape == (len(piece), 4)
        assert (piece.pitches == 0).all(axis=1).mean() < 0.2
        sounding = piece.pitches[piece.pitches > 0]
        assert sounding.min() >= 36
        assert sounding.max() <= 81
        assert (piece.places[:, 0] < piece.places[:, 1]).all()
        # the last chord stands on the tonic, or on its dominant
        last = piece.pitches[-1].astype(int)
        assert (last[3] - piece.tonic) % 12 in (0, 7)
