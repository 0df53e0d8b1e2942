"""Labelled texts from TensorFlow Datasets: any set with one text and one class label.

Nothing of tensorflow-datasets is imported before `read_labelled_tfds` is called.
"""

from pathlib import Path
from typing import Any, NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.tfds import check_train, open_builder, prepare, rows


class LabelledTfds(NamedTuple):
    """The texts of each split that the set has, and what the user should know, a line each."""

    splits: dict[str, list[LabelledText]]
    notes: tuple[str, ...]


def read_labelled_tfds(name: str, data_dir: Path | None = None) -> LabelledTfds:
    """Reads a data set, which is downloaded and prepared at its first use.

    The labels are the names that the set gives to its classes. Texts without a label, which are
    those of class -1, and empty ones are left out and counted.

    Args:
        name: as TensorFlow Datasets has it, with its configuration: `glue/sst2`.
        data_dir: where prepared sets are kept; None is `~/tensorflow_datasets`.

    Raises:
        DataError: for an unknown name or configuration, without a network, and for a set without
            a text and a label, or without a train split.
    """
    source = f"tfds:{name}"
    builder = open_builder(source, name, data_dir)
    text_key, label_key = _find_features(source, builder.info)
    prepare(source, builder)
    check_train(source, builder)
    names = builder.info.features[label_key].names
    splits: dict[str, list[LabelledText]] = {}
    unlabelled: dict[str, int] = {}
    empty: dict[str, int] = {}
    for split, row in rows(source, builder):
        text = row[text_key].decode("utf-8", "replace").strip()
        label = int(row[label_key])
        if label < 0:
            unlabelled[split] = unlabelled.get(split, 0) + 1
        elif not text:
            empty[split] = empty.get(split, 0) + 1
        else:
            splits.setdefault(split, []).append(LabelledText(text, names[label]))
    notes = [
        f"{source}: {split} left out, its texts have no labels"
        if split not in splits
        else f"{source}: {split}: texts without a label left out: {count:,}"
        for split, count in unlabelled.items()
    ]
    notes += [f"{source}: {split}: empty texts left out: {n:,}" for split, n in empty.items()]
    return LabelledTfds(splits, tuple(notes))


def _find_features(source: str, info: Any) -> tuple[str, str]:
    """The names of the text and of the label: those to learn from, or the only ones."""
    import tensorflow_datasets as tfds

    features = info.features
    texts = [key for key, value in features.items() if isinstance(value, tfds.features.Text)]
    labels = [key for key, value in features.items() if isinstance(value, tfds.features.ClassLabel)]
    match info.supervised_keys:
        case (str(text), str(label)) if text in texts and label in labels:
            return text, label
    if len(texts) == len(labels) == 1:
        return texts[0], labels[0]
    shown = ", ".join(f"{key} ({type(value).__name__})" for key, value in features.items())
    raise DataError(
        source,
        f"expected one text and one class label, got the features {shown}",
        "choose a set for text classification",
    )
