"""Files of music read by the reader that their suffix names, apart from the main process."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.isolated import SECONDS, parse_all
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.scores import ABC_SUFFIXES
from seqtasks.datasets.music.scores import SUFFIXES as SCORE_SUFFIXES

Progress = Callable[[int, int], None]  # takes how many of how many are done

MIDI_SUFFIXES = (".mid", ".midi")
SUFFIXES = (*MIDI_SUFFIXES, *SCORE_SUFFIXES)

_READERS = {
    "seqtasks.datasets.music.midi": MIDI_SUFFIXES,
    "seqtasks.datasets.music.tunes": SCORE_SUFFIXES,
}
_BYTES_A_SECOND = 1000  # of ABC, at the slowest: a book may hold a thousand tunes
_LONGEST = 1800  # seconds for such a book


def read_files(
    paths: Sequence[Path],
    steps_per_beat: int,
    progress: Progress | None = None,
    left_out: list[DataError] | None = None,
) -> dict[Path, list[Piece] | DataError]:
    """For each file its pieces, or what is wrong with it.

    Args:
        paths: files whose suffixes are among SUFFIXES.
        steps_per_beat: steps of a quarter note.
        progress: called after each file.
        left_out: receives what is wrong with tunes beside others in the same file.

    Raises:
        DataError: where a reader cannot be used at all.
    """
    found: dict[Path, list[Piece] | DataError] = {}
    for reader, suffixes in _READERS.items():
        own = [path for path in paths if path.suffix.lower() in suffixes]
        results = parse_all(own, reader, steps_per_beat, None, _seconds(own), left_out)
        with closing(results):
            for path, result in zip(own, results, strict=True):
                found[path] = result
                if progress is not None:
                    progress(len(found), len(paths))
    return {path: found[path] for path in paths}


def _seconds(paths: Sequence[Path]) -> float:
    """The time that one of these files may take."""
    sizes = [0]
    for path in paths:
        if path.suffix.lower() in ABC_SUFFIXES and path.is_file():
            sizes.append(path.stat().st_size)
    return min(SECONDS + max(sizes) / _BYTES_A_SECOND, _LONGEST)
