import json
import time

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.pitch_sets import WHOLE, read_pitch_sets

TUNE = [[60, 64], [], [62]]


@pytest.fixture
def file(tmp_path):
    def file(data):
        path = tmp_path / "tunes.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
        return path

    return file


@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
def test_pieces_of_each_split(file, dev):
    splits = read_pitch_sets(file({"test": [[[70]]], "train": [TUNE, [[61]]], dev: [[[65]]]}))
    assert list(splits) == ["train", "dev", "test"]
    assert [[piece.pitches.tolist() for piece in pieces] for pieces in splits.values()] == [
        [[[64, 60], [0, 0], [62, 0]], [[61]]],
        [[[65]]],
        [[[70]]],
    ]
    piece = splits["train"][0]
    assert piece.name == "tunes.json: train 1"
    assert (piece.voices, piece.places, piece.genre, piece.tonic) == ((), None, "", None)
    assert piece.steps_per_beat == 1


def test_a_list_of_pieces_has_no_splits(file):
    splits = read_pitch_sets(file([TUNE, TUNE]), steps_per_beat=2)
    assert {name: len(pieces) for name, pieces in splits.items()} == {WHOLE: 2}
    assert splits[WHOLE][1].steps_per_beat == 2


@pytest.mark.parametrize(
    "step", [[60, 64, 67], [67, 60, 64], [60, 60, 64, 67, 64], [0, 60, 64, 67], [-1, 67, 64, 60]]
)
def test_order_repeats_and_silent_voices_do_not_matter(file, step):
    [piece] = read_pitch_sets(file([[step]]))[WHOLE]
    assert piece.pitches.tolist() == [[67, 64, 60]]


def test_every_tone_is_struck_in_every_step(file):
    [piece] = read_pitch_sets(file([[[60, 64], [60, 64], [60]]]))[WHOLE]
    assert piece.struck.tolist() == [[True, True], [True, True], [True, False]]


def test_silent_steps_stay_wherever_they_are(file):
    [piece] = read_pitch_sets(file([[[], [0, -1], [60], []]]))[WHOLE]
    assert piece.pitches.tolist() == [[0], [0], [60], [0]]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", ":1: expected JSON, got something else (Expecting value)"),
        ('{"train": [\n[[60]', ":2: expected JSON, got something else"),
        ("[" * 100_000, ": expected lists of pitches, got other JSON"),
        (f"[[[{'1' * 5000}]]]", ": expected lists of pitches, got other JSON"),
        ("3", ": expected a list of pieces, got 3"),
        ({}, ": expected pieces, got none"),
        ([], ": expected pieces, got none"),
        ({"train": []}, ": expected pieces, got none"),
        ({"train": {"a": 1}}, ": train: expected a list of pieces, got an object"),
        ({"train": [TUNE], "more": []}, "expected splits named train, dev, valid, validation, "),
        ({"dev": [TUNE], "valid": []}, "expected one of dev, valid, validation, got several"),
        # pieces, steps and pitches
        ([60], ": piece 1: expected a list of steps, got 60"),
        ([TUNE, []], ": piece 2: expected a list of steps, got []"),
        ([[60, 64]], ": piece 1, step 1: expected a list of pitches, got 60"),
        ([[[[60]]]], ": piece 1, step 1: expected MIDI pitches from 1 to 127 (0 or -1 for sil"),
        ({"test": [TUNE, [[60], [61, 300]]]}, ": test, piece 2, step 2: expected MIDI pitches fr"),
        ([[[60], [128]]], ": piece 1, step 2: expected MIDI pitches"),
        ([[[-2]]], "got -2"),
        ([[[60.0]]], "got 60.0"),
        ([[["C4"]]], 'got "C4"'),
        ([[[True]]], "got true"),
        ([[[None]]], "got null"),
        ("[[[NaN]]]", "got NaN"),
        ([[["x" * 1000]]], 'got "xxxxxxxx'),
        ([[[]] * 200_001], ": piece 1: expected 200,000 steps at most, got 200,001"),
    ],
)
def test_problems_are_one_line(file, data, problem):
    path = file(data)
    with pytest.raises(DataError) as error:
        read_pitch_sets(path)
    told = str(error.value)
    assert told.startswith(str(path))
    assert problem in told.removeprefix(str(path))
    assert "; " in told
    assert "\n" not in told
    assert len(told) < len(str(path)) + 250


def test_a_huge_file_is_refused_unread(file, tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as out:
        out.truncate(65 << 20)
    begun = time.process_time()
    with pytest.raises(DataError, match="expected 64 MiB of JSON at most, got more"):
        read_pitch_sets(path)
    assert time.process_time() - begun < 0.5


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"nix\.json: no such file"):
        read_pitch_sets(tmp_path / "nix.json")
