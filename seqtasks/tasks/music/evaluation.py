"""Figures of a music model on pieces: likelihood and frame accuracy."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.music.piece import HIGHEST, Piece
from seqtasks.tasks.music.comparison import distances, distributions, draw_comparison
from seqtasks.tasks.music.composer import Composer
from seqtasks.tasks.music.config import Drawing

Told = Callable[[int, int], object]


def evaluate(
    composer: Composer, pieces: Sequence[Piece], progress: Told = lambda done, all: None
) -> dict[str, Any]:
    """Read the pieces and say how well `composer` foresaw them; see `figures_of`.

    `seconds` is the time that took. progress: is told how many steps of how many are read.
    """
    start = time.monotonic()
    scores = figures_of(composer, pieces, progress)
    return {**scores, "seconds": round(time.monotonic() - start, 3)}


def figures_of(
    composer: Composer, pieces: Sequence[Piece], progress: Told = lambda done, all: None
) -> dict[str, Any]:
    """The figures of pieces, each read from its first step.

    `nll_per_step` is −Σ ln p of all tones (natural) by the time steps, silent ones counted: the
    mean over the steps of all pieces, not of the pieces' means. `nll_per_note` is the same sum by
    the tones struck. The end of a piece is not counted in either; `nll_per_ending` is what it
    would add to each piece. `frame_accuracy` compares the likeliest tones of each step, after the
    true steps before, with the true ones: Σ |both| / Σ |either| (Bay, Ehmann and Downie,
    "Evaluation of multiple-F0 estimation and tracking systems", 2009).
    """
    readings = composer.read(pieces, progress)
    written = [composer.notation.written(piece) for piece in pieces]
    nats = sum(float(r.nats.sum(dtype=np.float64)) for r in readings)
    ends = sum(float(r.ends.sum(dtype=np.float64)) for r in readings)
    steps = sum(map(len, pieces))
    struck = sum(int(piece.struck.sum()) for piece in written)
    both = either = 0
    for piece, reading in zip(written, readings, strict=True):
        true, guess = _sounding(piece.pitches), _sounding(reading.guess)
        both += int((true & guess).sum())
        either += int((true | guess).sum())
    return {
        "nll_per_step": nats / max(steps, 1),
        "nll_per_note": nats / max(struck, 1),
        "nll_per_ending": ends / max(len(pieces), 1),
        "frame_accuracy": both / max(either, 1),
        "steps": steps,
        "notes": struck,
        "pieces": len(pieces),
    }


def compare(
    composer: Composer,
    data: Sequence[Piece],
    num: int,
    seed: int,
    plots: Path | None,
    drawing: Drawing | None = None,
) -> dict[str, Any]:
    """How far `num` new pieces of `composer` are from the data; a picture in the directory `plots`.

    The pieces are as long as the data's, in their order, and drawn with `seed` and those that
    follow it, as `drawing` says; None is as `seqtasks music generate` draws. plots: None draws
    none. Distances are total variations, see `comparison.distances`.
    """
    how = dataclasses.asdict(drawing or Drawing())
    lengths = [len(data[i % len(data)]) for i in range(num)]
    new = [
        composer.generate(steps=max(length, 1), seed=seed + i, **how)[0]
        for i, length in enumerate(lengths)
    ]
    ours, theirs = distributions(new), distributions([composer.notation.written(p) for p in data])
    if plots:
        draw_comparison(plots / "comparison.png", ours, theirs)
    return {"pieces": num, "drawing": how, "distances": distances(ours, theirs)}


def _sounding(pitches: np.ndarray) -> np.ndarray:
    """Which pitches sound in each step: bool (steps, 127)."""
    found = np.zeros((len(pitches), HIGHEST + 1), bool)
    found[np.arange(len(pitches))[:, None], pitches] = True
    return found[:, 1:]
