"""TensorFlow Datasets: its sets by name, prepared, row by row.

Nothing of tensorflow-datasets is imported before a set is opened. Without a network it retries for
minutes before it gives up, so the host of the first download is tried beforehand.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.network import first_download, reachable
from seqtasks.datasets.source import SPLIT_NAMES

# a name of the catalogue, with a configuration and a version; what has a namespace or arguments is
# code from elsewhere, which a run of a stranger may name as its source
_NAME = re.compile(r"\w+(/[^:=,\s]+)?(:[\d.*]+)?")

OFFLINE = "--data sample and a file of your own need no network"


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
        raise no_train(source, builder)


def no_train(source: str, builder: Any) -> DataError:
    """What to raise for a set without a train split."""
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
