"""From the SOURCE of the command line to the examples of a tagging task.

A source is `sample`, `tfds:NAME[/CONFIG]`, a file, or a directory with a file a split.
"""

from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.conll import read_conll
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence, TaggedText
from seqtasks.datasets.jsonl import read_jsonl
from seqtasks.datasets.source import Source, complete, path_of, split_files
from seqtasks.datasets.splits import content_of, split
from seqtasks.datasets.textfile import read_lines

Example = TaggedSentence | TaggedText

CONLL_SUFFIXES = (".conll", ".txt", ".bio", ".iob", ".tsv")
JSONL_SUFFIXES = (".jsonl", ".json")
SUFFIXES = CONLL_SUFFIXES + JSONL_SUFFIXES


class TaggedFile(NamedTuple):
    """The examples of one file, and what the user should know about it, a line each."""

    examples: list[Example]
    notes: tuple[str, ...]


def load_tagged(source: str, data_dir: Path | None = None) -> Source[Example]:
    """Reads a source, splits it where it has no splits, and says what it did.

    A file is split 80/10/10 by hash. Without a dev split, a tenth of train is held out by hash.

    Args:
        source: SOURCE, as in the module's docstring.
        data_dir: where TensorFlow Datasets keeps its files; None is its own default.

    Raises:
        DataError: for a name or path that is none, and for whatever the readers refuse.
    """
    splits, notes = _read(source, data_dir)
    return complete(source, splits, notes, content_of, "sentences")


def read_tagged_file(path: Path) -> TaggedFile:
    """Reads one file, CoNLL or JSON Lines by its suffix, whole.

    Raises:
        DataError: for another suffix, and for whatever the readers refuse.
    """
    suffix = path.suffix.lower()
    if suffix in JSONL_SUFFIXES:
        return TaggedFile([*read_jsonl(path)], ())
    if suffix not in CONLL_SUFFIXES:
        read_lines(path)  # a missing file or a directory is told as such
        raise DataError(
            path,
            f"cannot tell the format of a file that ends in {suffix!r}",
            f"CoNLL is {', '.join(CONLL_SUFFIXES)}, JSON Lines is {', '.join(JSONL_SUFFIXES)}",
        )
    file = read_conll(path)
    return TaggedFile([*file.sentences], repair_note(path, file.repaired, file.scheme))


def repair_note(place: object, repaired: int, scheme: str) -> tuple[str, ...]:
    """The line that tells of ill-formed tags, if there are any."""
    if not repaired:
        return ()
    tags = "tag" if repaired == 1 else "tags"
    return (f"{place}: {repaired} {tags} ill-formed in {scheme}, read as conlleval reads them",)


def _read(source: str, data_dir: Path | None) -> tuple[dict[str, list[Example]], tuple[str, ...]]:
    """The splits a source has, or is given by hash, and the notes of its readers."""
    if source == "sample":
        from seqtasks.datasets import sample_ner

        return {name: [*texts] for name, texts in sample_ner.load().items()}, ()
    if source.startswith("tfds:"):
        from seqtasks.datasets.tagged_tfds import read_tagged_tfds

        data = read_tagged_tfds(source.removeprefix("tfds:"), data_dir)
        return (
            {name: [*sentences] for name, sentences in data.splits.items()},
            repair_note(source, data.repaired, data.scheme),
        )
    path = path_of(source, "ner")
    if path.is_dir():
        files = {name: read_tagged_file(file) for name, file in _split_files(path).items()}
        notes = tuple(note for file in files.values() for note in file.notes)
        return {name: file.examples for name, file in files.items()}, notes
    file = read_tagged_file(path)
    return split(file.examples, content_of), (*file.notes, "split by hash: 80/10/10")


def _split_files(directory: Path) -> dict[str, Path]:
    """The file of each split that a directory holds; there must be one to train on."""
    found = split_files(directory, SUFFIXES)
    if "train" not in found:
        raise DataError(
            directory,
            f"expected a file train{', train'.join(SUFFIXES)}, got none",
            "name the training file so (beside it dev.*, valid.* or validation.*, and test.*)",
        )
    return found
