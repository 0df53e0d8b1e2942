"""What every reader of labelled texts refuses or leaves out, so that each knows one format only."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.textfile import read_lines

LONGEST = 2**20  # bytes that a line, or a text of several lines, may have


def read_checked_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, without their ends.

    Raises:
        DataError: for whatever `read_lines` refuses, and with its number for a line above 1 MiB
            or with a NUL byte in it.
    """
    lines = read_lines(path)
    for line, row in enumerate(lines, 1):
        check(path, line, row)
    return lines


def check(path: Path, line: int, text: str) -> None:
    """Refuses a NUL byte, and what is too long.

    Raises:
        DataError: with the line.
    """
    if "\0" in text:
        raise DataError(
            path,
            "expected text, got a NUL byte",
            "remove it, or save the file as UTF-8 (iconv converts it)",
            line=line,
        )
    if 4 * len(text) > LONGEST and (size := len(text.encode())) > LONGEST:
        raise DataError(
            path,
            f"expected at most {LONGEST:,} bytes (1 MiB), got {size:,}",
            "cut the text into several, each with its label, or leave it out",
            line=line,
        )


def labelled_texts(
    path: Path, rows: Iterable[tuple[int, str, str]], empty: list[int] | None = None
) -> Iterator[LabelledText]:
    """The examples that rows make, without white space around text and label.

    Args:
        path: of the file, for errors.
        rows: line, text and label of each.
        empty: receives the lines of the rows without text, which are left out.

    Raises:
        DataError: with the line, for a text without a label, and for a label of several lines.
    """
    for line, text, label in rows:
        text, label = text.strip(), label.strip()
        if not text:
            if empty is not None:
                empty.append(line)
            continue
        check(path, line, text)
        if not label:
            raise DataError(
                path, "expected a label, got an empty one", "give the text a label", line=line
            )
        if len(label.splitlines()) > 1 or "\0" in label:
            raise DataError(
                path,
                "expected a label of one line, got one with a line end or a NUL byte in it",
                "check which column is the label",
                line=line,
            )
        yield LabelledText(text, label)
