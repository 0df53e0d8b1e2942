"""From pieces to batches: where a step stands, stretches, transposition, what is hidden."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.music.piece import Note, piece_of_notes, transposed
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.config import check, resolve
from seqtasks.tasks.music.data import (
    CLOCK,
    LEFT,
    PLACES,
    SIGNATURE,
    Stretch,
    batch,
    batches,
    clock,
    encode,
    epoch_steps,
    windows,
)
from seqtasks.tasks.music.likelihood import asked
from seqtasks.tasks.music.notation import HELD, Notation, piece_of, tokens_of
from tests.tiny_music import BAR, CHORALES, SETS, TINY, sets, voiced

LINES = Notation.of(CHORALES, None, None)
CHORDS = Notation.of(SETS, None, None)
BOTH = pytest.mark.parametrize(
    ("pieces", "notation"), [(CHORALES, LINES), (SETS, CHORDS)], ids=["voices", "sets"]
)


def settings(notation, **changes):
    changed = dataclasses.replace(TINY, hiding=0.0, **changes)
    return resolve(check(changed), notation, 100)


def epoch_of(pieces, notation, epoch=0, **changes):
    encoded = [encode(piece, notation) for piece in pieces]
    return list(batches(encoded, notation, settings(notation, **changes), epoch))


def rows(some):
    """Every row of some batches by itself, without padding."""
    for tokens, before, known, genre, length, over in some:
        for i, n in enumerate(length):
            yield tokens[i, :n], before[i], known[i, : n + 1], genre[i], over[i]


# the clock


def test_the_clock_says_where_a_step_stands():
    found = clock(len(CHORALES[1]), CHORALES[1].places)
    assert found.shape == (13, len(CLOCK)) and found.dtype == np.uint8
    # a step of upbeat, the last of its bar; 0 would be unknown
    assert (found[:, 0] - 1).tolist() == [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]
    assert (found[:, 1] == BAR).all()
    assert (found[:, 2] - 1).tolist() == list(range(12, -1, -1))  # 0 are left behind the end
    assert found[:, 3].tolist() == [1] + 12 * [0]


def test_without_bars_there_is_no_place_in_one():
    found = clock(3, None)
    assert (found[:, :2] == 0).all()
    assert found[:, 2].tolist() == [4, 3, 2, 1]


def test_the_place_behind_the_end_is_the_next_one():
    for last, bar, after in ((2, 4, 3), (3, 4, 0), (0, 1, 0)):
        places = np.array([[last, bar]], np.int16)
        assert clock(1, places)[1, 0] - 1 == after


@pytest.mark.parametrize("steps", [1, LEFT - 3, LEFT - 2, LEFT - 1, 400])
def test_every_number_of_the_clock_has_a_row_in_its_table(steps):
    places = np.stack([np.arange(steps), np.full(steps, 300)], axis=1).astype(np.int16)
    found = clock(steps, places)
    assert (found.max(axis=0) < CLOCK).all()
    assert found[-1, 2] == 1 and found[0, 2] == min(steps, LEFT - 2) + 1
    assert found[0].tolist()[:2] == [1, PLACES - 1]


# stretches


def step_of(known, tokens, before):
    """All that a step is, whatever columns it has behind its tones."""
    return tuple(tuple(np.trim_zeros(np.asarray(x), "b").tolist()) for x in (known, tokens, before))


@pytest.mark.parametrize("most", [2, 3, 7, 512])
def test_windows_cover_every_step_once_and_their_number_is_that_of_the_length(most):
    for length in (1, 2, 3, 4, 5, 7, 8, 14, 20, 513, 1024, 3001):
        wanted = -(-length // most)
        places = set()
        for seed in range(20):
            found = windows(length, most, np.random.default_rng(seed))
            assert len(found) == wanted
            assert [step for first, end in found for step in range(first, end)] == [*range(length)]
            assert max(end - first for first, end in found) <= 1.25 * most + 1
            places.add(found[0])
        # where they are cut is drawn
        assert len(places) > 1 or length <= most or most <= 3


@BOTH
@pytest.mark.parametrize("steps", [2, 5, 512])
def test_an_epoch_has_every_step_of_every_piece_once(pieces, notation, steps):
    some = epoch_of(pieces, notation, steps=steps)
    for found in some:
        for array, spec in zip(found, SIGNATURE, strict=True):
            assert spec.is_compatible_with(tf.constant(array))
    seen = Counter()
    for tokens, before, known, _, over in rows(some):
        for t, row in enumerate(tokens):
            seen[step_of(known[t], row, tokens[t - 1] if t else before)] += 1
        assert over == (known[-1, 2] == 1)
        assert known[0, 2] - known[-1, 2] == len(tokens)
    wanted = Counter()
    for piece in pieces:
        tokens, at = tokens_of(notation.written(piece)), clock(len(piece), piece.places)
        for t, row in enumerate(tokens):
            wanted[step_of(at[t], row, tokens[t - 1] if t else [])] += 1
    assert seen == wanted


@BOTH
@pytest.mark.parametrize("steps", [2, 5, 512])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_as_many_batches_come_as_were_announced(pieces, notation, steps, batch_size):
    encoded = [encode(piece, notation) for piece in pieces]
    config = settings(notation, steps=steps, batch_size=batch_size)
    for epoch in range(3):
        assert len(list(batches(encoded, notation, config, epoch))) == epoch_steps(encoded, config)


@BOTH
def test_batches_are_functions_of_their_arguments(pieces, notation):
    changes = {"transposition": 6, "hiding": 0.5}
    settings_ = dataclasses.replace(settings(notation), **changes)
    encoded = [encode(piece, notation) for piece in pieces]

    def epoch(number, **others):
        config = dataclasses.replace(settings_, **others)
        return [np.ravel(x) for found in batches(encoded, notation, config, number) for x in found]

    for one, other in zip(epoch(3), epoch(3), strict=True):
        np.testing.assert_array_equal(one, other)
    once = np.concatenate(epoch(3))
    for others in (epoch(4), epoch(3, seed=2)):
        other = np.concatenate(others)
        assert len(other) != len(once) or (other != once).any()


# transposition


def test_a_piece_moves_within_the_ranges_and_its_tonic_with_it():
    notation = dataclasses.replace(LINES, ranges=((64, 77), (41, 60)))
    pieces = CHORALES[:1]  # from 71 to 74 and from 48 to 57: down by 7, up by 3
    seen = set()
    for epoch in range(60):
        ((tokens, _, known, genre, over),) = rows(
            epoch_of(pieces, notation, epoch, steps=512, transposition=6)
        )
        by = int(tokens[0, 0]) - 72
        moved = transposed(pieces[0], by)
        np.testing.assert_array_equal(tokens, tokens_of(moved))
        np.testing.assert_array_equal(known, clock(len(moved), moved.places))
        assert genre == notation.number("major", by % 12) and over
        seen.add(by)
    assert seen == set(range(-6, 4))


def test_tones_of_a_set_stay_within_the_one_range_there_is():
    notation = dataclasses.replace(CHORDS, ranges=((56, 73),))
    seen = set()
    for epoch in range(40):
        ((tokens, *_),) = rows(epoch_of(SETS[:1], notation, epoch, steps=512, transposition=6))
        pitches = np.where(tokens > HELD, tokens - HELD, tokens)
        assert pitches.max() <= 73 and pitches[pitches > 0].min() >= 56
        piece = piece_of(tokens[:, :4], notation, "")
        seen.add(by := int(tokens[0, 0]) - 67)
        np.testing.assert_array_equal(piece.pitches, transposed(SETS[0], by).pitches)
        np.testing.assert_array_equal(piece.struck, SETS[0].struck)
    assert seen == set(range(-4, 2))


def test_nothing_moves_where_that_is_not_wanted_or_there_is_no_room():
    tight = Notation.of(CHORALES[:1], None, None)
    for notation, most in ((LINES, 0), (tight, 6)):
        for epoch in range(10):
            some = epoch_of(CHORALES[:1], notation, epoch, steps=512, transposition=most)
            ((tokens, *_),) = rows(some)
            np.testing.assert_array_equal(tokens, tokens_of(CHORALES[0]))


# what is hidden


def test_genres_and_steps_left_are_hidden_as_often_as_was_said():
    config = dataclasses.replace(settings(LINES, steps=512), hiding=0.3)
    encoded = [encode(CHORALES[0], LINES)] * 400
    found = [row for epoch in range(2) for row in rows(batches(encoded, LINES, config, epoch))]
    genre = np.array([row[3] for row in found])
    left = np.array([row[2][0, 2] for row in found])
    assert set(genre) == {0, 1} and set(left) == {0, 13}
    deviation = np.sqrt(0.3 * 0.7 * len(found))
    for hidden in (genre == 0, left == 0):
        assert abs(hidden.sum() - 0.3 * len(found)) < 4.5 * deviation
    # one without the other
    both = ((genre == 0) & (left == 0)).sum()
    assert abs(both - 0.09 * len(found)) < 4.5 * np.sqrt(0.09 * 0.91 * len(found))
    for row in found:  # all steps of a piece, or none
        assert (row[2][:, 2] == 0).all() or (row[2][:, 2] > 0).all()


def test_without_a_countdown_no_step_knows_how_many_are_left():
    for row in rows(epoch_of(CHORALES, LINES, countdown=False)):
        assert (row[2][:, 2] == 0).all()
        assert row[2][0, 0] > 0
    assert encode(CHORALES[0], LINES).clock[0, 2] == 13  # what is encoded stays


def test_places_are_unknown_where_training_had_no_bars():
    barred = dataclasses.replace(SETS[0], places=np.full((5, 2), 3, np.int16))
    assert (encode(barred, CHORDS).clock[:, :2] == 0).all()
    assert (encode(barred, dataclasses.replace(CHORDS, bar=3)).clock[:, :2] > 0).all()


def test_the_key_of_a_piece_without_room_to_move_is_not_known():
    """Read as if in another key, its tones would leave what there are tokens for."""
    for pitch, genre in ((13, "major"), (12, ""), (114, "major"), (115, "")):
        assert encode(voiced("72 .", f"{pitch} -", genre="major", tonic=7), LINES).genre == genre
    assert encode(sets("12", genre="dance"), CHORDS).genre == "dance"  # which has no key


# padding


@BOTH
def test_padding_is_never_asked_for(pieces, notation):
    stretches = [
        Stretch(e.tokens, e.clock, 1, first, end)
        for e in (encode(piece, notation) for piece in pieces)
        for first, end in ((0, len(e.tokens)), (1, 2))
    ]
    tokens, _, _, _, length, _ = batch(stretches, notation)
    there = asked(tf.constant(tokens), tf.constant(length), bool(notation.voices)).numpy()
    for row, s in enumerate(stretches):
        assert not there[row, length[row] :].any()
        for t in range(s.end - s.first):
            if notation.voices:  # silence is a token
                assert there[row, t].all()
                continue
            tones = int((s.tokens[s.first + t] > 0).sum())
            assert there[row, t].sum() == tones + 1  # and the end of the step
            assert (there[row, t, : tones + 1]).all()


def test_a_set_has_room_for_its_end_however_many_tones_it_has():
    full = piece_of_notes([Note(0, 2, pitch) for pitch in range(20, 120)], 2, "all", 2)
    notation = Notation.of([full], None, None)
    encoded = encode(full, notation)
    tokens, *_ = batch([Stretch(encoded.tokens, encoded.clock, 0, 0, 2)], notation)
    assert tokens.shape == (1, 3, 101)
    assert (tokens[0, :, 100] == 0).all()


def test_a_piece_that_the_notation_cannot_write_is_refused():
    with pytest.raises(TaskError, match="steps a beat"):
        encode(sets("60", steps_per_beat=3), CHORDS)
