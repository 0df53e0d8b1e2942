import dataclasses
import json
import subprocess
import sys

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.sources import load_music, primer_of, read_music_file
from seqtasks.datasets.source import catalogue, fingerprint
from tests.datasets.music.midi_bytes import melody, midi

ABC = "X:{0}\nT:Tune {0}\nM:4/4\nL:1/4\nK:C\nCDEF|G{1}AB|\n"
LETTERS = "CDEFGABcdefgab"


def tune(number, key=0):
    """A tune that no other number has in any key."""
    steps = [number % 7, number // 7 % 7, number // 49 % 7, 7]
    return midi(
        melody(*[(i * 480, i * 480 + 480, 50 + key + step) for i, step in enumerate(steps)])
    )


def tunes(count, name="{}.mid"):
    return {name.format(f"{number:03}"): tune(number) for number in range(count)}


@pytest.fixture
def folder(tmp_path):
    def folder(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes | str) else json.dumps(content)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(tmp_path)

    return folder


def names(source):
    return {split: [piece.name for piece in pieces] for split, pieces in source.splits.items()}


def test_a_folder_of_midi_is_split_by_the_notes(folder):
    path = folder(tunes(60))
    source = load_music(path)
    found = names(source)
    assert list(found) == ["train", "dev", "test"]
    assert sorted(name for split in found.values() for name in split) == sorted(tunes(60))
    assert len(found["train"]) > 30
    assert all(split == sorted(split) for split in found.values())
    assert source.notes == (
        f"{path}: music files read: 60",
        "split by hash of the notes, the same in every key: 80/10/10",
    )
    assert {piece.steps_per_beat for piece in source.splits["train"]} == {4}
    assert {piece.genre for piece in source.splits["train"]} == {""}


def test_the_same_music_in_another_key_lands_in_the_same_split(folder):
    files = {f"{number} {key}.mid": tune(number, key) for number in range(40) for key in (0, 5, 20)}
    found = names(load_music(folder(files)))
    assert len(found) == 3
    for split, members in found.items():
        for other, others in found.items():
            if split != other:
                assert not {name.split()[0] for name in members} & {
                    name.split()[0] for name in others
                }


def test_subfolders_are_genres_at_any_depth(folder):
    files = tunes(10) | tunes(10, "jigs/{}.mid") | tunes(10, "reels/by key/G/{}.MIDI")
    others = {"reels/readme.txt": "x", ".git/a.mid": b"x", "jigs/._000.mid": b"x"}
    path = folder(files | others)
    source = load_music(path)
    pieces = [piece for split in source.splits.values() for piece in split]
    assert len(pieces) == 30
    for piece in pieces:
        assert piece.genre == (piece.name.split("/")[0] if "/" in piece.name else "")
    assert f"{path}: other files left out: 1, the first reels/readme.txt" in source.notes


@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
def test_folders_of_splits_may_hold_genres(folder, dev):
    path = folder(
        {"train/a.mid": tune(1), "train/jigs/b.mid": tune(2), f"{dev}/jigs/x/c.mid": tune(3)}
        | {"test/d.mid": tune(4), "test/e.mid": tune(1, 3), "beside.mid": tune(5)}
    )
    source = load_music(path)
    assert names(source) == {
        "train": ["train/a.mid", "train/jigs/b.mid"],
        "dev": [f"{dev}/jigs/x/c.mid"],
        "test": ["test/d.mid", "test/e.mid"],
    }
    assert [piece.genre for piece in source.splits["train"]] == ["", "jigs"]
    assert source.splits["dev"][0].genre == "jigs"
    assert source.notes == (
        f"{path}: music files outside the folders of splits: 1",
        f"{path}: music files read: 5",
        "test: pieces that are in train as well, in some key: 1",
    )


def test_without_dev_a_tenth_of_train_is_held_out(folder):
    source = load_music(folder(tunes(20, "train/{}.mid")))
    assert len(source.splits["train"]) + len(source.splits["dev"]) == 20
    assert source.notes[1:] == (
        "no dev split: a tenth of train held out, by hash",
        "no test split",
    )


def test_broken_files_are_skipped_counted_and_named(folder):
    broken = {f"x/{number}.mid": b"no music" for number in range(7)}
    path = folder(tunes(20) | broken | {"005.mid": b"", "drums.mid": midi(melody(channel=9))})
    calls = []
    source = load_music(path, progress=lambda done, total: calls.append((done, total)))
    assert sum(map(len, source.splits.values())) == 19
    assert calls == [(number, 28) for number in range(1, 29)]
    assert source.notes[:4] == (
        f"{path}: music files read: 19",
        f"{path}: broken files skipped: 9",
        "skipped 005.mid: expected a MIDI file, got an empty one",
        "skipped drums.mid: expected notes with a pitch, got none",
    )
    assert source.notes[6] == (
        "skipped x/2.mid: expected a MIDI file, which begins with b'MThd', got b'no m'"
    )
    assert source.notes[7] == "… and 4 more"


def test_tunes_of_abc_and_musicxml_stand_beside_midi(folder):
    book = "\n".join(ABC.format(number, LETTERS[number]) for number in range(10))
    path = folder(tunes(3) | {"books/a.abc": book + "\nX:10\nK:C\n\n"})
    source = load_music(path, steps_per_beat=2)
    pieces = [piece for split in source.splits.values() for piece in split]
    assert len(pieces) == 13
    assert {piece.steps_per_beat for piece in pieces} == {2}
    assert {piece.name for piece in pieces if piece.genre} == {
        f"books/a.abc:{number}" for number in range(10)
    }
    assert f"{path}: broken tunes skipped, in files with others: 1" in source.notes


def test_pitch_sets_in_one_file_or_one_a_split(folder, tmp_path):
    sets = {"train": [[[60], [62]], [[61], [64]]], "valid": [[[70]]], "test": [[[71, 72]]]}
    path = folder({"all.json": sets, "parts/train.json": sets["train"]})
    folder({"parts/valid.json": sets["valid"], "parts/test.json": sets["test"]})
    one, parts = load_music(path + "/all.json"), load_music(path + "/parts")
    assert one.fingerprint == parts.fingerprint
    assert [len(split) for split in one.splits.values()] == [2, 1, 1]
    assert one.notes == parts.notes
    assert one.splits["train"][0].steps_per_beat == 1
    assert load_music(path + "/all.json", None, 4).splits["train"][0].steps_per_beat == 4


def test_a_list_of_pitch_sets_is_split(folder):
    pieces = [[[60, 61 + number % 50], [70 + number]] for number in range(40)]
    source = load_music(folder({"all.json": pieces}) + "/all.json")
    assert sum(map(len, source.splits.values())) == 40
    assert source.notes[0] == "split by hash of the notes, the same in every key: 80/10/10"


@pytest.mark.parametrize("name", ["sample", "chorales"])
def test_the_chorales_have_names(name, monkeypatch):
    from seqtasks.datasets.music import chorales

    pieces = read_sets([[[60]], [[61, 70]], [[62, 80]]])

    def load(steps_per_beat, progress, say):
        return dict(zip(("train", "dev", "test"), [[each] for each in pieces], strict=True))

    monkeypatch.setattr(chorales, "load", load)
    source = load_music(name)
    assert [len(split) for split in source.splits.values()] == [1, 1, 1]
    assert source.notes == (chorales.LICENCE,)


def read_sets(pieces):
    from seqtasks.datasets.music.piece import Note, piece_of_notes

    return [
        piece_of_notes(
            [Note(i, i + 1, pitch) for i, step in enumerate(steps) for pitch in step],
            len(steps),
            "",
            1,
        )
        for steps in pieces
    ]


def test_the_fingerprint_is_of_the_music_wherever_it_lies(folder):
    path = folder(tunes(12, "here/{}.mid") | tunes(12, "there/deep/{}.mid"))
    here, there = load_music(path + "/here"), load_music(path + "/there/deep")
    assert here.fingerprint == there.fingerprint
    folder({"here/003.mid": tune(3, key=1)})
    assert load_music(path + "/here").fingerprint != there.fingerprint


def test_whatever_belongs_to_the_music_changes_the_fingerprint():
    [piece] = read_sets([[[60, 64], [62]]])
    versions = [
        piece,
        dataclasses.replace(piece, genre="jigs"),
        dataclasses.replace(piece, struck=~piece.struck),
        dataclasses.replace(piece, steps_per_beat=2),
        dataclasses.replace(piece, pitches=piece.pitches.reshape(1, 4)),
    ]
    assert len({fingerprint({"train": [version]}) for version in versions}) == len(versions)
    renamed = dataclasses.replace(piece, name="other")
    assert fingerprint({"train": [renamed]}) == fingerprint({"train": [piece]})


@pytest.mark.parametrize(
    ("files", "name", "problem", "mend"),
    [
        ({"a.mid": b"no music"}, "/a.mid", "expected a MIDI file, which begins", "check what k"),
        ({"a.mid": tune(1)}, "/a.mid", "too few different pieces to train", "give it more"),
        ({"a.mid": b"x", "b.mid": b"y"}, "", ": no music in its files: 2, the first ", "check"),
        ({"a.txt": "x"}, "", ".abc), got 1 others, the first a.txt", "name a file, or a folder"),
        ({"a.txt": "x"}, "/a.txt", ": expected a file of music (.mid, .midi, ", "name another"),
        ({}, "", "got none", "name a file, or a folder"),
        ({"dev/a.mid": b"", "test/b.mid": b""}, "", "one folder for train, got dev, te", "name o"),
        ({"train/a.mid": b"", "dev/b": b"", "valid/b": b""}, "", "for dev, got dev, valid", "one"),
        ({"train.json": [[[60]]], "test.json": "{"}, "", "test.json:1: expected JSON", "whole"),
        ({"all.json": [[[300]]]}, "/all.json", "piece 1, step 1: expected MIDI", "correct the p"),
    ],
)
def test_problems_are_one_line(folder, files, name, problem, mend):
    path = folder(files)
    with pytest.raises(DataError) as error:
        load_music(path + name)
    told, _, advice = str(error.value).partition("; ")
    assert told.startswith(path)
    assert problem in told
    assert mend in advice
    assert "\n" not in str(error.value)


def test_other_sources():
    with pytest.raises(DataError, match="music of TensorFlow Datasets is not read; save it as"):
        load_music("tfds:groove")
    with pytest.raises(DataError) as error:
        load_music("nix")
    listed = ", ".join(entry.name for entry in catalogue("music"))
    assert str(error.value).endswith(f"name one of: {listed}")


def test_a_tune_called_train_is_no_split(folder):
    source = load_music(folder(tunes(20) | {"train.mid": tune(50), "test.mid": tune(51)}))
    assert sum(map(len, source.splits.values())) == 22


def test_one_file_is_read_whole(folder, tmp_path):
    folder({"a.mid": tune(1), "b.abc": ABC.format(1, "A") + "\n" + ABC.format(2, "B")})
    folder({"c.json": {"train": [[[60]]], "test": [[[61]], [[62]]]}})
    assert [len(piece) for piece in read_music_file(tmp_path / "a.mid")] == [16]
    assert [len(piece) for piece in read_music_file(tmp_path / "a.mid", 1)] == [4]
    assert len(read_music_file(tmp_path / "b.abc")) == 2
    assert [piece.pitches[0, 0] for piece in read_music_file(tmp_path / "c.json")] == [60, 61, 62]


def test_a_primer_is_one_piece(folder, tmp_path):
    folder({"a.mid": tune(1), "c.json": [[[60]], [[61]]]})
    assert primer_of(tmp_path / "a.mid", 2).steps_per_beat == 2
    with pytest.raises(DataError, match=r"c\.json: expected one piece, got 2; save the one"):
        primer_of(tmp_path / "c.json", 1)
    with pytest.raises(DataError, match=r"nix\.mid: cannot be read \(no such file"):
        primer_of(tmp_path / "nix.mid", 4)


def test_readers_import_nothing_heavy():
    code = "import sys, seqtasks.datasets.music.sources; "
    code += "sys.exit(bool({'tensorflow', 'music21', 'symusic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
