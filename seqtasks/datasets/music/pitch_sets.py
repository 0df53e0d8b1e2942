"""Pitch sets as JSON: for each piece its steps, for each step the MIDI pitches that sound in it.

    {"train": [[[60, 64, 67], [], [62, 65]], …], "valid": […], "test": […]}

or a list of pieces alone, without splits. Splits are named as `SPLIT_NAMES` has them. In a step
order and repeats do not matter; 0 and -1 say that a voice is silent, as does an empty list, which
is a step all the same. What is held and what is struck anew the format does not know: every tone
counts as struck in every step.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.midi import MOST_STEPS
from seqtasks.datasets.music.piece import HIGHEST, LOWEST, Note, Piece, piece_of_notes
from seqtasks.datasets.source import SPLIT_NAMES
from seqtasks.datasets.textfile import read_lines

WHOLE = "all"  # the one split of a list without splits
SILENT = (-1, 0)
MOST_BYTES = 64 << 20

MEND = "write pieces as lists of steps, and a step as a list of pitches: [[[60, 64], [62]], …]"


def read_pitch_sets(path: Path, steps_per_beat: int = 1) -> dict[str, list[Piece]]:
    """The pieces of each split, without voices and bars.

    Args:
        path: the file.
        steps_per_beat: how many of its steps are a quarter note.

    Raises:
        DataError: with the line for what is no JSON, with piece and step for what is no list of
            pitches; for two names of one split, for no pieces, for a piece without steps or with
            more than MOST_STEPS, and for a file of more than MOST_BYTES.
    """
    data = _parse(path)
    parts = {WHOLE: data}
    if isinstance(data, dict):
        parts = _splits(path, data)
    splits = {}
    for split, pieces in parts.items():
        where = split if isinstance(data, dict) else ""
        splits[split] = list(_pieces(path, where, pieces, steps_per_beat))
    if not any(splits.values()):
        raise DataError(path, "expected pieces, got none", MEND)
    return splits


def _parse(path: Path) -> Any:
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        problem = f"expected {MOST_BYTES >> 20} MiB of JSON at most, got more"
        raise DataError(path, problem, "cut it into train.json, dev.json and test.json")
    text = "\n".join(read_lines(path, MOST_BYTES, MOST_BYTES))
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"expected JSON, got something else ({error.msg})"
        raise DataError(path, problem, "check that it is whole", line=error.lineno) from None
    except (ValueError, RecursionError):  # an integer of thousands of digits; lists in lists
        raise DataError(path, "expected lists of pitches, got other JSON", MEND) from None


def _splits(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """The values of an object by our names of its splits."""
    ours = {word: name for name, words in SPLIT_NAMES.items() for word in words}
    found: dict[str, Any] = {}
    for word, pieces in data.items():
        if word not in ours:
            problem = f"expected splits named {', '.join(ours)}, got {word[:40]!r}"
            raise DataError(path, problem, "rename or remove it")
        if ours[word] in found:
            problem = f"expected one of {', '.join(SPLIT_NAMES[ours[word]])}, got several"
            raise DataError(path, problem, "keep one of them")
        found[ours[word]] = pieces
    return {name: found[name] for name in SPLIT_NAMES if name in found}


def _pieces(path: Path, split: str, pieces: Any, steps_per_beat: int) -> Iterator[Piece]:
    place = f"{split}, piece" if split else "piece"
    if not isinstance(pieces, list):
        problem = f"expected a list of pieces, got {_shown(pieces)}"
        raise DataError(path, f"{split}: {problem}" if split else problem, MEND)
    for number, steps in enumerate(pieces, 1):
        if not isinstance(steps, list) or not steps:
            problem = f"{place} {number}: expected a list of steps, got {_shown(steps)}"
            raise DataError(path, problem, MEND)
        if len(steps) > MOST_STEPS:
            problem = f"{place} {number}: expected {MOST_STEPS:,} steps at most, got {len(steps):,}"
            raise DataError(path, problem, "cut the piece into several")
        notes = []
        for step, pitches in enumerate(steps):
            at = f"{place} {number}, step {step + 1}"
            if not isinstance(pitches, list):
                problem = f"{at}: expected a list of pitches, got {_shown(pitches)}"
                raise DataError(path, problem, MEND)
            for pitch in pitches:
                if type(pitch) is not int or not (LOWEST <= pitch <= HIGHEST or pitch in SILENT):
                    problem = f"{at}: expected MIDI pitches from {LOWEST} to {HIGHEST}"
                    problem += f" (0 or -1 for silence), got {_shown(pitch)}"
                    raise DataError(path, problem, "correct the pitch")
                if pitch not in SILENT:
                    notes.append(Note(step, step + 1, pitch))
        name = f"{path.name}: {split} {number}" if split else f"{path.name}: {number}"
        yield piece_of_notes(notes, len(steps), name, steps_per_beat)


def _shown(value: Any) -> str:
    """A value of JSON, its beginning where it is long."""
    text = json.dumps(value) if not isinstance(value, list | dict) or not value else "a list"
    text = "an object" if isinstance(value, dict) and value else text
    return text if len(text) <= 40 else f"{text[:39]}…"
