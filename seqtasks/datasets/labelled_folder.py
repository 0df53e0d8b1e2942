"""A folder a label, a text a file, as aclImdb is laid out.

    DIR/train/pos/0_9.txt             DIR/pos/cv000.txt
    DIR/train/neg/0_3.txt             DIR/neg/cv000.txt
    DIR/test/pos/0_10.txt

On the left a folder a split, named as `SPLIT_NAMES` has them; on the right none, and the texts are
split by hash. In a folder that has `.txt` files these are its texts, in another all files that are
not hidden. Labels and texts come in the order of their names. A folder `unsup` has texts without
labels, and is left out.
"""

from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_rows import labelled_texts, read_checked_lines
from seqtasks.datasets.source import SPLIT_NAMES, SPLIT_WORDS, entries
from seqtasks.datasets.splits import split

UNLABELLED = "unsup"
LAYOUT = "name the files train.*, dev.* and test.*, or make a folder a label: DIR/train/pos/*.txt"


class LabelledFolder(NamedTuple):
    """The texts of each split, and what the user should know about them, a line each."""

    splits: dict[str, list[LabelledText]]
    notes: tuple[str, ...]


def read_labelled_folder(directory: Path) -> LabelledFolder:
    """Reads a directory of folders, whole.

    Raises:
        DataError: for a directory that is not laid out so, and with the file, its line and the
            mend for whatever `labelled_rows` refuses.
    """
    folders = [folder.name for folder in _folders(directory)]
    if not set(folders) & set(SPLIT_WORDS):
        texts = _read_labels(directory)
        return LabelledFolder(
            split(texts.splits["all"], attrgetter("text")),
            (*texts.notes, "split by hash: 80/10/10"),
        )
    splits: dict[str, list[LabelledText]] = {}
    notes: list[str] = []
    for name, words in SPLIT_NAMES.items():
        found = [word for word in words if word in folders]
        if len(found) > 1 or (name == "train" and not found):
            listed = ", ".join(found or folders)
            raise DataError(
                directory, f"expected one folder for {name}, got {listed}", "name one so"
            )
        if found:
            texts = _read_labels(directory / found[0])
            splits[name] = texts.splits["all"]
            notes += texts.notes
    return LabelledFolder(splits, tuple(notes))


def _read_labels(directory: Path) -> LabelledFolder:
    """All texts of the folders of a directory, as one split named `all`."""
    examples: list[LabelledText] = []
    empty: list[Path] = []
    notes: list[str] = []
    for folder in _folders(directory):
        files = _texts(folder)
        if folder.name == UNLABELLED:
            notes.append(f"{folder}: texts without labels left out: {len(files):,}")
            continue
        for file in files:
            text = "\n".join(read_checked_lines(file))
            found = list(labelled_texts(file, [(1, text, folder.name)]))
            examples += found
            if not found:
                empty.append(file)
    if not examples:
        raise DataError(directory, "expected texts with their labels, got none", LAYOUT)
    if empty:
        notes.append(f"{directory}: empty texts left out: {len(empty):,}, the first {empty[0]}")
    return LabelledFolder({"all": examples}, tuple(notes))


def _folders(directory: Path) -> list[Path]:
    return [path for path in entries(directory, Path.is_dir) if not path.name.startswith(".")]


def _texts(folder: Path) -> list[Path]:
    files = [path for path in entries(folder, Path.is_file) if not path.name.startswith(".")]
    return [path for path in files if path.suffix.lower() == ".txt"] or files
