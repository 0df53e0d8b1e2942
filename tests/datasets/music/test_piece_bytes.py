import dataclasses

import numpy as np
import pytest

from seqtasks.datasets.music.piece import Note, Piece, piece_of_notes
from seqtasks.datasets.music.piece_bytes import pack, unpack

CHORD = piece_of_notes([Note(0, 2, 60), Note(1, 3, 127)], 4, "a chord", 4)
FULL = Piece(
    name="Gotteslob \udcff é",
    pitches=np.array([[60, 48], [0, 50]], np.uint8),
    struck=np.array([[True, True], [False, False]]),
    steps_per_beat=2,
    voices=("Soprano", "Bass"),
    places=np.array([[0, 300], [1, 300]], np.int16),
    genre="minor",
    tonic=0,
    group="bwv 1",
)
EMPTY = piece_of_notes([], 0, "", 1)


@pytest.mark.parametrize("pieces", [[], [CHORD], [FULL], [CHORD, EMPTY, FULL, CHORD]])
def test_unpacked_is_what_was_packed(pieces):
    found = unpack(pack(pieces))
    assert len(found) == len(pieces)
    for one, other in zip(found, pieces, strict=True):
        for field in dataclasses.fields(Piece):
            got, expected = getattr(one, field.name), getattr(other, field.name)
            if isinstance(expected, np.ndarray):
                assert got.dtype == expected.dtype
                assert got.shape == expected.shape
                assert got.tolist() == expected.tolist()
            else:
                assert got == expected
                assert type(got) is type(expected)


def test_the_same_pieces_give_the_same_bytes():
    strided = dataclasses.replace(FULL, pitches=np.asfortranarray(FULL.pitches))
    assert pack([strided]) == pack([FULL])
    assert pack([dataclasses.replace(FULL, tonic=1)]) != pack([FULL])
    assert pack([CHORD, FULL]) != pack([FULL, CHORD])


@pytest.mark.parametrize("cut", [0, 1, 10, 200, -1])
def test_a_part_of_them_is_refused(cut):
    with pytest.raises(ValueError):
        unpack(pack([FULL, CHORD])[:cut])


@pytest.mark.parametrize(
    "data", [b"", b"[1]\n", b"{}\nx", b'[{"shape": 1}]\n', b"\xff\n", b"[]\nx"]
)
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError):
        unpack(data)
