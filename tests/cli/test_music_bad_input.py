"""Whatever a user can do wrong with music: one line that says what and the mend, and no harm."""

import json
from pathlib import Path

import pytest

from tests.datasets.music.midi_bytes import TICKS, melody, midi, note, track
from tests.tiny_ner import tree

CLUSTER = [event for i in range(200) for event in note(0, TICKS, 1 + i % 127, i // 127)]
SMALL = "--epochs 1 --units 8 --hidden 8 --embedding-size 4 --threads 1"
PLAIN = melody((0, TICKS, 67), (TICKS, 2 * TICKS, 69))


@pytest.fixture
def place(tmp_path, monkeypatch, tiny_music):
    """A directory with all that is wrong, beside a tune that is right, and the tiny run."""
    files = {
        "text.mid": b"no music\n",
        "silent.mid": midi(track([])),
        "drums.mid": midi(melody((0, TICKS, 38), channel=9)),
        "cut.mid": midi(PLAIN)[:10],
        "tune.mid": midi(PLAIN),
        "high.mid": midi(melody((0, TICKS, 120))),
        "three.mid": midi(*[melody((0, TICKS, pitch)) for pitch in (67, 60, 48)]),
        "cluster.mid": midi(track(CLUSTER)),
        "text.sf2": b"no sound, but a text of more than twelve bytes",
        "pictures/boat.png": b"\x89PNG",
        "texts/text.mid": b"no music\n",
        "silence/silent.mid": midi(track([])),
        "sets.json": b'{"train": [[[60], [300]]]}',
        "good.json": b'{"train": [[[60, 64], [62]]], "valid": [[[60], [64]]], "test": [[[62]]]}',
        "half.json": b'{"train": [[[60],\n',
        "file": b"",
        "no_run/notes.txt": b"mine",
        "other_task/config.json": json.dumps({"task": "lm"}).encode(),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "empty").mkdir()
    (tmp_path / "run").symlink_to(tiny_music.model)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def loaded(monkeypatch, tiny_composer):
    """The tiny run's model need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.music.run.load", lambda _: tiny_composer)


TRAIN = f"music train --model new {SMALL} --data"
EVALUATE = "music evaluate --model run"
GENERATE = "music generate --model run"
CASES = [
    # data: file, and what to do
    (f"{TRAIN} text.mid", 1, ["text.mid", "expected a MIDI file", "check what kind"]),
    (f"{TRAIN} silent.mid", 1, ["silent.mid", "expected notes", "leave the file out"]),
    (f"{TRAIN} drums.mid", 1, ["drums.mid", "expected notes", "leave the file out"]),
    (f"{TRAIN} cut.mid", 1, ["cut.mid", "cut off after 10 bytes", "get the file again"]),
    (f"{TRAIN} texts", 1, ["texts", "text.mid", "expected a MIDI file"]),
    (f"{TRAIN} silence", 1, ["silence", "silent.mid", "expected notes"]),
    (f"{TRAIN} empty", 1, ["empty", "expected music files", "name a file, or a folder"]),
    (f"{TRAIN} pictures", 1, ["pictures", "boat.png", "name a file, or a folder"]),
    (f"{TRAIN} nothing", 1, ["nothing", "no such file", "sample"]),
    (f"{TRAIN} file", 1, ["file", "expected a file of music", "rename it"]),
    (f"{TRAIN} sets.json", 1, ["sets.json", "piece 1, step 2", "300", "correct the pitch"]),
    (f"{TRAIN} half.json", 1, ["half.json:", "expected JSON", "check that it is whole"]),
    (f"{TRAIN} tfds:groove", 1, ["tfds:groove", "is not read", "save it as MIDI"]),
    (f"{TRAIN} tune.mid", 1, ["tune.mid", "too few different pieces", "give it more"]),
    # settings
    (f"{TRAIN} tune.mid --steps-per-beat 0", 2, ["--steps-per-beat", "1<=x<=48", "--help"]),
    (f"{TRAIN} tune.mid --mode chords", 2, ["--mode", "'chords'", "'voice', 'set'"]),
    (f"{TRAIN} good.json --learning-rate nan", 1, ["learning_rate", "nan"]),
    (f"{TRAIN} good.json --mode voice", 1, ["same voices", "--mode set"]),
    (f"{TRAIN} good.json --resume", 1, ["new", "leave out --resume"]),
    ("music train --data good.json --model run", 1, ["run", "--overwrite replaces it"]),
    ("music train --data good.json --model no_run", 1, ["no_run", "something else than a run"]),
    (f"{TRAIN} tune.mid --resume --overwrite", 2, ["give one of them"]),
    (f"{TRAIN} tune.mid --data-dir .", 2, ["--data-dir"]),  # there is no music to download
    # models that are none
    ("music evaluate --model nothing", 1, ["nothing", "no such directory", "seqtasks music train"]),
    ("music generate --model nothing", 1, ["nothing", "no such directory", "seqtasks music train"]),
    ("music generate --model no_run", 1, ["no_run", "not a run directory"]),
    ("music generate --model other_task", 1, ["a run of the task lm, not music"]),
    ("music export --model other_task", 1, ["a run of the task lm, not music"]),
    # evaluation
    (f"{EVALUATE} --data text.mid", 1, ["text.mid", "expected a MIDI file"]),
    (f"{EVALUATE} --data cluster.mid", 1, ["cluster.mid", "voices", "Soprano, Bass; name a score"]),
    (f"{EVALUATE} --data tune.mid --split dev", 1, ["tune.mid", "leave out --split"]),
    (f"{EVALUATE} --plots plots", 2, ["--plots", "--generated", "give both"]),
    (f"{EVALUATE} --generated 2 --plots file", 1, ["file", "not a directory", "--plots"]),
    # beginnings
    (f"{GENERATE} --primer nothing.mid", 1, ["nothing.mid", "no such file"]),
    (f"{GENERATE} --primer text.mid", 1, ["text.mid", "expected a MIDI file"]),
    (f"{GENERATE} --primer silent.mid", 1, ["silent.mid", "expected notes"]),
    (f"{GENERATE} --primer high.mid", 1, ["C9 is outside", "the Soprano", "transpose it"]),
    (f"{GENERATE} --primer three.mid", 1, ["3 tones at once", "2 voices"]),
    (f"{GENERATE} --primer cluster.mid", 1, ["127 tones at once", "2 voices"]),
    (f"{GENERATE} --primer empty", 1, ["empty"]),
    (f"{GENERATE} --primer-notes C1", 1, ["C1 is outside", "the Soprano", "transpose it"]),
    (f"{GENERATE} --primer-notes H4", 1, ["'H4'", "write them as C4, F#3 or Bb5"]),
    (f"{GENERATE} --primer-notes C12", 1, ["C12 is outside what MIDI has"]),
    (f"{GENERATE} --primer-notes ", 1, ["expected notes such as C4 E4 G4, got none"]),
    (f"{GENERATE} --melody text.mid", 1, ["text.mid", "expected a MIDI file"]),
    (f"{GENERATE} --melody high.mid", 1, ["C9 is outside", "transpose it"]),
    (f"{GENERATE} --melody tune.mid --primer tune.mid", 2, ["one beginning"]),
    (f"{GENERATE} --primer-notes C5 --primer tune.mid", 2, ["one beginning"]),
    (f"{GENERATE} --melody tune.mid --steps 8", 2, ["leave out --steps"]),
    # what is wanted
    (f"{GENERATE} --genre waltz", 1, ["no genre 'waltz'", "C major", "0 for none"]),
    (f"{GENERATE} --genre 99", 1, ["no genre '99'", "0 for none"]),
    (f"{GENERATE} --genre -1", 1, ["no genre '-1'", "0 for none"]),
    (f"{GENERATE} --metre waltz", 1, ["'waltz' is no metre", "3/4"]),
    (f"{GENERATE} --metre 3/16", 1, ["3/16", "no whole number of steps"]),
    (f"{GENERATE} --temperature nan", 2, ["--temperature", "nan"]),
    (f"{GENERATE} --temperature -1", 2, ["--temperature", "0<=x<=100", "--help"]),
    (f"{GENERATE} --top-p 0", 2, ["--top-p", "0<x<=1", "--help"]),
    (f"{GENERATE} --top-p nan", 2, ["--top-p", "nan"]),
    (f"{GENERATE} --tempo nan", 2, ["--tempo", "nan"]),
    (f"{GENERATE} --tempo 0", 2, ["--tempo", "--help"]),
    (f"{GENERATE} --steps 0", 2, ["--steps", "--help"]),
    (f"{GENERATE} --takes 0", 2, ["--takes", "--help"]),
    (f"{GENERATE} --num 0", 2, ["--num", "--help"]),
    (f"{GENERATE} --seed 9999999999", 2, ["--seed", "--help"]),
    # where it goes
    (f"{GENERATE} --out file", 1, ["file", "not a directory", "--out"]),
    (f"{GENERATE} --out file/below", 1, ["file", "not a directory", "--out"]),
    (f"{GENERATE} --steps 2 --takes 1 --out /proc/music", 1, ["/proc/music", "another"]),
    (f"{GENERATE} --soundfont nothing.sf2", 1, ["nothing.sf2", "no such file", "--soundfont"]),
    (f"{GENERATE} --soundfont empty", 1, ["empty", "no such file", "--soundfont"]),
    (f"{GENERATE} --soundfont text.sf2", 1, ["text.sf2", "not a soundfont", "SF2 or SF3"]),
]


@pytest.mark.parametrize(("command", "code", "parts"), CASES, ids=[c[0] for c in CASES])
def test_one_line_says_what_is_wrong(seqtasks, place, request, command, code, parts):
    if "--model run" in command:
        request.getfixturevalue("loaded")
    before = tree(place)
    outcome = seqtasks(*command.split(" "))
    lines = [line for line in outcome.err.splitlines() if not line.startswith("reading")]
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("Error: ")
    for part in parts:
        assert part in lines[0]
    assert outcome.code == code
    assert outcome.out == ""
    assert tree(place) == before


def test_a_run_that_is_there_is_not_lost(seqtasks, place):
    before = tree(Path("run").resolve())
    outcome = seqtasks(*f"music train --model run --overwrite {SMALL} --data texts".split())
    assert "expected a MIDI file" in outcome.err
    assert tree(Path("run").resolve()) == before


def test_a_melody_needs_voices(seqtasks, place, monkeypatch, small_sets):
    monkeypatch.setattr("seqtasks.tasks.music.run.load", lambda _: small_sets)
    before = tree(place)
    outcome = seqtasks(*f"{GENERATE} --melody tune.mid".split())
    assert outcome.err.startswith("Error: the run's pieces have no voices")
    assert (outcome.code, outcome.err.count("\n"), tree(place)) == (1, 1, before)
    # a primer as wide as can be is refused, or begins the piece
    outcome = seqtasks(*f"{GENERATE} --primer cluster.mid".split())
    assert "127 tones at once; the run knows at most 4" in outcome.err
    assert (outcome.code, outcome.err.count("\n"), tree(place)) == (1, 1, before)
    outcome = seqtasks(*f"{GENERATE} --primer high.mid".split())
    assert "C9 is outside what the run has in training" in outcome.err
    assert (outcome.code, outcome.err.count("\n"), tree(place)) == (1, 1, before)


@pytest.fixture
def small_sets():
    """The composer of pieces without voices, fresh from its seed."""
    from seqtasks.tasks.music.composer import Composer
    from seqtasks.tasks.music.config import check, resolve
    from seqtasks.tasks.music.network import Network
    from seqtasks.tasks.music.notation import Notation
    from tests.tiny_music import SETS, TINY

    notation = Notation.of(SETS, None, None)
    return Composer(Network(resolve(check(TINY), notation, 8), notation))


def test_two_hundred_tones_at_once_are_learnt(seqtasks, place):
    for name, data in (("train", midi(track(CLUSTER), PLAIN)), ("dev", midi(PLAIN))):
        (place / "wide" / name).mkdir(parents=True)
        (place / "wide" / name / "a.mid").write_bytes(data)
    outcome = seqtasks(*f"{TRAIN} wide".split())
    assert outcome.code == 0, outcome.err
    assert "sets of up to 127" in outcome.err
