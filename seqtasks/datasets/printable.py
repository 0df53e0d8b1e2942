"""Strings of strangers, as a terminal may be given them."""

import json
import math
import re
from typing import Any

LONGEST_LINE = 1500  # characters of an error

# C0 and C1 with the escape character, the deletion, halves of surrogate pairs, and what turns the
# direction of writing. Tab and line feed are text.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""The text with control characters as Python writes them, such as `\x1b`.

    Of a label or a name that came from a file, none of what a terminal takes for a command is left.
    Tabs and line feeds stay.
    """
    return _CONTROL.sub(lambda match: ascii(match.group())[1:-1], text)


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """`printable` on one line of `most` characters at most, the end cut off."""
    line = printable(" ".join(text.splitlines()))
    return line if len(line) <= most else f"{line[: max(most - 1, 0)]}…"


def json_line(record: Any) -> str:
    """A record as JSON on one line: letters as they are, what a terminal obeys as escapes.

    What is read back is the same, but for numbers that are not finite: JSON has none, so they are
    null.
    """
    line = json.dumps(_finite(record), ensure_ascii=False, allow_nan=False)
    return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", line)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
