"""Pieces written by hand, a chord a line."""

import numpy as np

from seqtasks.datasets.music.piece import Piece, as_set

SATB = ("soprano", "alto", "tenor", "bass")
LETTERS = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
SIGNS = {"#": 1, "b": -1}


def pitch(name):
    """The MIDI pitch of such a name as C4, Bb3 or F#5; of - it is 0."""
    if name == "-":
        return 0
    return LETTERS[name[0]] + sum(SIGNS[sign] for sign in name[1:-1]) + 12 * (int(name[-1]) + 1)


def piece(text, voices=SATB, steps_per_beat=4, **more):
    """The piece of these chords, from the highest voice, a line each, with steps first if not 4.

    A voice that stays on its pitch is struck anew by a line that begins with an asterisk.
    """
    rows, struck = [], []
    for line in text.strip().splitlines():
        anew, words = line.strip().startswith("*"), line.replace("*", " ").split()
        steps = int(words.pop(0)) if words[0].isdigit() else 4
        row = [pitch(word) for word in words]
        before = rows[-1] if rows else [0] * len(row)
        struck.append([p > 0 and (anew or p != q) for p, q in zip(row, before, strict=True)])
        struck += [[False] * len(row)] * (steps - 1)
        rows += [row] * steps
    voices = voices[: len(rows[0])]
    return Piece(
        more.pop("name", "tiny"),
        np.array(rows, np.uint8),
        np.array(struck, bool),
        steps_per_beat,
        voices,
        **more,
    )


def chords(text, **more):
    """The same without voices."""
    return as_set(piece(text, voices=tuple("abcdefgh"), **more))


def places(*bars):
    """`Piece.places` of bars: the steps each has, those it lacks before, those of the whole."""
    return np.array(
        [(before + step, whole) for count, before, whole in bars for step in range(count)], np.int16
    )


HYMN = """
  G4 D4 B3 G3
  B4 D4 G3 G3
* C5 E4 G3 C3
2 D5 F#4 A3 D3
2 D5 F#4 - C3
  D5 G4 G3 B2
2 C5 G4 E3 C3
2 C5 F#4 D3 D3
6 B4 G4 D3 G2
"""  # seven quarters and a half, with ties, a rest and a unison
