"""The reader of scores for data sets: of a file with several tunes it gives every one."""

from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.scores import read_tunes


def read(path: Path, steps_per_beat: int) -> list[Piece | DataError]:
    """As `scores.read_tunes`, for `isolated`."""
    return list(read_tunes(path, steps_per_beat))
