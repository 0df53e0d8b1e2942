"""Pretrained word vectors in text form: GloVe's, and word2vec's with its first line of counts."""

from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.vocabulary import normalized_words

LONGEST = 1 << 20  # characters of a line
MOST_NUMBERS = 1 << 13  # of a vector
CHUNK = 10_000  # lines brought to the vocabulary's spelling at a time


class Vectors(NamedTuple):
    """Vectors of some words: `words[i]` has `values[i]`, float32 (words, size)."""

    words: tuple[str, ...]
    values: np.ndarray


def read_vectors(path: Path, wanted: Container[str], more: int) -> Vectors:
    """Read the vectors of the words in `wanted`, and of the first `more` words besides.

    A line is a word and its numbers, with spaces between; a first line of two whole numbers, the
    counts of words and of numbers, may stand before. Words are brought to the vocabulary's
    spelling (lower case, digits 0); of several that become one, the first is kept.

    Raises DataError with file and line for a line that is none, for vectors of more than
    MOST_NUMBERS, and for a file without any.
    """
    vectors: dict[str, np.ndarray] = {}
    size = 0
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            chunk: list[tuple[str, np.ndarray]] = []
            # of a line that is too long no more is read than shows it
            for number, line in enumerate(iter(lambda: file.readline(LONGEST + 1), ""), 1):
                if len(line) > LONGEST:
                    raise _too_long(path, number, f"a line of at most {LONGEST:,} characters")
                fields = line.rstrip("\n\r ").split(" ")
                if number == 1 and len(fields) == 2 and all(f.isdecimal() for f in fields):
                    continue
                size = size or len(fields) - 1
                if size > MOST_NUMBERS:
                    raise _too_long(path, number, f"vectors of at most {MOST_NUMBERS:,} numbers")
                chunk.append((fields[0], _numbers(path, number, fields, size)))
                if len(chunk) == CHUNK:
                    more = _keep(chunk, vectors, wanted, more)
                    chunk = []
            _keep(chunk, vectors, wanted, more)
    except UnicodeDecodeError:
        raise DataError(path, "not UTF-8", "give vectors in text form, not binary") from None
    except OSError as error:
        raise DataError(path, str(error.strerror).lower(), "check the path") from None
    if not size:
        raise DataError(path, "no vectors in it", "expected a word and its numbers on each line")
    values = np.array(list(vectors.values()), np.float32).reshape(-1, size)
    return Vectors(tuple(vectors), values)


def _too_long(path: Path, line: int, expected: str) -> DataError:
    return DataError(
        path, f"expected {expected}, got more", "check that it is a file of vectors", line=line
    )


def _numbers(path: Path, line: int, fields: list[str], size: int) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # told below, as what is not finite
            values = np.array(fields[1:], np.float32)
    except ValueError:
        values = np.array([])
    if not size or len(values) != size or not np.isfinite(values).all() or not fields[0]:
        raise DataError(
            path,
            f"expected a word and {size or 'its'} numbers, got {len(fields)} fields: "
            f"{' '.join(fields)[:40]!r}",
            "mend or remove the line",
            line=line,
        )
    return values


def _keep(
    chunk: list[tuple[str, np.ndarray]],
    vectors: dict[str, np.ndarray],
    wanted: Container[str],
    more: int,
) -> int:
    """Add to `vectors` what is asked for; return how many words besides may still come."""
    for word, (_, values) in zip(normalized_words([w for w, _ in chunk]), chunk, strict=True):
        if word in vectors:
            continue
        if word in wanted:
            vectors[word] = values
        elif more:
            vectors[word] = values
            more -= 1
    return more
