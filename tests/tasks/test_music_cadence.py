"""Keys, spelling, and how pieces end."""

import pytest

from seqtasks.datasets.music.piece import TONICS, as_set, transposed
from seqtasks.tasks.music.cadence import Harmony, cadence, is_dominant
from seqtasks.tasks.music.keys import Key, find_key, key_of, spelling
from tests.tiny_pieces import LETTERS, chords, piece

ENDINGS = {
    # a tonic triad in root position after a dominant
    "V I": ("D5 B4 G4 G3\nC5 G4 E4 C3", True, True),
    "V7 I": ("F4 D4 B3 G2\nE4 C4 C4 C3", True, True),
    "V6 I": ("D5 G4 D4 B2\nC5 G4 E4 C3", True, True),
    "V4/2 I": ("D5 B4 G4 F3\nC5 G4 E4 C3", True, True),
    "vii° I": ("D5 B4 F4 D3\nC5 G4 E4 C3", True, True),
    "vii°7 I": ("D5 B4 Ab4 F3\nC5 G4 E4 C3", True, True),
    "V I, without a fifth": ("D5 B4 G4 G3\nC5 C5 E4 C3", True, True),
    "V i": ("D5 B4 G4 G3\nC5 G4 Eb4 C3", True, True),
    "V I in minor": ("C5 Ab4 Eb4 F3\nD5 B4 G4 G3\nC5 G4 E4 C3", True, True),
    "I again": ("D5 B4 G4 G3\nC5 G4 E4 C3\n8 C5 E4 C4 C3", True, True),
    "I6 between": ("D5 B4 G4 G3\nC5 G4 C4 E3\nC5 G4 E4 C3", True, True),
    "a passing seventh": ("D5 B4 G4 G3\n2 D5 B4 F4 G3\nC5 G4 E4 C3", True, True),
    "what comes early": ("D5 B4 G4 G3\n1 C5 B4 G4 G3\nC5 G4 E4 C3", True, True),
    "a suspension": ("D5 B4 G4 G3\n2 C5 G4 F4 C3\nC5 G4 E4 C3", True, True),
    "a rest": ("D5 B4 G4 G3\n- - - -\nC5 G4 E4 C3\n - - - -", True, True),
    # another harmony before it
    "IV I": ("C5 A4 F4 F3\nC5 G4 E4 C3", True, False),
    "V IV I": ("D5 B4 G4 G3\nC5 A4 F4 F3\nC5 G4 E4 C3", True, False),
    "v i": ("D5 Bb4 G4 G3\nC5 G4 Eb4 C3", True, False),
    "I alone": ("C5 G4 E4 C3", True, False),
    "too much passes": ("D5 B4 G4 G3\n9 D5 C5 G4 C3\nC5 G4 E4 C3", True, False),
    # another end
    "V vi": ("D5 B4 G4 G3\nC5 C5 E4 A3", False, True),
    "V I6": ("D5 B4 G4 G3\nC5 G4 C4 E3", False, True),
    "V I6/4": ("D5 B4 G4 G3\nC5 G4 E4 G3", False, True),
    "V I7": ("D5 B4 G4 G3\nC5 Bb4 E4 C3", False, True),
    "V, both thirds": ("D5 B4 G4 G3\nEb5 G4 E4 C3", False, True),
    "V, no third": ("D5 B4 G4 G3\nC5 G4 C4 C3", False, True),
    "I V": ("C5 G4 E4 C3\nD5 B4 G4 G3", False, False),
    "I only of the melody": ("D5 - - -\nC5 - - -", False, False),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_endings(name):
    text, tonic_triad, after_dominant = ENDINGS[name]
    for tonic in range(12):
        own = transposed(piece(text, tonic=0), tonic)
        for one in (own, as_set(own)):
            found = cadence(one)
            assert found == (tonic, tonic_triad, after_dominant)
            assert found.authentic == (tonic_triad and after_dominant)


@pytest.mark.parametrize("steps_per_beat", [1, 2, 12])
def test_what_passes_is_measured_in_beats(steps_per_beat):
    for beats, after in {2: True, 3: False}.items():
        text = f"D5 B4 G4 G3\n{beats * steps_per_beat} D5 C5 G4 C3\n1 C5 G4 E4 C3"
        own = piece(text, tonic=0, steps_per_beat=steps_per_beat)
        assert cadence(own).after_dominant == after


def test_silence_ends_nowhere():
    assert cadence(piece("- - - -", tonic=3)) == (3, False, False)
    assert not cadence(chords("-")).authentic


def test_another_tonic_may_be_asked_for():
    own = piece("D5 A4 F#4 D3\nD5 B4 G4 G3", tonic=0)
    assert not cadence(own).authentic
    assert cadence(own, 7).authentic


@pytest.mark.parametrize(
    ("classes", "bass", "dominant"),
    [
        ({7, 11, 2}, 7, True),
        ({7, 11}, 11, True),
        ({11, 5}, 5, True),
        ({11, 2}, 2, False),
        ({7, 10, 2}, 7, False),
        ({7, 2, 5}, 7, False),
        ({4, 7, 11}, 4, False),
        ({0, 4, 7, 11}, 0, False),
        ({11, 0, 7}, 7, True),
        ({7}, 7, False),
    ],
)
def test_dominants(classes, bass, dominant):
    assert is_dominant(Harmony(frozenset(classes), bass, 1)) == dominant


SCALES = {"major": "C4 D4 E4 F4 G4 A4 B4 C5 G4 E4 C4", "minor": "A4 B4 C5 D5 E5 F5 G#5 A5 E5 C5 A4"}


@pytest.mark.parametrize("mode", SCALES)
@pytest.mark.parametrize("by", range(12))
def test_the_key_of_a_scale(mode, by):
    own = transposed(chords(SCALES[mode].replace(" ", "\n")), by)
    tonic = (by + (9 if mode == "minor" else 0)) % 12
    assert find_key(own) == key_of(own) == Key(tonic, mode)


def test_a_piece_says_its_key():
    own = chords(SCALES["major"].replace(" ", "\n"), tonic=9, genre="minor")
    assert key_of(own) == Key(9, "minor")
    assert key_of(transposed(own, 3)) == Key(0, "minor")
    # the mode is estimated where only the tonic is said
    assert key_of(chords("C4\nE4\nG4\nC4\nE4", tonic=0, genre="folk")) == Key(0, "major")
    assert key_of(chords("C4\nEb4\nG4\nC4\nEb4", tonic=0, genre="folk")) == Key(0, "minor")
    assert find_key(chords("-")).mode in SCALES


SIGNATURES = {
    "major": {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F#": 6, "C#": -5, "Eb": -3, "F": -1},
    "minor": {"A": 0, "E": 1, "B": 2, "F#": 3, "C#": 4, "G#": 5, "Eb": 6, "C": -3, "F": -4},
}


@pytest.mark.parametrize("mode", SIGNATURES)
def test_signatures(mode):
    for tonic, sharps in SIGNATURES[mode].items():
        assert Key(TONICS.index(tonic), mode).sharps == sharps


def name(pitch, key):
    letter, alteration, octave = spelling(pitch, key)
    return letter + {-1: "b", 0: "", 1: "#", 2: "##"}[alteration] + str(octave)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (Key(0, "major"), "C4 C#4 D4 Eb4 E4 F4 F#4 G4 G#4 A4 Bb4 B4"),
        (Key(9, "minor"), "C4 C#4 D4 D#4 E4 F4 F#4 G4 G#4 A4 Bb4 B4"),
        (Key(0, "minor"), "C4 Db4 D4 Eb4 E4 F4 F#4 G4 Ab4 A4 Bb4 B4"),
        (Key(6, "major"), "B#3 C#4 C##4 D#4 E4 E#4 F#4 F##4 G#4 A4 A#4 B4"),
        (Key(1, "major"), "C4 Db4 D4 Eb4 Fb4 F4 Gb4 G4 Ab4 A4 Bb4 Cb5"),
    ],
)
def test_spelling(key, names):
    assert [name(pitch, key) for pitch in range(60, 72)] == names.split()


def test_every_spelling_sounds_as_its_pitch():
    for key in (Key(tonic, mode) for tonic in range(12) for mode in SIGNATURES):
        for pitch in range(1, 128):
            letter, alteration, octave = spelling(pitch, key)
            assert LETTERS[letter] + alteration + 12 * (octave + 1) == pitch
            assert -2 <= alteration <= 2
