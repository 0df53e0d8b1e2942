"""The settings of a music model: what contradicts what, and what is filled in."""

import dataclasses
import re

import pytest

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.config import Config, check, resolve
from seqtasks.tasks.music.notation import Notation
from tests.tiny_music import CHORALES, SETS

LINES = Notation.of(CHORALES, None, None)
CHORDS = Notation.of(SETS, "set", False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "gru", "peephole": True}, "`peephole` belongs to the cell lstm, got cell gru"),
        ({"cell": "lstm", "relevance_gate": True}, "`relevance_gate` belongs to the cell gru"),
        ({"mode": "chords"}, "`mode` must be one of voice, set, got 'chords'"),
        ({"ties": 1}, "`ties` must be true or false, got 1"),
        ({"steps_per_beat": 0}, "`steps_per_beat` must be at least 1"),
        ({"steps_per_beat": 49}, "`steps_per_beat` must be at most 48"),
        ({"steps": 1}, "`steps` must be at least 2"),
        ({"hiding": -0.1}, "`hiding` must be at least 0"),
        ({"transposition": 13}, "`transposition` must be at most 12"),
        ({"hidden": 0}, "`hidden` must be at least 1"),
        ({"input_dropout": 0.96}, r"`input_dropout` must be at most 0\.95"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be a finite number"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(TaskError, match=message):
        check(Config(**settings))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("notation", [LINES, CHORDS])
def test_nothing_is_left_open_but_what_is_of_another_cell(cell, notation):
    config = resolve(check(Config(cell=cell)), notation, 30_000)
    gates = {"gru": {"peephole"}, "lstm": {"relevance_gate"}}
    left = {f.name for f in dataclasses.fields(config) if getattr(config, f.name) is None}
    assert left == {"threads"} | gates.get(cell, {"peephole", "relevance_gate"})
    assert check(config) == config  # what is filled in is valid, and stays
    assert resolve(config, LINES, 1) == resolve(config, CHORDS, 10**9) == config


def test_how_pieces_are_written_is_that_of_the_notation():
    for notation, expected in ((LINES, ("voice", True, 2)), (CHORDS, ("set", False, 2))):
        config = resolve(Config(), notation, 30_000)
        assert (config.mode, config.ties, config.steps_per_beat) == expected


def test_the_more_steps_the_fewer_epochs_within_the_limits_of_the_help():
    (field,) = (f for f in dataclasses.fields(Config) if f.name == "epochs")
    said = list(map(int, re.findall(r"\d+", field.metadata["automatic"].replace(",", ""))))
    read, least, most = said
    for steps in (1, 100, 20_000, 60_000, 10**7):
        epochs = resolve(Config(), LINES, steps).epochs
        assert epochs == min(max(round(read / steps), least), most)
    assert resolve(Config(epochs=7), LINES, 1).epochs == 7


def test_of_fuller_steps_a_stretch_has_fewer():
    (field,) = (f for f in dataclasses.fields(Config) if f.name == "steps")
    beats, least = map(int, re.findall(r"\d+", field.metadata["automatic"]))
    for per_beat in (1, 2, 4, 12):
        narrow = dataclasses.replace(LINES, steps_per_beat=per_beat)
        assert resolve(Config(), narrow, 1000).steps == max(beats * per_beat, least)
    wide = [dataclasses.replace(CHORDS, width=width) for width in (1, 10, 60, 100, 127)]
    steps = [resolve(Config(), notation, 1000).steps for notation in wide]
    assert steps[0] > steps[-1] >= 2 and steps == sorted(steps, reverse=True)
    # as many tokens at once, but for rounding
    assert max(n * w.width * Config().batch_size for n, w in zip(steps, wide, strict=True)) <= 2**16
    assert resolve(Config(batch_size=100_000), wide[-1], 1000).steps == 2
    assert resolve(Config(steps=9), wide[-1], 1000).steps == 9
