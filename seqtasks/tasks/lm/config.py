"""The settings of a language model; the only home of their defaults."""

from dataclasses import dataclass, replace
from typing import Any

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.settings import filled, setting, validate, with_gates


@dataclass(frozen=True)
class Config:
    """Settings of `seqtasks lm train`. What is None is resolved by `resolve`."""

    # what a token is
    level: str = setting("word", "what a token is", choices=("word", "char"))
    lines: bool | None = setting(
        None,
        "of words: each line ends with </s>; without it, each sentence does",
        automatic="on for pretokenised text",
    )
    pretokenised: bool = setting(False, "of words: the text has a blank between tokens, cut there")
    lowercase: bool | None = setting(
        None, "read capitals as small letters", automatic="on where the training text has none"
    )
    vocabulary_size: int | None = setting(
        None,
        "tokens known, the commonest first, <unk> and </s> counted (0: all)",
        minimum=0,
        automatic="of words 10,000 up to 2 million of them, else 30,000; of characters all",
    )
    minimum_count: int = setting(1, "a token has to come so often to be known", minimum=1)
    # the network
    cell: str = setting("gru", "recurrent cell", choices=("rnn", "gru", "lstm"))
    relevance_gate: bool | None = setting(
        None, "GRU: the gate that lets a unit forget its past", automatic="on for gru"
    )
    peephole: bool | None = setting(None, "LSTM: gates that see the memory cell", automatic="off")
    units: int | None = setting(
        None,
        "units of each recurrent layer",
        minimum=1,
        automatic="200 for separate sentences, else 400",
    )
    layers: int | None = setting(
        None,
        "recurrent layers, one on the other",
        minimum=1,
        automatic="2 for running text of words, else 1",
    )
    embedding_size: int | None = setting(
        None,
        "length of a token's vector",
        minimum=1,
        automatic="as many as units, of characters 64 if not tied",
    )
    tied: bool | None = setting(
        None,
        "the softmax's weights are the tokens' vectors",
        automatic="on for words, off for characters",
    )
    # regularisation
    dropout: float | None = setting(
        None,
        "share of numbers dropped between layers",
        minimum=0,
        maximum=0.95,
        automatic="0 for separate sentences, else 0.4",
    )
    input_dropout: float | None = setting(
        None,
        "share of the token vectors' numbers dropped",
        minimum=0,
        maximum=0.95,
        automatic="as dropout for words, else 0",
    )
    output_dropout: float | None = setting(
        None,
        "share of numbers dropped before the softmax",
        minimum=0,
        maximum=0.95,
        automatic="as dropout",
    )
    recurrent_dropout: float = setting(
        0.0, "share of the state dropped from step to step", minimum=0, maximum=0.95
    )
    # training
    separate: bool | None = setting(
        None,
        "begin each sentence (or line) with a fresh state, and mix them",
        automatic="on where a document has 100 tokens or fewer, in the mean",
    )
    steps: int | None = setting(
        None,
        "tokens through which gradients go back; the state goes on",
        minimum=1,
        automatic="35 of words, 50 of characters",
    )
    epochs: int | None = setting(
        None,
        "times through the training data",
        minimum=1,
        automatic="12 million words or 8 million characters read, of separate sentences 6 million "
        "tokens; 1 to 40 times",
    )
    batch_size: int | None = setting(
        None,
        "rows of text a step",
        minimum=1,
        automatic="128 for separate sentences, of words 20, of characters 32",
    )
    learning_rate: float | None = setting(
        None,
        "Adam's, at its highest",
        minimum=0,
        automatic="0.006 for separate sentences, of words 0.002, of characters 0.004",
    )
    clipnorm: float = setting(1.0, "gradients are scaled to this global norm (0: never)", minimum=0)
    averaging: float = setting(
        0.998,
        "share of the averaged weights that a step keeps (0: none)",
        minimum=0,
        maximum=0.99999,
    )
    patience: int = setting(
        3, "epochs without a better validation loss before it stops (0: never)", minimum=0
    )
    seed: int = setting(1, "of all that is random", minimum=0)
    threads: int | None = setting(None, "processor threads", minimum=1, automatic="all cores")


def check(config: Config) -> Config:
    """Check all settings, and fill in what needs no data to be known.

    Raises TaskError for a value out of range, and for settings that contradict each other.
    """
    validate(config)
    if config.level == "char":
        for name in ("lines", "pretokenised"):
            if getattr(config, name):
                raise TaskError(
                    f"`{name}` belongs to the level word; at the level char a line's end is </s>"
                )
    if config.pretokenised and config.lines is False:
        raise TaskError("`pretokenised` text has its lines for sentences: leave out `lines`")
    return with_gates(
        replace(config, lines=config.pretokenised if config.lines is None else config.lines)
    )


def resolve(config: Config, tokens: int, documents: int) -> Config:
    """Fill in what depends on how many tokens and documents there are to train on."""
    words = config.level == "word"
    separate = tokens <= 100 * documents if config.separate is None else config.separate
    read = 6_000_000 if separate else 12_000_000 if words else 8_000_000
    automatic: dict[str, Any] = {
        "vocabulary_size": (10_000 if tokens <= 2_000_000 else 30_000) if words else 0,
        "separate": separate,
        "units": 200 if separate else 400,
        "layers": 2 if words and not separate else 1,
        "tied": words,
        "dropout": 0.0 if separate else 0.4,
        "steps": 35 if words else 50,
        "epochs": min(max(round(read / max(tokens, 1)), 1), 40),
        "batch_size": 128 if separate else 20 if words else 32,
        "learning_rate": 0.006 if separate else 0.002 if words else 0.004,
    }
    config = filled(config, automatic)
    return filled(
        config,
        {
            "embedding_size": config.units if words or config.tied else 64,
            "input_dropout": config.dropout if words else 0.0,
            "output_dropout": config.dropout,
        },
    )
