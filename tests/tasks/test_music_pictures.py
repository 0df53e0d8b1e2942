"""Piano rolls and the comparison of two sets of pieces."""

import json

import numpy as np
import pytest

from seqtasks.datasets.music.piece import Piece, as_set
from seqtasks.tasks.music.comparison import TITLES, distances, distributions, draw_comparison
from seqtasks.tasks.music.roll import COLOURS, draw_roll
from tests.tiny_pieces import HYMN, chords, piece, places


def picture(path):
    """The colours of a PNG, 0 to 255."""
    from matplotlib import image

    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    return np.round(image.imread(path)[..., :3] * 255).astype(int)


def has_colour(colours, colour):
    rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return bool((np.abs(colours - rgb).max(axis=-1) <= 2).any())


@pytest.mark.parametrize(
    "own",
    [
        piece(HYMN),
        piece(HYMN, places=places((4, 8, 12), (12, 0, 12), (14, 0, 16)), name="$ a_{b"),
        chords(HYMN),
        piece("- - -"),
        chords("1 C4"),
        chords("9 C1 G9"),
        Piece("one bar", np.full((3_000, 1), 60, np.uint8), np.ones((3_000, 1), bool), 4),
        piece("C4 " * 8, voices=tuple("abcdefgh")),
    ],
    ids=["voices", "bars", "chords", "silence", "a step", "wide", "long", "many voices"],
)
def test_rolls_are_drawn(tmp_path, own):
    draw_roll(tmp_path / "a.png", own)
    colours = picture(tmp_path / "a.png")
    assert colours.shape[1] == 1200
    assert 100 < colours.shape[0] < 30_000


def test_every_voice_has_its_colour(tmp_path):
    draw_roll(tmp_path / "a.png", piece(HYMN))
    colours = picture(tmp_path / "a.png")
    assert all(has_colour(colours, colour) for colour in COLOURS[:4])
    draw_roll(tmp_path / "b.png", chords(HYMN))
    colours = picture(tmp_path / "b.png")
    assert [has_colour(colours, colour) for colour in COLOURS[:4]] == [True, False, False, False]


def test_what_is_struck_looks_otherwise_than_what_is_held(tmp_path):
    held, struck = chords("4 C4\n4 C4"), chords("4 C4\n*4 C4")
    for name, own in {"held": held, "struck": struck}.items():
        draw_roll(tmp_path / name, own)
    assert (picture(tmp_path / "held") != picture(tmp_path / "struck")).any()


def test_a_long_piece_goes_on_in_rows(tmp_path):
    heights = []
    for bars in (8, 16, 17, 32):
        draw_roll(tmp_path / "a.png", chords("\n".join(["16 C4 G4"] * bars)))
        heights.append(picture(tmp_path / "a.png").shape[0])
    assert heights[0] == heights[1] < heights[2] == heights[3]


def test_distributions_by_hand():
    # G major: tonic for 6 steps, its fifth for 4, both thirds for 2
    own = piece("2 G4 G3\n2 B4 G3\n4 D5 -", tonic=7, genre="major")
    found = distributions([own])
    assert found["pitch_classes"] == {0: 6 / 12, 4: 2 / 12, 7: 4 / 12}
    assert found["intervals"] == {3: 1 / 2, 4: 1 / 2}
    assert found["lengths"] == {0.5: 2 / 4, 1: 2 / 4}
    assert found["polyphony"] == {1: 4 / 8, 2: 4 / 8}


def test_a_rest_parts_an_interval_and_far_ones_count_as_an_octave():
    assert distributions([chords("C4\n- \nD4")])["intervals"] == {}
    assert distributions([chords("C2\nD5\nC2")])["intervals"] == {-12: 0.5, 12: 0.5}
    assert distributions([chords("99 C4\n*50 C4")])["lengths"] == {8: 1}


def test_without_voices_intervals_are_those_of_the_highest_tones():
    own = as_set(piece("E5 C4\nE5 D4\nF5 E4\nG5 E4"))
    assert distributions([own])["intervals"] == {1: 0.5, 2: 0.5}


def test_shares_do_not_depend_on_the_key_or_on_how_often_a_piece_is_there():
    one = distributions([piece(HYMN, tonic=7)])
    assert distributions([piece(HYMN, tonic=7)] * 3) == {
        name: pytest.approx(shares) for name, shares in one.items()
    }
    for shares in one.values():
        assert sum(shares.values()) == pytest.approx(1)


def test_distances():
    low, high = distributions([chords("C4\nD4", tonic=0)]), distributions([chords("2 E4", tonic=0)])
    assert distances(low, low) == dict.fromkeys(TITLES, 0) | {"intervals": 0}
    apart = distances(low, high)
    assert apart == {"pitch_classes": 1, "intervals": None, "lengths": 1, "polyphony": 0}
    assert distances(high, low) == apart
    half = distributions([chords("C4\nE4", tonic=0)])
    assert distances(low, half)["pitch_classes"] == 0.5
    assert json.loads(json.dumps(apart)) == apart


@pytest.mark.parametrize("generated", [[piece(HYMN)], [chords(HYMN)], [], [chords("-")]])
def test_comparisons_are_drawn(tmp_path, generated):
    draw_comparison(
        tmp_path / "a.png", distributions(generated), distributions([piece(HYMN, tonic=7)])
    )
    assert picture(tmp_path / "a.png").shape[1] == 1080
