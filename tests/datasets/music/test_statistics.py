import dataclasses

import numpy as np
import pytest

from seqtasks.datasets.music.piece import Note, Piece, piece_of_notes
from seqtasks.datasets.music.statistics import first_notes, music_statistics, pitch_name

TUNE = piece_of_notes([Note(0, 2, 60), Note(0, 1, 64), Note(3, 4, 81)], 4, "a.mid", 2)


@pytest.mark.parametrize(("pitch", "name"), [(60, "C4"), (69, "A4"), (1, "C#-1"), (127, "G9")])
def test_pitch_names(pitch, name):
    assert pitch_name(pitch) == name


def test_one_line_counts_pieces_steps_and_tones():
    line = "3 pieces, 12 steps, 6 beats, 1.00 tones at once (2 at most), C4 to A5"
    assert music_statistics([TUNE] * 3) == line


def test_genres_and_voices_where_there_are_some():
    voices = Piece("b", np.array([[50, 50]], np.uint8), np.ones((1, 2), bool), 1, ("Up", "Down"))
    line = music_statistics([dataclasses.replace(TUNE, genre="jigs"), voices])
    assert line.endswith("D3 to A5, voices (Up, Down 1, none 1), genres (jigs 1, none 1)")
    many = [dataclasses.replace(TUNE, genre=str(i)) for i in range(20)]
    assert music_statistics(many).endswith("5 1, 6 1, 7 1, …)")


def test_statistics_of_nothing_and_of_silence():
    assert music_statistics([]) == "0 pieces, 0 steps, 0 beats, 0.00 tones at once (0 at most)"
    silence = piece_of_notes([], 4, "", 1)
    assert music_statistics([silence]).endswith("4 beats, 0.00 tones at once (0 at most)")


def test_the_first_notes_of_a_piece():
    assert first_notes(TUNE) == "a.mid  E4+C4 . - A5"
    assert first_notes(piece_of_notes([], 17, "x\ny", 1)) == f"x y  {'- ' * 16}…"
