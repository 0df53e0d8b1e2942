"""Pieces as bytes and back: between processes, in a cache, under a hash. Nothing is pickled.

A line of JSON has, for each piece, its fields and the shape of its arrays; behind it come the
arrays of all pieces, in C order: `pitches` uint8, `struck` bool, `places` little-endian int16.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqtasks.datasets.music.piece import HIGHEST, TONICS, Piece

MOST_COLUMNS = 1 << 12  # voices of a piece, many more than any score has
FIELDS = ("name", "steps_per_beat", "voices", "genre", "tonic", "group")


def pack(pieces: Sequence[Piece]) -> bytes:
    """The same pieces give the same bytes on every machine."""
    header, arrays = [], []
    for piece in pieces:
        row = {field: getattr(piece, field) for field in FIELDS}
        header.append(row | {"shape": piece.pitches.shape, "places": piece.places is not None})
        arrays += [piece.pitches.astype(np.uint8), piece.struck.astype(bool)]
        if piece.places is not None:
            arrays.append(piece.places.astype("<i2"))
    parts = [json.dumps(header).encode(), b"\n", *(array.tobytes() for array in arrays)]
    return b"".join(parts)


def unpack(data: bytes) -> list[Piece]:
    """The pieces that `pack` was given.

    Raises:
        ValueError: for anything that `pack` did not make, such as the beginning of a file.
    """
    line, _, rest = data.partition(b"\n")
    pieces = []
    place = 0

    def array(dtype: str, shape: tuple[int, int]) -> np.ndarray:
        nonlocal place
        count = shape[0] * shape[1]
        found = np.frombuffer(rest, dtype, count, place).reshape(shape).copy()
        place += found.nbytes
        return found

    try:
        for row in json.loads(line):
            steps, width = row.pop("shape")
            has_places = row.pop("places")
            _check(row, steps, width)
            pitches, struck = array("u1", (steps, width)), array("u1", (steps, width))
            places = array("<i2", (steps, 2)).astype(np.int16) if has_places else None
            row["voices"] = tuple(row["voices"])
            if pitches.max(initial=0) > HIGHEST or struck.max(initial=0) > 1:
                raise ValueError("no packed pieces: pitches or strokes that are none")
            if places is not None and places.min(initial=0) < 0:
                raise ValueError("no packed pieces: places before their bars")
            pieces.append(Piece(pitches=pitches, struck=struck.view(bool), places=places, **row))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no packed pieces: {error}") from None
    if place != len(rest):
        raise ValueError(f"expected {place} bytes of arrays, got {len(rest)}")
    return pieces


def _check(row: dict[str, Any], steps: Any, width: Any) -> None:
    """ValueError for fields of a piece that are of another kind, or a shape that is none."""
    texts = [row["name"], row["genre"], row["group"], *row["voices"]]
    tonic = row["tonic"]
    right = (
        all(isinstance(text, str) for text in texts)
        and isinstance(row["voices"], list)
        and (not row["voices"] or len(row["voices"]) == width)
        and (tonic is None or (type(tonic) is int and 0 <= tonic < len(TONICS)))
        and type(row["steps_per_beat"]) is int
        and row["steps_per_beat"] > 0
        and type(steps) is type(width) is int
        and 0 <= steps < 2**31
        and 0 <= width <= MOST_COLUMNS
    )
    if not right:
        raise ValueError("no packed pieces: a field is of another kind")
