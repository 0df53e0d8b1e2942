"""The music model's network: probabilities, its equations in NumPy, what depends on what."""

import dataclasses
from functools import cache
from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.tasks.music.config import check, resolve
from seqtasks.tasks.music.data import CLOCK, Stretch, batch, encode
from seqtasks.tasks.music.likelihood import asked, nats, training_loss
from seqtasks.tasks.music.network import Network
from seqtasks.tasks.music.notation import HELD, STILL, TOKENS, Notation
from tests.tasks.music_equations import log_probabilities, possible
from tests.tiny_music import CHORALES, SETS, TINY, TRIOS

KINDS = {
    "voices": (TRIOS, {}),
    "voices without ties": (CHORALES, {"cell": "gru", "ties": False}),  # in keys
    "sets": (SETS, {"cell": "rnn", "layers": 2}),
    "sets without ties": (SETS, {"peephole": True, "ties": False}),
}
EVERY = pytest.mark.parametrize("kind", KINDS)


def build(kind, **changes):
    pieces, settings = KINDS[kind]
    small = {"units": 5, "embedding_size": 4, "hidden": 6, **settings, **changes}
    config = check(dataclasses.replace(TINY, **small))
    notation = Notation.of(pieces, config.mode, config.ties)
    return Network(resolve(config, notation, 100), notation)


@cache
def scrambled(kind, **changes):
    """A network whose weights are nowhere 0, so that nothing hides behind a fresh one."""
    network = build(kind, **changes)
    generator = np.random.default_rng(1)
    for v in network.trainable_variables:
        v.assign(generator.normal(0, 0.5, v.shape))
    return network


def given(kind):
    """All pieces of a kind side by side, as a batch."""
    notation = scrambled(kind).notation
    genre = min(len(notation.genres), 8)  # where there are keys G major
    encoded = [encode(piece, notation) for piece in KINDS[kind][0]]
    return batch([Stretch(e.tokens, e.clock, genre, 0, len(e.tokens)) for e in encoded], notation)


def steps_of(rows):
    """A batch of one piece: the tokens of its steps, with nothing before."""
    tokens = np.array([rows], np.int32)
    known = np.zeros((1, len(rows), len(CLOCK)), np.int32)
    return tokens, np.zeros_like(tokens[:, 0]), known, np.ones(1, np.int32), [len(rows)], [False]


def logits(network, some):
    """Of each token asked for: where it is, (asked, 3), and the logits there, (asked, 256)."""
    tokens, before, known, genre, length, _ = some
    past = np.concatenate([before[:, None], tokens[:, :-1]], axis=1)
    s, _ = network(past, known, genre)
    there = asked(tokens, tf.constant(length), bool(network.notation.voices))
    return np.argwhere(there), network.note_logits(
        network.tones(s, past, tokens, genre, there)
    ).numpy()


# probabilities


@EVERY
def test_what_cannot_be_has_no_probability_and_all_else_has_some(kind):
    network = scrambled(kind)
    tokens, before, *_ = some = given(kind)
    places, z = logits(network, some)
    p = tf.nn.softmax(z).numpy()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    for (row, t, i), found in zip(places, p, strict=True):
        old = (tokens[row, t - 1] if t else before[row]).tolist()
        expected = possible(network.notation, old, tokens[row, t, :i].tolist())
        assert set(np.flatnonzero(found > 0).tolist()) == expected


@EVERY
def test_the_probabilities_of_all_rows_of_a_step_sum_to_one(kind):
    """Few pitches and silence are left; every row of them is tried, after some that sound."""
    network = build(kind)
    generator = np.random.default_rng(2)
    for v in network.trainable_variables:
        v.assign(generator.normal(0, 0.5, v.shape))
    pitches = (58, 60, 64, 67)  # below 60, which sounded, there is one
    bias = np.full(TOKENS, -1e4)
    bias[[0, *pitches, *(HELD + x for x in pitches), STILL]] = 0
    network.tokens.bias.assign(bias)
    notation = network.notation
    if notation.voices:
        past = [64, 60, 67][: notation.width]
        choices = [(0, *pitches, *([HELD + x] if notation.ties else [])) for x in past]
        every = list(product(*choices))
    else:
        past = [67, 60, 0, 0, 0]
        held = (60, 67) if notation.ties else ()
        marks = [(0, x, HELD + x) if x in held else (0, x) for x in pitches]
        rows = [[x for x in row[::-1] if x] for row in product(*marks)]
        every = [row + [0] * (5 - len(row)) for row in rows]
    parts = [steps_of([past, row]) for row in every]
    whole, *_ = nats(network, [np.concatenate(part) for part in zip(*parts, strict=True)])
    found = whole.tones[:, 1].numpy()
    assert len(every) == len(set(map(tuple, every))) >= 8
    assert np.exp(-found).sum() == pytest.approx(1, abs=1e-4)
    assert found.max() < 1e3  # each of them can be


# the equations


@pytest.mark.parametrize("kind", ["voices", "voices without ties", "sets"])
@pytest.mark.parametrize("ties", [True, False])
def test_the_network_is_its_equations(kind, ties):
    pieces, _ = KINDS[kind]
    network = scrambled(kind, cell="rnn", layers=1, ties=ties, mode=None)
    for piece in pieces:
        e, notation = encode(piece, network.notation), network.notation
        number = notation.number(piece.genre, piece.tonic)
        some = batch([Stretch(e.tokens, e.clock, number, 0, len(e.tokens))], notation)
        rows, known = some[0][0, :-1].tolist(), some[2][0, :-1]
        found, _, s = nats(network, some)
        expected, end = log_probabilities(network, rows, known, number)
        np.testing.assert_allclose(found.tones[0, :-1], -np.array(expected), rtol=1e-4)
        assert float(network.end_logits(s)[0, -2]) == pytest.approx(end, rel=1e-4)


# what depends on what


@EVERY
def test_a_tone_depends_on_all_before_it_and_on_nothing_else(kind):
    network = scrambled(kind)
    if network.notation.voices:
        rows = [[72, 50, 40], [70, 48, 41], [0, 47, 0], [71, 0, 39]]
        rows = [row[: network.notation.width] for row in rows]
    else:
        rows = [[70, 60, 50, 40, 0], [72, 62, 0, 0, 0], [0] * 5, [66, 65, 40, 0, 0]]
    places, whole = logits(network, steps_of(rows))
    for t, row in enumerate(rows):
        for i, token in enumerate(row):
            if not token:
                continue
            other = [list(x) for x in rows]
            other[t][i] += 1  # still below the one above
            same, moved = logits(network, steps_of(other))
            np.testing.assert_array_equal(same, places)
            change = np.abs(moved - whole).max(axis=1)
            later = np.array([(u, j) > (t, i) for _, u, j in places])
            assert (change[~later] == 0).all()
            assert (change[later] > 1e-6).all()


@EVERY
def test_a_piece_is_read_beside_others_as_alone(kind):
    network, some = scrambled(kind), given(kind)
    together, _, s = nats(network, some)
    for i, n in enumerate(some[4]):
        alone = [x[i : i + 1] for x in some]
        cut = [x[:, : n + 1] if k in (0, 2) else x for k, x in enumerate(alone)]
        found, _, own = nats(network, cut)
        np.testing.assert_allclose(found.tones[0], together.tones[i, : n + 1], rtol=1e-4)
        np.testing.assert_allclose(found.ends[0], together.ends[i, : n + 1], rtol=1e-4)
        np.testing.assert_allclose(own[0], s[i, : n + 1], rtol=1e-4, atol=1e-5)
        assert (together.tones[i, n:].numpy() == 0).all()
        assert (together.ends[i, n + 1 :].numpy() == 0).all()


@EVERY
def test_a_step_is_what_call_does_for_one_step(kind):
    network = scrambled(kind)
    tokens, before, known, genre, *_ = given(kind)
    past = np.concatenate([before[:, None], tokens[:, :-1]], axis=1)
    whole, last = network(past, known, genre)
    states = network.first_states(len(genre))
    for t in range(past.shape[1]):
        s, states = network.step(past[:, t], known[:, t], genre, states)
        np.testing.assert_allclose(s, whole[:, t], rtol=1e-4, atol=1e-5)
    for one, other in zip(tf.nest.flatten(states), tf.nest.flatten(last), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@EVERY
def test_one_step_of_training_moves_every_weight(kind):
    network = build(kind, dropout=0.0)
    weights = network.trainable_variables
    before = [v.numpy() for v in weights]
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(weights)
    with tf.GradientTape() as tape:
        loss = training_loss(network)(*map(tf.constant, given(kind)))
    gradients = tape.gradient(loss, [v.value for v in weights])
    optimizer.apply_gradients(zip(gradients, weights, strict=True))
    still = {
        variable.path.split("/")[-2]
        for variable, value in zip(weights, before, strict=True)
        if np.abs(variable.numpy() - value).max() == 0
    }
    # but for what there is no use of: no tone is held, no tonic known
    notation = network.notation
    assert still == {
        *(() if notation.ties else ("holding",)),
        *(() if notation.by_tonic else ("degrees",)),
    }
