"""Pieces read by a music model: how probable each step is, and the figures made of that."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.music.piece import Note, piece_of_notes
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music import composer as composer_module
from seqtasks.tasks.music.composer import Composer, Reading
from seqtasks.tasks.music.config import check, resolve
from seqtasks.tasks.music.data import Stretch, batch, encode
from seqtasks.tasks.music.evaluation import evaluate, figures_of
from seqtasks.tasks.music.likelihood import nats, training_loss
from seqtasks.tasks.music.network import Network
from seqtasks.tasks.music.notation import Notation
from tests.tasks.music_equations import STILL, log_probabilities
from tests.tiny_music import SETS, TINY, TRIOS, sets, voiced

KINDS = {"voices": TRIOS, "sets": SETS}
FULL = sets("|".join(4 * ["72 71 70 69 68 67 66 65 64 63 62 61", "72- 60"]))
FULLER = sets("|".join(3 * ["72 71 70 69 68 67 66 65 64 63 62 61 60 59"]))
EVERY = pytest.mark.parametrize("kind", KINDS)


@cache
def composer(kind):
    """One of random weights, nowhere 0; it knows no genres, and its steps not how many are left."""
    pieces = [dataclasses.replace(piece, genre="") for piece in KINDS[kind]]
    small = {"cell": "rnn", "units": 5, "embedding_size": 4, "hidden": 6, "countdown": False}
    small |= dict.fromkeys(("dropout", "input_dropout", "recurrent_dropout"), 0.0)
    notation = Notation.of(pieces, None, None)
    config = resolve(check(dataclasses.replace(TINY, **small)), notation, 100)
    network = Network(config, notation)
    generator = np.random.default_rng(1)
    for v in network.trainable_variables:
        v.assign(generator.normal(0, 0.5, v.shape))
    return Composer(network)


def arrays(kind, piece):
    e = encode(piece, composer(kind).notation)
    known = e.clock.copy()
    known[:, 2] = 0
    return batch([Stretch(e.tokens, known, 0, 0, len(e.tokens))], composer(kind).notation)


# reading


@EVERY
def test_each_step_is_as_probable_as_the_equations_say(kind):
    pieces = KINDS[kind]
    for piece, reading in zip(pieces, composer(kind).read(pieces), strict=True):
        tokens, _, known, *_ = arrays(kind, piece)
        n = len(piece)
        wanted, _ = log_probabilities(
            composer(kind).network, tokens[0, :n].tolist(), known[0, :n], 0
        )
        np.testing.assert_allclose(reading.nats, -np.array(wanted), rtol=1e-4)
        # going on n - 1 times, from the second step; and then over
        odds = [
            log_probabilities(composer(kind).network, tokens[0, :t].tolist(), known[0, :t], 0)[1]
            for t in range(2, n + 2)
        ]
        signs = np.array([*(n - 1) * [1], -1])
        assert reading.ends[0] == 0  # no piece ends at its start
        np.testing.assert_allclose(reading.ends[1:], np.log1p(np.exp(signs * odds)), rtol=1e-4)
        assert reading.ends.shape == (n + 1,) and reading.nats.shape == (n,)


@EVERY
@pytest.mark.parametrize("at_once", [1, 10, 22, 64])
def test_what_is_read_in_stretches_is_as_if_read_at_once(kind, at_once, monkeypatch):
    """Pieces of one step a stretch, of a few; and, of full steps, several pieces beside another."""
    pieces = [*KINDS[kind], *([FULL, FULLER] if kind == "sets" else [])]
    whole = composer(kind).read(pieces)
    monkeypatch.setattr(composer_module, "AT_ONCE", at_once)
    for one, other in zip(composer(kind).read(pieces), whole, strict=True):
        for found, expected in zip(one[:2], other[:2], strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(one.guess, other.guess)


@EVERY
def test_the_guess_is_the_likeliest_tone_after_tone(kind):
    network = composer(kind).network
    voices = bool(network.notation.voices)
    for piece, reading in zip(KINDS[kind], composer(kind).read(KINDS[kind]), strict=True):
        tokens, before, known, genre, *_ = arrays(kind, piece)
        past = np.concatenate([before[:, None], tokens[:, :-1]], axis=1)
        held = np.where((past > 0) & (past < 128), past + 127, past)
        width = network.notation.width
        room = ((0, 0), (0, 0), (0, width + (not voices) - past.shape[2]))
        past, held = np.pad(past, room), np.pad(held, room)
        s, _ = network(past, known, genre)
        for t in range(len(piece)):
            row = np.zeros(past.shape[2], np.int32)
            for i in range(width):
                there = np.arange(len(row)) == i
                asked = network.tones(
                    s[:, t : t + 1], past[:, t : t + 1], row[None, None], genre, there[None, None]
                )
                z = network.note_logits(asked).numpy()[0]
                low, high = network.notation.range_of(i)
                allowed = [0, *range(low, high + 1), *range(127 + low, 127 + high + 1)]
                allowed += [STILL] if i == 0 else []
                row[i] = allowed[int(z[allowed].argmax())]
                if row[i] == STILL:
                    row = held[0, t]
                    break
                if not voices and not row[i]:
                    break
            expected = np.where(row > 127, row - 127, row)[:width]
            assert reading.guess[t].tolist() == expected.tolist()


def test_a_fuller_step_than_training_had_is_read_too():
    (reading,) = composer("sets").read([sets("72 70 67 65 64 62 60 | 60-")])
    assert np.isfinite(reading.nats).all() and reading.nats.max() < 1e4
    assert reading.guess.shape == (2, composer("sets").notation.width)


def test_progress_is_told_in_steps():
    told = []
    composer("sets").read(SETS, lambda done, all_: told.append((done, all_)))
    assert told[-1] == (16, 16) and told == sorted(told)


def test_a_piece_that_cannot_be_written_is_refused():
    with pytest.raises(TaskError, match="steps a beat"):
        composer("sets").read([sets("60", steps_per_beat=5)])


def test_the_loss_of_training_is_the_mean_over_time_steps():
    some, network = arrays("sets", SETS[0]), composer("sets").network  # which drops nothing
    found, *_ = nats(network, some)
    total = found.tones.numpy().sum() + found.ends.numpy().sum()
    loss = training_loss(network)(*map(tf.constant, some))
    assert float(loss) == pytest.approx(total / len(SETS[0]), rel=1e-5)


def test_a_hundred_tones_at_once_are_read_in_bounded_memory(monkeypatch):
    """However long the piece, no more tokens are read together than a stretch has."""
    steps = 1500
    full = piece_of_notes([Note(0, steps, pitch) for pitch in range(20, 120)], steps, "all", 2)
    sizes = []

    def figures(tokens, *_):
        sizes.append(tokens.size)
        rows = tokens.shape[:2]
        return (*(tf.zeros(rows) for _ in range(2)), tf.zeros((*rows, 4)), [[tf.zeros((1, 5))]])

    monkeypatch.setattr(composer("sets"), "_read", figures)
    (reading,) = composer("sets").read([full])
    assert reading.nats.shape == (steps,)
    assert sum(sizes) == (steps + 1) * 101
    assert max(sizes) <= composer_module.AT_ONCE < steps * 101 / 4


# figures


class Reader:
    """A composer that says what it is told to."""

    def __init__(self, notation, readings):
        self.notation, self._readings = notation, readings

    def read(self, pieces, progress):
        progress(len(pieces), len(pieces))
        return self._readings


def reading(nats, ends, guess):
    return Reading(np.array(nats, np.float32), np.array(ends, np.float32), np.array(guess))


def test_the_figures_are_those_a_hand_finds():
    pieces = [sets("60 55 | 60- 57 | .", name="one"), sets("60", name="two")]
    readings = [
        reading([1.0, 2.0, 0.5], [0, 0.1, 0.2, 0.3], [[60, 55, 0], [62, 57, 50], [0, 0, 0]]),
        reading([4.0], [0, 0.4], [[0, 0, 0]]),
    ]
    reader = Reader(Notation.of(pieces, None, None), readings)
    assert figures_of(reader, pieces) == pytest.approx(
        {
            "nll_per_step": 7.5 / 4,  # over all steps, the silent one too; no mean of means
            "nll_per_note": 7.5 / 4,  # 60, 55, 57 and 60 are struck
            "nll_per_ending": 1.0 / 2,
            "frame_accuracy": 3 / 7,  # 60, 55; 57 of 60, 62, 57, 50; none of 60
            "steps": 4,
            "notes": 4,
            "pieces": 2,
        }
    )


def test_without_ties_every_tone_of_a_step_is_a_note():
    pieces = [sets("60 55 | 60- 57 | .")]
    readings = [reading([1.0, 2.0, 3.0], [0, 0, 0, 0], [[0, 0]] * 3)]
    found = figures_of(Reader(Notation.of(pieces, None, False), readings), pieces)
    assert (found["notes"], found["nll_per_note"]) == (4, 1.5)
    assert found["frame_accuracy"] == 0


def test_tones_that_two_voices_have_count_once_in_a_frame():
    pieces = [voiced("60", "60")]
    readings = [reading([1.0], [0, 0], [[60, 55]])]
    found = figures_of(Reader(Notation.of(pieces, None, None), readings), pieces)
    assert found["frame_accuracy"] == 1 / 2


def test_an_evaluation_of_two_steps_is_the_sum_of_their_tones():
    piece = sets("67 60 | 67-")
    found = evaluate(composer("sets"), [piece])
    tokens, _, known, *_ = arrays("sets", piece)
    logs, _ = log_probabilities(composer("sets").network, tokens[0, :2].tolist(), known[0, :2], 0)
    assert found["nll_per_step"] == pytest.approx(-sum(logs) / 2, rel=1e-4)
    assert found["nll_per_note"] == pytest.approx(-sum(logs) / 2, rel=1e-4)
    assert (found["steps"], found["notes"], found["pieces"]) == (2, 2, 1)
    assert found["seconds"] >= 0


def test_silence_counts_as_a_step_and_costs_what_it_costs():
    loud, longer = sets("67 60"), sets("67 60 | .")
    one, two = (evaluate(composer("sets"), [piece]) for piece in (loud, longer))
    assert (one["steps"], two["steps"]) == (1, 2) and one["notes"] == two["notes"] == 2
    (reading_,) = composer("sets").read([longer])
    assert reading_.nats[1] > 0
    total = one["nll_per_step"] + reading_.nats[1]
    assert 2 * two["nll_per_step"] == pytest.approx(total, rel=1e-4)
