"""`seqtasks music generate`, in this process."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from seqtasks.datasets.music.piece import notes_of
from seqtasks.datasets.music.sources import read_music_file
from tests.datasets.music.midi_bytes import TICKS, melody, midi, write_tune
from tests.tiny_soundfont import soundfont


@pytest.fixture
def generate(music):
    """What `generate` says of its pieces, as JSON Lines, of a short piece each."""

    def run(*arguments):
        outcome = music("generate", "--takes", 1, "--format", "json", *arguments)
        assert (outcome.code, outcome.err) == (0, "")
        return [json.loads(line) for line in outcome.out.splitlines()]

    return run


def tones(path, steps_per_beat=2):
    """The notes of a file, without the names of tracks: (start, end, pitch), sorted."""
    [piece] = read_music_file(path, steps_per_beat)
    return sorted(tuple(note) for _, note in notes_of(piece))


def test_a_piece_is_written_in_all_forms_and_is_the_same_in_each(generate, tmp_path):
    [said] = generate("--steps", 16, "--musicxml", "--roll", "--wav", "--out", tmp_path / "new")
    files = [tmp_path / "new" / f"seed1_1{s}" for s in (".mid", ".musicxml", ".png", ".wav")]
    assert said["files"] == list(map(str, files))
    assert sorted((tmp_path / "new").iterdir()) == sorted(files)  # nothing half done is left
    assert tones(files[0]) == tones(files[1])
    assert max(end for _, end, _ in tones(files[0])) <= said["steps"] == 16
    assert files[2].read_bytes().startswith(b"\x89PNG")
    with wave.open(str(files[3])) as sound:
        seconds = sound.getnframes() / sound.getframerate()
        heard = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    assert seconds >= max(end for _, end, _ in tones(files[0])) / 2 * 60 / 90 - 0.01
    assert abs(heard.astype(int)).max() > 1000


def test_a_soundfont_plays(generate, tmp_path):
    (tmp_path / "sine.sf2").write_bytes(soundfont())
    [said] = generate("--steps", 4, "--soundfont", "sine.sf2")
    with wave.open(said["files"][-1]) as sound:
        assert np.frombuffer(sound.readframes(sound.getnframes()), "<i2").any()


def test_the_same_seed_gives_the_same_bytes_and_no_file_is_replaced(generate, tmp_path):
    given = ("--steps", 12, "--num", 2, "--temperature", 4)
    once, again, other = (generate(*given, "--seed", seed) for seed in (5, 5, 6))
    names = [said["files"] for said in once + again + other]
    assert len({tuple(name) for name in names}) == 6
    old, new, different = (
        [(tmp_path / said["files"][0]).read_bytes() for said in found]
        for found in (once, again, other)
    )
    assert old == new
    assert old[0] != old[1]
    assert old != different
    # the first of several is the one alone
    [alone] = generate("--steps", 12, "--temperature", 4, "--seed", 5)
    assert (tmp_path / alone["files"][0]).read_bytes() == old[0]


def test_many_pieces_are_drawn_and_written_in_groups(music, tmp_path, monkeypatch, tiny_composer):
    def pieces(place):
        given = "--num", 5, "--steps", 8, "--takes", 2, "--temperature", 4
        outcome = music("generate", *given, "--out", place)
        files = {path.name: path.read_bytes() for path in (tmp_path / place).iterdir()}
        return outcome.code, outcome.out.replace(place, ""), files

    once = pieces("once")
    assert (once[0], len(once[2])) == (0, 5)
    drawn = []

    def draw(**how):
        drawn.append(how["num"])
        if len(drawn) == 6:
            raise KeyboardInterrupt
        return type(tiny_composer).generate(tiny_composer, **how)

    monkeypatch.setattr("seqtasks.cli.music_generate.TOGETHER", 2)
    monkeypatch.setattr(tiny_composer, "generate", draw)
    assert pieces("grouped") == once
    assert drawn == [2, 2, 1]
    # where the third group is interrupted, those of the two before are there
    code, _, files = pieces("interrupted")
    assert code == 130
    assert files == {name: once[2][name] for name in sorted(once[2])[:4]}


def test_pieces_for_people(music):
    outcome = music("generate", "--num", 2, "--steps", 8, "--genre", "A minor", "--takes", 2)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "music/seed1_1.mid",
        "music/seed1_2.mid",
    ]
    figures = [line for line in lines if "nats a step" in line]
    assert len(figures) == 2
    assert all("A minor, 4 beats, " in line for line in figures)


def test_genres_by_name_and_number(generate, tiny_composer):
    number = tiny_composer.notation.genres.index("A minor") + 1
    for genre in ("A minor", "a MINOR", number):
        [said] = generate("--steps", 4, "--genre", genre)
        assert said["genre"] == "A minor"
    [said] = generate("--steps", 4, "--genre", 0)
    assert said["genre"] == ""


def test_first_notes_stand_first(generate, tmp_path):
    def first(said):
        """The tones of the first four steps, in them: the last one may be held on."""
        found = tones(tmp_path / said["files"][0])
        return {(start, min(end, 4), pitch) for start, end, pitch in found if start < 4}

    [said] = generate("--steps", 8, "--primer-notes", "C5 B4")
    assert {(0, 2, 72), (2, 4, 71)} <= first(said)
    write_tune(tmp_path / "first.mid", [71, 72], TICKS)
    [said] = generate("--steps", 8, "--primer", "first.mid")
    assert {(0, 2, 71), (2, 4, 72)} <= first(said)
    # two tones at once are those of the voices
    (tmp_path / "chord.mid").write_bytes(midi(melody((0, TICKS, 67)), melody((0, TICKS, 48))))
    [said] = generate("--steps", 8, "--primer", "chord.mid")
    assert {48, 67} == {p for start, _, p in tones(tmp_path / said["files"][0]) if start == 0}


def test_first_notes_off_the_grid_are_moved_onto_it(generate, tmp_path):
    write_tune(tmp_path / "triplets.mid", [67, 69, 71], TICKS * 4 // 3)
    [said] = generate("--steps", 12, "--primer", "triplets.mid")
    assert {(0, 3, 67), (3, 5, 69), (5, 8, 71)} <= set(tones(tmp_path / said["files"][0]))


def test_first_notes_longer_than_the_piece_are_cut_and_that_is_said(music):
    outcome = music("generate", "--steps", 4, "--primer-notes", "C5 B4 C5", "--takes", 1)
    assert outcome.code == 0
    assert "of the 6 steps that it begins with, 4 are used; see --steps" in outcome.err
    assert "2 beats" in outcome.out


def test_a_melody_is_harmonised_throughout(generate, tmp_path):
    line = [67, 69, 71, 72, 74, 72]
    write_tune(tmp_path / "tune.mid", line)
    for said in generate("--melody", "tune.mid", "--num", 2, "--temperature", 1):
        assert said["steps"] == 12
        found = tones(tmp_path / said["files"][0])
        assert {(2 * i, 2 * i + 2, pitch) for i, pitch in enumerate(line)} <= set(found)


def test_metre_and_end(generate):
    [said] = generate("--metre", "3/4", "--steps", 12)
    [piece] = read_music_file(Path(said["files"][0]), 2)
    assert (piece.places[:, 1] == 6).all()
    # where nobody says how long: sixteen bars, of this metre
    [said] = generate("--metre", "3/4")
    assert said["steps"] == 16 * 6
    [said] = generate("--open-end", "--steps", 64)
    assert said["steps"] < 64  # as long as those it learnt by heart, or nearly
