import io
import tracemalloc
import zipfile

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music import score_text
from seqtasks.datasets.music.score_text import read_abc, read_xml
from seqtasks.datasets.music.scores import read
from tests.datasets.music.tiny_scores import bar, chorale, mxl, note, score

OTHER = score(P=[bar(note(50, 1))])
SECRET = "the words of another file"


@pytest.fixture
def file(tmp_path):
    def file(content, name="a.xml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_every_encoding_that_xml_declares(file, encoding):
    text = chorale().replace("UTF-8", encoding.removesuffix("-sig")).replace("Alto", "Ält")
    assert read(file(text.encode(encoding)), 4).voices == ("Soprano", "Ält", "Tenor", "Bass")


@pytest.mark.parametrize(
    ("packed", "first"),
    [
        (mxl(chorale()), 72),
        (mxl(chorale(), container=False), 72),
        (mxl(chorale(), "in/folder.musicxml", first=[("other.xml", OTHER)]), 72),
        (mxl(chorale(), first=[("mimetype", "application/vnd.recordare.musicxml")]), 72),
        (mxl(chorale(), container=False, first=[("other.xml", OTHER)]), 50),
        # a container that names what is not there, or is no XML
        (mxl(chorale(), container=False, first=[("META-INF/container.xml", "<a/>")]), 72),
        (mxl(chorale(), container=False, first=[("META-INF/container.xml", "no")]), 72),
    ],
)
@pytest.mark.parametrize("name", ["a.mxl", "a.xml"])
def test_a_packed_score(file, packed, first, name):
    assert read(file(packed, name), 4).pitches[0, 0] == first


def test_a_plain_score_of_the_wrong_name(file):
    assert read(file(chorale(), "a.mxl"), 4).pitches[0, 0] == 72


def test_entities_are_refused_and_nothing_is_read_for_them(file, tmp_path):
    (tmp_path / "secret.txt").write_text(SECRET, encoding="utf-8")
    entity = f'<!ENTITY x SYSTEM "{(tmp_path / "secret.txt").as_uri()}">'
    laughs = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">'
    parameter = '<!ENTITY % remote SYSTEM "http://localhost:9/x.dtd"> %remote;'
    for declared in (entity, laughs, parameter):
        text = chorale().replace('partwise.dtd"', f'partwise.dtd" [{declared}]')
        text = text.replace("Soprano", "&x;" if "x " in declared else "&b;")
        for content in (text, mxl(text), text.replace("UTF-8", "UTF-16").encode("utf-16")):
            with pytest.raises(DataError) as error:
                read(file(content), 4)
            assert "it declares entities, which no score needs" in str(error.value)
            assert SECRET not in str(error.value)


def test_an_entity_that_is_not_declared(file):
    with pytest.raises(DataError, match="got broken XML"):
        read(file(chorale().replace("Soprano", "&x;")), 4)


def test_a_bomb_is_not_unpacked(file, monkeypatch):
    monkeypatch.setattr(score_text, "LARGEST", 1_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b" " * 50_000_000)
    assert len(packed.getvalue()) < 100_000
    path = file(packed.getvalue(), "bomb.mxl")
    tracemalloc.start()
    with pytest.raises(DataError, match="it unpacks to more than 1 MB; "):
        read_xml(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_size_that_an_archive_understates_is_no_way_round(file, monkeypatch):
    monkeypatch.setattr(score_text, "LARGEST", 100_000)
    packed = mxl(chorale().replace("<part-list>", " " * 500_000 + "<part-list>"))
    size = (500_000).to_bytes(4, "little")[2:]  # the high bytes of the true one
    for content in (packed, packed.replace(size, b"\0\0")):
        with pytest.raises(DataError):
            read_xml(file(content, "a.mxl"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "expected a score, got an empty file"),
        (b"Once upon a time", "expected a MusicXML score, got no XML"),
        (b"\x00\x01\x02", "got no XML"),
        (b"   ", "got no XML"),
        (b"<!-- no root -->", "got no XML"),
        (b'<?xml version="1.0" encoding="nix"?><a/>', "expected a MusicXML score, got no XML"),
        (chorale()[:-40], "expected a MusicXML score, got broken XML"),
        ("<html><body/></html>", "score by parts, got XML of <html>"),
        (chorale().replace("score-partwise", "score-timewise"), "by parts, got XML of <score-time"),
        (mxl("<opus/>"), "got XML of <opus>"),
        (mxl(chorale())[:200], "a broken or locked archive"),
        (mxl("words", "a.txt", container=False), "an archive without one"),
        (mxl(chorale()).replace(b"score", b"xxxxx", 1), "a broken or locked archive"),
    ],
)
def test_problems_are_one_line(file, content, problem):
    path = file(content)
    with pytest.raises(DataError) as error:
        read_xml(path)
    assert str(error.value).startswith(f"{path}: ")
    assert problem in str(error.value)
    assert "; " in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("reader", [read_xml, read_abc])
def test_what_is_no_file_or_too_large(tmp_path, monkeypatch, reader):
    with pytest.raises(DataError, match=r"nix\.abc: no such file; check the path"):
        reader(tmp_path / "nix.abc")
    with pytest.raises(DataError, match="expected a file, got a directory"):
        reader(tmp_path)
    monkeypatch.setattr(score_text, "LARGEST", 1_000_000)
    (tmp_path / "large").write_bytes(b" " * 1_000_001)
    with pytest.raises(DataError, match="larger than 1 MB; cut it into smaller files"):
        reader(tmp_path / "large")


def test_a_damaged_archive_is_never_a_traceback(file):
    whole = mxl(score(P=[bar(note(50, 1))]))
    for place in range(0, len(whole), 3):
        path = file(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            assert read_xml(path).tag == "score-partwise"
        except DataError as error:
            assert str(error).startswith(f"{path}: ")


def test_abc_that_is_binary(file):
    with pytest.raises(DataError, match="expected ABC, got a binary file"):
        read_abc(file(b"X:1\nK:C\n\0", "a.abc"))
