"""JSON Lines of raw texts and their entities, an object a line.

    {"text": "Ada left.", "entities": [{"start": 0, "end": 3, "type": "PER", "text": "Ada"}]}

Offsets count code points, end exclusive. An entity's `text` may be left out; where it is given, it
must be the text between the offsets. Other keys, such as `confidence`, are not read, so that what
`predict` writes can be read back. Blank lines are skipped.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import Entity, TaggedText
from seqtasks.datasets.tags import Span, encode
from seqtasks.datasets.textfile import read_lines, write_text

_KINDS = {str: "a string", int: "an integer", list: "a list", dict: "an object"}


class Alignment(NamedTuple):
    """IOB2 tags, one a token, and how many entities fell between token boundaries."""

    tags: tuple[str, ...]
    widened: int


def read_jsonl(path: Path) -> list[TaggedText]:
    """Reads a JSON Lines file.

    Raises:
        DataError: with file, line and mend, for a line that is no such object and for a file
            without any.
    """
    examples = []
    for line, row in enumerate(read_lines(path), 1):
        if not row.strip():
            continue
        try:
            examples.append(_parse(row))
        except _RowError as error:
            raise DataError(path, error.problem, error.mend, line=line) from None
    if not examples:
        raise DataError(
            path,
            "expected JSON objects, got an empty file",
            'write {"text": …} objects, one a line',
        )
    return examples


def write_jsonl(path: Path, examples: Iterable[TaggedText]) -> None:
    """Writes a file that `read_jsonl` reads back to the same examples.

    Raises:
        DataError: for a path that cannot be written.
    """
    write_text(path, "".join(format_jsonl(example) for example in examples))


def format_jsonl(example: TaggedText) -> str:
    """One example as a line, with its end."""
    entities = [
        {"text": example.text[start:end], "type": type_, "start": start, "end": end}
        for start, end, type_ in example.entities
    ]
    return json.dumps({"text": example.text, "entities": entities}, ensure_ascii=False) + "\n"


def align(entities: Iterable[Entity], tokens: Sequence[tuple[int, int]]) -> Alignment:
    """The IOB2 tags that say `entities` over tokens, both given in code points, end exclusive.

    An entity that begins or ends within a token is widened to all tokens it touches, and counted.
    So is one that touches no token, or none that an entity before it has left: it gets no tag.

    Args:
        entities: in order and without overlap, as `TaggedText` has them.
        tokens: start and end of each token, in order and without overlap.
    """
    spans = []
    widened = 0
    free = 0  # the first token behind the last entity
    for start, end, type_ in entities:
        first = free
        while first < len(tokens) and tokens[first][1] <= start:
            first += 1
        behind = first
        while behind < len(tokens) and tokens[behind][0] < end:
            behind += 1
        if behind == first:
            widened += 1
            continue
        widened += (tokens[first][0], tokens[behind - 1][1]) != (start, end)
        spans.append(Span(first, behind, type_))
        free = behind
    return Alignment(encode(spans, len(tokens)), widened)


class _RowError(Exception):
    """What is wrong with one line, whose number and file the caller knows."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


def _parse(row: str) -> TaggedText:
    try:
        value = json.loads(row)
    except json.JSONDecodeError as error:
        reason = f"{error.msg}, column {error.colno}"
        raise _RowError(f"expected JSON ({reason})", "write one JSON object a line") from None
    except (RecursionError, ValueError) as error:  # nested too deeply, a number too long
        raise _RowError(f"cannot be read ({error})", "write one JSON object a line") from None
    if not isinstance(value, dict):
        raise _RowError(
            f"expected an object, got {_shorten(value)}", "write one JSON object a line"
        )
    text = _field(value, "text", str)
    entities = sorted(_entity(entity, text) for entity in _field(value, "entities", list))
    for before, after in pairwise(entities):
        if after.start < before.end:
            raise _RowError(
                f"entities {before.start}–{before.end} and {after.start}–{after.end} overlap",
                "keep one of the two",
            )
    return TaggedText(text, tuple(entities))


def _entity(value: object, text: str) -> Entity:
    if not isinstance(value, dict):
        raise _RowError(
            f"expected an entity as an object, got {_shorten(value)}",
            'write {"start": …, "end": …, "type": …}',
        )
    start, end = _field(value, "start", int), _field(value, "end", int)
    type_ = _field(value, "type", str)
    if not type_ or any(character.isspace() for character in type_):
        raise _RowError(
            f"expected a type without spaces, got {type_!r}", "name it, as in PER or creative-work"
        )
    if not 0 <= start < end <= len(text):
        raise _RowError(
            f"entity {start}–{end} is empty or outside the text of {len(text)} code points",
            "count code points from 0, end exclusive",
        )
    if "text" in value and value["text"] != text[start:end]:
        raise _RowError(
            f"entity {start}–{end} says {_shorten(value['text'])}, "
            f"the text there is {_shorten(text[start:end])}",
            "count code points (not bytes) from 0, end exclusive",
        )
    return Entity(start, end, type_)


def _field(value: dict[str, Any], key: str, kind: type) -> Any:
    """The field `key`, which must be there and of that kind (true is no integer)."""
    if key not in value:
        raise _RowError(f"expected a field {key!r}, got none", f"add {_KINDS[kind]} {key!r}")
    if not isinstance(value[key], kind) or isinstance(value[key], bool):
        raise _RowError(
            f"expected {_KINDS[kind]} as {key!r}, got {_shorten(value[key])}",
            f"make {key!r} {_KINDS[kind]}",
        )
    if kind is str and any("\ud800" <= character <= "\udfff" for character in value[key]):
        raise _RowError(f"half a surrogate pair in {key!r}", "write both halves, or the character")
    return value[key]


def _shorten(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
