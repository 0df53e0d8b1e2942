"""Named arrays in an archive (.npz) of a stranger: read without running code, in bounded memory.

Of an archive that NumPy wrote every member is an array `NAME.npy`: a header, which says what its
numbers are, and the numbers. Before any of them is read, names, count and sizes are checked, of all
members together; of each, the header against its size.
"""

import math
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.regular_file import open_regular

MOST_MEMBERS = 10_000
MOST_LISTED = 4 << 20  # bytes of the list of members, at the end of an archive
KINDS = "biufU"  # of numbers and text: booleans, integers, floating point, Unicode

_END = 22  # bytes of an archive's last record, which has no comment


def read_archive(path: Path, mend: str, most: int | None = None) -> dict[str, np.ndarray]:
    """The arrays of a file by their names.

    Args:
        path: of the file.
        mend: what to do about one that is refused.
        most: bytes that all members together may unpack to. None: as many as the file has, which
            must not be packed then.

    Raises:
        DataError: for what is no such archive, is damaged, or would take more memory.
    """
    with open_regular(path, mend) as file:
        try:
            return _arrays(file, most)
        except _WrongError as error:
            reason = str(error)
        except MemoryError:
            raise
        except Exception as error:  # a broken archive raises errors of many kinds
            reason = str(error) or type(error).__name__
    raise DataError(path, f"broken ({reason})", mend)


class _WrongError(Exception):
    """What is wrong with an archive."""


def _arrays(file: BinaryIO, most: int | None) -> dict[str, np.ndarray]:
    size = file.seek(0, 2)
    file.seek(max(size - _END, 0))
    end = file.read(_END)
    if len(end) < _END or end[:4] != b"PK\5\6" or end[20:] != b"\0\0":
        raise _WrongError("not the end of an archive")
    count, listed = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if count > MOST_MEMBERS or listed > MOST_LISTED:
        raise _WrongError(f"a list of {count:,} members in {listed:,} bytes")
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len({member.filename for member in members}) != len(members):
            raise _WrongError("a member is there twice")
        for member in members:
            packed = member.compress_type != zipfile.ZIP_STORED
            if not member.filename.endswith(".npy") or (packed and most is None):
                raise _WrongError(f"a strange member, {member.filename[:40]!r}")
        if sum(member.file_size for member in members) > (size if most is None else most):
            raise _WrongError("its members are too large")
        return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        version = npy.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise _WrongError(f"{member.filename[:40]!r} is of another format")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(file)
        if dtype.kind not in KINDS or not dtype.itemsize:
            raise _WrongError(f"{member.filename[:40]!r} has no numbers")
        room = member.file_size - file.tell()
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != room:
            raise _WrongError(f"{member.filename[:40]!r} has another size than it says")
        data = bytearray(file.read(room + 1))  # of its own, so that the array may be written to
    if len(data) != room:
        raise _WrongError(f"{member.filename[:40]!r} is cut off")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")
