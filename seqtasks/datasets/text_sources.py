"""From the SOURCE of the command line to plain text, for language models.

A source is `sample`, `pydocs`, `tfds:NAME[/CONFIG]`, a file, a directory with a file a split, or
one of text files. Its examples are documents: a string each, with its line breaks. Of a file, a
line feed ends every line, the last one too.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.source import (
    SPLIT_NAMES,
    Source,
    entries,
    fingerprint,
    path_of,
    split_files,
)
from seqtasks.datasets.textfile import read_lines

Splits = dict[str, list[str]]

# of the files of a directory, with those that have none; a file that is named may have any
SUFFIXES = (".txt", ".text", ".md", ".rst", ".tokens")
LONGEST = 128 << 20  # bytes of a line: some corpora are one line from beginning to end
WINDOW = 1000  # characters in which a cut looks for the end of a line, or for a blank
SHARES = "90/5/5"  # of train, dev and test, in percent, where a source has no splits
HELD_OUT = (0.9, 0.1)

_SHARES = re.compile(r"\d+(/\d+){1,2}", re.ASCII)
_BLANK = re.compile(r"\s")


def load_text(source: str, data_dir: Path | None = None, shares: str = SHARES) -> Source[str]:
    """Reads a source, splits it where it has no splits, and says what it did.

    Text without splits is cut in order, at the end of a line where one is near: the dev split is
    what follows train. Without a dev split, the last tenth of train is cut off in the same way.

    Args:
        source: SOURCE, as in the module's docstring.
        data_dir: where TensorFlow Datasets keeps its files; None is its own default.
        shares: of train, dev and test where the source has no splits, as for `parse_shares`.

    Raises:
        ValueError: for shares that are none.
        DataError: for a name or path that is none, for too little text, and for whatever the
            readers refuse.
    """
    parts = parse_shares(shares)
    notes: list[str] = []
    splits = _read(source, data_dir, parts, notes)
    if "dev" not in splits:
        splits["train"], splits["dev"] = cut(splits.get("train", []), HELD_OUT)
        notes.append("no dev split: the last tenth of train held out")
    for documents in splits.values():
        if not any(map(_has_text, documents)):
            raise DataError(source, "too little text to train and to validate", "give it more")
    if "test" not in splits:
        notes.append("no test split")
    splits = {name: splits[name] for name in SPLIT_NAMES if name in splits}
    return Source(source, splits, tuple(notes), fingerprint(splits))


def read_text_file(path: Path) -> list[str]:
    """One file whole, as one document.

    Raises:
        DataError: for a file without text, and with the line for one that is not UTF-8.
    """
    text = _document(path)
    if not _has_text(text):
        raise DataError(path, "expected text, got an empty file", "check that it is the right file")
    return [text]


def parse_shares(text: str) -> tuple[float, ...]:
    """The fractions that percents such as `90/5/5` (train, dev, test) or `90/10` mean.

    Raises:
        ValueError: for anything but two or three whole numbers above 0 that sum to 100.
    """
    percents = [int(part) for part in text.split("/")] if _SHARES.fullmatch(text) else []
    if sum(percents) != 100 or 0 in percents:
        raise ValueError(
            "expected shares of train/dev/test or train/dev, such as 90/5/5 or 90/10: "
            f"whole percents above 0 that sum to 100, got {text!r}"
        )
    return tuple(percent / 100 for percent in percents)


def cut(documents: Sequence[str], shares: Sequence[float]) -> list[list[str]]:
    """Cuts documents into parts that follow one another; joined, they are the same text.

    The place of a cut is counted in characters over all documents. It is moved behind the first
    end of a line or of a document within `WINDOW` characters; else behind the first blank there;
    else it stays, in one long word. A document that is cut is one in both parts.

    Args:
        documents: in order; none of them is put elsewhere.
        shares: of the characters that each part should have; they sum to 1.
    """
    total = sum(map(len, documents))
    places = [round(total * sum(shares[:number])) for number in range(1, len(shares))]
    parts: list[list[str]] = [[] for _ in shares]
    number = before = 0
    for document in documents:
        start = 0
        while number < len(places) and places[number] < before + len(document):
            end = max(start, _break(document, places[number] - before))
            parts[number].append(document[start:end])
            start = end
            number += 1
        parts[number].append(document[start:])
        before += len(document)
    return [[piece for piece in part if piece] for part in parts]


def _break(document: str, place: int) -> int:
    """The place at or after this one where a document is best cut."""
    if place == 0:
        return 0
    limit = place + WINDOW
    line_end = document.find("\n", place - 1, limit)
    if line_end >= 0:
        return line_end + 1
    if len(document) <= limit:
        return len(document)
    blank = _BLANK.search(document, place - 1, limit)
    return blank.end() if blank else place


def _read(
    source: str, data_dir: Path | None, shares: tuple[float, ...], notes: list[str]
) -> Splits:
    """The splits a source has, or is cut into; `notes` receives those of its readers."""
    if source == "sample":
        from seqtasks.datasets import sample_lm

        return sample_lm.load()
    if source == "pydocs":
        from seqtasks.datasets.pydocs import read_pydocs

        notes.append(f"from Python {sys.version_info.major}.{sys.version_info.minor}")
        notes.append("split by hash of the topics' names: 90/5/5")
        return read_pydocs()
    if source.startswith("tfds:"):
        from seqtasks.datasets.text_tfds import read_text_tfds

        data = read_text_tfds(source.removeprefix("tfds:"), data_dir)
        notes += data.notes
        return data.splits
    path = path_of(source, "lm")
    if path.is_dir():
        files = _files_of_splits(path)
        if "train" in files:
            return {name: read_text_file(file) for name, file in files.items()}
        documents = _read_files(path, notes)
    else:
        documents = read_text_file(path)
    notes.append(f"cut into {'/'.join(f'{100 * share:.0f}' for share in shares)} percent, in order")
    return dict(zip(SPLIT_NAMES, cut(documents, shares), strict=False))


def _files_of_splits(directory: Path) -> dict[str, Path]:
    """The file of each split: train.*, or PREFIX.train.* as PTB and WikiText have it."""
    files = split_files(directory, SUFFIXES)
    if "train" in files:
        return files
    named: dict[str, list[Path]] = {}
    for path in _visible(directory):
        match path.name.split("."):
            case [_, word, _]:
                named.setdefault(word, []).append(path)
    files = {}
    for name, words in SPLIT_NAMES.items():
        found = [path for word in words for path in named.get(word, [])]
        found = [path for path in found if path.suffix.lower() in SUFFIXES] or found
        if len(found) > 1:
            listed = ", ".join(path.name for path in found)
            raise DataError(
                directory, f"expected one file for {name}, got {listed}", "keep one of them"
            )
        if found:
            files[name] = found[0]
    return files


def _read_files(directory: Path, notes: list[str]) -> list[str]:
    """The text files of a directory in name order, a document each."""
    visible = _visible(directory)
    files = [path for path in visible if path.suffix.lower() in ("", *SUFFIXES)]
    folders = [path for path in entries(directory, Path.is_dir) if not path.name.startswith(".")]
    if not files:
        there = [path.name for path in visible] + [f"{path.name}/" for path in folders]
        shown = ", ".join(there[:8]) + ", …" * (len(there) > 8)
        raise DataError(
            directory,
            f"expected text files ({', '.join(SUFFIXES)} or no suffix), got {shown or 'none'}",
            "name a file, or put text files in it",
        )
    texts = {path: _document(path) for path in files}
    documents = [text for text in texts.values() if _has_text(text)]
    empty = [path.name for path, text in texts.items() if not _has_text(text)]
    if not documents:
        raise DataError(directory, "expected text, got empty files", "put text in them")
    notes.append(f"{directory}: files read, in name order: {len(documents):,}")
    others = [path.name for path in visible if path not in texts]
    for what, names in {
        "empty files left out": empty,
        "files with other suffixes left out": others,
        "subdirectories not read": [path.name for path in folders],
    }.items():
        if names:
            notes.append(f"{directory}: {what}: {len(names):,}, the first {names[0]}")
    return documents


def _document(path: Path) -> str:
    return "\n".join([*read_lines(path, LONGEST), ""])


def _visible(directory: Path) -> list[Path]:
    return [path for path in entries(directory, Path.is_file) if not path.name.startswith(".")]


def _has_text(document: str) -> bool:
    return bool(document) and not document.isspace()
