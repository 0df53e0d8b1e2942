"""Scores: MusicXML (.xml, .musicxml, .mxl) and ABC (.abc), read through music21.

What a piece keeps of a score is in `score_parts` and `score_grid`; repeats are not expanded.
Of ABC, music21 knows no ties between chords: their tones are struck anew. Nothing is written,
nothing fetched, and none of music21's pickles are read: it is given what we read ourselves.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.midi import MOST_STEPS
from seqtasks.datasets.music.piece import HIGHEST, LOWEST, Piece
from seqtasks.datasets.music.score_grid import piece_of_score
from seqtasks.datasets.music.score_parts import Score, score_of
from seqtasks.datasets.music.score_text import read_abc, read_xml

ABC_SUFFIXES = (".abc",)
SUFFIXES = (".xml", ".musicxml", ".mxl", *ABC_SUFFIXES)
CHECK = "check that a notation program opens it"

_TUNE = re.compile(r"^X:", re.MULTILINE)
_KEY = re.compile(r"^K:", re.MULTILINE)
_LENGTH = re.compile(r"^[ML]:", re.MULTILINE)
# elements without which it sounds the same, and over which music21 takes most of its time
_SILENT = {"beam", "stem", "notehead", "notations", "lyric", "harmony", "figured-bass"}
_SILENT |= {"direction", "sound", "print", "defaults", "credit"}


def read(path: Path, steps_per_beat: int) -> Piece:
    """The piece of a score; of an ABC file with several tunes, the first that has notes.

    Args:
        path: the file. What is not .abc is taken for MusicXML.
        steps_per_beat: steps of a quarter note.

    Raises:
        DataError: for a file that is no score, is broken, or has no notes.
    """
    first: DataError | None = None
    for tune in read_tunes(path, steps_per_beat):
        if isinstance(tune, Piece):
            return tune
        first = first or tune
    raise first or _no_notes(path)


def read_tunes(path: Path, steps_per_beat: int) -> Iterator[Piece | DataError]:
    """Every tune of a file: its piece, or what is wrong with it.

    Of MusicXML that is one. Those of an ABC file with several are named after the file and their
    `X:` field, as in `reels.abc:12`; an error has the line of that field.

    Raises:
        DataError: for a file that cannot be read at all.
    """
    if path.suffix.lower() not in ABC_SUFFIXES:
        yield _piece(path, _stream_of_xml(path, read_xml(path)), path.name, steps_per_beat)
        return
    text = read_abc(path)
    if not _KEY.search(text):
        raise DataError(path, "expected ABC with its K: field, got none", "check that it is ABC")
    places = [match.start() for match in _TUNE.finditer(text)] or [0]
    header = text[: places[0]]
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        tune = text[start:end]
        number = tune.partition("\n")[0][2:].strip() if len(places) > 1 else ""
        name = f"{path.name}:{number}" if len(places) > 1 else path.name
        try:
            yield _piece(path, _stream_of_abc(path, header + tune), name, steps_per_beat)
        except DataError as error:
            if len(places) == 1:
                raise
            line = text.count("\n", 0, start) + 1
            yield DataError(path, error.problem, error.mend, line)


def read_score(path: Path, root: ElementTree.Element) -> Score:
    """The score of a MusicXML document; its elements that do not sound are taken out of it.

    Raises:
        DataError: where music21 fails on it.
    """
    return _score(path, _stream_of_xml(path, root))


def _piece(path: Path, stream: Any, name: str, steps_per_beat: int) -> Piece:
    score = _score(path, stream)
    tones = [tone for part in score.parts for tone in part.tones]
    if not tones:
        raise _no_notes(path)
    if max(tone.end for tone in tones) * steps_per_beat > MOST_STEPS:
        problem = f"expected {MOST_STEPS:,} steps at most, got more"
        raise DataError(path, problem, "cut it into pieces, or choose fewer steps a beat")
    for pitch in (min(tone.pitch for tone in tones), max(tone.pitch for tone in tones)):
        if not LOWEST <= pitch <= HIGHEST:
            raise DataError(path, f"pitch {pitch} is not one of MIDI's, 1 to 127", "correct it")
    return piece_of_score(score, name, steps_per_beat)


def _no_notes(path: Path) -> DataError:
    return DataError(path, "expected notes, got a score without any", "check the file")


def _stream_of_xml(path: Path, root: ElementTree.Element) -> Any:
    for parent in root.iter():
        silent = [child for child in parent if child.tag in _SILENT]
        for child in silent:
            parent.remove(child)
    with _music21(path):
        from music21.musicxml.xmlToM21 import MusicXMLImporter

        importer = MusicXMLImporter()
        importer.xmlRootToScore(root, importer.stream)  # parts of two staves go there by themselves
        return importer.stream


def _stream_of_abc(path: Path, text: str) -> Any:
    if not _LENGTH.search(text):  # the standard's default, which music21 does not know
        text = f"L:1/8\n{text}"
    with _music21(path):
        from music21 import converter
        from music21.stream import Opus

        stream = converter.parseData(text, format="abc")
        return stream.scores[0] if isinstance(stream, Opus) else stream


def _score(path: Path, stream: Any) -> Score:
    with _music21(path):
        return score_of(stream)


@contextmanager
def _music21(path: Path) -> Iterator[None]:
    """Without its warnings, and with one error in place of all that it raises."""
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    except DataError:
        raise
    except Exception as error:  # of every kind, for what a file can have wrong
        first = (str(error).splitlines() or [""])[0][:200]
        problem = f"music21 cannot read it ({type(error).__name__}: {first})"
        raise DataError(path, problem, CHECK) from None
