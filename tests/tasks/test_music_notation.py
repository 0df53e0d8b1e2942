"""How pieces are written as tokens, and what a run knows of its pieces."""

import dataclasses
import json

import numpy as np
import pytest

from seqtasks.datasets.music.piece import TONICS, as_set, notes_of, transposed, without_ties
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.notation import HELD, STILL, Notation, piece_of, tokens_of
from tests.tiny_music import BAR, CHORALES, SETS, VOICES, sets, voiced

LINES = Notation.of(CHORALES, None, None)
CHORDS = Notation.of(SETS, None, None)
MADE = {
    "voices": (CHORALES, None, None),
    "voices without ties": (CHORALES, "voice", False),
    "voices as sets": (CHORALES, "set", True),
    "sets": (SETS, None, None),
    "sets without ties": (SETS, "set", False),
}


def same(one, other):
    """Whether two pieces have the same tones; columns in which nothing sounds do not count."""
    return (len(one), notes_of(one)) == (len(other), notes_of(other))


# tokens


@pytest.mark.parametrize("how", MADE)
def test_tokens_are_read_back(how):
    pieces, mode, ties = MADE[how]
    notation = Notation.of(pieces, mode, ties)
    for piece in pieces:
        written = notation.written(piece)
        tokens = tokens_of(written)
        assert tokens.dtype == np.uint8 and len(tokens) == len(piece)
        assert tokens.max() < STILL  # which stands in no row
        again = piece_of(tokens, notation, piece.name)
        np.testing.assert_array_equal(again.pitches, written.pitches)
        np.testing.assert_array_equal(again.struck, written.struck)
        assert (again.name, again.voices, again.steps_per_beat) == (
            piece.name,
            notation.voices,
            piece.steps_per_beat,
        )
        # and they are the piece's own, but for what the notation leaves out
        plain = piece if notation.voices else as_set(piece)
        assert same(again, plain if notation.ties else without_ties(plain))


def test_each_token_means_what_the_table_says():
    piece = voiced("60 - 61 .", "127 . 1 -")
    held = 127
    expected = [[60, 127], [held + 60, 0], [61, 1], [0, held + 1]]
    assert tokens_of(piece).tolist() == expected
    assert tokens_of(sets("127 1 | 127- 1-")).tolist() == [[127, 1], [held + 127, held + 1]]
    assert held == HELD


def test_voices_and_ties_are_taken_where_there_are_any():
    assert (LINES.voices, LINES.ties, LINES.width) == (VOICES, True, 2)
    assert (CHORDS.voices, CHORDS.ties, CHORDS.width) == ((), True, 4)
    assert Notation.of([without_ties(p) for p in CHORALES], None, None).ties is False
    # of pieces with different voices only what they sound is common to all
    other = dataclasses.replace(CHORALES[1], voices=("Violin", "Bass"))
    mixed = Notation.of([CHORALES[0], other], None, None)
    assert (mixed.voices, mixed.width, len(mixed.ranges)) == ((), 2, 1)
    for pieces in ([CHORALES[0], other], [CHORALES[0], SETS[0]], SETS):
        with pytest.raises(TaskError, match="--mode set"):
            Notation.of(pieces, "voice", None)


def test_ranges_are_those_of_each_voice_or_of_all_tones():
    assert LINES.ranges == ((66, 74), (43, 57))
    assert [LINES.range_of(column) for column in (0, 1)] == [(66, 74), (43, 57)]
    assert CHORDS.ranges == ((58, 72),)
    assert {CHORDS.range_of(column) for column in range(4)} == {(58, 72)}
    assert Notation.of(CHORALES, "set", None).ranges == ((43, 74),)
    # a voice that is never heard may sing anything
    silent = Notation.of([voiced("60 62", ". .")], None, None)
    assert silent.ranges == ((60, 62), (1, 127))


def test_the_bar_is_the_one_that_most_steps_have():
    assert LINES.bar == BAR
    assert CHORDS.bar == 0
    short = [dataclasses.replace(p, places=np.full((len(p), 2), 3, np.int16)) for p in SETS]
    assert Notation.of([*CHORALES, *short], None, None).bar == BAR  # 36 steps against 16
    assert Notation.of([CHORALES[0], *short], None, None).bar == 3  # 12 against 16


def test_a_piece_of_another_grid_or_without_the_voices_is_refused():
    with pytest.raises(TaskError, match="late: 4 steps a beat, the run has 2"):
        CHORDS.written(sets("60", steps_per_beat=4, name="late"))
    with pytest.raises(TaskError, match="alone: its voices are none, the run has Soprano, Bass"):
        LINES.written(sets("60", name="alone"))
    with pytest.raises(TaskError, match="its voices are A, B, C"):
        LINES.written(voiced("60", "50", "40", voices=("A", "B", "C")))
    # other names for as many voices are no matter
    LINES.written(voiced("60", "50", voices=("Flute", "Bassoon")))


# genres


def test_genres_are_modes_in_twelve_keys_where_tonics_are_known():
    assert LINES.by_tonic and len(LINES.genres) == 24
    numbers = [LINES.number(p.genre, p.tonic) for p in CHORALES]
    assert [LINES.genres[n - 1] for n in numbers] == ["C major", "G major", "A minor"]
    for number, piece in zip(numbers, CHORALES, strict=True):
        assert LINES.tonic_of(number) == (piece.genre, piece.tonic)
        up = transposed(piece, 3)
        assert LINES.tonic_of(LINES.number(up.genre, up.tonic)) == (piece.genre, up.tonic)
    assert {LINES.tonic_of(n) for n in range(1, 25)} == {
        (mode, tonic) for mode in ("major", "minor") for tonic in range(12)
    }
    assert LINES.genres[12:] == tuple(f"{name} minor" for name in TONICS)


def test_genres_are_names_where_no_tonics_are_known():
    pieces = [dataclasses.replace(SETS[0], genre=genre) for genre in ("waltz", "", "polka")]
    notation = Notation.of(pieces, None, None)
    assert (notation.genres, notation.by_tonic) == (("polka", "waltz"), False)
    assert [notation.number(p.genre, p.tonic) for p in pieces] == [2, 0, 1]
    assert [notation.tonic_of(n) for n in (0, 1, 2)] == [
        ("", None),
        ("polka", None),
        ("waltz", None),
    ]
    # one tonic that is missing, and keys cannot be told for any
    some = [dataclasses.replace(CHORALES[0], tonic=None), *CHORALES[1:]]
    assert Notation.of(some, None, None).genres == ("major", "minor")
    assert Notation.of([dataclasses.replace(SETS[0], genre="")], None, None).genres == ()


def test_genres_are_drawn_as_often_as_training_has_them():
    assert [LINES.counts[n - 1] for n in (1, 8, 22)] == [1, 1, 1] and sum(LINES.counts) == 3
    notation = dataclasses.replace(CHORDS, genres=("a", "b", "c"), counts=(1, 0, 3))
    drawn = notation.drawn(5, 2000)
    assert set(drawn) == {1, 3}
    assert abs(drawn.count(3) - 1500) < 4.5 * np.sqrt(2000 * 0.75 * 0.25)
    assert notation.drawn(5, 7) == drawn[:7] != notation.drawn(6, 7)
    assert dataclasses.replace(CHORDS, genres=(), counts=()).drawn(5, 2) == [0, 0]


def test_a_genre_that_training_did_not_have_is_none():
    assert LINES.number("", None) == LINES.number("lydian", 0) == LINES.number("major", None) == 0
    assert CHORDS.number("polka", None) == 0
    assert LINES.tonic_of(0) == ("", None)


def test_a_user_names_a_genre_by_number_or_name():
    assert LINES.named("") == LINES.named("0") == 0
    assert LINES.named("1") == LINES.named("C major") == LINES.named("c MAJOR") == 1
    assert LINES.named("24") == LINES.named("B minor") == 24
    for wrong in ("25", "-1", "major", "H minor", "1.0"):
        with pytest.raises(TaskError, match=r"no genre '.*': there are 1 C major, .* 24 B minor"):
            LINES.named(wrong)
    with pytest.raises(TaskError, match="leave out --genre"):
        dataclasses.replace(LINES, genres=()).named("1")


def test_a_name_that_is_a_number_is_taken_by_its_name():
    volumes = dataclasses.replace(CHORDS, genres=("11", "2", "3"))
    assert [volumes.named(name) for name in volumes.genres] == [1, 2, 3]
    assert volumes.named("1") == 1  # which is no name
    assert dataclasses.replace(CHORDS, genres=("1", "10", "2")).named("2") == 3


# files


@pytest.mark.parametrize("how", MADE)
def test_a_notation_is_the_same_after_a_way_through_json(how):
    notation = Notation.of(*MADE[how])
    assert Notation.from_dict(json.loads(json.dumps(notation.as_dict()))) == notation


@pytest.mark.parametrize(
    "change",
    [
        {"ranges": [[1, 2]]},
        {"ranges": [[1, 2, 3], [1, 2, 3]]},
        {"ranges": None},
        {"voices": ["A"]},
        {"voices": 3},
        {"genres": None},
        {"counts": [1]},
        {"width": 0},
        {"width": "2"},
        {"colour": 1},
    ],
    ids=str,
)
def test_a_record_of_something_else_is_refused(change):
    with pytest.raises((ValueError, TypeError, KeyError)):
        Notation.from_dict({**LINES.as_dict(), **change})
    name = next(iter(change))
    without = {k: v for k, v in LINES.as_dict().items() if k != name}
    with pytest.raises((ValueError, TypeError, KeyError)):
        Notation.from_dict(without if name != "colour" else {})
