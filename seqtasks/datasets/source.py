"""What a source is, whatever its examples: its splits, its notes, its name in the catalogue.

`sources` reads the sources of tagged text, `labelled_sources` those of labelled texts,
`text_sources` those of plain text, `music.sources` those of music.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText, TaggedSentence, TaggedText
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.piece_bytes import pack
from seqtasks.datasets.splits import hold_out

Example = TypeVar("Example")

SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "valid", "validation"), "test": ("test",)}
SPLIT_WORDS = tuple(word for words in SPLIT_NAMES.values() for word in words)


class CatalogueEntry(NamedTuple):
    """A source that has a name: what to give as SOURCE, the task it serves, and what it is."""

    name: str
    task: str
    description: str


@dataclass(frozen=True)
class Source(Generic[Example]):
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


def catalogue(task: str | None = None) -> list[CatalogueEntry]:
    """The sources that have a name, of one task or of all."""
    entries = [
        CatalogueEntry("sample", "ner", "English sentences that come with seqtasks; no download"),
        CatalogueEntry("tfds:conll2003", "ner", "English newswire, CoNLL-2003"),
        CatalogueEntry("tfds:conll2002/es", "ner", "Spanish newswire, CoNLL-2002"),
        CatalogueEntry("tfds:conll2002/nl", "ner", "Dutch newspaper text, CoNLL-2002"),
        CatalogueEntry("tfds:wikiann/en", "ner", "Wikipedia, tagged by its links; 176 languages"),
        CatalogueEntry("sample", "sentiment", "English reviews that come with seqtasks"),
        CatalogueEntry("tfds:imdb_reviews", "sentiment", "film reviews, whole (aclImdb)"),
        CatalogueEntry("tfds:glue/sst2", "sentiment", "sentences and phrases of film reviews"),
        CatalogueEntry("tfds:yelp_polarity_reviews", "sentiment", "reviews of businesses"),
        CatalogueEntry("sample", "lm", "English sentences of a grammar that comes with seqtasks"),
        CatalogueEntry(
            "pydocs", "lm", "the prose of Python's own documentation, which Python carries"
        ),
        CatalogueEntry(
            "tfds:tiny_shakespeare", "lm", "plays of Shakespeare, 1.1 million characters"
        ),
        CatalogueEntry(
            "tfds:wiki40b/en", "lm", "articles of Wikipedia, 41 languages; needs apache-beam"
        ),
        CatalogueEntry("tfds:lm1b", "lm", "English news, 30 million sentences, shuffled"),
        CatalogueEntry(
            "sample", "music", "chorales by J. S. Bach that music21 carries; parsed on first use"
        ),
    ]
    return [entry for entry in entries if task in (None, entry.task)]


def complete(
    name: str,
    splits: Mapping[str, list[Example]],
    notes: tuple[str, ...],
    content: Callable[[Example], str],
    kind: str,
) -> Source[Example]:
    """The source of these splits: in order, a dev split held out where there is none.

    Args:
        name: SOURCE, as given.
        splits: by their names in `SPLIT_NAMES`; one without examples counts as missing.
        notes: those of the readers, which come first.
        content: gives the text that places an example.
        kind: what to call the examples in an error.

    Raises:
        DataError: where there is too little to train and to validate.
    """
    parts = {split: splits[split] for split in SPLIT_NAMES if splits.get(split)}
    if "dev" not in parts and "train" in parts:
        parts["train"], parts["dev"] = hold_out(parts["train"], content)
        notes = (*notes, "no dev split: a tenth of train held out, by hash")
    if not parts.get("train") or not parts["dev"]:
        raise DataError(name, f"too few different {kind} to train and to validate", "give it more")
    if "test" not in parts:
        notes = (*notes, "no test split")
    parts = {split: parts[split] for split in SPLIT_NAMES if split in parts}
    return Source(name, parts, notes, fingerprint(parts))


def fingerprint(splits: Mapping[str, Iterable[object]]) -> str:
    """A BLAKE2b hash, 16 bytes in hexadecimal, of every split's name, examples and tags.

    Of a piece of music it knows all but the name: wherever its file lies, it is the same.
    """
    digest = blake2b(digest_size=16)
    for name, examples in splits.items():
        for example in (name, *examples):
            match example:
                case TaggedSentence(tokens, tags):
                    row: object = {"tokens": tokens, "tags": tags}
                case TaggedText(text, entities):
                    row = {"text": text, "entities": entities}
                case LabelledText(text, label):
                    row = {"text": text, "label": label}
                case Piece():
                    row = blake2b(pack([replace(example, name="")])).hexdigest()
                case _:
                    row = example
            digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def path_of(source: str, task: str) -> Path:
    """The file or directory that a source names.

    Raises:
        DataError: where there is none; it lists the names that the catalogue has for the task.
    """
    path = Path(source)
    try:
        exists = path.exists()
    except OSError as error:  # a directory on the way is closed to us, a name is too long
        raise DataError(source, str(error.strerror).lower(), "check the path") from None
    if not exists:
        names = ", ".join(entry.name for entry in catalogue(task))
        raise DataError(
            source,
            "no such file or directory, and no data set has this name",
            f"check the path, or name one of: {names}",
        )
    return path


def entries(directory: Path, kind: Callable[[Path], bool]) -> list[Path]:
    """What a directory holds of one kind (`Path.is_file`, `Path.is_dir`), in name order.

    Raises:
        DataError: for one that may not be read.
    """
    try:
        return sorted(path for path in directory.iterdir() if kind(path))
    except PermissionError:
        raise DataError(
            directory, "no permission to read it", f"allow it, as with: chmod u+rx {directory}"
        ) from None


def split_files(directory: Path, suffixes: Sequence[str], last: bool = False) -> dict[str, Path]:
    """The file of each split that a directory holds: train.*, dev.* or valid.*, test.*.

    Args:
        directory: it is searched without what is in its subdirectories.
        suffixes: those of files that we read. A backup or a note beside the data does no harm;
            where nothing else is there, it is found, so that its reader can tell of it.
        last: whether a file may also name its split at its end, as `stsa.binary.train` does.

    Raises:
        DataError: for two files for one split.
    """
    files = entries(directory, Path.is_file)
    found = {}
    for name, words in SPLIT_NAMES.items():
        named = [path for path in files if _split_word(path, last) in words]
        matches = [path for path in named if path.suffix.lower() in suffixes] or named
        if len(matches) > 1:
            listed = ", ".join(path.name for path in matches)
            raise DataError(
                directory, f"expected one file for {name}, got {listed}", "keep one of them"
            )
        if matches:
            found[name] = matches[0]
    return found


def _split_word(path: Path, last: bool) -> str:
    """The part of a file's name that may name a split; hidden files have none."""
    parts = path.name.split(".")
    return parts[-1] if last and parts[0] and parts[0] not in SPLIT_WORDS else parts[0]
