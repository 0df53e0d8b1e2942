"""Whatever is in a file of music, our own parts of its readers give pieces or one clear line.

What runs in native code or music21 does so in processes of its own: of that, a handful of files.
"""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.cache import read_pieces, write_pieces
from seqtasks.datasets.music.files import read_files
from seqtasks.datasets.music.midi import _bytes_of
from seqtasks.datasets.music.piece import HIGHEST, Piece
from seqtasks.datasets.music.piece_bytes import FIELDS, pack, unpack
from seqtasks.datasets.music.pitch_sets import read_pitch_sets
from seqtasks.datasets.music.score_text import read_abc, read_xml
from seqtasks.datasets.music.sources import load_music
from tests.datasets.music.midi_bytes import melody, midi
from tests.datasets.music.tiny_scores import chorale, mxl
from tests.hostile import answer, as_json, damaged, files, values, written
from tests.tiny_music import CHORALES

PITCH_SETS = [
    b'{"train": [[[60, 64], [], [62]], [[1]]], "valid": [[[127]]], "test": [[[0, -1]]]}',
    b"[[[60, 64, 67],\n [62]], [[60]], [[65], [65]], [[72]]]",
]
MIDI = [midi(melody((0, 480, 60), (480, 960, 62))), midi(melody((0, 1, 1)), kind=0)]
XML = [chorale().encode(), mxl(chorale())]
ABC = [b"X:1\nT:a\nM:3/4\nK:C\nCDE|c3|\n\nX:2\nK:G\n[GB]2 z|\n", "X:1\nT:ü\nK:C\nC\n".encode()]

sets = st.lists(st.lists(st.lists(st.one_of(st.integers(-2, 130), values(1)), max_size=3)))


def checked(piece):
    """A piece whose arrays are what `Piece` says of them."""
    assert piece.pitches.dtype == np.uint8 and piece.struck.dtype == bool
    assert piece.pitches.shape == piece.struck.shape and piece.pitches.max(initial=0) <= HIGHEST
    return piece


@given(st.one_of(files(PITCH_SETS), sets.map(as_json), values().map(as_json)))
def test_pitch_sets(data):
    path = written(data, "a.json")
    found = answer(read_pitch_sets, path)
    if found is not None:
        assert any(found.values())
        for piece in (piece for pieces in found.values() for piece in pieces):
            assert len(checked(piece)) > 0 and (piece.struck == (piece.pitches > 0)).all()
    source = answer(load_music, str(path))
    assert source is None or (source.splits["train"] and source.splits["dev"])


@given(files(MIDI))
def test_midi_before_it_is_parsed(data):
    found = answer(_bytes_of, written(data, "a.mid"))
    assert found is None or (found == data and data[:4] == b"MThd")


@given(files(XML))
def test_xml_and_its_archives(data):
    found = answer(read_xml, written(data, "a.xml"))
    assert found is None or found.tag == "score-partwise"


@given(files(ABC))
def test_abc(data):
    found = answer(read_abc, written(data, "a.abc"))
    assert found is None or ("\r" not in found and "\0" not in found)


def fields():
    """Pieces as their line of JSON has them, with anything in some fields."""
    right = {"name": "a", "steps_per_beat": 4, "voices": [], "genre": "", "tonic": None}
    right |= {"group": "", "shape": [2, 1], "places": False}
    wrong = st.dictionaries(st.sampled_from([*FIELDS, "shape", "places", "x"]), values(1))
    return st.tuples(
        st.lists(wrong.map(lambda row: {**right, **row}), max_size=2), st.binary()
    ).map(lambda pair: json.dumps(pair[0]).encode() + b"\n" + pair[1])


@given(st.one_of(files([pack(CHORALES), pack(CHORALES[:1])]), fields()))
def test_packed_pieces(data):
    try:
        found = unpack(data)
    except ValueError:
        return
    for piece in found:
        checked(piece)
        assert isinstance(piece, Piece) and piece.steps_per_beat > 0
    assert unpack(pack(found)) is not None and pack(unpack(pack(found))) == pack(found)


@given(drawn=st.data())
def test_the_cache(drawn):
    path = written(b"", "pieces.npz")
    write_pieces(path, CHORALES)
    data = path.read_bytes()
    path.write_bytes(drawn.draw(st.one_of(damaged([data]), st.binary(max_size=100))))
    found = read_pieces(path)
    assert found is None or all(map(checked, found))


@settings(max_examples=2, deadline=None)
@given(st.lists(st.one_of(damaged(MIDI), damaged(XML[:1]), damaged(ABC)), min_size=3, max_size=3))
def test_a_handful_of_files_in_processes_of_their_own(contents):
    suffixes = {b"MT": ".mid", b"<?": ".xml"}
    paths = [written(data, f"a{suffixes.get(data[:2], '.abc')}") for data in contents]
    for result in read_files(paths, 4).values():
        if isinstance(result, DataError):
            assert len(str(result).splitlines()) == 1
        else:
            assert result and all(map(checked, result))


@pytest.mark.parametrize("row", [{"shape": [-1, 1]}, {"shape": [2**40, 0]}, {"tonic": 12}])
def test_packed_pieces_of_a_stranger(row):
    header, _, rest = pack(CHORALES[:1]).partition(b"\n")
    (first,) = json.loads(header)
    with pytest.raises(ValueError, match="a field is of another kind"):
        unpack(json.dumps([{**first, **row}]).encode() + b"\n" + rest)
