"""From the SOURCE of the command line to texts with their labels.

A source is `sample`, `tfds:NAME[/CONFIG]`, a file, a directory with a file a split, or one with a
folder a label.
"""

from collections import Counter
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from seqtasks.datasets.delimited import UnlabelledError, read_delimited
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_folder import read_labelled_folder
from seqtasks.datasets.labelled_jsonl import read_labelled_jsonl
from seqtasks.datasets.labelled_lines import read_labelled_lines
from seqtasks.datasets.source import SPLIT_WORDS, Source, complete, path_of, split_files
from seqtasks.datasets.splits import split

Splits = dict[str, list[LabelledText]]

DELIMITED_SUFFIXES = (".csv", ".tsv")
JSONL_SUFFIXES = (".jsonl", ".json")
# any other suffix is read as lines too; these go before other files of the same name
SUFFIXES = (*DELIMITED_SUFFIXES, *JSONL_SUFFIXES, ".txt", *(f".{word}" for word in SPLIT_WORDS))


def load_labelled(
    source: str,
    data_dir: Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
) -> Source[LabelledText]:
    """Reads a source, splits it where it has no splits, and says what it did and found.

    A file is split 80/10/10 by hash. Without a dev split, a tenth of train is held out by hash.
    The notes count texts that repeat, that are in two splits or have two labels, and those with a
    label that train never saw, which are kept for `evaluate` to count.

    Args:
        source: SOURCE, as in the module's docstring.
        data_dir: where TensorFlow Datasets keeps its files; None is its own default.
        text_column: header or number of a CSV or TSV column, key of JSON; None finds it.
        label_column: of the labels.

    Raises:
        DataError: for a name or path that is none, for fewer than two labels to learn, for
            columns chosen where there are none, and for whatever the readers refuse.
    """
    notes: list[str] = []
    splits = _read(source, data_dir, text_column, label_column, notes)
    data = complete(source, splits, tuple(notes), attrgetter("text"), "texts")
    labels = {example.label for example in data.splits["train"]}
    if len(labels) < 2:
        raise DataError(
            source,
            f"expected at least two labels in train, got only {labels.pop()!r}",
            "add texts with another label, or choose another column of labels",
        )
    return replace(data, notes=(*data.notes, *_findings(data.splits)))


def read_labelled_file(
    path: Path,
    text_column: str | None = None,
    label_column: str | None = None,
    notes: list[str] | None = None,
) -> list[LabelledText]:
    """Reads one file whole: CSV, TSV or JSON Lines by its suffix, any other as labelled lines.

    Args:
        path: of the file.
        text_column: as for `load_labelled`.
        label_column: as for `load_labelled`.
        notes: receives what the user should know, a line each.

    Raises:
        DataError: for a file without texts, and for whatever the readers refuse.
    """
    suffix = path.suffix.lower()
    empty: list[int] = []
    if suffix in DELIMITED_SUFFIXES:
        examples = list(read_delimited(path, text_column, label_column, empty))
    elif suffix in JSONL_SUFFIXES:
        examples = list(read_labelled_jsonl(path, text_column, label_column, empty))
    else:
        _refuse_columns(path, text_column, label_column)
        examples = list(read_labelled_lines(path, empty))
    if not examples:
        raise DataError(
            path, "expected texts with their labels, got none", "check that it is the right file"
        )
    if empty and notes is not None:
        notes.append(f"{path}: empty texts left out: {len(empty):,}, the first in line {empty[0]}")
    return examples


def _read(
    source: str,
    data_dir: Path | None,
    text_column: str | None,
    label_column: str | None,
    notes: list[str],
) -> Splits:
    """The splits a source has, or is given by hash; `notes` receives those of its readers."""
    if source == "sample":
        from seqtasks.datasets import sample_sentiment

        _refuse_columns(source, text_column, label_column)
        return sample_sentiment.load()
    if source.startswith("tfds:"):
        from seqtasks.datasets.labelled_tfds import read_labelled_tfds

        _refuse_columns(source, text_column, label_column)
        data = read_labelled_tfds(source.removeprefix("tfds:"), data_dir)
        notes += data.notes
        return data.splits
    path = path_of(source, "sentiment")
    if not path.is_dir():
        examples = read_labelled_file(path, text_column, label_column, notes)
        notes.append("split by hash: 80/10/10")
        return split(examples, attrgetter("text"))
    files = split_files(path, SUFFIXES, last=True)
    if "train" not in files:
        _refuse_columns(source, text_column, label_column)
        folder = read_labelled_folder(path)
        notes += folder.notes
        return folder.splits
    splits = {}
    for name, file in files.items():
        try:
            splits[name] = read_labelled_file(file, text_column, label_column, notes)
        except UnlabelledError as error:
            if name != "test":
                raise
            notes.append(f"{file}: left out, it has no labels ({error.problem})")
    return splits


def _refuse_columns(place: str | Path, text_column: str | None, label_column: str | None) -> None:
    if text_column is not None or label_column is not None:
        raise DataError(
            place,
            "has no columns to choose, as CSV, TSV and JSON Lines have",
            "leave out --text-column and --label-column",
        )


def _findings(splits: Splits) -> list[str]:
    """What is uneven in the data, a line each: texts that repeat, labels that are new."""
    train = Counter(example.text for example in splits["train"])
    known = {example.label for example in splits["train"]}
    counts = {"train: texts that repeat an earlier one": train.total() - len(train)}
    labels: dict[str, set[str]] = {}
    for name, examples in splits.items():
        for example in examples:
            labels.setdefault(example.text, set()).add(example.label)
        if name != "train":
            both = sum(example.text in train for example in examples)
            counts[f"{name}: texts that are in train as well"] = both
    counts["texts with more than one label"] = sum(len(each) > 1 for each in labels.values())
    notes = [f"{what}: {count:,}" for what, count in counts.items() if count]
    for name, examples in splits.items():
        unseen = Counter(example.label for example in examples if example.label not in known)
        if unseen:
            shown = ", ".join(sorted(unseen)[:8]) + ", …" * (len(unseen) > 8)
            notes.append(
                f"{name}: texts with a label that train never saw: {unseen.total():,} ({shown})"
            )
    return notes
