"""Pieces kept in the user's cache folder, since parsing them again takes long.

A file is written under another name and renamed, so that two processes at once and one that is
killed leave a whole file or none. A file that is broken is as good as none.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from seqtasks.datasets.array_archive import read_archive
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.piece_bytes import pack, unpack

VARIABLE = "SEQTASKS_CACHE"
LARGEST = 256 << 20  # bytes that a file may unpack to; the chorales are a few hundredths of it


def folder() -> Path:
    """Where we keep what can be made again: $SEQTASKS_CACHE, or the system's place for it."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        root = "~/Library/Caches"
    else:
        # the standard wants relative paths to be ignored
        given = os.environ.get("XDG_CACHE_HOME", "")
        root = given if Path(given).is_absolute() else "~/.cache"
    return Path(os.path.expanduser(root), "seqtasks")


def read_pieces(path: Path) -> list[Piece] | None:
    """The pieces of a file that `write_pieces` wrote; None where there is none, or a broken one."""
    try:
        return unpack(read_archive(path, "parse it anew", LARGEST)["pieces"].tobytes())
    except (ValueError, KeyError):
        return None


def write_pieces(path: Path, pieces: Sequence[Piece]) -> None:
    """Writes a file, and its folder where that is missing.

    Raises:
        OSError: where it cannot be written; then it is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(".tmp", path.name + ".", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, pieces=np.frombuffer(pack(pieces), np.uint8))
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
