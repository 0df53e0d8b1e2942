"""New pieces against the model's own probabilities: chance, pitches, and how they end."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from seqtasks.tasks.music import composer as composer_module
from tests.tasks.scrambled_composer import KINDS, biased, composer, end, only, silence, tokens
from tests.tiny_music import BAR, VOICES, sets, voiced

EVERY = pytest.mark.parametrize("kind", KINDS)
NUM = 12_000


# chance


@EVERY
def test_the_seed_makes_the_piece_and_the_number_of_pieces_does_not(kind):
    make = composer(kind).generate
    many = make(20, num=8, seed=3)
    assert tokens(make(20, num=8, seed=3)) == tokens(many)
    assert tokens(make(20, num=1, seed=3)) == tokens(many[:1])
    assert tokens(make(20, num=3, seed=3)) == tokens(many[:3])
    assert len(set(map(str, tokens(many)))) == 8
    other = tokens(make(20, num=8, seed=4))
    assert all(one != two for one, two in zip(tokens(many), other, strict=True))
    # and so are the genres that are drawn
    assert [(p.genre, p.tonic) for p in make(20, num=3, seed=3)] == [
        (p.genre, p.tonic) for p in many[:3]
    ]
    assert [piece.name for piece in many[:2]] == ["piece 1", "piece 2"]


@EVERY
@pytest.mark.parametrize("apart", [1000, 12])  # takes that part at the beginning, or after steps
def test_pieces_drawn_in_groups_are_those_drawn_together(kind, apart, monkeypatch):
    monkeypatch.setattr(composer_module, "APART", apart)
    make = composer(kind).generate
    for takes in (1, 3):
        together = make(20, num=8, seed=3, takes=takes)
        groups = [make(20, num=n, seed=3, takes=takes, number=i) for i, n in ((0, 3), (3, 5))]
        again = [piece for group in groups for piece in group]
        assert tokens(again) == tokens(together)
        for field in ("name", "genre", "tonic"):
            assert [getattr(p, field) for p in again] == [getattr(p, field) for p in together]


@EVERY
def test_without_temperature_each_step_is_what_reading_it_guesses(kind):
    for genre in (0, 1, len(composer(kind).notation.genres)):
        (piece,) = composer(kind).generate(24, temperature=0.0, genre=genre)
        (reading,) = composer(kind).read([piece])
        np.testing.assert_array_equal(reading.guess, piece.pitches)
        (again,) = composer(kind).generate(24, temperature=0.0, seed=8, genre=genre)
        assert tokens([again]) == tokens([piece])
        (likeliest,) = composer(kind).generate(24, top_p=0.0, seed=8, genre=genre)
        steps = len(likeliest)  # which may end by chance
        assert tokens([likeliest])[0] == tokens([piece])[0][:steps]
        (other,) = composer(kind).generate(24, genre=genre)
        assert tokens([other]) != tokens([piece])


def steps_of(kind, past):
    """Pieces of a past, a step of few pitches in all ways there are, and a last step."""
    if kind == "voices":
        signs = [(".", "50", "67", "74", *(["-"] if past else [])) for _ in range(2)]
        first = past or ("", "")
        lines = ([f"{first[i]} {row[i]} 67" for i in range(2)] for row in product(*signs))
        return [voiced(*pair, upbeat=0) for pair in lines]
    held = [p for p in (67, 60) if past]
    marks = [["", str(p), *([f"{p}-"] if p in held else [])] for p in (67, 64, 60, 58)]
    rows = [" ".join(filter(None, row)) or "." for row in product(*marks)]
    return [sets("|".join([*past, row, "60"])) for row in rows]


@pytest.mark.parametrize(
    ("kind", "past", "genre"),
    [
        ("voices", (), 0),
        ("voices", ("67", "50"), 0),
        ("voices", ("67", "50"), 8),
        ("sets", (), 0),
        ("sets", ("67 60",), 1),
    ],
)
def test_steps_come_as_often_as_the_model_says(kind, past, genre):
    """The last step but one: in the last, something must sound."""
    model = composer(kind)
    pitches = (50, 67, 74) if kind == "voices" else (67, 64, 60, 58)
    mode, tonic = model.notation.tonic_of(genre)
    pieces = [replace(piece, genre=mode, tonic=tonic) for piece in steps_of(kind, past)]
    t, first = len(pieces[0]) - 2, pieces[0]
    primer = replace(first, pitches=first.pitches[:1], struck=first.struck[:1]) if past else None
    with biased(kind, only(pitches), end(-30.0)):
        expected = np.exp([-reading.nats[t] for reading in model.read(pieces)])
        drawn = model.generate(t + 2, num=NUM, seed=2, genre=genre, primer=primer)
    assert expected.sum() == pytest.approx(1, abs=1e-3)
    found = [str(np.trim_zeros(row[t], "b")) for row in map(np.array, tokens(drawn))]
    known = [str(np.trim_zeros(np.array(row[t]), "b")) for row in tokens(pieces)]
    counts = np.array([found.count(row) for row in known])
    assert counts.sum() == NUM
    deviation = np.sqrt(NUM * expected * (1 - expected))
    assert (np.abs(counts - NUM * expected) <= 4.5 * deviation + 1).all()
    assert (counts > 0).sum() >= 6


# pitches


@EVERY
def test_every_piece_is_one_that_training_could_have_had(kind):
    """At a temperature at which all that can be drawn is about as likely."""
    notation = composer(kind).notation
    for genre in (0, 1, len(notation.genres) // 2 + 1):
        with biased(kind, end(-30.0)):
            drawn = composer(kind).generate(30, num=16, temperature=50.0, genre=genre)
        seen = [set() for _ in notation.ranges]
        for piece, reading in zip(drawn, composer(kind).read(drawn), strict=True):
            assert piece.voices == notation.voices and piece.steps_per_beat == 2
            before = np.zeros(notation.width, int)
            for row, struck in zip(piece.pitches, piece.struck, strict=True):
                for i, pitch in enumerate(row):
                    held = pitch and not struck[i]
                    assert not held or (pitch == before[i] if notation.voices else pitch in before)
                    seen[i if notation.voices else 0].add(int(pitch))
                if not notation.voices:
                    assert sorted(set(row[row > 0]), reverse=True) == row[row > 0].tolist()
                    assert not row[(row > 0).sum() :].any()
                before = row
            assert reading.nats.max() < 1e4  # nothing that cannot be
        for column, (low, high) in zip(seen, notation.ranges, strict=True):
            assert min(column - {0}) == low and max(column) == high


def test_a_set_that_is_held_over_tone_by_tone_is_whole_where_nothing_can_be_below():
    """The model has another word for it, and would go on to a lower tone; 58 is the lowest."""
    with biased("sets", {"tokens": 50 * np.eye(256)[127 + 58]}, end(-60.0)) as model:
        for piece in model.generate(6, num=8, primer=sets("58"), genre=0):
            assert tokens([piece])[0] == [[58, 0, 0, 0], *5 * [[127 + 58, 0, 0, 0]]]


@EVERY
def test_something_sounds_in_every_piece(kind):
    with biased(kind, silence(60.0), end(60.0)) as model:
        for steps in (1, 2, 9):
            for settings in ({}, {"open_end": True}, {"temperature": 0.0}, {"top_p": 0.1}):
                for piece in model.generate(steps, num=4, **settings):
                    assert piece.pitches[-1].any() and not piece.pitches[:-1].any()
                    assert len(piece) == steps


# ends


def test_a_piece_that_may_end_ends_as_soon_as_it_wants_to_and_something_sounded():
    with biased("sets", end(60.0), silence(3.0)) as model:
        drawn = model.generate(40, num=32)
        lengths = {len(piece) for piece in drawn}
        for piece in drawn:
            assert piece.pitches[-1].any() and not piece.pitches[:-1].any()
    assert len(lengths) > 3
    with biased("sets", end(-60.0)) as model:
        assert [len(piece) for piece in model.generate(40, num=4)] == 4 * [40]


def test_pieces_end_as_often_as_the_model_says():
    num = 3000
    with biased("sets", end(6.0)) as model:
        drawn = model.generate(2, num=num, genre=0, seed=6)
        firsts = {}
        for piece in drawn:
            row = tuple(tokens([piece])[0][0])
            if any(row):  # otherwise it goes on
                firsts.setdefault(row, []).append(len(piece) == 1)
        pieces = [sets(" ".join(str(p) for p in row if p)) for row in firsts]
        chances = np.exp([-reading.ends[1] for reading in model.read(pieces)])
    counts = np.array([len(ended) for ended in firsts.values()])
    ended = sum(sum(row) for row in firsts.values())
    expected, deviation = counts @ chances, np.sqrt(counts @ (chances * (1 - chances)))
    assert abs(ended - expected) < 4.5 * deviation
    assert 50 < ended < num - 50


def test_a_piece_that_counts_down_ends_with_its_last_step_or_where_it_may():
    with biased("voices", end(60.0)) as model:
        assert [len(piece) for piece in model.generate(17, num=3)] == 3 * [17]
        assert max(len(piece) for piece in model.generate(17, num=3, open_end=True)) < 17


def test_a_piece_knows_how_many_steps_are_left():
    """The number of steps says what it begins with, up to where all numbers are the same."""
    model = composer("voices")
    short, long, longer = (tokens(model.generate(steps, num=8, genre=0)) for steps in (3, 100, 130))
    assert [row[:2] for row in short] != [row[:2] for row in long]
    assert [row[:30] for row in long] == [row[:30] for row in longer]
    free = [tokens(model.generate(n, num=8, genre=0, open_end=True)) for n in (3, 100)]
    assert [row[:2] for row in free[0]] == [row[:2] for row in free[1]]


def test_of_some_takes_the_one_is_kept_that_is_best_ended():
    model = composer("voices")
    drawn = model.generate(9, num=12, genre=8)
    untold = [reading.ends[-1] for reading in model.read(drawn, told=False)]
    best = [min(range(i, i + 4), key=lambda k: untold[k]) for i in (0, 4, 8)]
    assert {k % 4 for k in best} != {0}
    kept = model.generate(9, num=3, genre=8, takes=4)
    assert tokens(kept) == [tokens(drawn)[k] for k in best]
    assert [piece.name for piece in kept] == ["piece 1", "piece 2", "piece 3"]
    assert tokens(model.generate(9, num=1, genre=8, takes=4)) == tokens(kept[:1])
    assert [p.tonic for p in model.generate(9, num=5, takes=2)] == [
        p.tonic for p in model.generate(9, num=5)
    ]


def test_takes_of_a_long_piece_have_all_but_its_end_in_common(monkeypatch):
    model = composer("voices")
    monkeypatch.setattr(composer_module, "APART", 4)
    monkeypatch.setattr(model, "_best_ended", lambda pieces, takes: pieces)
    drawn = tokens(model.generate(12, num=2, genre=8, takes=3))
    for first in (0, 3):
        heads = {str(row[:8]) for row in drawn[first : first + 3]}
        assert len(heads) == 1
        assert len({str(row[8:]) for row in drawn[first : first + 3]}) == 3
    assert {len(row) for row in drawn} == {12}
    assert drawn[0] == tokens(model.generate(12, num=1, genre=8))[0]  # its first take is the piece


def test_who_is_not_told_reads_as_if_nobody_counted_down():
    model = composer("voices")
    drawn = model.generate(9, num=2, genre=8)
    told, untold = model.read(drawn), model.read(drawn, told=False)
    assert all((a.nats != b.nats).any() for a, b in zip(told, untold, strict=True))
    # how long a piece is says nothing of its first steps
    short = [replace(p, pitches=p.pitches[:5], struck=p.struck[:5], places=None) for p in drawn]
    whole = [replace(p, places=None) for p in drawn]
    for a, b in zip(model.read(short, told=False), model.read(whole, told=False), strict=True):
        np.testing.assert_allclose(a.nats, b.nats[:5], rtol=1e-4)


# what is said of a piece


def test_a_piece_says_its_genre_and_where_its_bars_are():
    model = composer("voices")
    (piece,) = model.generate(6, genre=8)
    assert (piece.genre, piece.tonic, piece.voices) == ("major", 7, VOICES)
    assert piece.places.tolist() == [[t % BAR, BAR] for t in range(6)]
    (piece,) = model.generate(6, genre=0, bar=3, place=2)
    assert (piece.genre, piece.tonic) == ("", None)
    assert piece.places.tolist() == [[(t + 2) % 3, 3] for t in range(6)]
    (piece,) = model.generate(6, bar=0)
    assert piece.places is None
    (piece,) = composer("sets").generate(6)
    assert piece.places is None and piece.voices == ()
    drawn = {(piece.genre, piece.tonic) for piece in model.generate(2, num=40)}
    assert drawn == {("major", 0), ("major", 7), ("minor", 9)}


def test_the_bar_changes_the_piece_where_training_had_bars():
    model = composer("voices")
    plain = tokens(model.generate(12, genre=0))
    for other in ({"bar": 3}, {"place": 1}, {"bar": 0}):
        assert tokens(model.generate(12, genre=0, **other)) != plain
    plain = tokens(composer("sets").generate(12))
    assert tokens(composer("sets").generate(12, bar=3, place=1)) == plain
