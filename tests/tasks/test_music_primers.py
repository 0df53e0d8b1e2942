"""First notes and melodies: kept as they are, or refused in a line."""

import dataclasses

import numpy as np
import pytest

from seqtasks.datasets.music.piece import notes_of
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.notation import tokens_of
from seqtasks.tasks.music.sources import piece_of_names
from tests.tasks.scrambled_composer import biased, composer, end, tokens
from tests.tiny_music import BAR, CHORALES, SETS, sets, voiced

PRIMER = voiced("72 - . 70", "48 50 - -", upbeat=1)


def possible(kind, pieces):
    """Whether the model gives every step some chance."""
    return all(reading.nats.max() < 1e4 for reading in composer(kind).read(pieces))


# kept


@pytest.mark.parametrize("genre", [0, 8, 22])
def test_a_piece_begins_with_its_primer(genre):
    drawn = composer("voices").generate(20, num=6, primer=PRIMER, genre=genre)
    for piece in drawn:
        assert tokens([piece])[0][:4] == tokens_of(PRIMER).tolist()
        # it goes on in the bar where the primer left it
        assert piece.places.tolist() == [[(t - 1) % BAR, BAR] for t in range(20)]
    assert len({str(row[4:]) for row in tokens(drawn)}) == 6
    assert possible("voices", drawn)


def test_a_primer_changes_what_comes_behind_it():
    other = voiced("60 - . 70", "48 50 - 43", upbeat=1)
    drawn = [composer("voices").generate(20, num=8, primer=p, genre=0) for p in (PRIMER, other)]
    assert [row[4:] for row in tokens(drawn[0])] != [row[4:] for row in tokens(drawn[1])]


def test_a_primer_may_be_longer_than_the_piece():
    (piece,) = composer("voices").generate(3, primer=PRIMER)
    assert tokens([piece]) == [tokens_of(PRIMER)[:3].tolist()]


@pytest.mark.parametrize("genre", [0, 1])
def test_sets_begin_with_a_primer_of_any_width(genre):
    with biased("sets", end(60.0)) as model:  # which it may not end before
        for primer in (SETS[0], sets("67 64 | 67- 64- 60 | ."), sets("60")):
            drawn = model.generate(20, num=4, primer=primer, genre=genre)
            for piece in drawn:
                width = primer.pitches.shape[1]
                row = np.array(tokens([piece])[0])[: len(primer)]
                assert row[:, :width].tolist() == tokens_of(primer).tolist()
                assert not row[:, width:].any() and len(piece) == len(primer)
            assert possible("sets", drawn)


def test_a_primer_with_voices_is_a_set_to_a_model_of_sets():
    (piece,) = composer("sets").generate(9, primer=voiced("67 - 65", "67 60 -"))
    assert tokens([piece])[0][:3] == [[67, 0, 0, 0], [127 + 67, 60, 0, 0], [65, 127 + 60, 0, 0]]


def test_single_notes_are_those_of_the_first_voice():
    primer = piece_of_names("C5 B4 Bb4", 2)
    drawn = composer("voices").generate(12, num=8, primer=primer, genre=1)
    for piece in drawn:
        first = [row[0] for row in tokens([piece])[0][:6]]
        assert first == [72, 127 + 72, 71, 127 + 71, 70, 127 + 70]
    # the other voice is drawn to them, and again as the model has it
    assert len({str([row[1] for row in found[:6]]) for found in tokens(drawn)}) > 1
    assert possible("voices", drawn)


def test_chords_are_dealt_out_from_the_first_voice_to_the_last():
    primer = sets("72 60 | 72- 60- | 60- | 74 60")
    drawn = composer("voices").generate(12, num=4, primer=primer, genre=0)
    for piece in drawn:
        # the 60 that goes on in another voice is struck there
        expected = [[72, 60], [127 + 72, 127 + 60], [60, 0], [74, 60]]
        assert tokens([piece])[0][:4] == expected
    assert possible("voices", drawn)


def test_the_highest_tones_of_a_melody_are_the_first_voice_throughout():
    melody = sets("72 60 | 72- 60- | 60- | . | 74 45 | 74-")
    drawn = composer("voices").generate(99, num=6, melody=melody, genre=8)
    for piece in drawn:
        first = [row[0] for row in tokens([piece])[0]]
        assert first == [72, 127 + 72, 60, 0, 74, 127 + 74]
    assert len({str([row[1] for row in found]) for found in tokens(drawn)}) == 6
    assert possible("voices", drawn)


def test_the_first_voice_of_a_piece_is_a_melody_with_its_bars():
    for melody in CHORALES:
        drawn = composer("voices").generate(2, num=2, melody=melody, genre=8)
        for piece in drawn:
            assert [row[0] for row in tokens([piece])[0]] == tokens_of(melody)[:, 0].tolist()
            np.testing.assert_array_equal(piece.places, melody.places)
        assert possible("voices", drawn)


def test_a_melody_is_harmonised_as_the_model_has_it():
    """By chance, the other voice of one step comes as often as it does beside that tone."""
    model, num = composer("voices"), 6000
    drawn = model.generate(3, num=num, melody=voiced("70 72 -", ". . .", upbeat=0), genre=0)
    second = np.array([row[1][1] for row in tokens(drawn)])
    first = np.array([row[0][1] for row in tokens(drawn)])
    before = int(np.bincount(first).argmax())
    mark = "." if not before else str(before)
    found = second[first == before]
    choices = [*range(43, 75), *([127 + before] if before else []), 0]
    signs = ["-" if x > 127 else "." if not x else str(x) for x in choices]
    pieces = [voiced("70 72 70", f"{mark} {sign} 50", upbeat=0) for sign in signs]
    p = np.exp([-reading.nats[1] for reading in model.read(pieces)])
    p /= p.sum()  # given the tone of the first voice, and the second in its range
    counts = np.array([(found == x).sum() for x in choices])
    assert counts.sum() == len(found) > 30
    expected = len(found) * p
    assert (np.abs(counts - expected) <= 4.5 * np.sqrt(expected * (1 - p)) + 1).all()


def test_a_primer_without_bars_begins_one():
    (piece,) = composer("voices").generate(9, primer=dataclasses.replace(PRIMER, places=None))
    assert piece.places.tolist() == [[t % BAR, BAR] for t in range(9)]


def test_held_tones_of_a_primer_stay_held():
    (piece,) = composer("voices").generate(4, primer=PRIMER)
    assert [note for _, note in notes_of(piece)] == [note for _, note in notes_of(PRIMER)]


# refused


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("voices", {"primer": voiced("75", "50")}, "75: Eb5 is outside .* the Soprano .* A2 to D5"),
        ("voices", {"primer": voiced("70", "42")}, "F#2 is outside .* the Bass .* G2 to D5"),
        ("voices", {"melody": sets("44")}, "G#2 is outside what the Soprano has"),
        ("voices", {"primer": sets("70 60 50")}, "3 tones at once; the run has 2 voices"),
        ("voices", {"primer": voiced("70", "60", "50", voices=("A", "B", "C"))}, "A, B, C"),
        ("voices", {"primer": sets("70", steps_per_beat=4)}, "4 steps a beat, the run has 2"),
        ("voices", {"melody": sets("70", steps_per_beat=4)}, "4 steps a beat, the run has 2"),
        ("voices", {"melody": sets(". | .")}, "nothing sounds in its 2 steps"),
        ("voices", {"primer": voiced(". . 70", ". . 50")}, "nothing sounds in its 2 steps"),
        ("sets", {"primer": sets(". | . | 60")}, "nothing sounds in its 2 steps"),
        ("sets", {"primer": sets("73")}, "C#5 is outside what the run has .* Bb3 to C5"),
        ("sets", {"primer": sets("70 68 66 64 62")}, "5 tones at once; the run knows at most 4"),
        ("sets", {"primer": sets("70", steps_per_beat=1)}, "1 steps a beat"),
        ("sets", {"melody": sets("70")}, "no voices: there is none to harmonise"),
    ],
)
def test_what_cannot_begin_a_piece_is_refused_in_a_line(kind, settings, message):
    with pytest.raises(TaskError, match=message) as error:
        composer(kind).generate(2, **settings)
    assert len(str(error.value).splitlines()) == 1


def test_names_of_notes_are_read_as_they_are_written():
    piece = piece_of_names("C4 F#3 Bb5 c♯4 Ebb4 C#-1 G9", 1)
    assert piece.pitches.ravel().tolist() == [60, 54, 82, 61, 62, 1, 127]
    assert piece.struck.all()
    for names in ("H4", "C", "C4,E4", "C-1", "Ab9", "", "  ", "C###4", "60"):
        with pytest.raises(TaskError):
            piece_of_names(names, 4)


# keys


def test_without_a_genre_a_piece_is_in_the_key_of_its_first_notes():
    model = composer("voices")
    for name, notes in {"G major": "67 71 74 67", "A minor": "57 60 64 57"}.items():
        number = model.notation.named(name)
        melody = sets(" | ".join(notes.split()))
        for given in ({"melody": melody}, {"primer": melody}):
            drawn = model.generate(8, num=3, seed=4, **given)
            assert {model.notation.number(p.genre, p.tonic) for p in drawn} == {number}
            assert tokens(drawn) == tokens(model.generate(8, num=3, seed=4, genre=number, **given))


def test_first_notes_of_a_run_without_keys_ask_for_no_genre():
    (piece,) = composer("sets").generate(8, primer=sets("67 64 | 60"))
    assert (piece.genre, piece.tonic) == ("", None)
