"""Music that a test can afford: a few bars in two voices, a few sets of tones, eight units."""

import numpy as np

from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.source import Source, fingerprint
from seqtasks.tasks.music.config import Config

VOICES = ("Soprano", "Bass")
BAR = 4  # steps


def voiced(*lines, upbeat=None, voices=VOICES, **fields):
    """A piece of a line a voice: `67 - . 69` is struck, held, silent, struck.

    upbeat: steps of the first bar; None where the piece has no bars.
    """
    rows, struck = [], []
    for line in lines:
        pitch, pitches, begun = 0, [], []
        for sign in line.replace("|", " ").split():
            pitch = pitch if sign == "-" else 0 if sign == "." else int(sign)
            pitches.append(pitch)
            begun.append(sign not in "-.")
        rows.append(pitches)
        struck.append(begun)
    places = None
    if upbeat is not None:
        before = (np.arange(len(rows[0])) - upbeat) % BAR
        places = np.stack([before, np.full(len(before), BAR)], axis=1).astype(np.int16)
    pitches, begun = np.array(rows, np.uint8).T, np.array(struck, bool).T
    return Piece(fields.pop("name", lines[0]), pitches, begun, 2, voices, places, **fields)


def sets(text, steps_per_beat=2, **fields):
    """A piece without voices: `67 60 | 67- 62 | .` is two tones, one of which is held, silence."""
    steps = [[] if step.strip() == "." else step.split() for step in text.split("|")]
    pitches = np.zeros((len(steps), max(map(len, steps))), np.uint8)
    struck = np.zeros(pitches.shape, bool)
    for t, step in enumerate(steps):
        pitches[t, : len(step)] = [int(sign.rstrip("-")) for sign in step]
        struck[t, : len(step)] = [not sign.endswith("-") for sign in step]
    return Piece(fields.pop("name", text), pitches, struck, steps_per_beat, **fields)


# two keys of major, one of minor; ties over bars, rests, an upbeat; the first strikes tones again
CHORALES = [
    voiced(
        "72 - 71 - | 72 72 74 - | 72 - - .",
        "48 - 55 - | 57 - 55 - | 48 - - -",
        upbeat=0,
        genre="major",
        tonic=0,
        name="in C",
    ),
    voiced(
        "67 | 71 - 69 - | 67 - 66 - | 67 - -",
        ". | 55 - 50 - | 52 - 50 50 | 43 - -",
        upbeat=1,
        genre="major",
        tonic=7,
        name="in G",
    ),
    voiced(
        "69 71 72 - | - - 71 - | 69 - - -",
        "57 - 52 - | 53 - 52 - | 45 - . .",
        upbeat=0,
        genre="minor",
        tonic=9,
        name="in A minor",
    ),
]
TRIOS = [
    voiced(
        "72 - 71 72 | . 74 - 72",
        "67 67 - . | 65 - . 64",
        "48 . 55 - | 57 53 55 48",
        upbeat=0,
        voices=("Soprano", "Alto", "Bass"),
        genre="major",
        name="a trio",
    ),
    voiced("60 -", ". 59", ". 40", voices=("Soprano", "Alto", "Bass"), name="a short one"),
]
SETS = [
    sets("67 64 60 | 67- 64 60- | . | 72 | 72- 67 64 60", name="chords"),
    sets("60 | 62 | 64 | 65 | 67 | 67-", name="a scale"),
    sets("70 | 70- 58 | 69 58- | 67 | .", name="two lines", genre="dance"),
]

# a little of what is random in training, so that resuming has something to repeat, and so little
# that a few bars can be learnt by heart
TINY = Config(
    units=16,
    embedding_size=8,
    hidden=16,
    input_dropout=0.02,
    dropout=0.02,
    recurrent_dropout=0.02,
    transposition=0,
    hiding=0.1,
    steps=8,
    epochs=40,
    batch_size=2,
    learning_rate=0.03,
    averaging=0.0,
    patience=0,
)


def source(pieces):
    """The same pieces in train, dev and test, so that they can be learnt."""
    splits = {name: list(pieces) for name in ("train", "dev", "test")}
    return Source("a few bars", splits, (), fingerprint(splits))
