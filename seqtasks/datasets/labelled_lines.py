"""Lines of a label and a text, in one of two spellings that the first line tells apart.

    positive slow, but I loved it           __label__positive slow, but I loved it
    negative<tab>long and dull              __label__negative long and dull

On the left the first blank or tab ends the label; so the files of SST are written. On the right is
what fastText reads, with one label a text. Blank lines are skipped.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_rows import labelled_texts, read_checked_lines

PREFIX = "__label__"

_BLANK = re.compile(r"[ \t]")


def read_labelled_lines(path: Path, empty: list[int] | None = None) -> Iterator[LabelledText]:
    """Yields the texts of a file of labelled lines; those without text are left out.

    Args:
        path: of the file.
        empty: receives the lines that are left out.

    Raises:
        DataError: with file, line and mend, for a line in the other spelling than the first one,
            for several labels of one text, and for whatever `labelled_rows` refuses.
    """
    yield from labelled_texts(path, _rows(path), empty)


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    first, prefix = 0, ""  # the first line that is not blank, and what its labels begin with
    for line, row in enumerate(read_checked_lines(path), 1):
        row = row.strip()
        if not row:
            continue
        label, text = [*_BLANK.split(row, maxsplit=1), ""][:2]
        if not first:
            first, prefix = line, PREFIX if label.startswith(PREFIX) else ""
        if label.startswith(PREFIX) != bool(prefix):
            expected = f"a label that begins with {PREFIX}" if prefix else "a label without prefix"
            raise DataError(
                path,
                f"expected {expected} as in line {first}, got {_shorten(label)}",
                "write all labels one way",
                line=line,
            )
        label = label.removeprefix(prefix)
        if prefix:
            _check_fasttext(path, line, label, text)
        yield line, text, label


def _check_fasttext(path: Path, line: int, label: str, text: str) -> None:
    """Refuses a prefix alone, and what is another label to fastText, wherever it stands."""
    if not label:
        raise DataError(
            path,
            f"expected a label behind {PREFIX}, got none",
            f"write them together, as in {PREFIX}positive",
            line=line,
        )
    others = [word for word in text.split() if word.startswith(PREFIX)]
    if others:
        raise DataError(
            path,
            f"expected one label, got {1 + len(others)}: "
            f"{_shorten(PREFIX + label)}, {_shorten(others[0])}{', …' * (len(others) > 1)}",
            "keep one of them, or write a line for each",
            line=line,
        )


def _shorten(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:39]}…"
