"""The file of a vocabulary, of words or of a language model's tokens, checked as it is read."""

from pathlib import Path
from typing import Any

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.regular_file import read_json

MOST_BYTES = 128 << 20
MEND = "train the model anew"


def read_counted(path: Path, name: str) -> tuple[dict[str, Any], tuple[str, ...], tuple[int, ...]]:
    """The record of a file, its strings under `name`, and how often each was counted.

    Raises:
        DataError: for a file that cannot be read, and for a record whose strings are none, repeat
            or have no UTF-8, or whose `counts` are not a whole number of 0 or more for each.
    """
    record = read_json(path, MOST_BYTES, MEND)
    if not isinstance(record, dict):
        raise DataError(path, "expected an object", MEND)
    words, counts = record.get(name), record.get("counts")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError(path, f"expected a list of strings as `{name}`", MEND)
    check_distinct(path, words, name)
    if not isinstance(counts, list) or not all(
        type(count) is int and 0 <= count < 2**63 for count in counts
    ):
        raise DataError(path, "expected a list of whole numbers as `counts`", MEND)
    if len(words) != len(counts):
        problem = f"expected a count for each of {len(words):,} {name}, got {len(counts):,}"
        raise DataError(path, problem, MEND)
    return record, tuple(words), tuple(counts)


def check_distinct(path: Path, strings: list[str] | str, name: str) -> None:
    """DataError for strings, or characters of one, that repeat or have no UTF-8."""
    if len(set(strings)) != len(strings):
        raise DataError(path, f"`{name}` has one of them twice", MEND)
    try:
        "".join(strings).encode()
    except UnicodeEncodeError:
        raise DataError(path, f"`{name}` has half a surrogate pair", MEND) from None
