"""The settings of a music model, and how it is drawn from; the only home of their defaults."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqtasks.tasks.settings import filled, setting, validate, with_gates

if TYPE_CHECKING:
    from seqtasks.tasks.music.notation import Notation


@dataclass(frozen=True)
class Config:
    """Settings of `seqtasks music train`. What is None is resolved by `resolve`."""

    # how a piece is written down
    steps_per_beat: int | None = setting(
        None,
        "time steps of a quarter note",
        minimum=1,
        maximum=48,
        automatic="4; of the chorales 2, of pitch sets in JSON 1",
    )
    mode: str | None = setting(
        None,
        "a step's tones as one voice after the other, or as a set from high to low",
        choices=("voice", "set"),
        automatic="voice where all pieces have the same voices, else set",
    )
    ties: bool | None = setting(
        None,
        "tell held tones from struck ones",
        automatic="on where the training data has held tones",
    )
    # what the model is told
    countdown: bool = setting(True, "tell the model how many steps are left")
    hiding: float = setting(
        0.2,
        "share of training pieces whose genre is hidden; of as many the steps that are left",
        minimum=0,
        maximum=1,
    )
    transposition: int = setting(
        6, "training pieces move by up to so many semitones, at random", minimum=0, maximum=12
    )
    # the network
    cell: str = setting("lstm", "recurrent cell", choices=("rnn", "gru", "lstm"))
    relevance_gate: bool | None = setting(
        None, "GRU: the gate that lets a unit forget its past", automatic="on for gru"
    )
    peephole: bool | None = setting(None, "LSTM: gates that see the memory cell", automatic="off")
    units: int = setting(300, "units of each recurrent layer", minimum=1)
    layers: int = setting(1, "recurrent layers, one on the other", minimum=1)
    embedding_size: int = setting(200, "length of a token's vector", minimum=1)
    hidden: int = setting(300, "units of the layers that go from tone to tone", minimum=1)
    # regularisation
    input_dropout: float = setting(
        0.15, "share of the tones heard before that are dropped", minimum=0, maximum=0.95
    )
    dropout: float = setting(0.35, "share of numbers dropped after layers", minimum=0, maximum=0.95)
    recurrent_dropout: float = setting(
        0.15, "share of the state dropped from step to step", minimum=0, maximum=0.95
    )
    # training
    steps: int | None = setting(
        None,
        "longest stretch of a piece that is trained on as a whole, in time steps",
        minimum=2,
        automatic="32 beats, 64 or more; fewer where many tones sound at once",
    )
    epochs: int | None = setting(
        None,
        "times through the training data",
        minimum=1,
        automatic="1,400,000 time steps read; 10 to 50 times",
    )
    batch_size: int = setting(16, "pieces a step", minimum=1)
    learning_rate: float = setting(0.008, "Adam's, at its highest", minimum=0)
    clipnorm: float = setting(1.0, "gradients are scaled to this global norm (0: never)", minimum=0)
    averaging: float = setting(
        0.995,
        "share of the averaged weights that a step keeps (0: none)",
        minimum=0,
        maximum=0.99999,
    )
    patience: int = setting(
        10, "epochs without a better validation loss before it stops (0: never)", minimum=0
    )
    seed: int = setting(1, "of all that is random", minimum=0)
    threads: int | None = setting(None, "processor threads", minimum=1, automatic="all cores")


@dataclass(frozen=True)
class Drawing:
    """How new pieces are drawn from a trained model where nobody says otherwise.

    `generate` and `evaluate --generated` share it, so that what is compared with the data is what
    users hear.
    """

    temperature: float = 0.5  # below 1 the probable becomes more so
    top_p: float = 0.9  # among the fewest tones that have so much of the probability
    takes: int = 12  # of each piece, of which the best ended is kept


def check(config: Config) -> Config:
    """Check all settings, and fill in what needs no data to be known.

    Raises TaskError for a value out of range, and for settings that contradict each other.
    """
    validate(config)
    return with_gates(config)


def resolve(config: Config, notation: "Notation", steps: int) -> Config:
    """Fill in what depends on the pieces: how they are written, and how many steps they have."""
    automatic: dict[str, Any] = {
        "steps_per_beat": notation.steps_per_beat,
        "mode": "voice" if notation.voices else "set",
        "ties": notation.ties,
        "epochs": min(max(round(1_400_000 / max(steps, 1)), 10), 50),
        # of rows with many tones fewer steps, so that a batch takes bounded memory
        "steps": max(
            min(
                max(32 * notation.steps_per_beat, 64),
                2**16 // (config.batch_size * notation.width),
            ),
            2,
        ),
    }
    return filled(config, automatic)
