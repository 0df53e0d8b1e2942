"""JSON Lines of texts and their labels, an object a line.

    {"text": "Slow, but I loved it.", "label": "positive"}

A label is a string, an integer or a boolean, and the last two become strings as JSON writes them
(`1`, `true`). Other keys are not read. Blank lines are skipped.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_rows import labelled_texts, read_checked_lines


def read_labelled_jsonl(
    path: Path,
    text_key: str | None = None,
    label_key: str | None = None,
    empty: list[int] | None = None,
) -> Iterator[LabelledText]:
    """Yields the texts of a JSON Lines file; those without text are left out.

    Args:
        path: of the file.
        text_key: the key of the text; None is `text`.
        label_key: the key of the label; None is `label`.
        empty: receives the lines of the texts that are left out.

    Raises:
        DataError: with file, line and mend, for a line that is no such object, and for whatever
            `labelled_rows` refuses.
    """
    yield from labelled_texts(path, _rows(path, text_key or "text", label_key or "label"), empty)


def _rows(path: Path, text_key: str, label_key: str) -> Iterator[tuple[int, str, str]]:
    for line, row in enumerate(read_checked_lines(path), 1):
        if row.strip():
            value = _parse(path, line, row)
            text = _field(path, line, value, text_key)
            label = _field(path, line, value, label_key)
            if not isinstance(text, str):
                raise _unexpected(path, line, f"a string as {text_key!r}", text)
            if not isinstance(label, str | int):  # booleans are integers
                raise _unexpected(
                    path, line, f"a string, an integer or a boolean as {label_key!r}", label
                )
            yield line, text, label if isinstance(label, str) else json.dumps(label)


def _parse(path: Path, line: int, row: str) -> dict[str, Any]:
    mend = "write one JSON object a line"
    try:
        value = json.loads(row)
    except json.JSONDecodeError as error:
        reason = f"{error.msg}, column {error.colno}"
        raise DataError(path, f"expected JSON ({reason})", mend, line=line) from None
    except (RecursionError, ValueError) as error:  # nested too deeply, a number too long
        raise DataError(path, f"cannot be read ({error})", mend, line=line) from None
    if not isinstance(value, dict):
        raise _unexpected(path, line, "an object", value)
    return value


def _field(path: Path, line: int, value: dict[str, Any], key: str) -> Any:
    if key not in value:
        keys = [_shorten(name) for name in value]
        shown = ", ".join(keys[:8]) + ", …" * (len(keys) > 8) if keys else "none"
        raise DataError(
            path,
            f"expected a field {key!r}, got {shown}",
            "add it, or choose the fields with --text-column and --label-column",
            line=line,
        )
    found = value[key]
    if isinstance(found, str) and any("\ud800" <= character <= "\udfff" for character in found):
        raise DataError(
            path,
            f"half a surrogate pair in {key!r}",
            "write both halves, or the character",
            line=line,
        )
    return found


def _unexpected(path: Path, line: int, expected: str, value: object) -> DataError:
    return DataError(
        path,
        f"expected {expected}, got {_shorten(value)}",
        'write {"text": …, "label": …}, one object a line',
        line=line,
    )


def _shorten(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
