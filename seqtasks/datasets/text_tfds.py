"""Plain text from TensorFlow Datasets: any set with one text feature, a record a document.

Nothing of tensorflow-datasets is imported before `read_text_tfds` is called.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.tfds import check_train, open_builder, prepare, rows

TEXT_NAME = "text"  # of the feature, where a set has more than one of texts

# wiki40b marks its articles so, with line breaks of the file about the marks
_MARKS = re.compile(r"\n*_START_(?:ARTICLE|SECTION|PARAGRAPH)_\n*|_NEWLINE_")


class TextTfds(NamedTuple):
    """The documents of each split that the set has, and what the user should know, a line each."""

    splits: dict[str, list[str]]
    notes: tuple[str, ...]


def read_text_tfds(name: str, data_dir: Path | None = None) -> TextTfds:
    """Reads a data set, which is downloaded and prepared at its first use; whole, into memory.

    The marks of wiki40b for titles, sections, paragraphs and lines become line breaks. Empty
    documents are left out and counted.

    Args:
        name: as TensorFlow Datasets has it, with its configuration: `wiki40b/en`.
        data_dir: where prepared sets are kept; None is `~/tensorflow_datasets`.

    Raises:
        DataError: for an unknown name or configuration, without a network, and for a set without
            a text, or without a train split.
    """
    source = f"tfds:{name}"
    builder = open_builder(source, name, data_dir)
    key = _find_text(source, builder.info.features)
    _prepare(source, builder)
    check_train(source, builder)
    splits: dict[str, list[str]] = {}
    empty: dict[str, int] = {}
    for split, row in rows(source, builder):
        text = row[key].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        if _MARKS.search(text):
            text = _MARKS.sub("\n", text).strip("\n")
        if text.strip():
            splits.setdefault(split, []).append(text)
        else:
            empty[split] = empty.get(split, 0) + 1
    notes = [f"{source}: {split}: empty texts left out: {n:,}" for split, n in empty.items()]
    return TextTfds(splits, tuple(notes))


def _prepare(source: str, builder: Any) -> None:
    """Prepares a set; some, such as wiki40b, are prepared with a package that may not be there."""
    try:
        prepare(source, builder)
    except DataError as error:
        if not isinstance(error.__cause__, ModuleNotFoundError):
            raise
        package = (error.__cause__.name or "another package").replace("_", "-")
        raise DataError(
            source,
            f"cannot be prepared without {package}, and is not in {builder.data_path} yet",
            f"install {package}, or choose another source, such as sample or pydocs",
        ) from None


def _find_text(source: str, features: Any) -> str:
    """The name of the text: `text` where there are more than one, else the only one."""
    import tensorflow_datasets as tfds

    texts = [key for key, value in features.items() if isinstance(value, tfds.features.Text)]
    if TEXT_NAME in texts:
        return TEXT_NAME
    if len(texts) == 1:
        return texts[0]
    shown = ", ".join(f"{key} ({type(value).__name__})" for key, value in features.items())
    raise DataError(
        source,
        f"expected one text, or more with one named {TEXT_NAME!r}, got the features {shown}",
        "choose a set of plain text",
    )
