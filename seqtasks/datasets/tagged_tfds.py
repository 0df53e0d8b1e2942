"""Tagged sentences from TensorFlow Datasets: any set with tokens and one tag a token.

Nothing of tensorflow-datasets is imported before `read_tagged_tfds` is called.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.tags import is_tag, to_iob2
from seqtasks.datasets.tfds import no_train, open_builder, prepare, rows

# The names that data sets give to our features, the first found is taken.
TOKEN_NAMES = ("tokens", "words")
TAG_NAMES = ("ner", "ner_tags", "tags")


@dataclass(frozen=True)
class TaggedTfds:
    """The sentences of each split (train, dev, test: those the set has), in IOB2.

    `scheme` is the one the set's tags are written in, and `repaired` counts the tags that are
    ill-formed in it, and were read as conlleval reads them.
    """

    splits: dict[str, list[TaggedSentence]]
    scheme: str
    repaired: int


def read_tagged_tfds(name: str, data_dir: Path | None = None) -> TaggedTfds:
    """Reads a data set, which is downloaded and prepared at its first use.

    Args:
        name: as TensorFlow Datasets has it, with its configuration: `conll2002/es`.
        data_dir: where prepared sets are kept; None is `~/tensorflow_datasets`.

    Raises:
        DataError: for an unknown name or configuration, without a network, and for a set without
            tokens and tags.
    """
    source = f"tfds:{name}"
    builder = open_builder(source, name, data_dir)
    token_key, tag_key = _find_features(source, builder.info.features)
    prepare(source, builder)
    labels = builder.info.features[tag_key].feature.names
    sentences: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for split, row in rows(source, builder):
        tokens = tuple(token.decode("utf-8", "replace") for token in row[token_key])
        if tokens:
            sentences.append((split, tokens, tuple(labels[tag] for tag in row[tag_key])))
    if not any(split == "train" for split, _, _ in sentences):
        raise no_train(source, builder)
    try:
        iob2 = to_iob2([tags for _, _, tags in sentences])
    except ValueError as error:
        raise DataError(source, str(error), "choose another set") from None
    splits: dict[str, list[TaggedSentence]] = {}
    for (split, tokens, _), tags in zip(sentences, iob2.tags, strict=True):
        splits.setdefault(split, []).append(TaggedSentence(tokens, tags))
    return TaggedTfds(splits, iob2.scheme, iob2.repaired)


def _find_features(source: str, features: Any) -> tuple[str, str]:
    """The names of the feature that holds tokens and of the one that holds tags, by their types."""
    import tensorflow_datasets as tfds

    def sequences(kind: type) -> list[str]:
        return [
            key
            for key, feature in features.items()
            if isinstance(feature, tfds.features.Sequence) and isinstance(feature.feature, kind)
        ]

    tokens = sequences(tfds.features.Text)
    tags = [
        key
        for key in sequences(tfds.features.ClassLabel)
        if all(is_tag(name) for name in features[key].feature.names)
    ]
    token_key = _choose(tokens, TOKEN_NAMES)
    tag_key = _choose(tags, TAG_NAMES)
    if token_key is None or tag_key is None:
        shown = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in features.items())
        raise DataError(
            source,
            "expected a sequence of texts and a sequence of labels such as O, B-PER, I-PER, "
            f"got the features {shown}",
            "choose a set for named-entity recognition",
        )
    return token_key, tag_key


def _choose(found: list[str], preferred: tuple[str, ...]) -> str | None:
    """The first preferred name that was found; else what was found, where it is just one."""
    named = [name for name in preferred if name in found]
    if named:
        return named[0]
    return found[0] if len(found) == 1 else None
