"""A language model from its text to its runs, as a library: train, load, resume."""

import csv
import dataclasses
import inspect
import json
import shutil

import pytest

from seqtasks.datasets.source import Source
from seqtasks.datasets.text_sources import load_text
from seqtasks.datasets.token_vocabulary import FIRST, TokenVocabulary
from seqtasks.tasks import lm, run_directory
from seqtasks.tasks.errors import TaskError
from tests.tiny_lm import LINES, TEXT, TINY
from tests.tiny_ner import arrays, assert_same_arrays, tree

# sentences of the page, cut at blanks, so that no tokeniser has to be traced
QUICK = dataclasses.replace(TINY, separate=True, pretokenised=True, epochs=2, dropout=0.2)


def source(train=LINES, dev=LINES):
    return Source("texts", {"train": train, "dev": dev}, (), "0")


def train(config, data, out, **options):
    said = []
    scores = lm.train(config, data, out, say=said.append, **options)
    return scores, "\n".join(said)


def quick(**settings):
    return dataclasses.replace(QUICK, **settings)


def history(run):
    rows = csv.DictReader((run / "history.csv").read_text().splitlines())
    return [{name: row[name] for name in row if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each layout, by its name: the settings, the directory, what training returned."""
    place, made = tmp_path_factory.mktemp("runs"), {}
    for layout, settings in (("sentences", {}), ("running", {"separate": False})):
        config = quick(**settings)
        made[layout] = config, place / layout, train(config, source(), place / layout)[0]
    return made


def test_the_verbs_stay_functions(tiny_lm):
    for verb in 2 * ("build_model", "train", "load", "evaluate", "export"):
        assert inspect.isfunction(getattr(lm, verb)), verb


def test_a_page_is_learnt_by_heart(tiny_lm, tiny_language_model):
    # who knows nothing but which tokens there are finds them equally probable
    uniform = len(tiny_language_model.vocabulary) - 1
    assert tiny_lm.scores["perplexity"] < 2 < uniform / 10
    # given its first three words, a sentence goes on as it stands
    begun = {line: " ".join(line.split()[:3]) for line in LINES}
    speak = tiny_language_model.generate
    spoken = {line: speak(words, temperature=0.0)[0] for line, words in begun.items()}
    assert sum(line == found for line, found in spoken.items()) > len(LINES) / 2, spoken


def test_a_run_directory_holds_what_it_should(tiny_lm):
    assert {path.name for path in tiny_lm.model.iterdir()} == {
        "config.json",
        "digests.json",
        "curves.png",
        "examples.json",
        "history.csv",
        "metrics.json",
        "vocabulary.json",
        "weights.npz",
    }
    record = json.loads((tiny_lm.model / "config.json").read_text("utf-8"))
    assert record["task"] == "lm"
    assert {"seqtasks", "tensorflow", "keras", "numpy", "python"} <= record["versions"].keys()
    tokens = tiny_lm.scores["tokens"]
    assert record["data"] == {
        "source": str(tiny_lm.data),
        "fingerprint": load_text(str(tiny_lm.data)).fingerprint,
        "shares": None,
        "tokens": {"train": tokens, "dev": tokens},  # the same page
    }
    config = lm.Config(**record["config"])  # every setting is there, resolved
    given = {name: value for name, value in dataclasses.asdict(TINY).items() if value is not None}
    assert given.items() <= record["config"].items()
    # tied, as words are; no small letters, since the page has capitals
    assert (config.tied, config.lowercase, config.output_dropout) == (True, False, TINY.dropout)
    assert json.loads((tiny_lm.model / "examples.json").read_text("utf-8")) == LINES
    assert [p.name for p in tiny_lm.model.parent.iterdir() if p.name[0] == "."] == []


def test_the_best_epoch_of_the_history_is_what_is_kept(tiny_lm):
    rows = history(tiny_lm.model)
    assert [int(row["epoch"]) for row in rows] == list(range(1, TINY.epochs + 1))
    metrics = json.loads((tiny_lm.model / "metrics.json").read_text("utf-8"))
    best = min(rows, key=lambda row: float(row["validation loss"]))
    assert metrics["best_epoch"] == int(best["epoch"])
    assert metrics["dev"] == tiny_lm.scores
    assert tiny_lm.scores["nats_per_token"] == pytest.approx(float(best["validation loss"]))


def test_what_is_saved_is_what_is_loaded(tiny_lm, tiny_language_model):
    weights = arrays(tiny_lm.model / "weights.npz")
    assert_same_arrays(weights, run_directory.weights_of(tiny_language_model.network))
    assert lm.load(tiny_lm.model).vocabulary == tiny_language_model.vocabulary
    result = lm.evaluate(tiny_language_model, [TEXT])
    assert {**result.scores, "seconds": 0} == {**tiny_lm.scores, "seconds": 0}


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(runs, tmp_path):
    config, once, scores = runs["sentences"]
    out = tmp_path / "run"
    assert train(config, source(), out)[0] == scores
    weights = arrays(once / "weights.npz")
    assert_same_arrays(arrays(out / "weights.npz"), weights)
    assert history(out) == history(once)
    # the run there is replaced, where that is wanted
    train(dataclasses.replace(config, seed=2), source(), out, overwrite=True)
    other = arrays(out / "weights.npz")
    assert other.keys() == weights.keys()
    assert all((other[name] != weights[name]).any() for name in weights)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_places_that_are_taken_and_runs_begun_with_other_text(runs, tmp_path):
    config, once, _ = runs["sentences"]
    shutil.copytree(once, tmp_path / "run")
    shutil.copytree(once, tmp_path / ".begun.partial")
    before = tree(tmp_path)
    for name, data, options, message in (
        ("run", source(), {}, "--overwrite replaces it"),
        ("begun", source(), {}, "--resume goes on with it, --overwrite starts anew"),
        ("run", source(), {"resume": True}, "a run is there already"),
        ("new", source(), {"resume": True}, "leave out --resume"),
        ("begun", source(LINES[1:]), {"resume": True}, "begun with other data.*--overwrite"),
    ):
        with pytest.raises(TaskError, match=message):
            train(config, data, tmp_path / name, **options)
        assert tree(tmp_path) == before


def test_the_vocabulary_is_of_the_training_text_alone(tmp_path):
    lines = ["the gulls cry <unk>", "the gulls", "the <unk> sea"]
    config = quick(epochs=1, vocabulary_size=1000, minimum_count=2)
    scores, said = train(config, source(lines, ["the gulls laugh", "<unk> gulls"]), tmp_path / "r")
    vocabulary = TokenVocabulary.load(tmp_path / "r" / "vocabulary.json")
    # fewer than asked for, since the text has no more; the mark of the unknown is no word of it
    assert dict(zip(vocabulary.tokens, vocabulary.counts, strict=True)) == {"the": 3, "gulls": 2}
    # `laugh` and the mark itself, of the gulls laugh </s> <unk> gulls </s>
    assert scores["unknown_rate"] == pytest.approx(2 / 7)
    assert "28.6% of those to validate unknown" in said
    model = lm.load(tmp_path / "r")
    assert model.config.lowercase is True  # the text has no capitals
    ids = [token.id for score in model.score(["THE Gulls <unk> sea"]) for token in score.detail]
    assert ids == [FIRST, FIRST + 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("settings", "text", "parts"),
    [
        ({"minimum_count": 100}, LINES, ["texts", "--minimum-count"]),
        ({"vocabulary_size": 2}, LINES, ["texts", "--vocabulary-size"]),
        ({}, ["<unk> <unk>", "<unk>"], ["texts"]),
        ({"cell": "gru", "peephole": True}, LINES, ["peephole"]),
        ({"units": 0}, LINES, ["units"]),
    ],
)
def test_what_cannot_be_learnt_is_refused_before_anything_is_written(
    tmp_path, settings, text, parts
):
    with pytest.raises(TaskError) as error:
        train(quick(**settings), source(text), tmp_path / "run")
    for part in parts:
        assert part in str(error.value)
    assert tree(tmp_path) == {}


def told(run):
    """The one line that says why a run cannot be loaded."""
    with pytest.raises(TaskError) as error:
        lm.load(run)
    (line,) = str(error.value).splitlines()
    assert str(run) in line
    return line


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "of another run"])
def test_a_broken_run_is_told_as_such(tiny_lm, runs, tmp_path, damage):
    for name in ("config.json", "vocabulary.json", "weights.npz")[damage == "of another run" :]:
        run = tmp_path / name
        shutil.copytree(tiny_lm.model, run)
        content = (run / name).read_bytes()
        (run / name).unlink()
        if damage == "of another run":  # whose settings may fit, but not its words and weights
            shutil.copy(runs["sentences"][1] / name, run)
        elif damage != "missing":
            (run / name).write_bytes(content[: len(content) // 2 if damage == "cut off" else 0])
        assert "train" in told(run)


def test_a_vocabulary_of_something_else_than_words_is_told_as_such(tiny_lm, tmp_path):
    shutil.copytree(tiny_lm.model, tmp_path / "run")
    path = tmp_path / "run" / "vocabulary.json"
    record = json.loads(path.read_text("utf-8"))
    words = record["tokens"]
    for tokens in (None, list(range(len(words))), [*words[:-1], words[0]]):
        path.write_text(json.dumps({**record, "tokens": tokens}), "utf-8")
        assert "train" in told(tmp_path / "run")
