"""Repetition within a piece, and the longest run that was copied."""

import time

import numpy as np
import pytest

from seqtasks.datasets.music.piece import Piece, as_set, transposed
from seqtasks.tasks.music.analysis import analyse
from seqtasks.tasks.music.copying import Copies, repetition
from seqtasks.tasks.music.voice_leading import ranges_of
from tests.tiny_pieces import HYMN, chords, piece, places

TUNE = "C4\n2 D4\n2 E4\nF4\nG4\n*G4"


def rows(own):
    """The sounding steps as (pitches, struck) with 0 for silence in a row of fixed width."""
    own = as_set(own)
    wide = ((0, 0), (0, 6 - own.pitches.shape[1]))
    heard = own.pitches.any(axis=1)
    return np.pad(own.pitches, wide)[heard].astype(int), np.pad(own.struck, wide)[heard]


def longest_by_trying(own, others):
    """The definition, word for word, in steps."""
    best = 0
    a, a_struck = rows(own)
    for other in others:
        b, b_struck = rows(other)
        for i in range(len(a)):
            for j in range(len(b)):
                n, by = 0, b[j, 0] - a[i, 0]
                while (
                    i + n < len(a)
                    and j + n < len(b)
                    and (np.where(a[i + n], a[i + n] + by, 0) == b[j + n]).all()
                    and (a_struck[i + n] == b_struck[j + n]).all()
                ):
                    n += 1
                if n > 1 and (a[i + 1 : i + n] != a[i : i + n - 1]).any():
                    best = max(best, n)
    return best


def random_piece(random, steps, name="", width=2):
    """Few pitches, so that much is alike; with silence."""
    pitches = random.integers(60, 63, (steps, width)).astype(np.uint8)
    pitches[random.random(steps) < 0.1] = 0
    pitches = np.repeat(pitches, 2, axis=0)
    struck = (random.random(pitches.shape) < 0.3) & (pitches > 0)
    return as_set(Piece(name, pitches, struck, 4, tuple("abcd"[:width])))


def test_the_longest_run_is_what_trying_all_finds():
    random = np.random.default_rng(0)
    lengths = []
    for _ in range(40):
        others = [
            random_piece(random, random.integers(1, 12), str(n), random.integers(1, 3))
            for n in range(3)
        ]
        own = random_piece(random, random.integers(1, 12), width=random.integers(1, 3))
        lengths.append(longest_by_trying(own, others))
        assert Copies(others).longest(own).beats == lengths[-1] / 4
    assert len(set(lengths)) > 4


def test_a_whole_piece_in_another_key():
    others = [chords(TUNE, name="tune"), chords(HYMN, name="hymn")]
    copies = Copies(others)
    for by in (-7, 0, 5):
        assert copies.longest(transposed(piece(HYMN), by)) == (7.5, "hymn")
        assert copies.longest(transposed(others[0], by)) == (5, "tune")


@pytest.mark.parametrize(
    ("text", "beats"),
    [
        (TUNE, 5),
        ("A4\n" + TUNE + "\nC5", 5),
        ("2 D4\n2 E4\nF4\n A4", 2),
        (TUNE.replace("*G4", "G4"), 4),  # held where it was struck
        (TUNE.replace("2 E4", "3 E4"), 3.25),  # another rhythm: from the last three of E
        ("8 C4", 0),  # one tone, held: no copy
        ("- \n8 G4\n-", 0),
        ("C4\n2 D4\n2 E4\n- \nF4\nG4\n*G4", 5),  # no rest hides it
        ("C4 G3\nD4 G3\nE4 G3", 0),
        ("-", 0),
    ],
)
def test_what_counts_as_a_copy(text, beats):
    found = Copies([chords(TUNE, name="tune")]).longest(chords(text))
    assert found == (beats, "tune" if beats else "")


def test_no_run_goes_from_one_piece_into_the_next():
    halves = [chords("C4\nD4", name="one"), chords("E4\nF4", name="two")]
    assert Copies(halves).longest(chords("C4\nD4\nE4\nF4")).beats == 2
    # and none is found beside the pieces
    assert Copies([chords("C4")]).longest(chords("C4\nD4")).beats == 0
    assert Copies([]).longest(chords("C4\nD4")) == (0, "")


def test_another_grid_is_refused():
    with pytest.raises(ValueError, match="one grid"):
        Copies([chords(TUNE)]).longest(chords(TUNE, steps_per_beat=2))


def test_many_pieces_are_searched_quickly():
    random = np.random.default_rng(0)
    copies = Copies([random_piece(random, 1_000, str(n)) for n in range(100)])
    own = random_piece(random, 500)
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        copies.longest(own)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.3


BAR = "8 C4 G3\n8 D4 G3"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (BAR, 0),
        (BAR + "\n* 8 C4 G3\n8 D4 G3", 0.5),
        (BAR + "\n* 8 D4 A3\n8 E4 A3", 0),  # transposed
        (BAR + "\n* 8 C4 G3\n* 8 D4 G3", 0),  # struck otherwise
        (BAR + "\n16 - -\n16 - -\n8 C4 G3\n8 D4 G3", 0.5),  # silent bars do not count
        ("16 - -", 0),
    ],
)
def test_repetition(text, share):
    assert repetition(piece(text)) == share


def test_repetition_goes_by_the_bars_of_the_piece():
    own = piece("8 C4\n* 8 C4\n* 8 C4\n* 8 C4")
    assert repetition(own) == 0.5
    four = piece("8 C4\n* 8 C4\n* 8 C4\n* 8 C4", places=places(*[(8, 0, 8)] * 4))
    assert repetition(four) == 0.75


@pytest.mark.parametrize("change", [lambda own: own, as_set])
def test_an_analysis_has_all_figures(change):
    own = change(piece("G4 C4\nA4 D4\nG4 C4", tonic=0, name="own"))
    found = analyse(own, ranges_of([own]), Copies([own])).as_json()
    with_voices = bool(own.voices)
    assert found == {
        "crossing": 0 if with_voices else None,
        "out_of_range": 0,
        "parallel_fifths": 2 if with_voices else None,
        "parallel_octaves": 0 if with_voices else None,
        "parallel_chances": 2 if with_voices else None,
        "parallels_per_100": 100 if with_voices else None,
        "repetition": 0,
        "copied_beats": 3,
        "copied_from": "own",
        "ends_on_tonic": False,
        "ends_after_dominant": False,
    }
