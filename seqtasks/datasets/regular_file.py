"""Files of a known size, whole: what reads them never waits, and never takes memory unbounded."""

import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from seqtasks.datasets.errors import DataError


def open_regular(path: Path, mend: str) -> BinaryIO:
    """A file to read from; not a pipe, which might never be written to, and no device.

    Raises:
        DataError: where there is none, or none that may be read; with this mend.
    """
    try:
        file: BinaryIO = open(path, "rb", opener=_open_at_once)  # noqa: SIM115
    except FileNotFoundError:
        raise DataError(path, "no such file", mend) from None
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise DataError(path, f"cannot be read ({reason})", mend) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise DataError(path, "not a plain file", mend)
    return file


def read_regular(path: Path, most: int, mend: str) -> bytes:
    """All bytes of a file of `most` bytes at most.

    Raises:
        DataError: as `open_regular`, and for a file that is larger.
    """
    with open_regular(path, mend) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise DataError(path, f"larger than {most >> 10:,} KiB", mend)
    return data


def read_json(path: Path, most: int, mend: str) -> Any:
    """The JSON of a file of `most` bytes at most.

    Raises:
        DataError: as `read_regular`, and for what is no JSON.
    """
    try:
        return json.loads(read_regular(path, most, mend).decode("utf-8"))
    except DataError:
        raise
    except (ValueError, RecursionError):  # syntax, encoding, a number or nesting too long
        raise DataError(path, "no valid JSON", mend) from None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
