"""Parallels, crossing and ranges, on examples of two or three chords."""

import pytest

from seqtasks.datasets.music.piece import as_set, transposed, without_ties
from seqtasks.tasks.music.voice_leading import crossing, out_of_range, parallels, ranges_of
from tests.tiny_pieces import chords, piece

MOTIONS = {
    "parallel fifths": ("G4 C4\nA4 D4", (1, 0, 1)),
    "downwards": ("A4 D4\nG4 C4", (1, 0, 1)),
    "a twelfth and a fifth": ("G5 C4\nB4 E4", (0, 0, 1)),  # the voices part: contrary motion
    "a fifth and a twelfth, both up": ("G4 C4\nA5 D4", (1, 0, 1)),
    "parallel octaves": ("C5 C4\nD5 D4", (0, 1, 1)),
    "parallel unisons": ("C4 C4\nD4 D4", (0, 1, 1)),
    "a unison and an octave, both up": ("C4 C4\nD5 D4", (0, 1, 1)),
    "a fifth that is repeated": ("G4 C4\n*G4 C4", (0, 0, 0)),
    "contrary fifths": ("G4 C4\nF5 Bb3", (0, 0, 1)),
    "contrary octaves": ("C5 C4\nG4 G4", (0, 0, 1)),
    "a diminished fifth before": ("F4 B3\nG4 C4", (0, 0, 1)),
    "a diminished fifth after": ("G4 C4\nF4 B3", (0, 0, 1)),
    "parallel fourths": ("F4 C4\nG4 D4", (0, 0, 1)),
    "parallel thirds": ("E4 C4\nF4 D4", (0, 0, 1)),
    "an octave, then a fifth": ("C5 C4\nD5 G4", (0, 0, 1)),
    "one voice moves": ("G4 C4\nG4 D4\nA4 D4", (0, 0, 0)),
    "a rest between": ("G4 C4\n- C4\nA4 D4", (0, 0, 0)),
    "crossed": ("C4 G4\nD4 A4", (1, 0, 1)),
    "a fifth between outer voices": ("G4 E4 C4\nA4 F4 D4", (1, 0, 3)),
    "all in octaves": ("C5 C4 C3\nD5 D4 D3", (0, 3, 3)),
    "twice": ("G4 C4\nA4 D4\nB4 E4", (2, 0, 2)),
}


@pytest.mark.parametrize("name", MOTIONS)
def test_parallels(name):
    text, counts = MOTIONS[name]
    for own in (piece(text), transposed(piece(text), 5), without_ties(piece(text))):
        assert parallels(own) == counts


def test_parallels_in_a_hundred_chances():
    assert parallels(piece("G4 C4\nA4 D4\nB4 C4\nG4 E4\nA4 D4")).per_100 == 25
    assert parallels(piece("G4 C4")).per_100 == 0


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("G4 E4 C4", 0),
        ("E4 E4 C4", 0),  # a unison
        ("E4 G4 C4", 1),
        ("G4 - C4\n G4 - A4", 0.5),  # past a voice that rests
        ("3 G4 E4 C4\n1 G4 E4 F4", 0.25),
        ("4 C4 G4 -\n4 G4 - -\n4 G4 E4 C4", 0.5),  # of the steps in which two voices sound
        ("G4 - -", 0),
        ("- - -", 0),
    ],
)
def test_crossing(text, share):
    assert crossing(piece(text)) == share


def test_what_needs_voices_is_none_without():
    own = as_set(piece("G4 C4\nA4 D4"))
    assert parallels(own) is None
    assert crossing(own) is None


def test_ranges():
    pieces = [piece("G4 C4\n- D4"), piece("E4 B3\nF4 C4")]
    assert ranges_of(pieces) == ((64, 67), (59, 62))
    assert ranges_of([as_set(own) for own in pieces]) == ((59, 67),)
    with pytest.raises(ValueError, match="the same voices"):
        ranges_of([pieces[0], as_set(pieces[1])])
    with pytest.raises(ValueError, match="nothing sounds in alto"):
        ranges_of([piece("G4 -")])
    with pytest.raises(ValueError, match="nothing sounds"):
        ranges_of([])


def test_tones_out_of_range():
    ranges = ((64, 67), (59, 62))
    assert out_of_range(piece("G4 C4\nE4 B3"), ranges) == 0
    assert out_of_range(piece("9 G#4 C4\n1 E4 Bb3"), ranges) == 0.5  # of four tones, however long
    assert out_of_range(piece("- -"), ranges) == 0
    assert out_of_range(chords("G4 C4\nA4 C4"), ((60, 67),)) == pytest.approx(1 / 3)
