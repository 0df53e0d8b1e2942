import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.chorale import VOICES, read
from tests.datasets.music.tiny_scores import bar, chorale, note, score

CHORD = [bar(note(60, 1), note(64, 1, chord=True))]
ONE = [bar(note(60, 1))]


@pytest.fixture
def file(tmp_path):
    def file(text):
        path = tmp_path / "bwv0.1.xml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


@pytest.mark.parametrize("others", [(), ("Horn_1", "Timpani")])
def test_the_four_voices_without_instruments(file, others):
    piece = read(file(chorale(*others)), 2)
    assert (piece.name, piece.voices) == ("bwv0.1", VOICES)
    assert piece.pitches.tolist() == [[72, 67, 64, 48]] * 8
    assert piece.struck[:, 3].tolist() == [True] + [False] * 7
    assert piece.places.tolist() == [[step, 8] for step in range(8)]


def test_instruments_with_chords_do_no_harm(file):
    parts = {"Organ": CHORD} | dict.fromkeys(("Soprano", "Alto", "Tenor_Viola", "BASS"), ONE)
    assert read(file(score(**parts)), 1).pitches.tolist() == [[60, 60, 60, 60]]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"Soprano_1": ONE, "Soprano_2": ONE, "Alto": ONE}, "expected one soprano, got two"),
        ({"Soprano": ONE, "Alto": ONE, "Bass": ONE}, "got soprano, alto, bass"),
        ({"Bass": ONE, "Tenor": ONE, "Alto": ONE, "Soprano": ONE}, "got bass, tenor, alto, sopr"),
        ({"Piano": CHORD}, "expected soprano, alto, tenor, bass, got none of them"),
        (
            {"Soprano": CHORD, "Alto": ONE, "Tenor": ONE, "Bass": ONE},
            "expected four voices, each with one tone at a time",
        ),
        (
            {"Soprano": [bar(note(None, 1))], "Alto": ONE, "Tenor": ONE, "Bass": ONE},
            "expected four voices, each with one tone at a time",
        ),
    ],
)
def test_what_is_no_chorale_of_four_voices(file, parts, problem):
    with pytest.raises(DataError, match=problem):
        read(file(score(**parts)), 4)
