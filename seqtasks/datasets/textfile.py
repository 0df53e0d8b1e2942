"""Text files in and out, or an error that says why not."""

from pathlib import Path

from seqtasks.datasets.errors import DataError


def read_lines(path: Path) -> list[str]:
    r"""The lines of a UTF-8 file, without their ends; a byte order mark is dropped.

    Only `\n`, `\r\n` and `\r` end a line: the other line separators of Unicode are text.

    Raises:
        DataError: where the file is missing, a directory, closed to us or not UTF-8.
    """
    try:
        data = path.read_bytes()
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
