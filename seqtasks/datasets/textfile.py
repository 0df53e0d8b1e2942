"""Text files in and out, or an error that says why not."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from seqtasks.datasets.errors import DataError

LONGEST = 16 << 20  # bytes of a line
MOST_STREAMED = 1 << 30  # bytes of what is no plain file: a pipe or a device need not end
BLOCK = 1 << 20  # bytes that are read at once


def read_lines(path: Path, longest: int = LONGEST, most: int | None = None) -> list[str]:
    r"""The lines of a UTF-8 file, without their ends; a byte order mark is dropped.

    Only `\n`, `\r\n` and `\r` end a line: the other line separators of Unicode are text. Of a line
    or a file that is too long, hardly more is read than shows it.

    Args:
        path: a plain file, or a pipe, of which MOST_STREAMED bytes are read at most.
        longest: bytes that a line may have.
        most: bytes that the file may have; None: any number.

    Raises:
        DataError: where the file is missing, a directory, closed to us, not UTF-8 or too large;
            with the line for one that is too long.
    """
    try:
        return _lines(path, _read(path, longest, most))
    except MemoryError:
        raise DataError(path, "larger than the memory", "cut it into smaller files") from None


def _read(path: Path, longest: int, most: int | None) -> bytes:
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                most = min(most or MOST_STREAMED, MOST_STREAMED)
            return _bounded(path, file, longest, most)
    except FileNotFoundError:
        raise DataError(path, "no such file", "check the path") from None
    except IsADirectoryError:
        raise DataError(path, "expected a file, got a directory", "name a file in it") from None
    except PermissionError:
        raise DataError(
            path, "no permission to read it", f"allow it, as with: chmod u+r {path}"
        ) from None
    except OSError as error:
        raise DataError(
            path, f"cannot be read ({error.strerror or error})", "check the path"
        ) from None


def _bounded(path: Path, file: BinaryIO, longest: int, most: int | None) -> bytes:
    """All bytes of a file, none of whose lines is too long."""
    blocks: list[bytes] = []
    size = begun = 0  # bytes: of all, and of the line that the next block goes on with
    # within a block no line can be too long
    while block := file.read(min(BLOCK, longest)):
        first, last = block.find(b"\n"), block.rfind(b"\n")
        if b"\r" in block:
            ends = block.replace(b"\r", b"\n")
            first, last = ends.find(b"\n"), ends.rfind(b"\n")
        if begun + (len(block) if first < 0 else first) > longest:
            before = b"".join(blocks)
            raise DataError(
                path,
                f"a line of more than {longest:,} bytes",
                "check that it is a text file, or break the line up",
                line=before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1,
            )
        begun = begun + len(block) if first < 0 else len(block) - last - 1
        blocks.append(block)
        size += len(block)
        if most is not None and size > most:
            raise DataError(path, f"larger than {most >> 20:,} MiB", "cut it into smaller files")
    return b"".join(blocks)


def _lines(path: Path, data: bytes) -> list[str]:
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # a byte order mark is cut off before the decoder counts its position
        start = error.start + 3 * data.startswith(b"\xef\xbb\xbf")
        raise DataError(
            path,
            f"expected UTF-8, got byte 0x{data[start]:02x}",
            "save the file as UTF-8 (iconv converts it)",
            line=data.count(b"\n", 0, start) + 1,
        ) from None
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file whose lines end as `text` has them.

    Raises:
        DataError: where the system refuses.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            path,
            f"cannot be written ({error.strerror or error})",
            "choose a path in a directory that is there and that you may write to",
        ) from None
