"""One chorale of music21's corpus: its four voices, without the instruments that go with them."""

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.score_grid import piece_of_score
from seqtasks.datasets.music.score_text import read_xml
from seqtasks.datasets.music.scores import read_score

VOICES = ("soprano", "alto", "tenor", "bass")


def read(path: Path, steps_per_beat: int) -> Piece:
    """The piece of four voices that a file has, named after it.

    Raises:
        DataError: where it has not one part of each name, where one has chords, and for whatever
            `scores` refuses.
    """
    root = read_xml(path)
    _keep_voices(path, root)
    score = read_score(path, root)
    if len(score.parts) < len(VOICES) or not all(part.monophonic for part in score.parts):
        raise DataError(path, "expected four voices, each with one tone at a time", "leave it out")
    piece = piece_of_score(score, path.stem, steps_per_beat)
    return dataclasses.replace(piece, voices=VOICES)


def _keep_voices(path: Path, root: ElementTree.Element) -> None:
    """Takes every part out of a score that is not the soprano, alto, tenor or bass.

    Instruments that double a voice may share its part, whose name begins with the voice's.
    """
    listed = root.find("part-list")
    found: dict[str, str | None] = {}
    for entry in root.iterfind("part-list/score-part"):
        words = (entry.findtext("part-name") or "").lower().split()
        if words and words[0] in VOICES:
            if words[0] in found:
                raise DataError(path, f"expected one {words[0]}, got two", "leave it out")
            found[words[0]] = entry.get("id")
    if listed is None or tuple(found) != VOICES:
        got = ", ".join(found) or "none of them"
        raise DataError(path, f"expected {', '.join(VOICES)}, got {got}", "leave it out")
    for parent, tags in ((listed, ("score-part", "part-group")), (root, ("part",))):
        for child in list(parent):
            if child.tag in tags and child.get("id") not in found.values():
                parent.remove(child)
