"""From the SOURCE of the command line to the examples of a tagging task.

A source is `sample`, `tfds:NAME[/CONFIG]`, a file, or a directory with a file a split.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.conll import read_conll
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence, TaggedText
from seqtasks.datasets.jsonl import read_jsonl
from seqtasks.datasets.splits import content_of, hold_out, split
from seqtasks.datasets.textfile import read_lines

Example = TaggedSentence | TaggedText

CONLL_SUFFIXES = (".conll", ".txt", ".bio", ".iob", ".tsv")
JSONL_SUFFIXES = (".jsonl", ".json")
SUFFIXES = CONLL_SUFFIXES + JSONL_SUFFIXES
SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "validation"), "test": ("test",)}


class CatalogueEntry(NamedTuple):
    """A source that has a name: what to give as SOURCE, the task it serves, and what it is."""

    name: str
    task: str
    description: str


@dataclass(frozen=True)
class Source:
    """The examples of a source.

    Attributes:
        name: SOURCE, as given.
        splits: train and dev, always and never empty; test where the source has one.
        notes: what the user should know, a line each: ill-formed tags, a dev split held out.
        fingerprint: a hash of all examples and their splits, in hexadecimal.
    """

    name: str
    splits: dict[str, list[Example]]
    notes: tuple[str, ...]
    fingerprint: str


class TaggedFile(NamedTuple):
    """The examples of one file, and what the user should know about it, a line each."""

    examples: list[Example]
    notes: tuple[str, ...]


def catalogue() -> list[CatalogueEntry]:
    """The sources that have a name."""
    return [
        CatalogueEntry("sample", "ner", "English sentences that come with seqtasks; no download"),
        CatalogueEntry("tfds:conll2003", "ner", "English newswire, CoNLL-2003"),
        CatalogueEntry("tfds:conll2002/es", "ner", "Spanish newswire, CoNLL-2002"),
        CatalogueEntry("tfds:conll2002/nl", "ner", "Dutch newspaper text, CoNLL-2002"),
        CatalogueEntry("tfds:wikiann/en", "ner", "Wikipedia, tagged by its links; 176 languages"),
    ]


def load_tagged(source: str, data_dir: Path | None = None) -> Source:
    """Reads a source, splits it where it has no splits, and says what it did.

    A file is split 80/10/10 by hash. Without a dev split, a tenth of train is held out by hash.

    Args:
        source: SOURCE, as in the module's docstring.
        data_dir: where TensorFlow Datasets keeps its files; None is its own default.

    Raises:
        DataError: for a name or path that is none, and for whatever the readers refuse.
    """
    splits, notes = _read(source, data_dir)
    splits = {name: splits[name] for name in SPLIT_NAMES if splits.get(name)}
    if "dev" not in splits and "train" in splits:
        splits["train"], splits["dev"] = hold_out(splits["train"], content_of)
        notes = (*notes, "no dev split: a tenth of train held out, by hash")
    if not splits.get("train") or not splits["dev"]:
        raise DataError(
            source, "too few different sentences to train and to validate", "give it more"
        )
    if "test" not in splits:
        notes = (*notes, "no test split")
    splits = {name: splits[name] for name in SPLIT_NAMES if name in splits}
    return Source(source, splits, notes, fingerprint(splits))


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


def fingerprint(splits: Mapping[str, Iterable[Example]]) -> str:
    """A BLAKE2b hash, 16 bytes in hexadecimal, of every split's name, examples and tags."""
    digest = hashlib.blake2b(digest_size=16)
    for name, examples in splits.items():
        for example in (name, *examples):
            match example:
                case TaggedSentence(tokens, tags):
                    row: object = {"tokens": tokens, "tags": tags}
                case TaggedText(text, entities):
                    row = {"text": text, "entities": entities}
                case _:
                    row = example
            digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def _read(source: str, data_dir: Path | None) -> tuple[dict[str, list[Example]], tuple[str, ...]]:
    """The splits a source has, or is given by hash, and the notes of its readers."""
    if source == "sample":
        from seqtasks.datasets import sample_ner

        return {name: [*texts] for name, texts in sample_ner.load().items()}, ()
    if source.startswith("tfds:"):
        from seqtasks.datasets.tfds import read_tfds

        data = read_tfds(source.removeprefix("tfds:"), data_dir)
        return (
            {name: [*sentences] for name, sentences in data.splits.items()},
            repair_note(source, data.repaired, data.scheme),
        )
    path = Path(source)
    try:
        exists, is_directory = path.exists(), path.is_dir()
    except OSError as error:  # a directory on the way is closed to us, a name is too long
        raise DataError(source, str(error.strerror).lower(), "check the path") from None
    if is_directory:
        files = {name: read_tagged_file(file) for name, file in _split_files(path).items()}
        notes = tuple(note for file in files.values() for note in file.notes)
        return {name: file.examples for name, file in files.items()}, notes
    if not exists:
        names = ", ".join(entry.name for entry in catalogue())
        raise DataError(
            source,
            "no such file or directory, and no data set has this name",
            f"check the path, or name one of: {names}",
        )
    file = read_tagged_file(path)
    return split(file.examples, content_of), (*file.notes, "split by hash: 80/10/10")


def _split_files(directory: Path) -> dict[str, Path]:
    """The file of each split that a directory holds: train.*, dev.* or valid.*, test.*."""
    try:
        files = sorted(path for path in directory.iterdir() if path.is_file())
    except PermissionError:
        raise DataError(
            directory, "no permission to read it", f"allow it, as with: chmod u+rx {directory}"
        ) from None
    found = {}
    for name, stems in SPLIT_NAMES.items():
        named = [path for path in files if path.name.split(".")[0] in stems]
        # a backup or a note beside the data does no harm; where nothing else is there, it is told
        matches = [path for path in named if path.suffix.lower() in SUFFIXES] or named
        if len(matches) > 1:
            listed = ", ".join(path.name for path in matches)
            raise DataError(
                directory, f"expected one file for {name}, got {listed}", "keep one of them"
            )
        if matches:
            found[name] = matches[0]
    if "train" not in found:
        raise DataError(
            directory,
            f"expected a file train{', train'.join(SUFFIXES)}, got none",
            "name the training file so (beside it dev.*, valid.* or validation.*, and test.*)",
        )
    return found
