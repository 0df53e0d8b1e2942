"""A music model from its pieces to its runs, as a library: train, load, resume."""

import csv
import dataclasses
import inspect
import json
import shutil

import numpy as np
import pytest

from seqtasks.datasets.music.piece_bytes import pack
from seqtasks.tasks import music, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.run import training_pieces
from tests.tiny_music import CHORALES, SETS, TINY, source
from tests.tiny_ner import arrays, assert_same_arrays, tree

QUICK = dataclasses.replace(TINY, epochs=2, dropout=0.2, transposition=2, hiding=0.3)


def train(config, data, out, **options):
    said = []
    scores = music.train(config, data, out, say=said.append, **options)
    return scores, "\n".join(said)


def history(run):
    rows = csv.DictReader((run / "history.csv").read_text().splitlines())
    return [{name: row[name] for name in row if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A quick run of sets, and what training returned."""
    out = tmp_path_factory.mktemp("quick") / "run"
    scores, said = train(QUICK, source(SETS), out)
    assert "3 pieces of 16 time steps to train, 3 of 16 to validate" in said
    assert "2 steps a beat, sets of up to 4, 1 genres" in said
    return out, scores


def test_the_verbs_stay_functions(tiny_music):
    for verb in 2 * ("build_model", "train", "load", "evaluate", "export"):
        assert inspect.isfunction(getattr(music, verb)), verb


def test_a_few_bars_are_learnt_by_heart(tiny_music, tiny_composer):
    # who knows nothing but the pitches of each voice has ln 10 and ln 16 for it, 5.1 a step
    assert tiny_music.scores["nll_per_step"] < 0.3
    assert tiny_music.scores["frame_accuracy"] > 0.95
    # asked for a piece as long as one it knows, in its key, it gives that one
    for piece in CHORALES[::2]:
        number = tiny_composer.notation.number(piece.genre, piece.tonic)
        (found,) = tiny_composer.generate(len(piece), temperature=0.0, genre=number)
        np.testing.assert_array_equal(found.pitches, piece.pitches)
        np.testing.assert_array_equal(found.struck, piece.struck)


def test_a_run_directory_holds_what_it_should(tiny_music):
    assert {path.name for path in tiny_music.model.iterdir()} == {
        "config.json",
        "digests.json",
        "curves.png",
        "history.csv",
        "metrics.json",
        "pieces.bin",
        "vocabulary.json",
        "weights.npz",
    }
    record = json.loads((tiny_music.model / "config.json").read_text("utf-8"))
    assert record["task"] == "music"
    assert {"seqtasks", "tensorflow", "keras", "numpy", "python"} <= record["versions"].keys()
    assert record["data"]["source"] == "a few bars"
    assert record["data"]["fingerprint"] == tiny_music.data.fingerprint
    assert record["data"]["steps"] == {"train": 36, "dev": 36}
    assert {"C major", "A minor"} <= set(record["data"]["genres"])
    config = music.Config(**record["config"])  # every setting is there, resolved
    given = {name: value for name, value in dataclasses.asdict(TINY).items() if value is not None}
    assert given.items() <= record["config"].items()
    assert (config.mode, config.ties, config.steps_per_beat) == ("voice", True, 2)
    assert [p.name for p in tiny_music.model.parent.iterdir() if p.name[0] == "."] == []


def test_the_pieces_of_training_are_kept_as_they_were_read(tiny_music, once):
    assert pack(training_pieces(tiny_music.model)) == pack(CHORALES)
    assert pack(training_pieces(once[0])) == pack(SETS)


def test_the_best_epoch_of_the_history_is_what_is_kept(tiny_music):
    rows = history(tiny_music.model)
    assert [int(row["epoch"]) for row in rows] == list(range(1, TINY.epochs + 1))
    metrics = json.loads((tiny_music.model / "metrics.json").read_text("utf-8"))
    best = min(rows, key=lambda row: float(row["validation loss"]))
    assert metrics["best_epoch"] == int(best["epoch"])
    assert metrics["dev"] == tiny_music.scores
    assert metrics["dev"]["nll_per_step"] == pytest.approx(float(best["validation loss"]))


def test_what_is_saved_is_what_is_loaded(tiny_music, tiny_composer):
    weights = arrays(tiny_music.model / "weights.npz")
    assert_same_arrays(weights, run_directory.weights_of(tiny_composer.network))
    scores = music.evaluate(tiny_composer, tiny_music.data.splits["dev"])
    assert {**scores, "seconds": 0} == {**tiny_music.scores, "seconds": 0}


def test_the_seed_makes_the_fresh_weights(once):
    """That all else in training follows from it, a resumed run shows below."""
    model = music.load(once[0])

    def fresh(seed):
        training.start_tensorflow(seed, None)
        config = dataclasses.replace(model.config, seed=seed)
        return run_directory.weights_of(music.build_model(config, model.notation))

    weights, other = fresh(1), fresh(2)
    assert_same_arrays(fresh(1), weights)
    drawn = {name for name, value in weights.items() if value.std() > 0 and "bias" not in name}
    assert len(drawn) > len(weights) / 2
    assert all((other[name] != weights[name]).any() for name in drawn)


def test_places_that_are_taken_and_runs_begun_with_other_pieces(once, tmp_path):
    shutil.copytree(once[0], tmp_path / "run")
    shutil.copytree(once[0], tmp_path / ".begun.partial")
    before = tree(tmp_path)
    for name, pieces, options, message in (
        ("run", SETS, {}, "--overwrite replaces it"),
        ("begun", SETS, {}, "--resume goes on with it, --overwrite starts anew"),
        ("run", SETS, {"resume": True}, "a run is there already"),
        ("new", SETS, {"resume": True}, "leave out --resume"),
        ("begun", SETS[1:], {"resume": True}, "begun with other data.*--overwrite"),
    ):
        with pytest.raises(TaskError, match=message):
            train(QUICK, source(pieces), tmp_path / name, **options)
        assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("settings", "pieces", "part"),
    [
        ({"mode": "voice"}, SETS, "--mode set"),
        ({"mode": "chord"}, SETS, "`mode` must be one of voice, set"),
        ({"cell": "gru", "peephole": True}, SETS, "`peephole` belongs to the cell lstm"),
        ({"steps": 1}, SETS, "`steps` must be at least 2"),
        ({"hiding": 1.5}, SETS, "`hiding` must be at most 1"),
        ({"transposition": 13}, SETS, "`transposition` must be at most 12"),
    ],
)
def test_what_cannot_be_learnt_is_refused_before_anything_is_written(
    tmp_path, settings, pieces, part
):
    with pytest.raises(TaskError, match=part):
        train(dataclasses.replace(QUICK, **settings), source(pieces), tmp_path / "run")
    assert tree(tmp_path) == {}


def told(run, action=music.load):
    """The one line that says what is wrong with a run."""
    with pytest.raises(TaskError) as error:
        action(run)
    (line,) = str(error.value).splitlines()
    assert str(run) in line
    return line


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "of another run"])
def test_a_broken_run_is_told_as_such(tiny_music, once, tmp_path, damage):
    for name in ("config.json", "vocabulary.json", "weights.npz")[damage == "of another run" :]:
        run = tmp_path / name
        shutil.copytree(tiny_music.model, run)
        content = (run / name).read_bytes()
        (run / name).unlink()
        if damage == "of another run":  # whose settings may fit, but not its voices and weights
            shutil.copy(once[0] / name, run)
        elif damage != "missing":
            (run / name).write_bytes(content[: len(content) // 2 if damage == "cut off" else 0])
        assert "train" in told(run)


@pytest.mark.parametrize("content", [None, b"", b"[1]\n", b"[{}]\n"])
def test_pieces_that_are_missing_or_broken_are_told_as_such(tiny_music, tmp_path, content):
    shutil.copytree(tiny_music.model, tmp_path / "run")
    (tmp_path / "run" / "pieces.bin").unlink()
    if content is not None:
        (tmp_path / "run" / "pieces.bin").write_bytes(content)
    assert "pieces.bin: missing or broken; train" in told(tmp_path / "run", training_pieces)


@pytest.mark.parametrize("content", ["[]", "null", '"text"', '{"voices": []}', "{}"])
def test_a_vocabulary_of_something_else_is_told_as_such(tiny_music, tmp_path, content):
    shutil.copytree(tiny_music.model, tmp_path / "run")
    (tmp_path / "run" / "vocabulary.json").write_text(content, "utf-8")
    assert "the run is broken" in told(tmp_path / "run")
