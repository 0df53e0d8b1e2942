"""MIDI and MusicXML: what is read back is what was written."""

import numpy as np
import pytest

from seqtasks.datasets.music.piece import Note, as_set, notes_of, piece_of_notes, without_ties
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.bars import Bar, bars_of, metre
from seqtasks.tasks.music.midi_file import CHOIR, PIANO, write_midi
from seqtasks.tasks.music.musicxml import write_musicxml
from tests.tiny_pieces import HYMN, SATB, chords, piece, places

PICKUP = places((4, 8, 12), (12, 0, 12), (8, 0, 8), (6, 0, 16))
PIECES = {
    "voices": piece(HYMN),
    "pickup": piece(HYMN, places=PICKUP, tonic=7, genre="major"),
    "chords": chords(HYMN),
    "chords with a pickup": chords(HYMN, places=PICKUP),
    "struck anew": without_ties(piece(HYMN)),
    "a melody": piece("C5\nD5\n- \nE5", voices=("tune",)),
    "low chords": chords("C3 G2\n8 D3 G2"),
    "one step": chords("1 C4"),
    "many": chords("\n".join(f"{3 + n % 5} C{n % 8} E{n % 7 + 1} G{n % 3 + 2}" for n in range(40))),
}
GRIDS = [1, 2, 3, 4, 5, 6, 7, 8, 12, 24, 480, 500]


def voices_of(piece):
    """The tones of each voice; all, where there are none."""
    notes = notes_of(piece)
    columns = range(len(piece.voices)) if piece.voices else [None]
    return [sorted(n for column, n in notes if own in (column, None)) for own in columns]


def read_midi(path, steps_per_beat):
    """The tracks of a file, as tones on the grid."""
    import symusic

    score = symusic.Score(path)
    per_step = score.ticks_per_quarter // steps_per_beat
    tracks = []
    for track in score.tracks:
        notes = [(n.time, n.time + n.duration, n.pitch) for n in track.notes]
        assert all(start % per_step == end % per_step == 0 for start, end, _ in notes)
        tracks.append(sorted(Note(a // per_step, b // per_step, pitch) for a, b, pitch in notes))
    return score, tracks


def read_musicxml(path, steps_per_beat):
    """The parts of a file as music21 reads them, as tones on the grid."""
    from music21 import converter

    score = converter.parse(path, forceSource=True)
    parts = []
    for part in score.parts:
        notes, tied = [], {}
        for element in part.flatten().notes:
            start = element.offset * steps_per_beat
            end = start + element.quarterLength * steps_per_beat
            assert start == int(start)
            assert end == int(end)
            for tone in element.notes if element.isChord else [element]:
                kind = tone.tie.type if tone.tie else None
                goes_on = kind in ("continue", "stop")
                first = tied.pop((tone.pitch.midi, start)) if goes_on else start
                if kind in ("start", "continue"):
                    tied[tone.pitch.midi, end] = first
                else:
                    notes.append(Note(int(first), int(end), tone.pitch.midi))
        assert not tied
        parts.append(sorted(notes))
    return score, parts


@pytest.mark.parametrize("name", PIECES)
def test_midi_read_back_is_what_was_written(tmp_path, name):
    own = PIECES[name]
    write_midi(tmp_path / "a.mid", own, 90)
    _, tracks = read_midi(tmp_path / "a.mid", own.steps_per_beat)
    assert tracks == voices_of(own)


@pytest.mark.parametrize("steps_per_beat", GRIDS)
def test_midi_on_any_grid(tmp_path, steps_per_beat):
    own = chords(HYMN, steps_per_beat=steps_per_beat)
    write_midi(tmp_path / "a.mid", own, 90)
    _, [notes] = read_midi(tmp_path / "a.mid", steps_per_beat)
    again = piece_of_notes(notes, len(own), "", steps_per_beat)
    np.testing.assert_array_equal(again.pitches, own.pitches)
    np.testing.assert_array_equal(again.struck, own.struck)


def test_midi_has_tempo_metre_names_and_instruments(tmp_path):
    write_midi(tmp_path / "a.mid", PIECES["pickup"], 77)
    score, _ = read_midi(tmp_path / "a.mid", 4)
    assert [round(tempo.qpm) for tempo in score.tempos] == [77]
    signatures = [(t.time / 480, t.numerator, t.denominator) for t in score.time_signatures]
    assert signatures == [(0, 1, 4), (1, 3, 4), (4, 2, 4), (6, 4, 4)]
    assert tuple(track.name for track in score.tracks) == SATB
    assert {track.program for track in score.tracks} == {CHOIR}
    write_midi(tmp_path / "b.mid", PIECES["chords"], 77)
    score, _ = read_midi(tmp_path / "b.mid", 4)
    assert [track.program for track in score.tracks] == [PIANO]


@pytest.mark.parametrize("name", PIECES)
def test_musicxml_read_back_is_what_was_written(tmp_path, name):
    own = PIECES[name]
    write_musicxml(tmp_path / "a.musicxml", own, 90)
    _, parts = read_musicxml(tmp_path / "a.musicxml", own.steps_per_beat)
    if own.voices:
        assert parts == voices_of(own)
    else:
        assert [sorted(note for part in parts for note in part)] == voices_of(own)


@pytest.mark.parametrize("steps_per_beat", [3, 5, 12])
def test_musicxml_on_other_grids(tmp_path, steps_per_beat):
    own = chords(HYMN, steps_per_beat=steps_per_beat)
    write_musicxml(tmp_path / "a.musicxml", own, 90)
    _, parts = read_musicxml(tmp_path / "a.musicxml", steps_per_beat)
    assert [sorted(note for part in parts for note in part)] == voices_of(own)


def test_a_score_has_clefs_key_tempo_bars_and_names(tmp_path):
    write_musicxml(tmp_path / "a.musicxml", PIECES["pickup"], 77)
    score, _ = read_musicxml(tmp_path / "a.musicxml", 4)
    assert tuple(part.partName for part in score.parts) == SATB
    flat = [part.flatten() for part in score.parts]
    assert [part.getElementsByClass("Clef")[0].sign for part in flat] == ["G", "G", "F", "F"]
    assert {part.keySignature.sharps for part in flat} == {1}
    assert [mark.number for mark in score.flatten().getElementsByClass("MetronomeMark")] == [77]
    measures = list(score.parts[0].getElementsByClass("Measure"))
    assert [(measure.number, measure.offset) for measure in measures] == [
        (0, 0),
        (1, 1),
        (2, 4),
        (3, 6),
    ]
    signatures = flat[0].getElementsByClass("TimeSignature")
    assert [s.ratioString for s in signatures] == ["3/4", "2/4", "4/4"]


def test_notes_are_spelt_in_the_key(tmp_path):
    own = piece("Eb5 C5 G4 C4\nD5 B4 G4 G3\n Eb5 C5 G4 C4", tonic=0, genre="minor")
    write_musicxml(tmp_path / "a.musicxml", own, 90)
    score, _ = read_musicxml(tmp_path / "a.musicxml", 4)
    names = {pitch.nameWithOctave for pitch in score.pitches}
    assert names == {"E-5", "C5", "G4", "C4", "D5", "B4", "G3"}
    assert score.parts[0].flatten().keySignature.sharps == -3


def test_chords_have_staves_as_they_need(tmp_path):
    for name, clefs in {"chords": ["G", "F"], "low chords": ["F"], "one step": ["G"]}.items():
        write_musicxml(tmp_path / "a.musicxml", PIECES[name], 90)
        score, _ = read_musicxml(tmp_path / "a.musicxml", 4)
        assert [p.flatten().getElementsByClass("Clef")[0].sign for p in score.parts] == clefs


def test_the_same_piece_is_the_same_file(tmp_path):
    for write, suffix in ((write_midi, "mid"), (write_musicxml, "musicxml")):
        for name in "ab":
            write(tmp_path / f"{name}.{suffix}", PIECES["voices"], 90)
        contents = [(tmp_path / f"{name}.{suffix}").read_bytes() for name in "ab"]
        assert contents[0] == contents[1]


def test_nothing_is_written_to_the_home_directory(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    write_musicxml(tmp_path / "a.musicxml", PIECES["voices"], 90)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("bars", "found"),
    [
        (None, [Bar(0, 16, 0, 16), Bar(16, 30, 0, 16)]),
        (
            PICKUP,
            [Bar(0, 4, 8, 12), Bar(4, 16, 0, 12), Bar(16, 24, 0, 8), Bar(24, 30, 0, 16)],
        ),
        # two bars of which the first was cut short
        (places((5, 0, 8), (8, 0, 8), (8, 0, 8), (9, 0, 9)), [(0, 5), (5, 13), (13, 21), (21, 30)]),
    ],
)
def test_bars(bars, found):
    bars = bars_of(piece(HYMN, places=bars))
    assert [tuple(bar)[: len(one)] for bar, one in zip(bars, found, strict=True)] == [
        tuple(one) for one in found
    ]


@pytest.mark.parametrize(
    ("steps", "steps_per_beat", "signature"),
    [
        (16, 4, (4, 4)),
        (12, 4, (3, 4)),
        (6, 4, (3, 8)),
        (3, 4, (3, 16)),
        (7, 1, (7, 4)),
        (36, 12, (3, 4)),
        (18, 12, (3, 8)),
        (1, 3, (5, 64)),  # a third of a quarter is nearest to five sixty-fourths
        (5000, 4, (255, 4)),
    ],
)
def test_metres(steps, steps_per_beat, signature):
    assert metre(steps, steps_per_beat) == signature


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TaskError, match=r"file/a.mid: cannot be written: .*; name another"):
        write_midi(tmp_path / "file" / "a.mid", PIECES["voices"], 90)


def test_a_set_of_voices_is_written_alike(tmp_path):
    write_midi(tmp_path / "a.mid", as_set(PIECES["voices"]), 90)
    _, [notes] = read_midi(tmp_path / "a.mid", 4)
    assert notes == voices_of(PIECES["chords"])[0]
