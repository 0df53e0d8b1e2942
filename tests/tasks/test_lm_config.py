"""The settings of a language model: what contradicts what, and what is filled in."""

import dataclasses
import re

import pytest

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.lm.config import Config, check, resolve

# tokens and documents of a long running text, and of many sentences of ten words
RUNNING, SENTENCES = SIZES = (100_000, 10), (100_000, 10_000)


def resolved(size, **settings):
    return resolve(check(Config(**settings)), *size)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "gru", "peephole": True}, "`peephole` belongs to the cell lstm, got cell gru"),
        ({"cell": "rnn", "peephole": True}, "`peephole` belongs to the cell lstm, got cell rnn"),
        (
            {"cell": "lstm", "relevance_gate": True},
            "`relevance_gate` belongs to the cell gru, got cell lstm",
        ),
        (
            {"cell": "lstm", "relevance_gate": False},
            "`relevance_gate` belongs to the cell gru, got cell lstm",
        ),
        ({"level": "char", "lines": True}, "`lines` belongs to the level word"),
        ({"level": "char", "pretokenised": True}, "`pretokenised` belongs to the level word"),
        ({"pretokenised": True, "lines": False}, "leave out `lines`"),
        ({"level": "byte"}, "`level` must be one of word, char, got 'byte'"),
        ({"steps": 0}, "`steps` must be at least 1, got 0"),
        ({"dropout": 0.96}, r"`dropout` must be at most 0\.95"),
        ({"vocabulary_size": -1}, "`vocabulary_size` must be at least 0"),
        ({"minimum_count": 0}, "`minimum_count` must be at least 1"),
        ({"averaging": 1.0}, "`averaging` must be at most"),
        ({"learning_rate": float("inf")}, "`learning_rate` must be a finite number"),
        ({"tied": 1}, "`tied` must be true or false, got 1"),
        ({"units": 8.0}, r"`units` must be a whole number, got 8\.0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(TaskError, match=message):
        check(Config(**settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"peephole": False, "cell": "gru"},  # says what is so anyway
        {"level": "char", "lines": False},
        {"pretokenised": True, "lines": True},
        {"vocabulary_size": 0, "learning_rate": 0.0, "clipnorm": 0.0, "patience": 0},
    ],
)
def test_settings_that_contradict_nothing_are_taken(settings):
    checked = check(Config(**settings))
    assert {name: getattr(checked, name) for name in settings if name != "peephole"} == {
        name: value for name, value in settings.items() if name != "peephole"
    }


def test_what_belongs_to_another_cell_is_none_and_the_own_is_filled():
    gates = {}
    for cell in ("rnn", "gru", "lstm"):
        checked = check(Config(cell=cell))
        gates[cell] = (checked.relevance_gate, checked.peephole)
    assert gates == {"rnn": (None, None), "gru": (True, None), "lstm": (None, False)}
    assert check(Config(cell="gru", relevance_gate=False)).relevance_gate is False
    assert check(Config(cell="lstm", peephole=True)).peephole is True


def test_lines_are_sentences_where_the_text_is_cut_already():
    assert check(Config()).lines is False
    assert check(Config(lines=True)).lines is True
    assert check(Config(pretokenised=True)).lines is True
    assert check(Config(level="char")).lines is False


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", ["word", "char"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_nothing_is_left_open_but_what_is_of_another_cell_or_of_the_text(size, level, cell):
    config = resolved(size, level=level, cell=cell)
    # `lowercase` depends on the text itself, and training fills it; threads may be all
    others = {"lowercase", "threads"}
    others |= {"gru": {"peephole"}, "lstm": {"relevance_gate"}}.get(
        cell, {"peephole", "relevance_gate"}
    )
    left = {f.name for f in dataclasses.fields(config) if getattr(config, f.name) is None}
    assert left == others
    assert check(config) == config  # what is filled in is valid, and stays


def test_short_documents_are_separate_long_ones_running():
    assert resolved((1000, 10)).separate is True
    assert resolved((1001, 10)).separate is False
    assert resolved((10_000, 10), separate=True).separate is True
    assert resolved((10, 10), separate=False).separate is False


@pytest.mark.parametrize(
    "name", ["units", "layers", "steps", "batch_size", "learning_rate", "vocabulary_size"]
)
def test_what_is_filled_in_is_what_the_help_says(name):
    (field,) = (f for f in dataclasses.fields(Config) if f.name == name)
    kinds = [resolved(size, level=level) for size in SIZES for level in ("word", "char")]
    values = {getattr(config, name) for config in kinds} - {0}  # 0 is `all` there
    said = field.metadata["automatic"].replace(",000", "000")
    assert {str(value) for value in values} <= set(re.findall(r"[\d.]*\d", said))


def test_words_are_tied_and_more_text_has_more_of_them():
    assert resolved(RUNNING).tied is resolved(SENTENCES).tied is True
    assert resolved(RUNNING, level="char").tied is False
    assert resolved(RUNNING, level="char").vocabulary_size == 0
    assert resolved((2_000_000, 1)).vocabulary_size < resolved((2_000_001, 1)).vocabulary_size


def test_what_follows_from_another_setting_follows_from_the_one_given():
    words = resolved(RUNNING, units=24, dropout=0.3)
    assert (words.embedding_size, words.input_dropout, words.output_dropout) == (24, 0.3, 0.3)
    characters = resolved(RUNNING, units=24, dropout=0.3, level="char")
    assert characters.embedding_size == 64
    assert (characters.input_dropout, characters.output_dropout) == (0.0, 0.3)
    assert resolved(RUNNING, units=24, level="char", tied=True).embedding_size == 24
    assert resolved(RUNNING, units=24, tied=False).embedding_size == 24


@pytest.mark.parametrize("separate", [True, False])
def test_the_more_text_the_fewer_epochs_within_limits(separate):
    sizes = (0, 1, 10_000, 1_000_000, 2_000_000, 10**9)
    epochs = [resolved((size, 1), separate=separate).epochs for size in sizes]
    assert epochs == sorted(epochs, reverse=True)
    assert (epochs[0], epochs[-1]) == (40, 1)
    assert 40 > epochs[3] >= 2 * epochs[4] - 1 > 1  # twice the text, half of the epochs


@pytest.mark.parametrize("size", SIZES)
def test_what_is_given_stays(size):
    given = {
        "vocabulary_size": 7,
        "separate": True,
        "units": 3,
        "layers": 4,
        "embedding_size": 5,
        "tied": False,
        "dropout": 0.01,
        "input_dropout": 0.02,
        "output_dropout": 0.03,
        "steps": 6,
        "epochs": 8,
        "batch_size": 9,
        "learning_rate": 0.0,
        "lowercase": False,
    }
    config = resolved(size, **given)
    assert {name: getattr(config, name) for name in given} == given
    # also what is 0 or False, which is not None
    zeros = {"vocabulary_size": 0, "dropout": 0.0, "separate": False, "input_dropout": 0.0}
    config = resolved(size, **zeros)
    assert {name: getattr(config, name) for name in zeros} == zeros


def test_resolving_is_pure_and_done_once():
    config = check(Config())
    before = dataclasses.asdict(config)
    once = resolve(config, *RUNNING)
    assert resolve(config, *RUNNING) == once
    assert dataclasses.asdict(config) == before
    assert resolve(once, *SENTENCES) == once  # a run's own settings, whatever is read with them
