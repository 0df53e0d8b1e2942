"""`seqtasks music …`, in this process; of `generate`, what is drawn is in `test_music_generate`."""

import json
import re

import pytest

from tests.datasets.music.midi_bytes import write_tune

TINY = ("--units", 8, "--hidden", 8, "--embedding-size", 4, "--epochs", 1, "--threads", 1)
FIGURES = {"nll_per_step", "nll_per_note", "frame_accuracy", "steps", "notes", "pieces"}


def write_folder(place):
    """Twelve tunes of two genres, none of which is another in another key."""
    for number in range(6):
        write_tune(place / "jigs" / f"{number}.mid", [60, 62, 64, 65 + number, 60 + number, 60])
        write_tune(place / "reels" / f"{number}.mid", [67, 65, 60 - number, 64, 72 - number], 240)
    return place


def test_train_evaluate_and_generate_from_a_folder_of_ones_own(seqtasks, tmp_path, monkeypatch):
    from seqtasks.tasks.music import load

    monkeypatch.chdir(tmp_path)
    data = write_folder(tmp_path / "tunes")
    (data / "notes.mid").write_text("not music")
    outcome = seqtasks("music", "train", "--data", "tunes", "--model", "run", *TINY)
    assert outcome.code == 0, outcome.err
    # results go to standard output, all else to standard error
    assert "nats a time step" in outcome.out
    assert "music files read: 12" in outcome.err
    assert "broken files skipped: 1" in outcome.err
    assert "notes.mid" in outcome.err
    assert "seqtasks music generate --model run" in outcome.err
    config = json.loads((tmp_path / "run" / "config.json").read_text())["config"]
    assert (config["units"], config["mode"], config["steps_per_beat"]) == (8, "set", 4)
    composer = load(tmp_path / "run")
    monkeypatch.setattr("seqtasks.tasks.music.run.load", lambda _: composer)
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())["dev"]
    outcome = seqtasks("music", "evaluate", "--model", "run", "--split", "dev", "--json")
    scores = json.loads(outcome.out)
    # the files are split as they were for training
    assert {name: scores[name] for name in FIGURES} == pytest.approx(
        {name: metrics[name] for name in FIGURES}, rel=1e-4
    )
    assert "not the same data" not in outcome.err

    given = ("--steps", 8, "--takes", 1, "--format", "json", "--model", "run")
    for genre, name in (("Jigs", "jigs"), ("1", "jigs"), ("2", "reels"), ("0", "")):
        outcome = seqtasks("music", "generate", *given, "--genre", genre)
        assert (outcome.code, json.loads(outcome.out)["genre"]) == (0, name)
    outcome = seqtasks("music", "generate", *given, "--genre", "waltzes")
    assert outcome.err.startswith("Error: no genre 'waltzes': there are 1 jigs, 2 reels, and 0")
    assert outcome.code == 1
    shown = seqtasks("datasets", "show", "tunes", "--task", "music")
    assert "jigs" in shown.out
    assert "reels" in shown.out


def test_pitch_sets_are_learnt_and_written_as_sets(seqtasks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pieces = [[[60, 64, 67 + n], [], [62, 65 + n], [60]] for n in range(4)]
    (tmp_path / "sets.json").write_text(json.dumps({"train": pieces, "valid": pieces[:2]}))
    outcome = seqtasks("music", "train", "--data", "sets.json", "--model", "run", *TINY)
    assert outcome.code == 0, outcome.err
    # there is no test split to name
    assert "music evaluate" not in outcome.err
    (tmp_path / "more.json").write_text(json.dumps(pieces))
    outcome = seqtasks("music", "evaluate", "--model", "run", "--data", "more.json", "--json")
    scores = json.loads(outcome.out)
    steps, notes = sum(map(len, pieces)), sum(len(step) for piece in pieces for step in piece)
    assert (scores["split"], scores["steps"], scores["notes"]) == ("all", steps, notes)
    assert scores["nll_per_step"] * steps == pytest.approx(scores["nll_per_note"] * notes)
    outcome = seqtasks("music", "generate", "--model", "run", "--steps", 6)
    assert outcome.code == 0
    assert (tmp_path / "music" / "seed1_1.mid").stat().st_size


def test_evaluate_for_people_and_in_json(music, monkeypatch, tiny_music):
    monkeypatch.setattr(
        "seqtasks.tasks.scored_sources.examples_to_score", _chorales(tiny_music.data)
    )
    outcome = music("evaluate", "--json")
    scores = json.loads(outcome.out)
    assert (outcome.code, outcome.out.count("\n")) == (0, 1)
    assert scores.keys() >= FIGURES | {"seconds", "source", "split"}
    # train, dev and test are the same
    assert {name: scores[name] for name in FIGURES} == pytest.approx(
        {name: tiny_music.scores[name] for name in FIGURES}
    )
    head, _, *rows = music("evaluate").out.splitlines()
    shown = dict(re.split(r" {2,}", row) for row in rows)
    assert head == "a few bars, test:"
    assert float(shown["nats a time step"]) == pytest.approx(scores["nll_per_step"], abs=1e-4)
    assert int(shown["pieces"]) == 3


def test_new_pieces_are_compared_and_drawn(music, monkeypatch, tiny_music, tmp_path):
    monkeypatch.setattr(
        "seqtasks.tasks.scored_sources.examples_to_score", _chorales(tiny_music.data)
    )
    given = "evaluate", "--generated", 3, "--plots", tmp_path / "new" / "plots", "--json"
    found = json.loads(music(*given).out)["generated"]
    assert found["pieces"] == 3
    assert all(0 <= apart <= 1 for apart in found["distances"].values())
    assert (tmp_path / "new" / "plots" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert "3 new pieces against these" in music("evaluate", "--generated", 3).out


def test_pieces_are_compared_as_generate_draws_them(music, monkeypatch, tiny_music, tiny_composer):
    monkeypatch.setattr(
        "seqtasks.tasks.scored_sources.examples_to_score", _chorales(tiny_music.data)
    )
    drawn = []

    def draw(**how):
        drawn.append(how)
        return type(tiny_composer).generate(tiny_composer, **how)

    monkeypatch.setattr(tiny_composer, "generate", draw)
    found = json.loads(music("evaluate", "--generated", 1, "--json").out)["generated"]
    assert music("generate", "--steps", 4).code == 0
    compared, generated = drawn
    named = found["drawing"]
    assert named.keys() == {"temperature", "top_p", "takes"}
    assert {name: compared[name] for name in named} == named
    assert {name: generated[name] for name in named} == named
    # and both say so
    for command in ("evaluate", "generate"):
        said = " ".join(music(command, "--help").out.split())
        assert all(str(value) in said for value in named.values())


def _chorales(data):
    """Finds the pieces of the tiny run, which come from no file."""
    from seqtasks.tasks.scored_sources import Scored

    return lambda *_: Scored(list(data.splits["test"]), data.name, "test", ())


def test_export_prints_where(seqtasks, tmp_path, monkeypatch):
    found = (tmp_path / "out" / "1", 4)
    monkeypatch.setattr("seqtasks.tasks.music.exporting.export", lambda *_: found)
    _, out, err = seqtasks("music", "export", "--model", tmp_path / "run", "--out", tmp_path)
    assert (out, "compared on 4 pieces" in err) == (f"{found[0]}\n", True)


def test_info_of_a_run_and_the_names_of_sources(seqtasks, tiny_music):
    record = json.loads(seqtasks("info", tiny_music.model, "--json").out)
    assert (record["task"], record["metrics"]["dev"]) == ("music", tiny_music.scores)
    figure = f"nll_per_step {tiny_music.scores['nll_per_step']:.4g}"
    assert figure in seqtasks("info", tiny_music.model).out
    rows = [line.split() for line in seqtasks("datasets", "list").out.splitlines()]
    assert "chorales" in " ".join(word for row in rows if row[1] == "music" for word in row)
