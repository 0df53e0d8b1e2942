"""Tagged sentences from TensorFlow Datasets: any set with tokens and one tag a token.

Nothing of tensorflow-datasets is imported before `read_tfds` is called. Without a network it
retries for minutes before it gives up, so the host of the first download is tried beforehand.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.network import first_download, reachable
from seqtasks.datasets.source import SPLIT_NAMES
from seqtasks.datasets.tags import is_tag, to_iob2

# The names that data sets give to our features, the first found is taken.
TOKEN_NAMES = ("tokens", "words")
TAG_NAMES = ("ner", "ner_tags", "tags")

# a name of the catalogue, with a configuration and a version; what has a namespace or arguments is
# code from elsewhere, which a run of a stranger may name as its source
_NAME = re.compile(r"\w+(/[^:=,\s]+)?(:[\d.*]+)?")

OFFLINE = "--data sample and a file of your own need no network"


@dataclass(frozen=True)
class TfdsSet:
    """The sentences of each split (train, dev, test: those the set has), in IOB2.

    `scheme` is the one the set's tags are written in, and `repaired` counts the tags that are
    ill-formed in it, and were read as conlleval reads them.
    """

    splits: dict[str, list[TaggedSentence]]
    scheme: str
    repaired: int


def read_tfds(name: str, data_dir: Path | None = None) -> TfdsSet:
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
        raise _no_train(source, builder)
    try:
        iob2 = to_iob2([tags for _, _, tags in sentences])
    except ValueError as error:
        raise DataError(source, str(error), "choose another set") from None
    splits: dict[str, list[TaggedSentence]] = {}
    for (split, tokens, _), tags in zip(sentences, iob2.tags, strict=True):
        splits.setdefault(split, []).append(TaggedSentence(tokens, tags))
    return TfdsSet(splits, iob2.scheme, iob2.repaired)


def open_builder(source: str, name: str, data_dir: Path | None) -> Any:
    """The builder of a set: its description, prepared or not.

    Raises:
        DataError: for a set or a configuration that there is not, with those that there are.
    """
    import tensorflow_datasets as tfds

    if not _NAME.fullmatch(name):
        raise DataError(
            source,
            "expected NAME, NAME/CONFIG or one of these with a version",
            f"name a set of the catalogue, others may bring code of their own; {OFFLINE}",
        )
    base, _, config = name.partition(":")[0].partition("/")
    configs: list[str] = []
    with suppress(Exception):
        configs = list(tfds.builder_cls(base).builder_configs)
    some = ", ".join(f"tfds:{base}/{name}" for name in configs[:8]) + ", …" * (len(configs) > 8)
    if len(configs) > 1 and not config:
        raise DataError(
            source, f"one of {len(configs)} configurations is needed", f"name it: {some}"
        )
    if configs and config and config not in configs:
        raise DataError(source, f"no configuration {config!r}", f"there are: {some}")
    try:
        with _told(source, "cannot be opened", OFFLINE):
            return tfds.builder(name, data_dir=data_dir)
    except DataError as error:
        if isinstance(error.__cause__, tfds.core.DatasetNotFoundError):
            raise DataError(
                source,
                "TensorFlow Datasets knows no set of this name",
                f"see https://www.tensorflow.org/datasets/catalog; {OFFLINE}",
            ) from None
        raise


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


def prepare(source: str, builder: Any) -> None:
    """Downloads and prepares a set that is not yet there.

    Raises:
        DataError: where the network cannot be reached, or the download fails.
    """
    if builder.data_path.exists():
        return
    url = first_download(builder)
    if url is not None and not reachable(url):
        raise DataError(
            source,
            f"not prepared in {builder.data_path}, and {urlsplit(url).hostname} cannot be reached",
            f"connect to the network, or set HTTPS_PROXY; {OFFLINE}",
        )
    with _told(source, "cannot be downloaded and prepared", OFFLINE):
        builder.download_and_prepare()


def check_train(source: str, builder: Any) -> None:
    """Raises DataError for a prepared set without a train split."""
    if "train" not in builder.info.splits:
        raise _no_train(source, builder)


def _no_train(source: str, builder: Any) -> DataError:
    return DataError(
        source, f"no split train, only {', '.join(builder.info.splits)}", "choose another set"
    )


def rows(source: str, builder: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the rows of a prepared set with the names of their splits: train, dev, test.

    Raises:
        DataError: where the prepared files cannot be read.
    """
    import tensorflow_datasets as tfds

    for split, names in SPLIT_NAMES.items():
        found = next((name for name in names if name in builder.info.splits), None)
        if found is None:
            continue
        with _told(source, "cannot be read", "remove its folder, so that it is prepared again"):
            for row in tfds.as_numpy(builder.as_dataset(split=found)):
                yield split, row


@contextmanager
def _told(source: str, problem: str, mend: str) -> Iterator[None]:
    """Makes one line of whatever a data set's own code raises.

    What that code prints goes to standard error: standard output is for results.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), "")
        raise DataError(
            source, f"{problem} ({type(error).__name__}: {reason.strip()})", mend
        ) from error
