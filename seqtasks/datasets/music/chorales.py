"""Bach's four-part chorales, from the corpus that music21 carries.

`chorales_split.txt` says which of its files are used, in which split each is, which tune (group)
it sets, and its key; so everyone has the same splits, and no tune is in two of them, in whatever
key or variant. `benchmarks/chorales_split.py` made the table and says how.

music21's code has a BSD licence; some encodings of its corpus bar commercial use. None of the
corpus is shipped with seqtasks: it is read where music21 is installed, parsed once by music21 in
processes of their own, and kept in the user's cache folder.
"""

import dataclasses
import importlib.util
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.cache import VARIABLE, folder, read_pieces, write_pieces
from seqtasks.datasets.music.isolated import parse_all
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.source import SPLIT_NAMES

LICENCE = "chorales: some encodings in music21's corpus bar commercial use"
FORMAT = 1  # of the cached file; to be raised when a piece is read otherwise than before

SUFFIXES = (".mxl", ".xml")


class Row(NamedTuple):
    """A line of the table."""

    stem: str
    group: str
    split: str
    tonic: int
    mode: str


def load(
    steps_per_beat: int,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, list[Piece]]:
    """The pieces of train, dev and test.

    Each has four voices, a group, its tonic, and its mode as genre: "major" or "minor".

    Args:
        steps_per_beat: steps of a quarter note.
        progress: called with how many chorales of how many are parsed, when none are cached.
        say: takes a line for the user; None prints it to standard error.

    Raises:
        DataError: where music21 or its corpus is missing or has other files.
    """
    rows = table()
    place = corpus()
    path = folder() / f"chorales-{FORMAT}-{steps_per_beat}-music21-{version('music21')}.npz"
    pieces = read_pieces(path)
    if pieces is None or [piece.name for piece in pieces] != [row.stem for row in rows]:
        pieces = _parse(place, rows, steps_per_beat, progress)
        try:
            write_pieces(path, pieces)
        except OSError as error:
            line = f"{path.parent}: the parsed chorales cannot be kept ({error.strerror}); "
            line += f"set {VARIABLE} to a folder that can be written"
            print(line, file=sys.stderr) if say is None else say(line)
    splits: dict[str, list[Piece]] = {name: [] for name in SPLIT_NAMES}
    for row, piece in zip(rows, pieces, strict=True):
        splits[row.split].append(
            dataclasses.replace(piece, group=row.group, tonic=row.tonic, genre=row.mode)
        )
    return splits


def table() -> list[Row]:
    """The lines of `chorales_split.txt`."""
    text = files(__package__).joinpath("chorales_split.txt").read_text("utf-8")
    rows = []
    for line in text.splitlines():
        if not line.startswith("#"):
            stem, group, split, tonic, mode = line.split()
            rows.append(Row(stem, group, split, int(tonic), mode))
    return rows


def corpus() -> Path:
    """The folder with Bach's works in music21's corpus.

    Raises:
        DataError: where it is not there.
    """
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        raise DataError("chorales", "music21, which carries them, is missing", "install it")
    path = Path(spec.origin).parent / "corpus" / "bach"
    if not path.is_dir():
        raise DataError(path, "music21's corpus is missing", "install music21 again, whole")
    return path


def _parse(
    place: Path,
    rows: list[Row],
    steps_per_beat: int,
    progress: Callable[[int, int], None] | None,
) -> list[Piece]:
    paths = [_file(place, row.stem) for row in rows]
    pieces: list[Piece] = []
    for found in parse_all(paths, "seqtasks.datasets.music.chorale", steps_per_beat):
        if isinstance(found, DataError):
            raise found
        pieces += found
        if progress is not None:
            progress(len(pieces), len(rows))
    return pieces


def _file(place: Path, stem: str) -> Path:
    for suffix in SUFFIXES:
        path = place / (stem + suffix)
        if path.exists():
            return path
    raise DataError(place / (stem + SUFFIXES[0]), "no such file", "install the music21 we ask for")
