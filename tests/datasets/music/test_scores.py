import os
import subprocess
import sys

import numpy as np
import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music import midi, scores, tunes
from seqtasks.datasets.music.piece import notes_of
from seqtasks.datasets.music.scores import read, read_tunes
from tests.datasets.music.tiny_scores import bar, chorale, grace, note, score, tie

CLARINET = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
BOOK = """M:4/4
L:1/4

X:7
T:First
K:G
D | G A B c | d2-d2 |

X:8
T:Empty
K:C
z4 |

X:12
T:No bars
K:C
C E G c
"""


@pytest.fixture
def piece(tmp_path):
    def piece(text, steps_per_beat=4, name="a.xml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read(path, steps_per_beat)

    return piece


def tones(found):
    return [(column, *tone) for column, tone in notes_of(found)]


def test_monophonic_parts_are_voices_in_the_order_of_the_score(piece):
    found = piece(chorale())
    assert found.name == "a.xml"
    assert found.voices == ("Soprano", "Alto", "Tenor", "Bass")
    assert found.pitches.tolist() == [[72, 67, 64, 48]] * 16
    assert np.argwhere(found.struck[:, 0]).ravel().tolist() == [0, 8]
    assert np.argwhere(found.struck[:, 3]).ravel().tolist() == [0]  # the tie joins
    assert (found.genre, found.tonic, found.steps_per_beat) == ("", None, 4)


def test_equal_and_missing_names_become_different(piece):
    bars = [bar(note(60, 4))]
    found = piece(score(Violin=bars, _=bars, Violin_=bars))
    assert found.voices == ("Violin", "part 2", "Violin 2")


@pytest.mark.parametrize("steps_per_beat", [1, 2, 4, 12])
def test_chords_make_a_piece_without_voices(piece, steps_per_beat):
    found = piece(score(Piano=[bar(note(60, 1), note(64, 1, chord=True), note(62, 1))]))
    steps = piece(score(Piano=[bar(note(60, 1), note(64, 1, chord=True))]), steps_per_beat)
    assert found.voices == ()
    assert tones(found) == [(0, 0, 4, 64), (1, 0, 4, 60), (0, 4, 8, 62)]
    assert len(steps) == steps_per_beat


def test_two_voices_in_a_part_make_a_piece_without_voices(piece):
    back = "<backup><duration>48</duration></backup>"
    found = piece(score(P=[bar(note(72, 2, voice=1), back, note(60, 1, voice=2))]))
    assert found.voices == ()
    assert tones(found) == [(0, 0, 8, 72), (1, 0, 4, 60)]


def test_two_staves_of_a_part_are_parts(piece):
    back = "<backup><duration>96</duration></backup>"
    bars = [bar(*staves((72, 74), back, (60, 48)), metre=(4, 4), more="<staves>2</staves>")]
    bars += [bar(*staves((76, 77), back, (50, 52)))]
    found = piece(score(Piano=bars))
    assert found.voices == ("Piano", "Piano 2")
    assert found.pitches[::8].tolist() == [[72, 60], [74, 48], [76, 50], [77, 52]]
    bars[1] = bar(*staves((76, 77), back, (50, 52)), note(40, 2, chord=True, voice=2, staff=2))
    found = piece(score(Piano=bars))
    assert found.voices == ()
    assert found.pitches[::8].tolist() == [[72, 60, 0], [74, 48, 0], [76, 50, 0], [77, 52, 40]]


def staves(upper, back, lower):
    """Half notes of two staves in one bar."""
    notes = [[note(pitch, 2, voice=n, staff=n) for pitch in pitches]
             for n, pitches in ((1, upper), (2, lower))]  # fmt: skip
    return [*notes[0], back, *notes[1]]


def test_a_tie_of_one_tone_in_a_chord_holds_that_tone_alone(piece):
    found = piece(
        score(
            P=[
                bar(note(60, 1, tie("start")), note(64, 1, chord=True)),
                bar(note(60, 1, tie("stop", "start")), note(64, 1, chord=True)),
                bar(note(60, 1, tie("stop")), note(67, 1, chord=True)),
            ]
        )
    )
    assert [tone[1:] for tone in tones(found)] == [(0, 4, 64), (0, 12, 60), (4, 8, 64), (8, 12, 67)]


@pytest.mark.parametrize("kinds", [("start", ""), ("", "stop"), ("stop", "start")])
def test_half_a_tie_joins_nothing(piece, kinds):
    one, other = (tie(kind) if kind else "" for kind in kinds)
    found = piece(score(P=[bar(note(60, 1, one), note(60, 1, other))]))
    assert tones(found) == [(0, 0, 4, 60), (0, 4, 8, 60)]


def test_a_tie_to_another_pitch_joins_nothing(piece):
    found = piece(score(P=[bar(note(60, 1, tie("start")), note(62, 1, tie("stop")))]))
    assert tones(found) == [(0, 0, 4, 60), (0, 4, 8, 62)]


def test_places_of_a_pickup(piece):
    bars = [bar(note(60, 1), metre=(4, 4)), bar(note(62, 4)), bar(note(64, 3))]
    found = piece(score(P=bars))
    assert found.places.tolist()[:4] == [[12, 16], [13, 16], [14, 16], [15, 16]]
    assert found.places.tolist()[4:] == [[step % 16, 16] for step in range(28)]
    assert (found.pitches[:, 0] == [60] * 4 + [62] * 16 + [64] * 12).all()


def test_places_of_a_bar_that_a_repeat_cuts_in_two(piece):
    bars = [bar(note(60, 4), metre=(4, 4)), bar(note(62, 3)), bar(note(62, 1)), bar(note(64, 4))]
    found = piece(score(P=bars))
    assert found.places[:, 0].tolist() == [step % 16 for step in range(48)]


def test_places_of_a_new_metre_with_a_pickup(piece):
    bars = [bar(note(60, 4), metre=(4, 4)), bar(note(62, 3)), bar(note(62, 1), metre=(3, 4))]
    found = piece(score(P=[*bars, bar(note(64, 3))]))
    assert found.places[:, 0].tolist() == [*range(16), *range(12), *range(8, 12), *range(12)]
    assert found.places[:, 1].tolist() == [16] * 28 + [12] * 16


def test_places_are_within_their_bars(piece):
    bars = [bar(note(60, 0.75), metre=(5, 8)), bar(note(62, 2.5)), bar(note(62, 6)), bar()]
    for steps_per_beat in (1, 2, 3, 4, 24):
        places = piece(score(P=bars), steps_per_beat).places
        assert (places >= 0).all()
        assert (places[:, 0] < places[:, 1]).all()


def test_silent_bars_before_and_all_silence_behind_are_left_out(piece):
    found = piece(
        score(
            P=[
                bar(note(None, 3), metre=(3, 4)),
                bar(note(None, 1), note(60, 1), note(None, 1)),
                bar(note(None, 3)),
            ]
        )
    )
    assert found.pitches[:, 0].tolist() == [0] * 4 + [60] * 4
    assert found.places[:, 0].tolist() == list(range(8))


def test_a_part_that_does_not_fill_a_bar_is_not_shifted(piece):
    short = [bar(note(60, 1), metre=(4, 4)), bar(note(62, 4))]
    full = [bar(note(48, 4), metre=(4, 4)), bar(note(50, 4))]
    found = piece(score(A=short, B=full))
    assert found.pitches[16].tolist() == [62, 50]
    assert found.pitches[4].tolist() == [0, 48]


def test_what_has_no_pitch_or_no_time_is_left_out(piece):
    drum = "<note><unpitched/><duration>24</duration></note>"
    chord = "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
    found = piece(score(P=[bar(grace(70), chord, note(60, 1), note(62, 1))], Drum=[bar(drum)]))
    assert found.voices == ("P",)
    assert tones(found) == [(0, 0, 4, 60), (0, 4, 8, 62)]


def test_a_transposing_instrument_sounds_where_it_sounds(piece):
    found = piece(score(Clarinet=[bar(note(62, 4), more=CLARINET)], Flute=[bar(note(60, 4))]))
    assert found.pitches[0].tolist() == [60, 60]


def test_the_grid_rounds_to_the_nearest_step_and_loses_no_tone_of_a_set(piece):
    notes = [note(60, 0.125), note(62, 0.125), note(64, 0.5), note(65, 0.25)]
    found = piece(score(P=[bar(*notes)]))
    # of tones that meet in one step the last stays, and each begins at its nearest step
    assert tones(found) == [(0, 0, 1, 60), (0, 1, 3, 64), (0, 3, 4, 65)]
    chord = [note(72, 1), note(76, 1, chord=True)]
    found = piece(score(P=[bar(*notes, *chord)]))
    assert {tone[3] for tone in tones(found)} == {60, 62, 64, 65, 72, 76}


def test_triplets_on_a_grid_of_three(piece):
    found = piece(score(P=[bar(*[note(pitch, 1 / 3) for pitch in (60, 62, 64)])]), 3)
    assert tones(found) == [(0, 0, 1, 60), (0, 1, 2, 62), (0, 2, 3, 64)]


def test_repeats_are_read_once(piece):
    repeat = '<barline location="right"><repeat direction="backward"/></barline>'
    found = piece(score(P=[bar(note(60, 4), repeat), bar(note(62, 4))]))
    assert tones(found) == [(0, 0, 16, 60), (0, 16, 32, 62)]


def test_one_tune_of_abc(piece):
    found = piece("X:1\nM:3/4\nL:1/4\nK:D\nF | F3- | [FA]3 |]\n", name="a.abc")
    assert found.name == "a.abc"
    assert [tone[1:] for tone in tones(found)] == [
        (0, 4, 66), (4, 16, 66), (16, 28, 69), (16, 28, 66)
    ]  # fmt: skip
    assert found.places[:, 0].tolist() == [*range(8, 12), *range(12), *range(12)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_book_of_tunes(tmp_path, end):
    path = tmp_path / "book.abc"
    path.write_bytes(("% F\u00e4hre\n" + BOOK).replace("\n", end).encode("latin-1"))
    first, second, third = read_tunes(path, 2)
    assert (first.name, third.name) == ("book.abc:7", "book.abc:12")
    # the file's own header holds for each of them
    assert first.pitches[:, 0].tolist() == [62] * 2 + [67] * 2 + [69] * 2 + [71] * 2 + [72] * 2 + (
        [74] * 8
    )
    assert first.places[:, 1].tolist() == [8] * 18
    assert third.places is None
    assert str(second) == f"{path}:10: expected notes, got a score without any; check the file"
    assert [getattr(tune, "name", None) for tune in tunes.read(path, 2)] == [
        "book.abc:7", None, "book.abc:12"
    ]  # fmt: skip
    assert read(path, 2).name == "book.abc:7"


def test_abc_without_metre_has_eighths(piece):
    assert tones(piece("X:1\nK:C\nC D2\n", name="a.abc")) == [(0, 0, 2, 60), (0, 2, 6, 62)]


def test_a_book_without_a_tune_that_can_be_read(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text("X:1\nK:C\nz4 |\n\nX:2\nK:C\nz4 |\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"book\.abc:1: expected notes"):
        read(path, 4)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.xml", score(P=[bar(note(None, 4))]), "expected notes, got a score without any"),
        ("a.xml", score(), "expected notes"),
        ("a.xml", score(P=[bar(note(60, 1e6))]), f"{midi.MOST_STEPS:,} steps at most"),
        ("a.xml", score(P=[bar(note(140, 1))]), "pitch 140 is not one of MIDI's"),
        ("a.xml", score(P=[bar(note(60, 1))]).replace("<step>C", "<step>J"), "music21 cannot read"),
        ("a.abc", "Once upon a time.\n", "expected ABC with its K: field, got none"),
        ("a.abc", "X:1\nT:Nothing\nK:C\n", "expected notes"),
    ],
)
def test_problems_are_one_line(tmp_path, name, content, problem):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read(path, 4)
    assert str(error.value).startswith(f"{path}: ")
    assert problem in str(error.value)
    assert "; " in str(error.value)
    assert "\n" not in str(error.value)


def test_nothing_is_written_or_printed_and_music21_waits_until_it_is_needed(tmp_path):
    (tmp_path / "a.xml").write_text(chorale(), encoding="utf-8")
    (tmp_path / "a.abc").write_text(BOOK, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from pathlib import Path; from seqtasks.datasets.music import tunes\n"
        "assert 'music21' not in sys.modules\n"
        "for path in sys.argv[1:]: tunes.read(Path(path), 4)\n"
        "assert 'music21' in sys.modules"
    )
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(home))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.xml"), str(tmp_path / "a.abc")],
        env=os.environ | places | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    assert list(home.rglob("*")) == []


def test_suffixes_are_lower_case_and_start_with_a_dot():
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in scores.SUFFIXES)
