"""Which pieces `evaluate` reads, and what new pieces begin with."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.music.files import Progress
from seqtasks.datasets.music.piece import HIGHEST, LOWEST, Piece
from seqtasks.datasets.music.sources import load_music, read_music_file
from seqtasks.datasets.source import Source
from seqtasks.tasks import run_directory, scored_sources
from seqtasks.tasks.errors import TaskError

_NOTE = re.compile(r"([A-Ga-g])(#{0,2}|b{0,2}|♯|♭)(-?\d{1,2})")
_STEPS_OF = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
_SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1}


def pieces_to_score(
    model: Path, source: str | None, split: str | None, progress: Progress | None = None
) -> scored_sources.Scored[Piece]:
    """As `scored_sources.examples_to_score` says, of pieces on the grid of the run.

    Raises TaskError also for a run whose settings have no grid.
    """
    record = run_directory.read_config(model, "music")
    config = record.get("config")
    steps_per_beat = config.get("steps_per_beat") if isinstance(config, dict) else None
    if type(steps_per_beat) is not int or not 1 <= steps_per_beat <= 1_000:
        raise TaskError(f"{model}: no `steps_per_beat` in its config.json; train it anew")

    def read_source(name: str, own: dict[str, Any]) -> Source[Piece]:
        return load_music(name, None, steps_per_beat, progress)

    def read_file(path: Path) -> tuple[list[Piece], tuple[str, ...]]:
        notes: list[str] = []
        return read_music_file(path, steps_per_beat, notes), tuple(notes)

    return scored_sources.examples_to_score(model, "music", source, split, read_source, read_file)


def piece_of_names(names: str, steps_per_beat: int) -> Piece:
    """The tones that a user wrote as `names`, such as `C4 E4 G4`, one after the other, a beat each.

    steps_per_beat: of the piece that is made of them.

    Raises TaskError for a name that is none, and for a tone that MIDI does not have.
    """
    pitches = []
    for name in names.split():
        match = _NOTE.fullmatch(name)
        if not match:
            raise TaskError(f"no note is called {name!r}; write them as C4, F#3 or Bb5")
        letter, signs, octave = match.groups()
        pitch = _STEPS_OF[letter.upper()] + sum(_SIGNS[s] for s in signs) + 12 * (int(octave) + 1)
        if not LOWEST <= pitch <= HIGHEST:
            raise TaskError(f"{name} is outside what MIDI has, C#-1 to G9")
        pitches.append(pitch)
    if not pitches:
        raise TaskError("expected notes such as C4 E4 G4, got none")
    rows = np.repeat(np.array(pitches, np.uint8), steps_per_beat)[:, None]
    struck = (np.arange(len(rows)) % steps_per_beat == 0)[:, None]
    return Piece(" ".join(names.split()), rows, struck, steps_per_beat)


def bar_of(metre: str, steps_per_beat: int) -> int:
    """The steps of a bar of a metre such as `3/4`, with `steps_per_beat` to a quarter note.

    Raises TaskError for what is no metre, and for one that is no whole number of steps.
    """
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})", metre.strip())
    beats, unit = map(int, match.groups()) if match else (0, 0)
    if not beats or unit not in (1, 2, 4, 8, 16, 32, 64):
        raise TaskError(f"{metre!r} is no metre; write it as 4/4, 3/4 or 6/8")
    steps, rest = divmod(4 * steps_per_beat * beats, unit)
    if rest or not steps:
        raise TaskError(f"a bar of {metre} is no whole number of steps, {steps_per_beat} to a beat")
    return steps
